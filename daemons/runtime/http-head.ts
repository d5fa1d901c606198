// The head of a request: its line and its fields (RFC 9112 §2 to §6, RFC 9110 §5). Strict where two
// readers could understand two things: lines end with CR LF, folded lines and doubtful lengths are
// refused, so that nobody in front of us sees another request than we do.
import {
  CODING_UNKNOWN,
  EXPECTATION_FAILED,
  type Fault,
  HEAD_TOO_LARGE,
  HOST_MALFORMED,
  HOST_MISSING,
  HOSTS_TOO_MANY,
  MALFORMED,
  TARGET_TOO_LONG,
  VERSION_UNKNOWN,
} from './complaint.ts'

/** No method that anybody uses is nearly as long: what has no space by then is no HTTP. */
export const METHOD_BYTES_MAX = 32
/** Path and query together. Longer than any key, shorter than what a head may have. */
export const TARGET_BYTES_MAX = 512 << 10
/** Field lines of one head. */
export const FIELDS_MAX = 20_000

export interface Head {
  readonly type: 'head'
  readonly method: string
  /** As sent, one character a byte. */
  readonly target: string
  /** HTTP/1.`minor`. */
  readonly minor: 0 | 1
  /** Names in lower case and values, in turn and in the order in which they came. */
  readonly fields: readonly string[]
  /** Bytes of the body; CHUNKED where only its end will tell. */
  readonly length: number
  /** The client means to go on after the answer. */
  readonly keepAlive: boolean
  /** The client wants to hear 100 before it sends the body. */
  readonly awaitsContinue: boolean
}

export const CHUNKED = -1

/** Lines of printable bytes and tabs that end with CR LF, and not one other control character. */
const LINES = /^(?:[\t -~\x80-\xff]*\r\n)+$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VERSION_LENGTH = 'HTTP/1.1'.length

/** `text`: one character a byte, up to and with the empty line. */
export function parseHead(text: string): Head | Fault {
  if (!LINES.test(text)) return MALFORMED
  const lineEnd = text.indexOf('\r\n')
  const methodEnd = text.indexOf(' ')
  const targetEnd = lineEnd - VERSION_LENGTH - 1
  if (methodEnd > METHOD_BYTES_MAX || text.indexOf(' ', methodEnd + 1) !== targetEnd)
    return MALFORMED
  const method = text.slice(0, methodEnd)
  const target = text.slice(methodEnd + 1, targetEnd)
  const minor = minorOf(text, targetEnd + 1)
  if (!TOKEN.test(method) || target === '') return MALFORMED
  if (typeof minor !== 'number') return minor
  if (target.length > TARGET_BYTES_MAX) return TARGET_TOO_LONG
  if (target.includes('\t') || !isTarget(method, target)) return MALFORMED
  const found = parseFields(text, lineEnd + 2)
  if ('type' in found) return found
  const { fields, seen } = found
  const fault = faultOf(seen, minor)
  if (fault !== undefined) return fault
  return {
    type: 'head',
    method,
    target,
    minor,
    fields,
    length: lengthOf(seen),
    keepAlive: staysOpen(seen.connection, minor),
    awaitsContinue: minor === 1 && seen.expect !== undefined,
  }
}

const VERSION = /^HTTP\/\d\.\d$/

function minorOf(text: string, at: number): 0 | 1 | Fault {
  if (text.startsWith('HTTP/1.1', at)) return 1
  if (text.startsWith('HTTP/1.0', at)) return 0
  return VERSION.test(text.slice(at, at + VERSION_LENGTH)) ? VERSION_UNKNOWN : MALFORMED
}

/** A path, a whole URL, or the server itself (RFC 9112 §3.2). */
const isTarget = (method: string, target: string): boolean =>
  target.startsWith('/') ||
  target === '*' ||
  method === 'CONNECT' ||
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(target)

/** What the fields say of the message itself. */
interface Seen {
  hosts: number
  host: string
  lengths: number
  length: string
  codings: number
  coding: string
  /** All options of all Connection fields. */
  connection: string | undefined
  expect: string | undefined
}

interface Fields {
  readonly fields: readonly string[]
  readonly seen: Seen
}

function parseFields(text: string, from: number): Fields | Fault {
  const fields: string[] = []
  const seen: Seen = {
    hosts: 0,
    host: '',
    lengths: 0,
    length: '',
    codings: 0,
    coding: '',
    connection: undefined,
    expect: undefined,
  }
  for (let at = from; at < text.length - 2; ) {
    const end = text.indexOf('\r\n', at)
    const colon = text.indexOf(':', at)
    if (colon < 0 || colon > end) return MALFORMED
    const name = text.slice(at, colon)
    if (!TOKEN.test(name)) return MALFORMED // a folded line begins with a space
    if (fields.length === 2 * FIELDS_MAX) return HEAD_TOO_LARGE
    const lower = name.toLowerCase()
    const value = trimmed(text, colon + 1, end)
    fields.push(lower, value)
    note(seen, lower, value)
    at = end + 2
  }
  return { fields, seen }
}

/** Without spaces and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 32 || code === 9

function note(seen: Seen, name: string, value: string): void {
  switch (name) {
    case 'host':
      seen.hosts++
      seen.host = value
      break
    case 'content-length':
      seen.lengths++
      seen.length = value
      break
    case 'transfer-encoding':
      seen.codings++
      seen.coding = value.toLowerCase()
      break
    case 'connection': {
      const options = value.toLowerCase()
      seen.connection = seen.connection === undefined ? options : `${seen.connection},${options}`
      break
    }
    case 'expect':
      seen.expect = value.toLowerCase()
      break
    default:
  }
}

/** What Go's server takes for the name of a host. */
const HOST = /^[!$%&'()*+,\-.:;=[\]_~0-9A-Za-z]*$/
/** As far as doubles are exact. */
const LENGTH = /^0*\d{1,15}$/

function faultOf(seen: Seen, minor: 0 | 1): Fault | undefined {
  const { hosts, host, lengths, length, codings, coding, expect } = seen
  if (hosts === 0 && minor === 1) return HOST_MISSING
  if (hosts > 1) return HOSTS_TOO_MANY
  if (!HOST.test(host)) return HOST_MALFORMED
  // RFC 9112 §6.1, §6.3: a message whose end two readers could see at two places.
  if (codings > 0 && (lengths > 0 || minor === 0)) return MALFORMED
  if (lengths > 1 || (lengths === 1 && !LENGTH.test(length))) return MALFORMED
  if (codings > 1 || (codings === 1 && coding !== 'chunked')) return CODING_UNKNOWN
  if (expect !== undefined && expect !== '100-continue' && minor === 1) return EXPECTATION_FAILED
  return undefined
}

const lengthOf = ({ codings, lengths, length }: Seen): number =>
  codings > 0 ? CHUNKED : lengths > 0 ? Number(length) : 0

function staysOpen(connection: string | undefined, minor: 0 | 1): boolean {
  if (connection === undefined) return minor === 1
  const options = connection.split(',').map((option) => option.trim())
  return !options.includes('close') && (minor === 1 || options.includes('keep-alive'))
}

const TOKEN_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  TOKEN.test(String.fromCharCode(byte)) ? 1 : 0,
)

/** Whether a byte may stand in a method or in the name of a field. */
export const isTokenByte = (byte: number): boolean => TOKEN_BYTES[byte] === 1

/**
 * Whether what has come of a head can still become one: a client that speaks no HTTP need not send
 * an empty line to be told so. `from`: up to there it was looked at before.
 */
export function canBegin(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = 0; at < to && at <= METHOD_BYTES_MAX; at++) {
    const byte = bytes[at] as number
    if (byte === 32) break
    if (!isTokenByte(byte) || at === METHOD_BYTES_MAX) return false
  }
  for (let at = Math.max(1, from); at < to; at++) {
    const byte = bytes[at] as number
    const isEnd = bytes[at - 1] === 13
    if (isEnd !== (byte === 10) || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13))
      return false
    if (byte === 127) return false
  }
  return true
}
