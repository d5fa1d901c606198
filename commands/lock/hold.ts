// What a lock and a seat in a semaphore have in common: they are waited for, held, watched and
// given back.
import type { KvEntry } from '../../core/kv/records.ts'
import type { U64 } from '../../core/u64.ts'
import type { AskQuery, Client, Reply } from '../kit/client.ts'
import { answerIsNo, isFailure } from '../kit/failure.ts'
import { pause } from '../kit/pause.ts'
import { entriesOf, NOTHING_SAID } from '../kv/entry.ts'
import type { Keeper } from './session.ts'

export interface Wish {
  readonly client: Client
  readonly session: Keeper
  /** Above the key: `PREFIX/.lock`. */
  readonly prefix: string
  /** How many may hold at once. */
  readonly limit: number
  /** Give up at this time (performance.now); undefined: wait as long as it takes. */
  readonly deadline: number | undefined
  /** Told to end: give up. */
  readonly stop: AbortSignal
  /** How often a question of the watch may fail before the lock counts as lost. */
  readonly retries: number
}

export interface Held {
  /** Grows with every acquisition of the key, whoever acquires: for fencing. */
  readonly fence: U64
  /** Aborted when it is no longer ours. */
  readonly lost: AbortSignal
  release(): Promise<void>
  /** Removes what nobody uses any more. */
  cleanup(): Promise<'removed' | 'in-use'>
}

/** One question waits no longer for a change. */
const WAIT_MS = 15_000
/** Between two tries where a lock is free but cannot be had: the delay after a lost session. */
const RETRY_MS = 1_000

export interface Read {
  readonly entries: readonly KvEntry[]
  readonly index: string
}

/** Reads a key or a tree; with an index waits for a change, no longer than the wish. */
export async function read(
  wish: Pick<Wish, 'client' | 'deadline' | 'stop'>,
  { key, query = {}, index }: { key: string; query?: AskQuery; index?: string | undefined },
): Promise<Read> {
  const waitMs = Math.max(1, Math.min(WAIT_MS, remainingMs(wish))) // 0 would be the longest wait
  const blocking = index === undefined ? {} : { index, wait: `${Math.ceil(waitMs)}ms` }
  const reply: Reply = await wish.client.ask({
    method: 'GET',
    path: `/v1/kv/${key}`,
    query: { ...query, ...blocking },
    missing: NOTHING_SAID,
    signal: wish.stop,
    fault: 'Lock acquisition failed: failed to read lock: ',
    ...(index === undefined ? {} : { waitMs }),
  })
  return { entries: entriesOf(reply), index: reply.header('x-consul-index') ?? '0' }
}

const remainingMs = ({ deadline }: Pick<Wish, 'deadline'>): number =>
  deadline === undefined ? Number.POSITIVE_INFINITY : deadline - performance.now()

/** What one try has come to. */
export type Try =
  | { readonly type: 'held'; readonly fence: U64 }
  /** Somebody else holds it: look again when this index has moved. */
  | { readonly type: 'taken'; readonly index: string }
  /** It is free, but cannot be had yet. */
  | { readonly type: 'delayed' }
  /** Somebody else was quicker: again, at once. */
  | { readonly type: 'raced' }

/** Tries until it is held; undefined when time is up or when told to end. */
export async function tryUntilHeld(
  wish: Wish,
  attempt: (index: string | undefined) => Promise<Try>,
): Promise<U64 | undefined> {
  let index: string | undefined
  let mayStop = false // not before the first try, nor when we may hold it already
  while (!wish.stop.aborted) {
    if (wish.session.lost.aborted) throw sessionLost()
    if (mayStop && remainingMs(wish) <= 0) return undefined
    const found = await unlessStopped(wish.stop, () => attempt(index))
    if (found === undefined) return undefined
    if (found.type === 'held') return found.fence
    mayStop = found.type !== 'raced'
    index = found.type === 'taken' ? found.index : undefined
    if (found.type === 'delayed') await pause(Math.min(RETRY_MS, remainingMs(wish)), wish.stop)
  }
  return undefined
}

/** A question that we broke off ourselves is no failure. */
async function unlessStopped<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (stop.aborted) return undefined
    throw error
  }
}

const sessionLost = () =>
  answerIsNo('session_lost', 'the session ended while waiting for the lock', {
    consul: 'Lock acquisition failed: session lost',
  })

export interface Watched {
  /** Whether what was read still is ours. */
  readonly look: (index: string | undefined, stop: AbortSignal) => Promise<Look>
  readonly retries: number
  readonly session: Keeper
}

interface Look {
  readonly ours: boolean
  readonly index: string
}

/** Looks at what we hold until it is lost, or until told to stop. */
export function watchOver(watched: Watched): { lost: AbortSignal; stop(): void } {
  const [lost, over] = [new AbortController(), new AbortController()]
  const loop = async () => {
    let index: string | undefined
    for (let failures = 0; failures <= watched.retries && !over.signal.aborted; ) {
      try {
        const seen = await watched.look(index, over.signal)
        if (!seen.ours) return
        index = seen.index
        failures = 0
      } catch (error) {
        if (!isFailure(error)) throw error
        failures++
        index = undefined
        await pause(RETRY_MS, over.signal)
      }
    }
  }
  void loop().then(() => over.signal.aborted || lost.abort())
  return {
    lost: AbortSignal.any([lost.signal, watched.session.lost]),
    stop: () => over.abort(),
  }
}
