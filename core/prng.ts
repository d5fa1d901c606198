// A seeded generator, the only randomness in core: the same seed gives the same run, everywhere.
// xoshiro128** by Blackman and Vigna, seeded through splitmix32.
import { assert } from './assert.ts'

export interface Prng {
  /** 32 random bits as an unsigned integer. */
  next(): number
  /** An integer of low … high, both included. */
  range(low: number, high: number): number
  /** A float of 0 ≤ x < 1. */
  unit(): number
  /** True with the given probability (0 … 1). */
  chance(probability: number): boolean
  /** Exponentially distributed with the given mean. */
  exponential(mean: number): number
  pick<T>(items: readonly T[]): T
  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[]
  /** A generator of its own whose draws do not disturb this one. */
  fork(): Prng
}

export function createPrng(seed: number): Prng {
  const state = new Uint32Array(4)
  let mix = seed >>> 0
  for (let i = 0; i < 4; i++) {
    mix = (mix + 0x9e3779b9) >>> 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    state[i] = (z ^ (z >>> 16)) >>> 0
  }
  const next = () => xoshiro(state)
  const unit = () => next() / 0x1_0000_0000
  const prng: Prng = {
    next,
    unit,
    range(low, high) {
      assert(Number.isInteger(low), 'the low end of a range is an integer')
      assert(high >= low, 'a range is not empty')
      return low + Math.floor(unit() * (high - low + 1))
    },
    chance: (probability) => unit() < probability,
    exponential: (mean) => -mean * Math.log(1 - unit()),
    pick(items) {
      assert(items.length > 0, 'a pick needs items')
      return items[Math.floor(unit() * items.length)] as (typeof items)[number]
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = Math.floor(unit() * (i + 1))
        const held = items[i] as (typeof items)[number]
        items[i] = items[j] as (typeof items)[number]
        items[j] = held
      }
      return items
    },
    fork: () => createPrng(next()),
  }
  return prng
}

function xoshiro(s: Uint32Array): number {
  const s0 = s[0] as number // four words, made above; taking them apart as a list costs more
  const s1 = s[1] as number
  const s2 = s[2] as number
  const s3 = s[3] as number
  const scrambled = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0
  const t = s1 << 9
  const n2 = s2 ^ s0
  const n3 = s3 ^ s1
  s[1] = s1 ^ n2
  s[0] = s0 ^ n3
  s[2] = n2 ^ t
  s[3] = rotate(n3, 11)
  return scrambled
}

const rotate = (x: number, k: number) => (x << k) | (x >>> (32 - k))
