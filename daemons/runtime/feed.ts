// Records that others follow, one JSON object a line: each has a number and a time. The last ones
// are kept for those who come late. Publishing never fails and never waits: a follower that does
// not keep up loses records, and is told how many.
import { isoUtc } from '../../core/time.ts'
import { readClock } from './clock.ts'
import type { LiveFeed } from './http.ts'

/** One line of a stream. */
export interface FeedRecord {
  readonly seq: number
  /** RFC 3339, UTC. */
  readonly ts: string
  readonly topic: string
  readonly op: 'create' | 'end' | 'gap'
  /** Who tells it. */
  readonly node: string
  readonly data: unknown
}

/** Records kept for a follower that does not keep up. */
const QUEUED_MAX = 1_024

interface Follower {
  readonly write: (text: string) => boolean
  readonly queue: FeedRecord[]
  isFull: boolean
  dropped: number
}

export interface Feed {
  readonly topic: string
  readonly node: string
  readonly kept: FeedRecord[]
  readonly keptMax: number
  readonly followers: Set<Follower>
  lastSeq: number
}

export const createFeed = (how: Pick<Feed, 'topic' | 'node' | 'keptMax'>): Feed => ({
  ...how,
  kept: [],
  followers: new Set(),
  lastSeq: 0,
})

export function publish(feed: Feed, data: unknown, op: 'create' | 'end' = 'create'): void {
  const { topic, node, kept } = feed
  feed.lastSeq += 1
  const ts = isoUtc(readClock().wall)
  const record: FeedRecord = { seq: feed.lastSeq, ts, topic, op, node, data }
  kept.push(record)
  // Twice as many are held for a moment, so that most of the time nothing has to be moved.
  if (kept.length >= 2 * feed.keptMax) kept.splice(0, kept.length - feed.keptMax)
  for (const follower of feed.followers) tell(follower, record)
}

/** The last ones, oldest first. */
export const keptOf = ({ kept, keptMax }: Feed): readonly FeedRecord[] => kept.slice(-keptMax)

/** Tells what is kept, then what comes. */
export function followFeed(feed: Feed, write: (text: string) => boolean): LiveFeed {
  const follower: Follower = { write, queue: [], isFull: false, dropped: 0 }
  for (const record of keptOf(feed)) tell(follower, record)
  feed.followers.add(follower)
  return {
    resume: () => resume(feed, follower),
    stop: () => feed.followers.delete(follower),
  }
}

function tell(follower: Follower, record: FeedRecord): void {
  if (!follower.isFull) follower.isFull = !follower.write(lineOf(record))
  else if (follower.queue.length < QUEUED_MAX) follower.queue.push(record)
  else follower.dropped += 1
}

const lineOf = (record: FeedRecord): string => `${JSON.stringify(record)}\n`

function resume({ topic, node, lastSeq }: Feed, follower: Follower): void {
  follower.isFull = false
  while (follower.queue.length > 0 && !follower.isFull) {
    const next = follower.queue.shift()
    if (next !== undefined) follower.isFull = !follower.write(lineOf(next))
  }
  if (follower.dropped === 0 || follower.isFull) return
  const data = { dropped: follower.dropped }
  const ts = isoUtc(readClock().wall)
  follower.dropped = 0
  tell(follower, { seq: lastSeq, ts, topic, op: 'gap', node, data })
}
