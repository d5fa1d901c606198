// What the catalog has to be told of this agent's services and checks, on its way there: commands
// for the log. What could not be proposed, or was refused, comes again later (consul-surface 9.1).
import type { LogIndex } from '../ids.ts'
import { type Push, pushesFor, type Sides } from '../local/sync.ts'
import { viewOf } from '../state/store.ts'
import type { Instant } from '../time.ts'
import type { Around, Own } from './own-record.ts'

/** A difference that could not be mended is tried again after this long, and up to twice. */
const SYNC_RETRY_MS = 15_000
/** The queue of the log was full. */
const BUSY_RETRY_MS = 1_000

export const sidesOf = (own: Own, around: Around): Sides => ({
  own: viewOf(own.store),
  catalog: around.catalog(),
  node: around.node().node,
})

/** Tells the catalog what it has to know: in a busy turn, of everything at its end. */
export function push(own: Own, around: Around): void {
  if (own.keeper.isGathering) return
  const index = proposePushes(own, around)
  for (const waiting of own.untold) waiting.index = index
  own.untold = []
}

/** The index of the last command; 0 if there is none. */
function proposePushes(own: Own, around: Around): number {
  const { services, checks } = own.dirty
  if (services.size + checks.size === 0) return 0
  const pushes = pushesFor(sidesOf(own, around), own.dirty, around.clock.wall)
  services.clear()
  checks.clear()
  let last = 0
  for (const one of pushes) {
    const index = around.propose(one.command)
    if (index === undefined) postpone(own, one, around.clock.now + BUSY_RETRY_MS)
    else {
      own.inFlight.set(index, one)
      last = index
    }
  }
  return last
}

function postpone(own: Own, { services, checks }: Push, due: Instant): void {
  for (const id of services) own.dirty.services.add(id)
  for (const id of checks) own.dirty.checks.add(id)
  own.retryDue = due
}

/** An entry was applied; what the catalog refused comes again. False: it was none of these. */
export function onPushed(
  own: Own,
  index: LogIndex,
  { result, now }: { readonly result: unknown; readonly now: Instant },
): boolean {
  const one = own.inFlight.get(index)
  if (one === undefined) return false
  own.inFlight.delete(index)
  const isRefused = typeof result === 'object' && result !== null && 'ok' in result && !result.ok
  if (isRefused) postpone(own, one, now + SYNC_RETRY_MS * (1 + own.prng.unit()))
  return true
}

/** The log has thrown a command of ours away: the disk is full. */
export function onPushVoid(own: Own, from: LogIndex, now: Instant): void {
  for (const [index, one] of own.inFlight) {
    if (index < from) continue
    own.inFlight.delete(index)
    postpone(own, one, now + SYNC_RETRY_MS * (1 + own.prng.unit()))
  }
}
