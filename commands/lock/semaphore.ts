// A lock for several: a key that names who holds a seat, changed by compare-and-set, and one key
// for each who wants one, held by its session so that the dead are seen. Keys and flags are those
// of the semaphore of Consul's Go client.
import type { KvEntry } from '../../core/kv/records.ts'
import { answerIsNo } from '../kit/failure.ts'
import { decodeJson } from '../kit/json.ts'
import { bytesOf } from '../kv/entry.ts'
import { type Held, read, type Try, tryUntilHeld, type Wish, watchOver } from './hold.ts'

/** Says that keys are of a semaphore. */
const SEMAPHORE_FLAG = 0xe0f69a2baa414de0n

interface Seats {
  readonly limit: number
  readonly holders: readonly string[]
  /** 0: the key is not there yet. */
  readonly modifyIndex: KvEntry['ModifyIndex']
}

/** Undefined: not in time. */
export async function acquireSeat(wish: Wish): Promise<Held | undefined> {
  await contend(wish)
  const fence = await tryUntilHeld(wish, (index) => attempt(wish, index))
  if (fence === undefined) {
    await withdraw(wish)
    return undefined
  }
  const watch = watchOver({
    retries: wish.retries,
    session: wish.session,
    look: async (index, stop) => {
      const seen = await readAll({ ...wish, deadline: undefined, stop }, index)
      return { ours: seen.living.includes(wish.session.id), index: seen.index }
    },
  })
  return {
    fence,
    lost: watch.lost,
    release: async () => {
      watch.stop()
      await release(wish)
      await withdraw(wish)
    },
    cleanup: () => cleanup(wish),
  }
}

const folderOf = ({ prefix }: Wish): string => `${prefix.replace(/\/+$/, '')}/`
const seatsKey = (wish: Wish): string => `${folderOf(wish)}.lock`
const ownKey = (wish: Wish): string => `${folderOf(wish)}${wish.session.id}`

async function contend(wish: Wish): Promise<void> {
  const query = { flags: String(SEMAPHORE_FLAG), acquire: wish.session.id }
  const args = { params: { key: ownKey(wish) }, query }
  if ((await wish.client.call('PUT /v1/kv/*key', args)).value()) return
  throw answerIsNo('no_seat', 'the key of this contender is held by somebody else', {
    consul: 'Lock acquisition failed: failed to make contender entry',
  })
}

const withdraw = async (wish: Wish): Promise<void> => {
  await wish.client.call('DELETE /v1/kv/*key', { params: { key: ownKey(wish) } })
}

/** What stands in the key. */
interface Written {
  readonly Limit: unknown
  readonly Holders: unknown
}

interface Semaphore {
  readonly seats: Seats
  /** Holders whose sessions live. */
  readonly living: readonly string[]
  readonly index: string
}

async function readAll(
  wish: Wish & { readonly deadline: number | undefined },
  index?: string,
): Promise<Semaphore> {
  const query = { recurse: '', consistent: '' }
  const seen = await read(wish, { key: folderOf(wish), query, index })
  const seats = seatsIn(wish, seen.entries)
  const sessions = new Set(seen.entries.map(({ Session }) => Session))
  const living = seats.holders.filter((holder) => sessions.has(holder))
  return { seats, living, index: seen.index }
}

function seatsIn(wish: Wish, entries: readonly KvEntry[]): Seats {
  const entry = entries.find(({ Key }) => Key === seatsKey(wish))
  if (entry === undefined) return { limit: wish.limit, holders: [], modifyIndex: 0 }
  if (BigInt(entry.Flags) !== SEMAPHORE_FLAG) {
    throw refusal(`${entry.Key} is not of a semaphore`, 'Existing key does not match semaphore use')
  }
  const decoded = decodeJson(bytesOf(entry).toString('utf8'))
  const value = (decoded.ok ? decoded.value : null) as Partial<Written> | null // looked at below
  const holders = listOf(value?.Holders)
  if (holders === undefined || typeof value?.Limit !== 'number') {
    throw refusal(`${entry.Key} does not list holders`, 'invalid semaphore lock')
  }
  return { limit: value.Limit, holders, modifyIndex: entry.ModifyIndex }
}

/** The names of an object; a list is taken, too. */
function listOf(holders: unknown): readonly string[] | undefined {
  if (holders === null || holders === undefined) return []
  if (Array.isArray(holders)) return holders.map(String)
  return typeof holders === 'object' ? Object.keys(holders) : undefined
}

const refusal = (what: string, why: string) =>
  answerIsNo('no_semaphore', what, { consul: `Lock acquisition failed: ${why}` })

async function attempt(wish: Wish, index: string | undefined): Promise<Try> {
  const { seats, living, index: seen } = await readAll(wish, index)
  if (seats.limit !== wish.limit) {
    const what = `others hold it with a limit of ${seats.limit}, not ${wish.limit}`
    const why = `semaphore limit conflict (lock: ${seats.limit}, local: ${wish.limit})`
    throw refusal(what, why)
  }
  if (living.includes(wish.session.id)) return { type: 'held', fence: seats.modifyIndex }
  if (living.length >= seats.limit) return { type: 'taken', index: seen }
  await replaceHolders(wish, seats, [...living, wish.session.id])
  return { type: 'raced' } // the next look says who was quicker, and the index
}

async function replaceHolders(
  wish: Wish,
  seats: Seats,
  holders: readonly string[],
): Promise<boolean> {
  const query = { flags: String(SEMAPHORE_FLAG), cas: String(seats.modifyIndex) }
  const named = Object.fromEntries(holders.map((holder) => [holder, true]))
  const body = JSON.stringify({ Limit: seats.limit, Holders: named })
  const args = { params: { key: seatsKey(wish) }, query, body }
  return (await wish.client.call('PUT /v1/kv/*key', args)).value()
}

const quietly = (wish: Wish): Wish => ({ ...wish, deadline: undefined, stop: NEVER })
const NEVER = new AbortController().signal

/** Gives the seat back, and the seats of the dead with it. */
async function release(wish: Wish): Promise<void> {
  for (;;) {
    const { seats, living } = await readAll(quietly(wish))
    if (!seats.holders.includes(wish.session.id)) return
    const others = living.filter((holder) => holder !== wish.session.id)
    if (await replaceHolders(wish, seats, others)) return
  }
}

async function cleanup(wish: Wish): Promise<'removed' | 'in-use'> {
  const { seats, living } = await readAll(quietly(wish))
  if (seats.modifyIndex === 0) return 'removed'
  if (living.length > 0) return 'in-use'
  const args = { params: { key: seatsKey(wish) }, query: { cas: String(seats.modifyIndex) } }
  return (await wish.client.call('DELETE /v1/kv/*key', args)).value() ? 'removed' : 'in-use'
}
