// A connection of hashicorp/raft cut into messages. There are no lengths: where a msgpack value
// ends is known when it has been walked to its end. The walk goes on where it stopped when more
// bytes come, and steps over what is long without looking at it, so that a large message that comes
// in many pieces costs no more than one that comes at once. What stands behind a message stays:
// behind a snapshot's request that is the snapshot.
import {
  type Answer,
  decodeAnswer,
  decodeRequest,
  kindOfByte,
  MESSAGE_BYTES_MAX,
  MESSAGE_ITEMS_MAX,
  type RpcKind,
  type RpcRequest,
} from './raft.ts'

export interface RaftStream {
  /** Unread bytes are those from `start` to `end`. */
  buffer: Uint8Array
  start: number
  end: number
  /** How far the walk over the next message has come, from `start`; undefined: it has not begun. */
  walked: number | undefined
  /** Values that the walk has still to step over. */
  missing: number
  items: number
  fault: string | undefined
}

const FIRST_BYTES = 4 << 10

export const createRaftStream = (): RaftStream => ({
  buffer: new Uint8Array(FIRST_BYTES),
  start: 0,
  end: 0,
  walked: undefined,
  missing: 0,
  items: 0,
  fault: undefined,
})

/** Takes what has come. The bytes are copied. */
export function feed(stream: RaftStream, chunk: Uint8Array): void {
  makeRoom(stream, chunk.length)
  stream.buffer.set(chunk, stream.end)
  stream.end += chunk.length
}

function makeRoom(stream: RaftStream, bytes: number): void {
  const { buffer, start, end } = stream
  if (end + bytes <= buffer.length) return
  const held = end - start
  const fits = held + bytes <= buffer.length / 2
  const larger = fits ? buffer.length : Math.max(2 * buffer.length, held + bytes)
  const target = fits ? buffer : new Uint8Array(larger)
  target.set(buffer.subarray(start, end))
  stream.buffer = target
  stream.start = 0
  stream.end = held
}

/** How much has come and was not read. */
export const unread = ({ start, end }: RaftStream): number => end - start

/** Takes raw bytes, at most so many: the content of a snapshot. */
export function takeRaw(stream: RaftStream, bytesMax: number): Uint8Array {
  const bytes = stream.buffer.slice(stream.start, Math.min(stream.end, stream.start + bytesMax))
  consume(stream, bytes.length)
  return bytes
}

function consume(stream: RaftStream, bytes: number): void {
  stream.start += bytes
  stream.walked = undefined
  if (stream.start < stream.end) return
  stream.start = 0
  stream.end = 0
  if (stream.buffer.length > KEPT_BYTES_MAX) stream.buffer = new Uint8Array(FIRST_BYTES)
}

/** An idle connection does not keep the room of its largest message. */
const KEPT_BYTES_MAX = 1 << 20

export type Next<T> =
  | { readonly type: 'message'; readonly value: T }
  | { readonly type: 'more' }
  /** These are no messages of raft: the connection has to be closed. */
  | { readonly type: 'fault'; readonly why: string }

const MORE = { type: 'more' } as const

/** The next request, if all of it has come. */
export function nextRequest(stream: RaftStream): Next<RpcRequest> {
  if (unread(stream) === 0) return waiting(stream)
  const kindByte = stream.buffer[stream.start] ?? 0
  const kind = kindOfByte(kindByte)
  if (kind === undefined) return failed(stream, `there is no request of type ${kindByte}`)
  const end = walk(stream, { from: 1, values: 1 })
  if (end === undefined) return waiting(stream)
  const message = stream.buffer.subarray(stream.start + 1, stream.start + end)
  const decoded = decodeRequest(kind, message)
  if (!decoded.ok) return failed(stream, decoded.fault.why)
  consume(stream, end)
  return { type: 'message', value: decoded.value }
}

/** The next answer, to a request of this kind. */
export function nextAnswer(stream: RaftStream, kind: RpcKind): Next<Answer> {
  const end = walk(stream, { from: 0, values: 2 })
  if (end === undefined) return waiting(stream)
  const message = stream.buffer.subarray(stream.start, stream.start + end)
  const decoded = decodeAnswer(kind, message)
  if (!decoded.ok) return failed(stream, decoded.fault.why)
  consume(stream, end)
  return { type: 'message', value: decoded.value }
}

function failed(stream: RaftStream, why: string): { type: 'fault'; why: string } {
  stream.fault ??= why
  return { type: 'fault', why: stream.fault }
}

const waiting = (stream: RaftStream): { type: 'more' } | { type: 'fault'; why: string } =>
  stream.fault === undefined ? MORE : { type: 'fault', why: stream.fault }

/** Walks over so many values; undefined: their end has not come yet, or never will. */
function walk(
  stream: RaftStream,
  { from, values }: { from: number; values: number },
): number | undefined {
  if (stream.fault !== undefined) return undefined
  if (stream.walked === undefined) {
    stream.missing = values
    stream.items = values
  }
  const view = stream.buffer.subarray(stream.start, stream.end)
  let walked = stream.walked ?? from
  while (stream.missing > 0) {
    const step = stepOver(view, walked)
    if (step === undefined) break
    walked += step.bytes
    stream.items += step.children
    stream.missing += step.children - 1
    if (stream.items > MESSAGE_ITEMS_MAX) stream.fault = 'a message with too many items'
    if (walked > MESSAGE_BYTES_MAX) stream.fault = 'a message that is too large'
    if (stream.fault !== undefined) return undefined
  }
  stream.walked = walked
  // What was stepped over last may not have come yet.
  return stream.missing === 0 && walked <= view.length ? walked : undefined
}

interface Step {
  /** From the head to the end of what is not a value of its own. */
  readonly bytes: number
  readonly children: number
}

const leaf = (bytes: number): Step => ({ bytes, children: 0 })

/** One value, but for its elements; undefined: its head has not come yet. */
function stepOver(view: Uint8Array, at: number): Step | undefined {
  const tag = view[at]
  if (tag === undefined) return undefined
  if (tag <= 0x7f || tag >= 0xe0) return leaf(1)
  if (tag <= 0x8f) return { bytes: 1, children: 2 * (tag & 0x0f) }
  if (tag <= 0x9f) return { bytes: 1, children: tag & 0x0f }
  if (tag <= 0xbf) return leaf(1 + (tag & 0x1f))
  const fixed = FIXED[tag]
  if (fixed !== undefined) return leaf(fixed)
  const sized = SIZED[tag]
  if (sized === undefined) return leaf(1) // 0xc1, which the decoder refuses
  const size = sizeAt(view, at + 1, sized.width)
  if (size === undefined) return undefined
  const head = 1 + sized.width
  if (sized.per === 0) return leaf(head + sized.extra + size)
  return { bytes: head, children: sized.per * size }
}

/** Heads with a value of a fixed size: nil, booleans, numbers, small extensions. */
const FIXED: Readonly<Record<number, number>> = {
  192: 1,
  194: 1,
  195: 1,
  202: 5,
  203: 9,
  204: 2,
  205: 3,
  206: 5,
  207: 9,
  208: 2,
  209: 3,
  210: 5,
  211: 9,
  212: 3,
  213: 4,
  214: 6,
  215: 10,
  216: 18,
}

interface Sized {
  /** Bytes of the size. */
  readonly width: 1 | 2 | 4
  /** Elements for each one counted; 0: the size is in bytes. */
  readonly per: 0 | 1 | 2
  /** The type byte of an extension. */
  readonly extra: 0 | 1
}

const text = (width: 1 | 2 | 4): Sized => ({ width, per: 0, extra: 0 })
const extension = (width: 1 | 2 | 4): Sized => ({ width, per: 0, extra: 1 })

const SIZED: Readonly<Record<number, Sized>> = {
  196: text(1),
  197: text(2),
  198: text(4),
  199: extension(1),
  200: extension(2),
  201: extension(4),
  217: text(1),
  218: text(2),
  219: text(4),
  220: { width: 2, per: 1, extra: 0 },
  221: { width: 4, per: 1, extra: 0 },
  222: { width: 2, per: 2, extra: 0 },
  223: { width: 4, per: 2, extra: 0 },
}

function sizeAt(view: Uint8Array, at: number, width: number): number | undefined {
  if (at + width > view.length) return undefined
  let size = 0
  for (let i = at; i < at + width; i++) size = size * 256 + (view[i] ?? 0)
  return size
}
