// The body of a request, read whole and bounded: what lies beyond the limit is read and dropped, so
// that a client which writes before it reads still gets the answer that its body is too large.
import type { IncomingMessage } from 'node:http'
import { EMPTY } from '../../core/bytes.ts'

/**
 * A body that exceeds its limit by more than this is not read to its end: the connection is closed
 * after the answer.
 */
export const DROPPED_BYTES_MAX = 8 << 20

/** The first room for a body, whatever length it claims to have. */
const ROOM_BYTES_FIRST = 16 << 10

export interface BodyRead {
  /** At most one byte more than the limit, which is enough for the pipeline to refuse it. */
  readonly bytes: Uint8Array
  /** The client is still sending: the connection cannot be used again. */
  readonly unfinished: boolean
}

/**
 * Whether a body follows the headers (RFC 9112 §6.3). Without one nobody has to wait for the end of
 * the message.
 */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

/** Calls back once. A client that leaves before its body is complete never causes a call. */
export function readBody(
  message: IncomingMessage,
  limit: number,
  done: (body: BodyRead) => void,
): void {
  const body = { room: EMPTY, size: 0, limit: limit + 1 }
  let dropped = 0
  message.on('data', (chunk: Uint8Array) => {
    dropped += chunk.length - keep(body, chunk)
    if (dropped <= DROPPED_BYTES_MAX) return
    message.removeAllListeners('data')
    message.removeAllListeners('end')
    message.resume()
    done({ bytes: bytesOf(body), unfinished: true })
  })
  message.on('end', () => done({ bytes: bytesOf(body), unfinished: false }))
}

/**
 * Copies chunks together as they come: each is a window on a pool of 64 KiB, which a stored value
 * of ten bytes would keep alive, and a body may come in a million of them.
 */
interface Gathered {
  room: Uint8Array
  size: number
  readonly limit: number
}

/** How many bytes of the chunk were kept. */
function keep(body: Gathered, chunk: Uint8Array): number {
  const taken = Math.min(chunk.length, body.limit - body.size)
  const needed = body.size + taken
  if (needed > body.room.length) {
    const larger = new Uint8Array(roomFor(body, needed))
    larger.set(body.room.subarray(0, body.size))
    body.room = larger
  }
  body.room.set(taken === chunk.length ? chunk : chunk.subarray(0, taken), body.size)
  body.size = needed
  return taken
}

/** Most bodies come in one piece, which then needs no second copy. */
const roomFor = ({ room, limit }: Gathered, needed: number): number =>
  room.length === 0 ? needed : Math.min(limit, Math.max(ROOM_BYTES_FIRST, 2 * needed))

const bytesOf = ({ room, size }: Gathered): Uint8Array =>
  room.length === size ? room : room.slice(0, size)
