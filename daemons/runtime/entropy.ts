// The one source of randomness that is not a seed: the kernel's, drawn in blocks.
import { randomFillSync, randomInt } from 'node:crypto'

const BLOCK_BYTES = 4_096
const DRAW_BYTES = 16

/** A function that gives 16 fresh random bytes a call. They are the caller's to keep. */
export function createEntropy(): () => Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES)
  let at = BLOCK_BYTES
  return () => {
    if (at === BLOCK_BYTES) {
      randomFillSync(block)
      at = 0
    }
    at += DRAW_BYTES
    return block.slice(at - DRAW_BYTES, at)
  }
}

/** A seed for a generator of core/prng.ts. */
export const drawSeed = (): number => randomInt(0, 2 ** 32)
