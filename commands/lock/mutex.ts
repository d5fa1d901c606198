// A lock for one: a key that a session holds. Key and flags are those of the lock of Consul's Go
// client, so that both exclude each other.
import type { KvEntry } from '../../core/kv/records.ts'
import { answerIsNo } from '../kit/failure.ts'
import { type Held, read, type Try, tryUntilHeld, type Wish, watchOver } from './hold.ts'

/** Says that a key is a lock. */
const LOCK_FLAG = 0x2ddccbc058a50c18n

/** Undefined: not in time. */
export async function acquireMutex(wish: Wish): Promise<Held | undefined> {
  const key = keyOf(wish)
  const fence = await tryUntilHeld(wish, (index) => attempt(wish, key, index))
  if (fence === undefined) return undefined
  const watch = watchOver({
    retries: wish.retries,
    session: wish.session,
    look: async (index, stop) => {
      const asked = { ...wish, deadline: undefined, stop }
      const seen = await read(asked, { key, query: { consistent: '' }, index })
      return { ours: seen.entries[0]?.Session === wish.session.id, index: seen.index }
    },
  })
  return {
    fence,
    lost: watch.lost,
    release: async () => {
      watch.stop()
      await write(wish, key, 'release')
    },
    cleanup: () => cleanup(wish, key),
  }
}

const keyOf = ({ prefix }: Wish): string => `${prefix.replace(/\/+$/, '')}/.lock`

async function attempt(wish: Wish, key: string, index: string | undefined): Promise<Try> {
  const seen = await read(wish, { key, query: { consistent: '' }, index })
  const [entry] = seen.entries
  checkFlags(entry)
  if (entry?.Session === wish.session.id) return { type: 'held', fence: entry.ModifyIndex }
  if (entry?.Session) return { type: 'taken', index: seen.index }
  if (await write(wish, key, 'acquire')) return { type: 'raced' } // the next look says the index
  const again = await read(wish, { key, query: { consistent: '' } })
  return again.entries[0]?.Session ? { type: 'taken', index: again.index } : { type: 'delayed' }
}

function checkFlags(entry: KvEntry | undefined): void {
  if (entry === undefined || BigInt(entry.Flags) === LOCK_FLAG) return
  const why = 'Existing key does not match lock use'
  throw answerIsNo('no_lock', `${entry.Key} is a key of somebody else, not a lock`, {
    why: 'its flags are not those of a lock',
    consul: `Lock acquisition failed: ${why}`,
  })
}

async function write({ client, session }: Wish, key: string, verb: string): Promise<boolean> {
  const query = { flags: String(LOCK_FLAG), [verb]: session.id }
  return (await client.call('PUT /v1/kv/*key', { params: { key }, query })).value()
}

async function cleanup(wish: Wish, key: string): Promise<'removed' | 'in-use'> {
  const asked = { client: wish.client, deadline: undefined, stop: NEVER }
  const [entry] = (await read(asked, { key })).entries
  if (entry === undefined) return 'removed'
  if (entry.Session) return 'in-use'
  const query = { cas: String(entry.ModifyIndex) }
  const deleted = (await wish.client.call('DELETE /v1/kv/*key', { params: { key }, query })).value()
  return deleted ? 'removed' : 'in-use'
}

const NEVER = new AbortController().signal
