// What a pool may be tuned by, and the profiles that come ready. Every time is in milliseconds.
//
// None of these numbers travels on the wire, but two members must not differ wildly: a suspicion
// that is shorter than a peer's way to refute it buries the living. The stock profiles carry
// memberlist's numbers (memberlist-wire §3.1).

export interface Settings {
  /** Between two probes. Shorter finds the dead sooner and costs two packets each. */
  readonly probeIntervalMs: number
  /**
   * How long a direct ping may take before helpers are asked: the 99th percentile of the round
   * trip.
   */
  readonly probeTimeoutMs: number
  /** Helpers asked to ping for us. More of them survive more loss. */
  readonly indirectChecks: number
  /** The suspicion of a silent member lasts this many probe intervals, times log10 of the pool. */
  readonly suspicionMult: number
  /** Nobody's confirmation makes it last longer by this factor (Lifeguard, LHA-Suspicion). */
  readonly suspicionMaxTimeoutMult: number
  /**
   * A suspect whose port refuses us, and that another member suspects, too, is buried after this if
   * it refuses again then: enough time for a living one to refute.
   */
  readonly refusedTimeoutMs: number
  /**
   * Our probes wait longer, up to this factor, while we miss what we should have heard (Lifeguard,
   * LHA-Probe).
   */
  readonly awarenessMax: number
  /**
   * A timer that is looked at this late says that we ourselves stood still: what we did not hear
   * meanwhile is no evidence against others.
   */
  readonly lateMs: number
  /** Ping by stream what does not answer by datagram. Off between datacenters behind gateways. */
  readonly streamPings: boolean

  readonly gossipIntervalMs: number
  /** Members told per gossip tick. */
  readonly gossipNodes: number
  /** Each broadcast is sent this often, times log10 of the pool. */
  readonly retransmitMult: number
  /** The dead are told so for this long: they may only have been cut off, and want to refute. */
  readonly gossipToTheDeadMs: number
  /** Between two exchanges of the full state; longer in large pools. */
  readonly pushPullIntervalMs: number
  readonly streamTimeoutMs: number
  /** A dead member's name may come back from another address after this; 0 never. */
  readonly deadNodeReclaimMs: number

  /** A join that nobody answered is tried again after this. */
  readonly joinRetryMs: number
  /** How long a leave waits until its message was sent often enough. */
  readonly broadcastTimeoutMs: number
  /** A leaving member still answers probes for this long. */
  readonly leavePropagateMs: number
  readonly reapIntervalMs: number
  readonly reconnectIntervalMs: number
  /** Failed members are forgotten after this. */
  readonly reconnectTimeoutMs: number
  /** Members that left are forgotten after this. */
  readonly tombstoneTimeoutMs: number
  /** Intents about members nobody has heard of are kept this long. */
  readonly intentTimeoutMs: number
  /** Coalescing events: at most this long … */
  readonly coalesceMs: number
  /** … and no longer than this after the last one. */
  readonly quiescentMs: number
  /** A query lasts gossip interval × this × log10 of the pool, unless it says how long. */
  readonly queryTimeoutMult: number

  /** Datagrams stay at or below this, sealed and labelled: one Ethernet frame. */
  readonly packetBytesMax: number
  readonly userEventBytesMax: number
  readonly queryBytesMax: number
  readonly queryResponseBytesMax: number
  /** Broadcasts waiting of one kind; beyond it the most often sent go first. */
  readonly queueDepthMax: number
  /** Members known at once, the dead included. Beyond it nobody new is taken. */
  readonly membersMax: number
}

const SERF = {
  awarenessMax: 8,
  lateMs: 250,
  streamPings: true,
  broadcastTimeoutMs: 5_000,
  leavePropagateMs: 1_000,
  reapIntervalMs: 15_000,
  reconnectIntervalMs: 30_000,
  reconnectTimeoutMs: 24 * 3_600_000,
  tombstoneTimeoutMs: 24 * 3_600_000,
  intentTimeoutMs: 300_000,
  coalesceMs: 3_000,
  quiescentMs: 1_000,
  queryTimeoutMult: 16,
  deadNodeReclaimMs: 0,
  joinRetryMs: 500,
  packetBytesMax: 1400,
  userEventBytesMax: 512,
  queryBytesMax: 1024,
  queryResponseBytesMax: 1024,
  queueDepthMax: 4096,
  membersMax: 65_536,
} satisfies Partial<Settings>

const LAN: Settings = {
  ...SERF,
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectChecks: 3,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  refusedTimeoutMs: 1_000,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  retransmitMult: 4,
  gossipToTheDeadMs: 30_000,
  pushPullIntervalMs: 30_000,
  streamTimeoutMs: 10_000,
}

export type ProfileName = 'lan' | 'wan' | 'local' | 'lesson'

export const PROFILES: Readonly<Record<ProfileName, Settings>> = {
  lan: LAN,
  wan: {
    ...LAN,
    probeIntervalMs: 5_000,
    probeTimeoutMs: 3_000,
    suspicionMult: 6,
    refusedTimeoutMs: 5_000,
    gossipIntervalMs: 500,
    gossipNodes: 4,
    gossipToTheDeadMs: 60_000,
    pushPullIntervalMs: 60_000,
    streamTimeoutMs: 30_000,
  },
  local: {
    ...LAN,
    probeTimeoutMs: 200,
    indirectChecks: 1,
    suspicionMult: 3,
    refusedTimeoutMs: 500,
    gossipIntervalMs: 100,
    retransmitMult: 2,
    gossipToTheDeadMs: 15_000,
    pushPullIntervalMs: 15_000,
    streamTimeoutMs: 1_000,
  },
  // The lesson's pool: three nodes on one machine. A killed one shows as dead within 5 s, because
  // its port refuses; a stopped one (SIGSTOP) is suspected for 4 s at least, long enough to be seen
  // and to refute when it goes on.
  lesson: {
    ...LAN,
    probeIntervalMs: 500,
    probeTimeoutMs: 200,
    suspicionMult: 8,
    refusedTimeoutMs: 1_000,
    gossipIntervalMs: 100,
    pushPullIntervalMs: 15_000,
    streamTimeoutMs: 5_000,
  },
}
