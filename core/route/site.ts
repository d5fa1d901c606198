// What a route may know of the agent that answers: its configuration and a few facts. Not the machine itself.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Metrics } from '../metrics.ts'

export interface Site {
  readonly config: AgentConfig
  /** The version of Consul whose surface we speak, as `1.21.4`. */
  readonly consulVersion: string
  readonly metrics: Metrics
  /** `ip:port` of the server that orders writes; empty when there is none. */
  leaderAddress(): string
  /** The addresses of all voters. */
  peerAddresses(): readonly string[]
  /** Whether a leader is known, and how many milliseconds ago it was heard of (0 on the leader itself). */
  contact(): { readonly knownLeader: boolean; readonly lastContactMs: number }
  members(): readonly Member[]
  /** Sections and values of `lictor info`. */
  stats(): Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A member of the gossip pool as `/v1/agent/members` shows it. */
export interface Member {
  readonly Name: string
  readonly Addr: string
  readonly Port: number
  readonly Tags: Readonly<Record<string, string>>
  /** 0 none, 1 alive, 2 leaving, 3 left, 4 failed. */
  readonly Status: number
  readonly ProtocolMin: number
  readonly ProtocolMax: number
  readonly ProtocolCur: number
  readonly DelegateMin: number
  readonly DelegateMax: number
  readonly DelegateCur: number
}
