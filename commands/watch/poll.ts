// One blocking query after the other: yields an answer whenever the index has moved (Consul:
// blocking queries).
import type { Json } from '../../core/route/json.ts'
import { formatDuration } from '../../core/time.ts'
import { parseU64, type U64 } from '../../core/u64.ts'
import type { Client, Reply } from '../kit/client.ts'
import { answerIsNo, Failure } from '../kit/failure.ts'
import { pause } from '../kit/pause.ts'
import type { Question } from './question.ts'

export interface Seen {
  /** Those of events are hashes of 64 bits. */
  readonly index: U64
  readonly value: Json
}

export interface PollOptions {
  readonly signal: AbortSignal
  /** Told of failures that are tried again. */
  readonly talk: (line: string) => void
}

/** How long one query waits for a change. */
const WAIT_MS = 300_000
const RETRY_MS = { first: 500, max: 30_000 } as const

/**
 * Ends when the signal does. The first failure is thrown; later ones are tried again, less and less
 * often.
 */
export async function* poll(
  client: Client,
  question: Question,
  { signal, talk }: PollOptions,
): AsyncGenerator<Seen> {
  let index: U64 = 0
  let failures = 0
  let reached = false
  while (!signal.aborted) {
    let reply: Reply
    try {
      reply = await askOnce(client, question, { index, signal })
    } catch (error) {
      if (signal.aborted) return
      if (!reached || !(error instanceof Failure)) throw error
      const delay = Math.min(RETRY_MS.first * 2 ** failures++, RETRY_MS.max)
      talk(`${error.parts.what}; trying again in ${formatDuration(delay)}`)
      await pause(delay, signal)
      index = 0 // whoever answers next may know other indexes
      continue
    }
    reached = true
    failures = 0
    const next = indexOf(reply)
    if (next === index) continue // the wait is over, nothing has changed
    index = next < index ? 0 : next // backwards: another history, begin anew
    yield { index: next, value: question.read(reply) }
  }
}

function askOnce(
  client: Client,
  { path, query, missing }: Question,
  { index, signal }: { index: U64; signal: AbortSignal },
): Promise<Reply> {
  const blocking: Record<string, string> =
    index === 0 ? {} : { index: String(index), wait: formatDuration(WAIT_MS) }
  return client.ask({
    method: 'GET',
    path,
    query: { ...query, ...blocking },
    ...(missing === undefined ? {} : { missing }),
    signal,
    ...(index === 0 ? {} : { waitMs: WAIT_MS }),
  })
}

/** Without an index there is nothing to wait for: asking on would be a loop at full speed. */
function indexOf(reply: Reply): U64 {
  const index = parseU64(reply.header('x-consul-index') ?? '')
  if (index.ok && index.value > 0) return index.value
  throw answerIsNo('bad_answer', 'the answer has no index to wait for', {
    why: `X-Consul-Index: ${reply.header('x-consul-index') ?? 'missing'}`,
  })
}
