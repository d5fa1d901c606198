// The ring of keys of the pool, changed by queries while the pool runs (Serf, memberlist-wire §4):
// a new key is installed everywhere, then used everywhere, then the old one is removed. The first
// key seals, every key opens.
import { base64, EMPTY, equalBytes } from '../bytes.ts'
import { decodeAs, encodeSerf, type KeyResponse } from '../wire/serf.ts'
import type { Swim } from './swim.ts'

const KEY_QUERIES = {
  '_serf_install-key': 'install',
  '_serf_use-key': 'use',
  '_serf_remove-key': 'remove',
  '_serf_list-keys': 'list',
} as const

export type KeyOperation = (typeof KEY_QUERIES)[keyof typeof KEY_QUERIES]

export const isKeyQuery = (name: string): name is keyof typeof KEY_QUERIES =>
  Object.hasOwn(KEY_QUERIES, name)

/** The query by which a pool is told to do so, and its payload. */
export function keyQueryOf(
  operation: KeyOperation,
  key: Uint8Array,
): { name: string; payload: Uint8Array } {
  const name = operation === 'list' ? '_serf_list-keys' : `_serf_${operation}-key`
  return { name, payload: encodeSerf({ type: 'keyRequest', key }) }
}

const KEY_SIZES: readonly number[] = [16, 24, 32]
/** Every packet that does not fit is tried with each. */
const KEYS_MAX = 32

export type Ring =
  | { readonly ok: true; readonly keys: readonly Uint8Array[] }
  | { readonly ok: false; readonly why: string }

const has = (keys: readonly Uint8Array[], key: Uint8Array) =>
  keys.some((held) => equalBytes(held, key))

/** The ring after a change of it. */
export function changeRing(
  keys: readonly Uint8Array[],
  operation: Exclude<KeyOperation, 'list'>,
  key: Uint8Array,
): Ring {
  const [primary] = keys
  if (primary === undefined)
    return { ok: false, why: 'No keyring to modify (encryption not enabled)' }
  if (operation === 'install') {
    if (!KEY_SIZES.includes(key.length))
      return { ok: false, why: 'key size must be 16, 24 or 32 bytes' }
    if (has(keys, key)) return { ok: true, keys }
    if (keys.length >= KEYS_MAX) return { ok: false, why: 'The keyring is full' }
    return { ok: true, keys: [...keys, key] }
  }
  const others = keys.filter((held) => !equalBytes(held, key))
  if (operation === 'use')
    return has(keys, key)
      ? { ok: true, keys: [key, ...others] }
      : { ok: false, why: 'Requested key is not in the keyring' }
  if (equalBytes(primary, key)) return { ok: false, why: 'Removing the primary key is not allowed' }
  return { ok: true, keys: others }
}

const PLAIN: KeyResponse = {
  type: 'keyResponse',
  result: true,
  message: '',
  keys: null,
  primaryKey: '',
}

/** Does what a key query says, and returns the payload of the answer. */
export function obeyKeyQuery(
  swim: Swim,
  query: {
    name: keyof typeof KEY_QUERIES
    payload: Uint8Array
    fits: (answer: Uint8Array) => boolean
  },
): Uint8Array {
  const request = decodeAs('keyRequest', query.payload)
  if (!request.ok) return encodeSerf({ ...PLAIN, result: false, message: 'The request is none' })
  const operation = KEY_QUERIES[query.name]
  if (operation === 'list') return listKeys(swim, query.fits)
  const ring = changeRing(swim.keys, operation, request.value.key)
  if (!ring.ok) return encodeSerf({ ...PLAIN, result: false, message: ring.why })
  if (ring.keys !== swim.keys) {
    swim.keys = ring.keys
    swim.effects.push({ type: 'use-keys', keys: ring.keys })
  }
  return encodeSerf(PLAIN)
}

/** As many keys as fit into an answer. */
function listKeys({ keys }: Swim, fits: (answer: Uint8Array) => boolean): Uint8Array {
  const [primary] = keys
  if (primary === undefined)
    return encodeSerf({
      ...PLAIN,
      result: false,
      message: 'Keyring is empty (encryption not enabled)',
    })
  for (let count = keys.length; count > 0; count--) {
    const message = count < keys.length ? `Shows ${count} of ${keys.length} keys` : ''
    const shown = keys.slice(0, count).map((key) => base64(key))
    const answer = encodeSerf({ ...PLAIN, message, keys: shown, primaryKey: base64(primary) })
    if (fits(answer)) return answer
  }
  return EMPTY
}
