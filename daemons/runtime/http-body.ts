// The body of a request, whole and bounded: what lies beyond the limit is read and dropped, so that
// a client which writes before it reads still gets the answer that its body is too large.
import { EMPTY } from '../../core/bytes.ts'

/**
 * A body that exceeds its limit by more than this is not read to its end: the connection is closed
 * after the answer.
 */
export const DROPPED_BYTES_MAX = 8 << 20

/** The first room for a body that comes in pieces, whatever length it claims to have. */
const ROOM_BYTES_FIRST = 16 << 10

/**
 * Pieces are copied together as they come: each is a window on what the socket read, which a stored
 * value of ten bytes would keep alive, and a body may come in a million of them.
 */
export interface Body {
  room: Uint8Array
  size: number
  /** One byte more than any endpoint takes, which is enough to refuse it. */
  readonly limit: number
  dropped: number
}

export const createBody = (bytesMax: number): Body => ({
  room: EMPTY,
  size: 0,
  limit: bytesMax + 1,
  dropped: 0,
})

export function keep(body: Body, piece: Uint8Array): void {
  const taken = Math.min(piece.length, body.limit - body.size)
  const needed = body.size + taken
  body.dropped += piece.length - taken
  if (needed > body.room.length) {
    const larger = new Uint8Array(roomFor(body, needed))
    larger.set(body.room.subarray(0, body.size))
    body.room = larger
  }
  body.room.set(taken === piece.length ? piece : piece.subarray(0, taken), body.size)
  body.size = needed
}

/** Most bodies come in one piece, which then needs no second copy. */
const roomFor = ({ room, limit }: Body, needed: number): number =>
  room.length === 0 ? needed : Math.min(limit, Math.max(ROOM_BYTES_FIRST, 2 * needed))

/** Nobody reads such a body to its end. */
export const isEndless = ({ dropped }: Body): boolean => dropped > DROPPED_BYTES_MAX

export const bytesOf = ({ room, size }: Body): Uint8Array =>
  room.length === size ? room : room.slice(0, size)
