// How long a server waits before it thinks ill of another. What the settings say is short, so that
// a dead leader is soon replaced; on a machine that is busy the living are late as well. A server
// that may learn waits some times as long as its leader was ever late of late (performance W7).
//
// Only speed rests on it: whoever waits too short loses a pre-vote, whoever waits too long is slow.
import type { Raft, Settings } from './raft.ts'

export interface Patience {
  /** So many times the lateness… */
  readonly factor: number
  /** …and no longer than this. */
  readonly mostMs: number
}

/** After this long half of what was learnt is forgotten. */
const HALF_LIFE_MS = 10_000

/** How long a follower waits for its leader, at least. */
export function patienceMs({ settings, lateness }: Raft): number {
  const { heartbeatMs, patience } = settings
  if (patience === undefined) return heartbeatMs
  const learnt = Math.min(patience.factor * lateness, patience.mostMs)
  return Math.max(heartbeatMs, learnt)
}

/** What a leader, and whoever calls, waits: as long as the most patient follower would. */
export const forbearanceMs = ({ patience }: Settings, ms: number): number =>
  Math.max(ms, patience?.mostMs ?? 0)

/** The leader is heard once more. Heartbeats come every tenth to fifth of heartbeatMs. */
export function noteContact(raft: Raft): void {
  const gap = raft.now - raft.lastContact
  const late = gap - raft.settings.heartbeatMs / 5
  const left = raft.lateness * 2 ** (-gap / HALF_LIFE_MS)
  raft.lateness = Math.max(late, left, 0)
}
