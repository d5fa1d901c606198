// Keeps an event, and lets the oldest go.
import { list, put, remove, type Txn } from '../state/txn.ts'
import { EVENTS, EVENTS_KEPT, type HeardEvent, placeKey } from './records.ts'

export function keepEvent(txn: Txn, event: HeardEvent): void {
  const kept = list(txn, EVENTS, '')
  const [oldest] = kept
  const at = (kept.at(-1)?.at ?? 0) + 1
  put(txn, EVENTS, { ...event, at })
  if (kept.length >= EVENTS_KEPT && oldest !== undefined) remove(txn, EVENTS, placeKey(oldest.at))
}
