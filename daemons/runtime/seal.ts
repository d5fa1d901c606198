// AES-GCM under the keys of a gossip pool: what core/wire/gossip-seal.ts asks of a cipher. The
// first key seals, every key opens; the ring changes while the pool runs.
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'
import type { Cipher } from '../../core/wire/gossip-seal.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Drawn from the kernel at once. */
const NONCES_PER_DRAW = 256

/** By the length of the key. */
const ALGORITHMS = { 16: 'aes-128-gcm', 24: 'aes-192-gcm', 32: 'aes-256-gcm' } as const
type Algorithm = (typeof ALGORITHMS)[keyof typeof ALGORITHMS]

function algorithmOf(key: Uint8Array): Algorithm {
  const { length } = key
  if (length === 16 || length === 24 || length === 32) return ALGORITHMS[length]
  throw new RangeError(`a gossip key has 16, 24 or 32 bytes, not ${length}`)
}

export interface GossipCipher extends Cipher {
  /** From now on these, the primary one first. At least one. */
  readonly useKeys: (keys: readonly Uint8Array[]) => void
}

interface Key {
  readonly algorithm: Algorithm
  readonly bytes: Uint8Array
}

const keyOf = (bytes: Uint8Array): Key => ({ algorithm: algorithmOf(bytes), bytes })

/**
 * `drawNonce` gives twelve bytes that never come again: random ones, but in tests of the format.
 */
export function createGossipCipher(
  keys: readonly Uint8Array[],
  drawNonce: () => Uint8Array = createNonces(),
): GossipCipher {
  let ring = keys.map(keyOf)
  return {
    useKeys: (next) => {
      ring = next.map(keyOf)
    },
    encrypt: (plain, additional) => {
      const [primary] = ring
      if (primary === undefined) throw new RangeError('a ring of gossip keys has a primary key')
      const nonce = drawNonce()
      const cipher = createCipheriv(primary.algorithm, primary.bytes, nonce)
      cipher.setAAD(additional)
      const text = cipher.update(plain)
      const end = cipher.final()
      return { nonce, sealed: Buffer.concat([text, end, cipher.getAuthTag()]) }
    },
    decrypt: (envelope, additional) => {
      for (const key of ring) {
        const plain = openWith(key, envelope, additional)
        if (plain !== undefined) return plain
      }
      return undefined
    },
  }
}

/** Random nonces of 96 bits: with one key, good for 2^32 packets (NIST SP 800-38D §8.3). */
function createNonces(): () => Uint8Array {
  const block = new Uint8Array(NONCE_BYTES * NONCES_PER_DRAW)
  let at = block.length
  return () => {
    if (at === block.length) {
      randomFillSync(block)
      at = 0
    }
    at += NONCE_BYTES
    return block.slice(at - NONCE_BYTES, at)
  }
}

function openWith(
  { algorithm, bytes }: Key,
  { nonce, sealed }: { readonly nonce: Uint8Array; readonly sealed: Uint8Array },
  additional: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv(algorithm, bytes, nonce, { authTagLength: TAG_BYTES })
  const tagAt = sealed.length - TAG_BYTES
  decipher.setAAD(additional)
  decipher.setAuthTag(sealed.subarray(tagAt))
  const text = decipher.update(sealed.subarray(0, tagAt))
  try {
    const end = decipher.final()
    return end.length === 0 ? new Uint8Array(text) : Buffer.concat([text, end])
  } catch {
    return undefined // the only failure of a GCM cipher's end: the tag does not fit
  }
}
