// The body of a request, read whole and bounded: what lies beyond the limit is read and dropped, so
// that a client which writes before it reads still gets the answer that its body is too large.
import type { IncomingMessage } from 'node:http'
import { EMPTY } from '../../core/bytes.ts'

/**
 * A body that exceeds its limit by more than this is not read to its end: the connection is closed
 * after the answer.
 */
export const DROPPED_BYTES_MAX = 8 << 20

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
  const chunks: Uint8Array[] = []
  let kept = 0
  let dropped = 0
  message.on('data', (chunk: Uint8Array) => {
    const room = limit + 1 - kept
    const taken = chunk.length > room ? chunk.subarray(0, room) : chunk
    if (taken.length > 0) chunks.push(taken)
    kept += taken.length
    dropped += chunk.length - taken.length
    if (dropped <= DROPPED_BYTES_MAX) return
    message.removeAllListeners('data')
    message.removeAllListeners('end')
    message.resume()
    done({ bytes: gather(chunks, kept), unfinished: true })
  })
  message.on('end', () => done({ bytes: gather(chunks, kept), unfinished: false }))
}

/**
 * Always a copy: a chunk is a window on a pool of 64 KiB, which a stored value of ten bytes would
 * keep alive.
 */
function gather(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (size === 0) return EMPTY
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
