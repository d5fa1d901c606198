// A running hash of 128 bits over everything that happens in a run: two runs of one seed must end
// with the same (G7). Made for speed and for finding differences, not against an adversary.

export interface TraceHash {
  /** Four words of state. A typed array: numbers above 2^30 would otherwise be boxed. */
  readonly words: Int32Array
  readonly float: Float64Array
  /** The same bytes as `float`. */
  readonly halves: Int32Array
}

export function createTraceHash(): TraceHash {
  const float = new Float64Array(1)
  const words = Int32Array.of(0x243f6a88, 0x05a308d3, 0x13198a2e, 0x03707344) // digits of pi
  return { words, float, halves: new Int32Array(float.buffer) }
}

/** Mixes in an integer; what is above 32 bits is cut off. */
export function mixInt(hash: TraceHash, value: number): void {
  const { words } = hash
  const [a, b, c, d] = words as unknown as [number, number, number, number] // four words, always
  const k = Math.imul(value ^ d, 0x85ebca6b)
  words[0] = Math.imul(a ^ (k << 15) ^ (k >>> 17), 0x9e3779b1) + b
  words[1] = ((b << 13) | (b >>> 19)) ^ k
  words[2] = Math.imul(c + k, 0xc2b2ae35) ^ (c >>> 16)
  words[3] = (d ^ (words[0] ?? 0)) + ((words[2] ?? 0) >>> 7)
}

export function mixFloat(hash: TraceHash, value: number): void {
  hash.float[0] = value
  mixInt(hash, hash.halves[0] ?? 0)
  mixInt(hash, hash.halves[1] ?? 0)
}

export const hashText = ({ words }: TraceHash): string =>
  Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
