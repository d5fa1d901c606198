// Whoever asks while nobody is known to lead waits for a leader (Consul: rpc_hold_timeout): an
// election takes less than that, and no client need know of it.
import type { Next } from '../api/pipeline.ts'
import type { RequestId } from '../ids.ts'
import type { Instant } from '../time.ts'
import type { Agent } from './record.ts'

/** What only a leader can do. */
export type ForLeader = Extract<Next, { readonly type: 'propose' | 'confirm' }>

export interface Held {
  readonly next: ForLeader
  readonly until: Instant
}

/** More than this are refused at once; of writes, which have bodies, fewer. */
const HELD_MAX = 10_000
const HELD_WRITES_MAX = 1_000

/** False: there are too many, or this agent waits for nobody. */
export function hold({ held, config, clock }: Agent, next: ForLeader): boolean {
  const most = next.type === 'propose' ? HELD_WRITES_MAX : HELD_MAX
  if (held.size >= most || config.rpcHoldMs === 0) return false
  held.set(next.call.id, { next, until: clock.now + config.rpcHoldMs })
  return true
}

/** Those whose time is up; all, now that somebody leads. */
export function release({ held, clock }: Agent, which: 'due' | 'all'): ForLeader[] {
  const released: [RequestId, ForLeader][] = []
  for (const [id, { next, until }] of held) {
    if (which === 'due' && until > clock.now) break // they were held in this order
    released.push([id, next])
  }
  return released.map(([id, next]) => {
    held.delete(id)
    return next
  })
}
