// Who waits for a change of the agent's own services: until it is kept, and the catalog knows it.
import type { Call } from '../api/call.ts'
import type { LogIndex } from '../ids.ts'
import type { Own, WaitingCall } from './own-record.ts'

/** Calls that cannot be answered with yes: what they wait for was thrown away. */
export function takeFailed(
  own: Own,
  { from, save }: { readonly from: LogIndex | undefined; readonly save: number },
): Call[] {
  const failed: Call[] = []
  for (const [id, waiting] of own.waiting) {
    const isLost = waiting.save > own.keeper.saved && waiting.save <= save
    const isVoid = from !== undefined && waiting.index !== undefined && waiting.index >= from
    if (!isLost && !isVoid) continue
    own.waiting.delete(id)
    failed.push(waiting.call)
  }
  return failed
}

/** Calls that wait for nothing any more. */
export function takeAnswered(own: Own, applied: number): WaitingCall[] {
  const done: WaitingCall[] = []
  for (const [id, waiting] of own.waiting) {
    const { index = Number.POSITIVE_INFINITY, save } = waiting
    if (index > applied || save > own.keeper.saved) continue
    own.waiting.delete(id)
    done.push(waiting)
  }
  return done
}
