// Where the message of a gossip stream ends. Streams have no outer length: one side says one
// message, the other perhaps one more (memberlist-wire §1.4). The reader is asked after every piece
// that came in; it looks at each head once, however small the pieces are, and refuses by what a
// head announces, before the bytes are there.
import { unreachable } from '../assert.ts'
import { compress, expand } from './gossip-packet.ts'
import { envelopeLength, STREAM_ENVELOPE_MAX } from './gossip-seal.ts'
import {
  decodeStreamMessage,
  encodeStreamMessage,
  MESSAGE,
  readPushPullHeader,
  readUserHeader,
  type StreamMessage,
  USER_BYTES_MAX,
} from './memberlist.ts'
import { type Scan, scanValue } from './msgpack-read.ts'
import { type Opened, refuse } from './opened.ts'

/** What one side may say in plain text, heads and all. */
export const STREAM_BYTES_MAX = USER_BYTES_MAX + (20 << 20)
/** What it may expand to. memberlist's own bound. */
const STREAM_EXPANDED_MAX = 40 << 20
/** Pings, acks and errors. */
const SMALL_BYTES_MAX = 65_536
const ENVELOPE_HEAD_BYTES = 5
/** A map of three short names and numbers. */
const HEAD_BYTES_MAX = 1024

/** Where the search stands. */
type Stage =
  | { readonly type: 'label' }
  | { readonly type: 'kind' }
  /** One msgpack value, at most up to `endMax`, is the rest. */
  | { readonly type: 'value'; readonly scan: Scan; readonly endMax: number }
  /** The head of a user message or of a state, which begins at `from`. */
  | { readonly type: 'user-head'; readonly scan: Scan; readonly from: number }
  | { readonly type: 'state-head'; readonly scan: Scan; readonly from: number }
  /** The members of a state; `tail` bytes of the layer above follow. */
  | { readonly type: 'members'; readonly scan: Scan; readonly tail: number }
  | { readonly type: 'envelope'; readonly from: number }
  | { readonly type: 'bytes'; readonly end: number }
  | { readonly type: 'whole'; readonly end: number }
  | { readonly type: 'refused'; readonly why: string }

export interface StreamScan {
  stage: Stage
}

export type ScanVerdict =
  | { readonly type: 'more' }
  /** The message ends at `end`; what follows is not looked at. */
  | { readonly type: 'whole'; readonly end: number }
  | { readonly type: 'refused'; readonly why: string }

export const createStreamScan = (): StreamScan => ({ stage: { type: 'label' } })

const MORE: ScanVerdict = { type: 'more' }

/** `bytes` is all that has come in so far. */
export function scanStream(scan: StreamScan, bytes: Uint8Array): ScanVerdict {
  for (;;) {
    const { stage } = scan
    if (stage.type === 'whole' || stage.type === 'refused') return stage
    const next = advance(stage, bytes)
    if (next === undefined) return MORE
    scan.stage = next
  }
}

/** The stage after this one; undefined while bytes are missing. */
function advance(
  stage: Exclude<Stage, { type: 'whole' | 'refused' }>,
  bytes: Uint8Array,
): Stage | undefined {
  switch (stage.type) {
    case 'label':
      return bytes.length === 0 ? undefined : afterLabel(bytes)
    case 'kind':
      return kindOf(bytes)
    case 'envelope':
      return envelopeEnd(bytes, stage.from)
    case 'user-head':
      return scanned(bytes, { ...stage, endMax: stage.from + HEAD_BYTES_MAX }, () =>
        userEnd(bytes, stage),
      )
    case 'state-head':
      return scanned(bytes, { ...stage, endMax: stage.from + HEAD_BYTES_MAX }, () =>
        membersOf(bytes, stage),
      )
    case 'members':
      return scanned(bytes, { ...stage, endMax: STREAM_BYTES_MAX }, () =>
        bounded(stage.scan.at + stage.tail),
      )
    case 'value':
      return scanned(bytes, stage, () => ({ type: 'whole', end: stage.scan.at }))
    case 'bytes':
      return bytes.length < stage.end ? undefined : { type: 'whole', end: stage.end }
    default:
      return unreachable(stage)
  }
}

function afterLabel(bytes: Uint8Array): Stage | undefined {
  if (bytes[0] !== MESSAGE.label) return { type: 'kind' }
  const size = bytes[1]
  if (size === undefined || bytes.length <= 2 + size) return undefined
  return kindAt(bytes, 2 + size)
}

const kindOf = (bytes: Uint8Array): Stage => kindAt(bytes, 0)

function kindAt(bytes: Uint8Array, at: number): Stage {
  const scan = (): Scan => ({ at: at + 1, pending: 1 })
  switch (bytes[at]) {
    case MESSAGE.pushPull:
      return { type: 'state-head', scan: scan(), from: at + 1 }
    case MESSAGE.user:
      return { type: 'user-head', scan: scan(), from: at + 1 }
    case MESSAGE.compress:
      return { type: 'value', scan: scan(), endMax: STREAM_BYTES_MAX }
    case MESSAGE.encrypt:
      return { type: 'envelope', from: at }
    case MESSAGE.ping:
    case MESSAGE.ack:
    case MESSAGE.error:
      return { type: 'value', scan: scan(), endMax: at + SMALL_BYTES_MAX }
    default:
      return { type: 'refused', why: 'a stream that begins like none' }
  }
}

function envelopeEnd(bytes: Uint8Array, from: number): Stage | undefined {
  if (bytes.length < from + ENVELOPE_HEAD_BYTES) return undefined
  const length = envelopeLength(bytes.subarray(from))
  if (length > STREAM_ENVELOPE_MAX)
    return { type: 'refused', why: 'an envelope longer than allowed' }
  return { type: 'bytes', end: from + ENVELOPE_HEAD_BYTES + length }
}

/** Goes on with values; what cannot end within its bound is refused without waiting for it. */
function scanned(
  bytes: Uint8Array,
  { scan, endMax }: { scan: Scan; endMax: number },
  then: () => Stage,
): Stage | undefined {
  const verdict = scanValue(scan, bytes)
  if (verdict === 'malformed') return { type: 'refused', why: 'a tag that msgpack does not have' }
  if (scan.at + scan.pending > endMax) return TOO_LONG
  return verdict === 'whole' ? then() : undefined
}

const TOO_LONG: Stage = { type: 'refused', why: 'a message longer than allowed' }

function userEnd(bytes: Uint8Array, { scan, from }: { scan: Scan; from: number }): Stage {
  const header = readUserHeader(bytes.subarray(from, scan.at))
  if (!header.ok) return { type: 'refused', why: header.why }
  return bounded(scan.at + header.value.size)
}

function membersOf(bytes: Uint8Array, { scan, from }: { scan: Scan; from: number }): Stage {
  const header = readPushPullHeader(bytes.subarray(from, scan.at))
  if (!header.ok) return { type: 'refused', why: header.why }
  const { nodes, userStateLen } = header.value
  return { type: 'members', scan: { at: scan.at, pending: nodes }, tail: userStateLen }
}

const bounded = (end: number): Stage => (end > STREAM_BYTES_MAX ? TOO_LONG : { type: 'bytes', end })

/**
 * memberlist compresses streams whether it helps or not; a peer with compression off reads both.
 */
export function packStream(message: StreamMessage, isCompressed: boolean): Uint8Array {
  const plain = encodeStreamMessage(message)
  return isCompressed ? compress(plain) : plain
}

/** A whole message, not sealed any more. */
export function unpackStream(whole: Uint8Array): Opened<StreamMessage> {
  if (whole[0] !== MESSAGE.compress) return decodeStreamMessage(whole)
  const expanded = expand(whole, STREAM_EXPANDED_MAX)
  if (!expanded.ok) return expanded
  if (expanded.value[0] === MESSAGE.compress)
    return refuse('compressed bytes inside compressed bytes')
  return decodeStreamMessage(expanded.value)
}
