// What is going to happen, the earliest first; of two at one instant, the one that was planned
// first. A binary heap.

export interface Planned {
  readonly at: number
  /** Rises with each plan: makes the order total. */
  readonly seq: number
}

const before = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq)

export function pushPlanned<T extends Planned>(heap: T[], item: T): void {
  let at = heap.length
  heap.push(item)
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above] as T
    if (!before(item, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = item
}

export function popPlanned<T extends Planned>(heap: T[]): T | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= heap.length) break
    const right = below + 1
    if (right < heap.length && before(heap[right] as T, heap[below] as T)) below = right
    const child = heap[below] as T
    if (!before(child, last)) break
    heap[at] = child
    at = below
  }
  heap[at] = last
  return first
}
