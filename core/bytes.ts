// Bytes and text without Buffer.
//
// Keys of the store are "byte strings": one UTF-16 unit (0 … 255) per byte of the UTF-8 text.
// Comparing two of them with `<` compares bytes, which is Go's order; a prefix of one is a prefix
// of the bytes.

const encoder = new TextEncoder()
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const EMPTY = new Uint8Array(0)

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** Invalid sequences become U+FFFD, as Go does when it prints a string as JSON. */
export const textOf = (bytes: Uint8Array): string => lenient.decode(bytes)

/** The text, or undefined if the bytes are not valid UTF-8. */
export function strictTextOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined // what a fatal decoder throws
    throw error
  }
}

const ASCII = /^[\0-\x7f]*$/

/** The byte string of a text. */
export function byteString(text: string): string {
  return ASCII.test(text) ? text : byteStringOf(encoder.encode(text))
}

/** What names of nodes, services and checks are compared by: letters without case, as in Consul. */
export const fold = (text: string): string =>
  isFolded(text) ? text : byteString(text.toLowerCase())

/** Most names are folded as they come: a loop sees that sooner than the engine makes a copy. */
function isFolded(text: string): boolean {
  if (text.length > LOOPED_MAX) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f || (code >= 0x41 && code <= 0x5a)) return false
  }
  return true
}

/** The engine looks through longer texts faster. */
const LOOPED_MAX = 64

/** As many arguments as a call takes without harm. */
const CHUNK = 8192

export function byteStringOf(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode(...bytes)
  let out = ''
  for (let at = 0; at < bytes.length; at += CHUNK)
    out += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return out
}

export function bytesOfByteString(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length)
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i)
  return bytes
}

/** The text that a byte string stands for. */
export const textOfByteString = (key: string): string =>
  ASCII.test(key) ? key : lenient.decode(bytesOfByteString(key))

/** -1, 0 or 1, byte by byte. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && compareBytes(a, b) === 0

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Uint8Array(256).fill(255)
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i

const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
const PADDING = 61

/**
 * Where short texts are made: nothing in it outlives a call. Arrays cost more than what is in them.
 */
const scratch = new Uint8Array(4_096)

/** Standard base64 with padding (RFC 4648 §4). */
export function base64(bytes: Uint8Array): string {
  const size = base64Length(bytes)
  const out = size <= scratch.length ? scratch : new Uint8Array(size)
  base64Into(bytes, out, 0)
  return lenient.decode(out.subarray(0, size))
}

/** How many characters that takes. */
export const base64Length = (bytes: Uint8Array): number => 4 * Math.ceil(bytes.length / 3)

/** The same, written into `out` from `at` on. Returns where it ends. */
export function base64Into(bytes: Uint8Array, out: Uint8Array, at: number): number {
  const whole = bytes.length - (bytes.length % 3)
  let end = at
  for (let i = 0; i < whole; i += 3) {
    const n =
      ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number)
    out[end] = CODES[n >> 18] as number
    out[end + 1] = CODES[(n >> 12) & 63] as number
    out[end + 2] = CODES[(n >> 6) & 63] as number
    out[end + 3] = CODES[n & 63] as number
    end += 4
  }
  const left = bytes.length - whole
  if (left === 0) return end
  const n = ((bytes[whole] as number) << 16) | ((bytes[whole + 1] ?? 0) << 8)
  out[end] = CODES[n >> 18] as number
  out[end + 1] = CODES[(n >> 12) & 63] as number
  out[end + 2] = left === 2 ? (CODES[(n >> 6) & 63] as number) : PADDING
  out[end + 3] = PADDING
  return end + 4
}

/**
 * The bytes, or the position of the first wrong character. As Go's StdEncoding: padding is due, CR
 * and LF are skipped.
 */
export function parseBase64(
  text: string,
): { ok: true; bytes: Uint8Array } | { ok: false; at: number } {
  const out = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let size = 0
  let held = 0
  let count = 0
  let at = 0
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 10 || code === 13) continue
    if (code === 61) break
    const value = code < 256 ? (VALUES[code] as number) : 255
    if (value === 255) return { ok: false, at }
    held = (held << 6) | value
    if (++count === 4) {
      out[size++] = held >> 16
      out[size++] = (held >> 8) & 255
      out[size++] = held & 255
      held = 0
      count = 0
    }
  }
  const wrong = wrongPadding(text, at, count)
  if (wrong !== undefined) return { ok: false, at: wrong }
  if (count === 2) out[size++] = held >> 4
  else if (count === 3) {
    out[size++] = held >> 10
    out[size++] = (held >> 2) & 255
  }
  return { ok: true, bytes: out.subarray(0, size) }
}

/**
 * Where Go finds fault with what follows the last character of the alphabet: `count` of a group of
 * four were read.
 */
function wrongPadding(text: string, at: number, count: number): number | undefined {
  if (at === text.length) return count === 0 ? undefined : at - count
  if (count < 2) return at
  let next = skipBreaks(text, at + 1)
  if (count === 2) {
    if (next === text.length) return next
    if (text[next] !== '=') return next - 1
    next = skipBreaks(text, next + 1)
  }
  return next < text.length ? next : undefined
}

function skipBreaks(text: string, from: number): number {
  let at = from
  while (text[at] === '\n' || text[at] === '\r') at++
  return at
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, n) =>
  n.toString(16).padStart(2, '0'),
)

export function hex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += HEX[byte]
  return out
}

/** The bytes, or undefined for an odd length or a character that is not a hex digit. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
