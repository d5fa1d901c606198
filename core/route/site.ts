// What a route may know of the agent that answers: its configuration and a few facts. Not the
// machine itself.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Metrics } from '../metrics.ts'
import type { WallMs } from '../time.ts'
import type { Coordinate } from '../wire/serf.ts'
import type { Printed } from './printed.ts'

export interface Site {
  readonly config: AgentConfig
  /** As it was read last: of settings that need a restart, what will hold then. */
  readonly shown: AgentConfig
  /** The version of Consul whose surface we speak, as `1.21.4`. */
  readonly consulVersion: string
  readonly metrics: Metrics
  /** Lists that were printed lately. */
  readonly printed: Printed
  /** `ip:port` of the server that orders writes; empty when there is none. */
  leaderAddress(): string
  /** The addresses of all voters. */
  peerAddresses(): readonly string[]
  /**
   * Whether a leader is known, and how many milliseconds ago it was heard of (0 on the leader
   * itself).
   */
  contact(): { readonly knownLeader: boolean; readonly lastContactMs: number }
  members(): readonly Member[]
  /** The pool that joins the servers of all datacenters. */
  wanMembers(): readonly Member[]
  /** Where this agent stands in its own pool. */
  ownPoint(): Coordinate
  /** Where the servers of each datacenter stand, as far as the pool of all of them knows. */
  wanAreas(): readonly WanArea[]
  raftConfiguration(): RaftConfiguration
  /** How the leader finds each server; empty if another leads. */
  serverHealth(): readonly ServerHealth[]
  /** Sections and values of `lictor info`. */
  stats(): Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface WanArea {
  readonly datacenter: string
  /** Their names without that of the datacenter. */
  readonly nodes: readonly { readonly name: string; readonly point: Coordinate }[]
}

/** Who takes part in ordering the writes, as the log last said. */
export interface RaftConfiguration {
  /** Of the log entry that said so. */
  readonly index: number
  readonly servers: readonly RaftServer[]
}

export interface ServerHealth {
  readonly id: string
  /** Of its node. */
  readonly name: string
  /** `ip:port` */
  readonly address: string
  /** What gossip says of it: `alive`, `failed`, `left`. */
  readonly serfStatus: string
  readonly version: string
  readonly leader: boolean
  readonly voter: boolean
  /** How long ago it was heard of; 0 for the leader itself. */
  readonly lastContactMs: number
  readonly lastTerm: number
  readonly lastIndex: number
  readonly healthy: boolean
  /** Since when it is as healthy, or as ill, as it is. */
  readonly stableSince: WallMs
  /** Of its node. */
  readonly meta: Readonly<Record<string, string>>
}

/** A server as `/v1/operator/raft/configuration` shows it. */
export interface RaftServer {
  readonly ID: string
  /** The name of its node. */
  readonly Node: string
  /** `ip:port` */
  readonly Address: string
  readonly Leader: boolean
  readonly ProtocolVersion: string
  readonly Voter: boolean
  /** The last entry of its log, as far as the leader knows. */
  readonly LastIndex: number
}

/** How the API numbers the states of a member. */
export const MEMBER_STATUS = { none: 0, alive: 1, leaving: 2, left: 3, failed: 4 } as const

/** A member of the gossip pool as `/v1/agent/members` shows it. */
export interface Member {
  readonly Name: string
  readonly Addr: string
  readonly Port: number
  readonly Tags: Readonly<Record<string, string>>
  /** One of MEMBER_STATUS. */
  readonly Status: number
  readonly ProtocolMin: number
  readonly ProtocolMax: number
  readonly ProtocolCur: number
  readonly DelegateMin: number
  readonly DelegateMax: number
  readonly DelegateCur: number
}
