// Sealed gossip (memberlist-wire §1.2, §1.3): a label that keeps pools apart, and an envelope that
// only holders of a key can make or open (AES-GCM). The layout is here; the cipher and its keys are
// handed in, because the core has no cryptography.
//
//   datagram  f4 │ size │ label │ envelope
//   stream    f4 │ size │ label │ 0a │ length of the envelope (32 bits, highest first) │ envelope
//   envelope  version │ nonce 12 │ ciphertext │ tag 16
//
// The label, and on streams the five bytes before the envelope, are sealed along with it: they
// cannot be exchanged. Version 1 seals the text as it is, version 0 pads it to whole blocks.
import { assert } from '../assert.ts'
import { concatBytes, EMPTY, equalBytes, utf8 } from '../bytes.ts'
import { MESSAGE } from './memberlist.ts'
import { type Opened, refuse } from './opened.ts'

/** What the ring of keys can do. */
export interface Cipher {
  /** By the primary key: a nonce never used before, then the ciphertext with its tag. */
  readonly encrypt: (
    plain: Uint8Array,
    additional: Uint8Array,
  ) => { readonly nonce: Uint8Array; readonly sealed: Uint8Array }
  /** By whichever key fits; undefined if none does. */
  readonly decrypt: (
    envelope: { readonly nonce: Uint8Array; readonly sealed: Uint8Array },
    additional: Uint8Array,
  ) => Uint8Array | undefined
}

type EnvelopeVersion = 0 | 1

/** What a pool demands of what it is sent, and gives to what it sends. */
export interface SealRules {
  readonly label: string
  /** Labels of what comes in are left to somebody in front of us: then a label is a fault. */
  readonly skipLabelCheck: boolean
  /** undefined: the pool has no key. */
  readonly cipher: Cipher | undefined
  readonly version: EnvelopeVersion
  /** False while keys are rolled out: what is not sealed is taken, too. */
  readonly verifyIncoming: boolean
  /** False while keys are rolled out: nothing is sealed. */
  readonly verifyOutgoing: boolean
}

const LABEL_MAX = 255
const VERSION_BYTES = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const BLOCK_BYTES = 16
const LENGTH_BYTES = 4
const STREAM_HEAD_BYTES = 1 + LENGTH_BYTES
const NEWEST_VERSION = 1

/** A longer envelope on a stream is refused, as by memberlist. */
export const STREAM_ENVELOPE_MAX = 20 << 20

/**
 * Why a label cannot be one; undefined if it can.
 *
 * @public for the configuration that names one
 */
export const labelFault = (label: string): string | undefined =>
  utf8(label).length > LABEL_MAX ? `a label has at most ${LABEL_MAX} bytes` : undefined

/** The most that sealing and labelling add to a datagram. */
export function sealBytes(rules: SealRules): number {
  const label = utf8(rules.label).length
  return (label === 0 ? 0 : label + 2) + (isSealing(rules) ? envelopeBytes(rules.version) : 0)
}

const envelopeBytes = (version: EnvelopeVersion) =>
  VERSION_BYTES + NONCE_BYTES + TAG_BYTES + (version === 0 ? BLOCK_BYTES : 0)

const isSealing = (rules: SealRules) => rules.cipher !== undefined && rules.verifyOutgoing

function labelHead(label: string): Uint8Array {
  const bytes = utf8(label)
  assert(bytes.length <= LABEL_MAX, 'a label fits its length')
  return bytes.length === 0
    ? EMPTY
    : concatBytes([Uint8Array.of(MESSAGE.label, bytes.length), bytes])
}

/** The label in front of a datagram or stream, none being an empty one, and what follows. */
export function splitLabel(bytes: Uint8Array): Opened<{ label: Uint8Array; rest: Uint8Array }> {
  if (bytes[0] !== MESSAGE.label) return { ok: true, value: { label: EMPTY, rest: bytes } }
  const size = bytes[1]
  if (size === undefined || size === 0) return refuse('a label without a text')
  if (bytes.length < 2 + size) return refuse('the bytes end inside a label')
  return {
    ok: true,
    value: { label: bytes.subarray(2, 2 + size), rest: bytes.subarray(2 + size) },
  }
}

export function sealPacket(plain: Uint8Array, rules: SealRules): Uint8Array {
  const { cipher } = rules
  const head = labelHead(rules.label)
  if (cipher === undefined || !rules.verifyOutgoing) return concatBytes([head, plain])
  return concatBytes([head, envelope(plain, { cipher, rules, additional: utf8(rules.label) })])
}

/** What a datagram holds, if it is for this pool. */
export function openPacket(packet: Uint8Array, rules: SealRules): Opened<Uint8Array> {
  const labelled = checkLabel(packet, rules)
  if (!labelled.ok) return labelled
  const { rest, label } = labelled.value
  if (rules.cipher === undefined) return { ok: true, value: rest }
  const opened = openEnvelope(rest, rules.cipher, label)
  return opened.ok || rules.verifyIncoming ? opened : { ok: true, value: rest }
}

function checkLabel(
  bytes: Uint8Array,
  rules: SealRules,
): Opened<{ label: Uint8Array; rest: Uint8Array }> {
  const split = splitLabel(bytes)
  if (!split.ok) return split
  const own = utf8(rules.label)
  if (rules.skipLabelCheck) {
    if (split.value.label.length > 0) return refuse('a label where none is expected')
    return { ok: true, value: { label: own, rest: split.value.rest } }
  }
  return equalBytes(split.value.label, own) ? split : refuse('the label of another pool')
}

/** Whether what somebody sent is meant for this pool, whatever is in it. */
export const isForPool = (bytes: Uint8Array, rules: SealRules): boolean =>
  checkLabel(bytes, rules).ok

/** Which side of a stream speaks: only the one that dialled says the label. */
export type StreamSide = 'request' | 'response'

export function sealStream(plain: Uint8Array, side: StreamSide, rules: SealRules): Uint8Array {
  const { cipher } = rules
  const head = side === 'request' ? labelHead(rules.label) : EMPTY
  if (cipher === undefined || !rules.verifyOutgoing) return concatBytes([head, plain])
  const frame = streamHead(sealedBytes(plain.length, rules.version))
  const additional = concatBytes([frame, utf8(rules.label)])
  return concatBytes([head, frame, envelope(plain, { cipher, rules, additional })])
}

function streamHead(length: number): Uint8Array {
  const head = new Uint8Array(STREAM_HEAD_BYTES)
  head[0] = MESSAGE.encrypt
  for (let i = 0; i < LENGTH_BYTES; i++) head[1 + i] = length >>> (8 * (LENGTH_BYTES - 1 - i))
  return head
}

/**
 * What one side of a stream said, if it is for this pool. The texts of refusals are memberlist's.
 */
export function openStream(
  whole: Uint8Array,
  side: StreamSide,
  rules: SealRules,
): Opened<Uint8Array> {
  const labelled = side === 'request' ? checkLabel(whole, rules) : bareStream(whole, rules)
  if (!labelled.ok) return labelled
  const { rest, label } = labelled.value
  if (rest[0] !== MESSAGE.encrypt) {
    if (rules.cipher !== undefined && rules.verifyIncoming) return refuse(NOT_SEALED)
    return { ok: true, value: rest }
  }
  if (rules.cipher === undefined) return refuse(SEALED_WITHOUT_KEY)
  if (rest.length < STREAM_HEAD_BYTES) return refuse('the bytes end inside the head of a stream')
  const head = rest.subarray(0, STREAM_HEAD_BYTES)
  const sealed = rest.subarray(STREAM_HEAD_BYTES, STREAM_HEAD_BYTES + envelopeLength(rest))
  if (sealed.length < envelopeLength(rest)) return refuse('the bytes end inside an envelope')
  return openEnvelope(sealed, rules.cipher, concatBytes([head, label]))
}

const NOT_SEALED = 'Encryption is configured but remote state is not encrypted'
const SEALED_WITHOUT_KEY = 'Remote state is encrypted and encryption is not configured'
const NO_KEY_FITS = 'No installed keys could decrypt the message'

const bareStream = (
  rest: Uint8Array,
  rules: SealRules,
): Opened<{ label: Uint8Array; rest: Uint8Array }> => ({
  ok: true,
  value: { label: utf8(rules.label), rest },
})

/** The length that stands behind the first byte of an encrypted stream. */
export const envelopeLength = (stream: Uint8Array): number =>
  new DataView(stream.buffer, stream.byteOffset + 1, LENGTH_BYTES).getUint32(0)

const padded = (size: number) => size + BLOCK_BYTES - (size % BLOCK_BYTES)

const sealedBytes = (size: number, version: EnvelopeVersion) =>
  VERSION_BYTES + NONCE_BYTES + (version === 0 ? padded(size) : size) + TAG_BYTES

function envelope(
  plain: Uint8Array,
  { cipher, rules, additional }: { cipher: Cipher; rules: SealRules; additional: Uint8Array },
): Uint8Array {
  const text = rules.version === 0 ? pad(plain) : plain
  const { nonce, sealed } = cipher.encrypt(text, additional)
  assert(nonce.length === NONCE_BYTES, 'a nonce has twelve bytes')
  assert(sealed.length === text.length + TAG_BYTES, 'a cipher adds its tag and nothing else')
  return concatBytes([Uint8Array.of(rules.version), nonce, sealed])
}

function openEnvelope(
  whole: Uint8Array,
  cipher: Cipher,
  additional: Uint8Array,
): Opened<Uint8Array> {
  const version = whole[0]
  if (version === undefined || version > NEWEST_VERSION)
    return refuse('an envelope of an unknown version')
  if (whole.length < VERSION_BYTES + NONCE_BYTES + TAG_BYTES)
    return refuse('an envelope shorter than its frame')
  const nonce = whole.subarray(VERSION_BYTES, VERSION_BYTES + NONCE_BYTES)
  const sealed = whole.subarray(VERSION_BYTES + NONCE_BYTES)
  const plain = cipher.decrypt({ nonce, sealed }, additional)
  if (plain === undefined) return refuse(NO_KEY_FITS)
  return version === 0 ? unpad(plain) : { ok: true, value: plain }
}

/** PKCS #7 (RFC 5652 §6.3): a whole block where none is needed. */
function pad(plain: Uint8Array): Uint8Array {
  const whole = new Uint8Array(padded(plain.length))
  whole.set(plain)
  whole.fill(whole.length - plain.length, plain.length)
  return whole
}

function unpad(whole: Uint8Array): Opened<Uint8Array> {
  const count = whole.at(-1) ?? 0
  if (count < 1 || count > BLOCK_BYTES || count > whole.length)
    return refuse('padding that is none')
  return { ok: true, value: whole.subarray(0, whole.length - count) }
}
