// Who gets a compressed body, and the compression. Work of the runtime: the core never sees it.
// What Consul 1.21 does is recorded in test/conformance/http/gzip.json: bodies of 1,400 bytes and
// more, for clients that name gzip.
import { constants, gzip, gzipSync } from 'node:zlib'
import type { Whole } from './http-answer.ts'

/** Shorter bodies are sent as they are. */
export const GZIP_BYTES_MIN = 1_400
/** Up to this size compressing at once costs less than the way to another thread and back. */
export const GZIP_AT_ONCE_BYTES_MAX = 64 << 10

/** Trades a few percent of size for half of the time: the body is made anew for each request. */
const OPTIONS = { level: constants.Z_BEST_SPEED }

/**
 * Whether an Accept-Encoding names gzip with a weight above 0 (RFC 9110 §12.5.3). `*` does not
 * count, as in Consul.
 */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false
  const lower = header.toLowerCase()
  if (!lower.includes('gzip')) return false
  return lower.split(',').some((part) => {
    const [coding = '', ...parameters] = part.split(';')
    return coding.trim() === 'gzip' && !parameters.some(isZeroWeight)
  })
}

const isZeroWeight = (parameter: string): boolean => {
  const [name = '', value = ''] = parameter.split('=')
  return name.trim() === 'q' && Number(value.trim()) === 0
}

/** The answer that was packed last, for all who are sent the same. */
export interface Packing {
  whole: Whole | undefined
  packed: Whole | undefined
  /** Who waits until it is packed. */
  waiting: ((packed: Whole) => void)[]
}

export const createPacking = (): Packing => ({ whole: undefined, packed: undefined, waiting: [] })

/** Calls back with the answer packed; at once if it is small, or was packed before. */
export function packOnce(packing: Packing, whole: Whole, done: (packed: Whole) => void): void {
  if (packing.whole === whole) {
    if (packing.packed === undefined) packing.waiting.push(done)
    else done(packing.packed)
    return
  }
  const waiting = [done]
  Object.assign(packing, { whole, packed: undefined, waiting })
  compress(whole.body, (body) => {
    const packed = { ...whole, headers: [...whole.headers, 'Content-Encoding', 'gzip'], body }
    if (packing.whole === whole) {
      const isSmall = whole.body.length <= GZIP_AT_ONCE_BYTES_MAX // a long one is not kept for long
      Object.assign(packing, isSmall ? { packed } : createPacking())
    }
    for (const next of waiting) next(packed)
  })
}

/**
 * Calls back at once for a small body, later for a large one. Compressing fails only when memory
 * does.
 */
function compress(body: string | Uint8Array, done: (packed: Uint8Array) => void): void {
  if (body.length <= GZIP_AT_ONCE_BYTES_MAX) {
    done(gzipSync(body, OPTIONS))
    return
  }
  gzip(body, OPTIONS, (error, packed) => {
    if (error !== null) throw error
    done(packed)
  })
}
