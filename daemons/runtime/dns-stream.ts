// DNS over TCP (RFC 7766): many questions on one connection, answered as they are ready. A client
// that asks without reading, sends half a question, or is idle costs little and not for long.
import type { Socket } from 'node:net'
import type { Instant } from '../../core/time.ts'
import { frame, takeFrame } from './dns-frame.ts'

/** A connection on which no question was completed and no answer taken for so long is closed. */
const IDLE_MS = 10_000
/** With so many answers outstanding, or so many bytes unread, a client is not read. */
const ASKED_MAX = 64
const UNREAD_BYTES_MAX = 256 * 1024

export interface Stream {
  readonly socket: Socket
  readonly now: () => Instant
  readonly ask: (packet: Uint8Array, reply: (bytes: Uint8Array | undefined) => void) => void
  /** Bytes of questions that are not whole, or not yet asked. */
  seen: Buffer
  asked: number
  deadline: Instant
  /** The client has asked its last question. */
  ended: boolean
  /** Questions are being taken out of `seen`. */
  taking: boolean
}

export function openStream(options: Pick<Stream, 'socket' | 'now' | 'ask'>): Stream {
  const { socket, now } = options
  const stream: Stream = {
    ...options,
    seen: Buffer.alloc(0),
    asked: 0,
    deadline: now() + IDLE_MS,
    ended: false,
    taking: false,
  }
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    stream.seen = stream.seen.length === 0 ? chunk : Buffer.concat([stream.seen, chunk])
    takeQuestions(stream)
  })
  socket.on('drain', () => {
    stream.deadline = now() + IDLE_MS
    takeQuestions(stream)
  })
  socket.on('end', () => {
    stream.ended = true
    endIfDone(stream)
  })
  socket.on('error', () => socket.destroy())
  return stream
}

const isFull = ({ asked, socket }: Stream): boolean =>
  asked >= ASKED_MAX || socket.writableLength >= UNREAD_BYTES_MAX

function takeQuestions(stream: Stream): void {
  const { socket } = stream
  if (stream.taking || socket.destroyed) return
  stream.taking = true
  while (!isFull(stream)) {
    const taken = takeFrame(stream.seen)
    if (taken === undefined) break
    stream.seen = taken.rest
    stream.asked++
    stream.deadline = stream.now() + IDLE_MS
    stream.ask(taken.message, (bytes) => reply(stream, bytes))
  }
  stream.taking = false
  if (isFull(stream)) socket.pause()
  else socket.resume()
  endIfDone(stream)
}

function reply(stream: Stream, bytes: Uint8Array | undefined): void {
  stream.asked--
  if (stream.socket.destroyed) return
  if (bytes !== undefined) stream.socket.write(frame(bytes))
  if (!stream.taking) takeQuestions(stream)
}

function endIfDone(stream: Stream): void {
  if (stream.ended && stream.asked === 0 && takeFrame(stream.seen) === undefined) {
    stream.socket.end()
  }
}
