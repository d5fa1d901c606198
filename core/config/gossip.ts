// How an agent takes part in gossip: whom it joins, its key, its timing.
import { parseDurationNs } from '../time.ts'
import type { Settings } from './schema.ts'

interface GossipTiming {
  readonly gossipIntervalMs: number
  readonly gossipNodes: number
  readonly probeIntervalMs: number
  readonly probeTimeoutMs: number
  readonly suspicionMult: number
  readonly retransmitMult: number
  /** Failed members are forgotten after this. */
  readonly reconnectTimeoutMs: number
}

export interface GossipConfig {
  /** Where datagrams and streams of the pool of this datacenter are heard. */
  readonly bindLan: string
  /** In base64; empty: no encryption. */
  readonly key: string
  /** Both false while keys are rolled out. */
  readonly verifyIncoming: boolean
  readonly verifyOutgoing: boolean
  /** Whether the ring of keys is kept in the data folder. */
  readonly keepsKeyring: boolean
  /** `host`, `host:port`: joined at the start, until one answers. */
  readonly join: readonly string[]
  readonly retryIntervalMs: number
  /** How often it is tried; 0: until one answers. */
  readonly retryMax: number
  readonly rejoinAfterLeave: boolean
  /** Whether the agent says where it stands. */
  readonly coordinates: boolean
  readonly lan: GossipTiming
}

const msOf = (text: string | undefined): number => (parseDurationNs(text ?? '0s') ?? 0) / 1e6

export function planGossip(settings: Settings, bindLan: string): GossipConfig {
  const { gossip_lan: lan } = settings
  return {
    bindLan,
    key: settings.encrypt ?? '',
    verifyIncoming: settings.encrypt_verify_incoming ?? true,
    verifyOutgoing: settings.encrypt_verify_outgoing ?? true,
    keepsKeyring: settings.disable_keyring_file !== true,
    join: [...(settings.start_join ?? []), ...(settings.retry_join ?? [])],
    retryIntervalMs: msOf(settings.retry_interval),
    retryMax: settings.retry_max ?? 0,
    rejoinAfterLeave: settings.rejoin_after_leave ?? false,
    coordinates: settings.disable_coordinates !== true,
    lan: {
      gossipIntervalMs: msOf(lan?.gossip_interval),
      gossipNodes: lan?.gossip_nodes ?? 3,
      probeIntervalMs: msOf(lan?.probe_interval),
      probeTimeoutMs: msOf(lan?.probe_timeout),
      suspicionMult: lan?.suspicion_mult ?? 4,
      retransmitMult: lan?.retransmit_mult ?? 4,
      reconnectTimeoutMs: msOf(settings.reconnect_timeout),
    },
  }
}
