// What is still to be spread, and how often (SWIM §4.1 and §5; memberlist-wire §3.6): every message
// is sent a number of times that grows with the logarithm of the pool. What was sent least goes
// first, then what is longest, then what is newest; a packet is filled with whatever still fits.
import { assert } from '../assert.ts'

/** A message that waits, encoded once for all its sendings. */
interface Broadcast {
  readonly id: number
  readonly bytes: Uint8Array
  /** A newer message about the same subject takes its place. */
  readonly subject: string | undefined
  sent: number
}

export interface BroadcastQueue {
  /** In the order of sending. */
  readonly waiting: Broadcast[]
  readonly bySubject: Map<string, Broadcast>
  lastId: number
}

export const createQueue = (): BroadcastQueue => ({
  waiting: [],
  bySubject: new Map(),
  lastId: 0,
})

/** Returns an id to ask by whether it has been sent. */
export function addBroadcast(queue: BroadcastQueue, bytes: Uint8Array, subject?: string): number {
  assert(bytes.length > 0, 'a broadcast is a message')
  queue.lastId += 1
  const broadcast = { id: queue.lastId, bytes, subject, sent: 0 }
  if (subject !== undefined) {
    const older = queue.bySubject.get(subject)
    if (older !== undefined) removeBroadcast(queue, older)
    queue.bySubject.set(subject, broadcast)
  }
  insert(queue, broadcast)
  return broadcast.id
}

export const isWaiting = (queue: BroadcastQueue, id: number): boolean =>
  queue.waiting.some((broadcast) => broadcast.id === id)

/** What a packet has room for. */
export interface Room {
  /** Bytes that may still be filled. */
  readonly bytesMax: number
  /** What each message costs besides itself. */
  readonly partBytes: number
  readonly partsMax: number
}

/**
 * Messages for one packet, which count as sent; after `sentMax` sendings they are dropped. Not
 * `counted`: sent to somebody who probably does not hear.
 */
export function takeBroadcasts(
  queue: BroadcastQueue,
  room: Room,
  { sentMax, counted }: { sentMax: number; counted: boolean },
): Uint8Array[] {
  const chosen = choose(queue, room)
  if (counted) for (const broadcast of chosen) countSending(queue, broadcast, sentMax)
  return chosen.map(({ bytes }) => bytes)
}

/** No message is shorter. */
const SHORTEST = 4

function choose({ waiting }: BroadcastQueue, room: Room): Broadcast[] {
  const chosen: Broadcast[] = []
  let left = room.bytesMax
  for (const broadcast of waiting) {
    if (chosen.length >= room.partsMax || left < room.partBytes + SHORTEST) break
    const cost = broadcast.bytes.length + room.partBytes
    if (cost > left) continue
    chosen.push(broadcast)
    left -= cost
  }
  return chosen
}

function countSending(queue: BroadcastQueue, broadcast: Broadcast, sentMax: number): void {
  removeBroadcast(queue, broadcast)
  broadcast.sent += 1
  if (broadcast.sent >= sentMax) return
  insert(queue, broadcast)
  if (broadcast.subject !== undefined) queue.bySubject.set(broadcast.subject, broadcast)
}

/** Of too many, those go that were sent most. */
export function pruneBroadcasts(queue: BroadcastQueue, depthMax: number): number {
  const gone = queue.waiting.splice(Math.max(0, depthMax))
  for (const { subject } of gone) if (subject !== undefined) queue.bySubject.delete(subject)
  return gone.length
}

function removeBroadcast(queue: BroadcastQueue, broadcast: Broadcast): void {
  const at = placeOf(queue, broadcast)
  assert(queue.waiting[at] === broadcast, 'a broadcast is where its order puts it')
  queue.waiting.splice(at, 1)
  if (broadcast.subject !== undefined) queue.bySubject.delete(broadcast.subject)
}

function insert(queue: BroadcastQueue, broadcast: Broadcast): void {
  queue.waiting.splice(placeOf(queue, broadcast), 0, broadcast)
}

/** The first place whose broadcast does not come before this one. */
function placeOf({ waiting }: BroadcastQueue, broadcast: Broadcast): number {
  let low = 0
  let high = waiting.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = waiting[middle]
    if (other !== undefined && isBefore(other, broadcast)) low = middle + 1
    else high = middle
  }
  return low
}

function isBefore(a: Broadcast, b: Broadcast): boolean {
  if (a.sent !== b.sent) return a.sent < b.sent
  if (a.bytes.length !== b.bytes.length) return a.bytes.length > b.bytes.length
  return a.id > b.id
}

/**
 * How often each message is sent in a pool of this size (memberlist-wire §3.6). Where memberlist
 * sends a message four times to nine others, it is sent to each of them: news would be lost else.
 */
export const sendingsMax = (mult: number, size: number): number =>
  Math.max(mult * Math.ceil(Math.log10(size + 1)), Math.min(2 * mult, size - 1))
