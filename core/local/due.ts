// What is due when: a binary heap, the nearest first. An entry is never taken out before its time;
// who set it compares `round` with what holds now and passes over what does not.
import { present } from '../assert.ts'
import type { Instant } from '../time.ts'

export interface Due {
  readonly at: Instant
  readonly id: string
  /** Which setting of this id's timer it belongs to. */
  readonly round: number
}

export type DueHeap = Due[]

export function setDue(heap: DueHeap, due: Due): void {
  let at = heap.push(due) - 1
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above] as Due // a parent has a lower place
    if (parent.at <= due.at) break
    heap[at] = parent
    at = above
  }
  heap[at] = due
}

/** The next entry whose time has come; it is gone from the heap. */
export function takeDue(heap: DueHeap, now: Instant): Due | undefined {
  const first = heap[0]
  if (first === undefined || first.at > now) return undefined
  const last = present(heap.pop(), 'the last of a heap that holds one')
  if (heap.length > 0) sink(heap, last)
  return first
}

/** Puts an entry in the place of the first. */
function sink(heap: DueHeap, due: Due): void {
  let at = 0
  for (;;) {
    const left = 2 * at + 1
    const [one, other] = [heap[left], heap[left + 1]]
    if (one === undefined) break
    const below = other !== undefined && other.at < one.at ? left + 1 : left
    const child = heap[below] as Due // one of the two
    if (due.at <= child.at) break
    heap[at] = child
    at = below
  }
  heap[at] = due
}
