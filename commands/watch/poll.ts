// One blocking query after the other: yields an answer whenever the index has moved, or the hash of
// what has no index (Consul: blocking queries, hash-based blocking queries).
import type { Json } from '../../core/route/json.ts'
import { formatDuration } from '../../core/time.ts'
import { parseU64, type U64 } from '../../core/u64.ts'
import type { Client, Reply } from '../kit/client.ts'
import { answerIsNo, Failure } from '../kit/failure.ts'
import { pause } from '../kit/pause.ts'
import type { Question } from './question.ts'

export interface Seen {
  readonly at: Place
  readonly value: Json
}

/** Where an answer stands among others to the same question; the hash of nothing is empty. */
export type Place =
  /** Those of events are hashes of 64 bits. */
  { readonly index: U64 } | { readonly hash: string }

export interface PollOptions {
  readonly signal: AbortSignal
  /** Told of failures that are tried again. */
  readonly talk: (line: string) => void
}

/** How long one query waits for a change. */
const WAIT_MS = 300_000
const RETRY_MS = { first: 500, max: 30_000 } as const
/** What is not there cannot be waited for by its hash: it is asked for this often. */
const MISSING_MS = 1_000

/**
 * Ends when the signal does. The first failure is thrown; later ones are tried again, less and less
 * often.
 */
export async function* poll(
  client: Client,
  question: Question,
  { signal, talk }: PollOptions,
): AsyncGenerator<Seen> {
  let last: Place | undefined
  let failures = 0
  let reached = false
  while (!signal.aborted) {
    let reply: Reply
    try {
      reply = await askOnce(client, question, { last, signal })
    } catch (error) {
      if (signal.aborted) return
      if (!reached || !(error instanceof Failure)) throw error
      const delay = Math.min(RETRY_MS.first * 2 ** failures++, RETRY_MS.max)
      talk(`${error.parts.what}; trying again in ${formatDuration(delay)}`)
      await pause(delay, signal)
      last = undefined // whoever answers next may know other indexes
      continue
    }
    reached = true
    failures = 0
    const at = question.by === 'hash' ? hashOf(reply) : indexOf(reply)
    const before = last
    last = isBackwards(before, at) ? undefined : at // another history: begin anew
    // The same: the wait is over, nothing has changed.
    if (before === undefined || !isSamePlace(before, at)) yield { at, value: question.read(reply) }
    if (isNowhere(at)) await pause(MISSING_MS, signal)
  }
}

function askOnce(
  client: Client,
  { path, query, missing }: Question,
  { last, signal }: { last: Place | undefined; signal: AbortSignal },
): Promise<Reply> {
  const waits = last !== undefined && !isNowhere(last)
  const blocking = waits ? { ...textsOf(last), wait: formatDuration(WAIT_MS) } : {}
  return client.ask({
    method: 'GET',
    path,
    query: { ...query, ...blocking },
    ...(missing === undefined ? {} : { missing }),
    signal,
    ...(waits ? { waitMs: WAIT_MS } : {}),
  })
}

/** Without an index there is nothing to wait for: asking on would be a loop at full speed. */
function indexOf(reply: Reply): Place {
  const index = parseU64(reply.header('x-consul-index') ?? '')
  if (index.ok && index.value > 0) return { index: index.value }
  throw answerIsNo('bad_answer', 'the answer has no index to wait for', {
    why: `X-Consul-Index: ${reply.header('x-consul-index') ?? 'missing'}`,
  })
}

function hashOf(reply: Reply): Place {
  const hash = reply.header('x-consul-contenthash') ?? ''
  if (hash !== '' || reply.status === 404) return { hash }
  throw answerIsNo('bad_answer', 'the answer has no hash to wait for', {
    why: 'X-Consul-ContentHash: missing',
  })
}

const isNowhere = (at: Place): boolean => 'hash' in at && at.hash === ''

const isBackwards = (before: Place | undefined, at: Place): boolean =>
  before !== undefined && 'index' in before && 'index' in at && at.index < before.index

const isSamePlace = (a: Place, b: Place): boolean =>
  'index' in a ? 'index' in b && a.index === b.index : 'hash' in b && a.hash === b.hash

const textsOf = (at: Place): Readonly<Record<string, string>> =>
  'index' in at ? { index: String(at.index) } : { hash: at.hash }
