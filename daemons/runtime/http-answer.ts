// Responses as bytes: status line, fields, and how the client finds the end of the body (RFC 9112
// §4 to §6). Which fields an answer has is decided by core/api; what is added here is about the
// message alone.
import { STATUS_CODES } from 'node:http'
import { assert } from '../../core/assert.ts'
import type { Headers, LiveBody, Response } from '../../core/route/request.ts'
import type { WallMs } from '../../core/time.ts'

/** An answer whose body is here. */
export interface Whole extends Response {
  readonly body: string | Uint8Array
}

/** One whose body has no end. */
export interface Live extends Response {
  readonly body: LiveBody
}

export const isWhole = (response: Response): response is Whole =>
  typeof response.body === 'string' || response.body instanceof Uint8Array

export const isLive = (response: Response): response is Live => !isWhole(response)

/** How it is sent. */
interface Manner {
  /** Of the request: HTTP/1.`minor`. */
  readonly minor: 0 | 1
  /** The connection goes on behind the answer. */
  readonly keepAlive: boolean
  /** Without its body, for HEAD. */
  readonly isHead: boolean
}

export interface Printed {
  /** Head, and the body unless it is long; one character a byte. */
  readonly text: string
  /** A long body. */
  readonly rest: Uint8Array | undefined
}

/** What is remembered of earlier answers. */
export interface Printer {
  second: number
  /** The line of the Date field, made once a second. */
  date: string
  /** Fields of the last answer, and their lines, by their place in it: most stay the same. */
  readonly fields: string[]
  readonly lines: string[]
  /** Thousands who waited for the same are sent the same: it is printed once. */
  whole: Whole | undefined
  how: Manner | undefined
  printed: Printed | undefined
}

export function createPrinter(wall: WallMs): Printer {
  const forgotten = { whole: undefined, how: undefined, printed: undefined }
  const printer: Printer = { second: -1, date: '', fields: [], lines: [], ...forgotten }
  tellTime(printer, wall)
  return printer
}

/** To be called some times a second. */
export function tellTime(printer: Printer, wall: WallMs): void {
  const second = Math.floor(wall / 1_000)
  if (second === printer.second) return
  printer.second = second
  printer.date = `Date: ${new Date(wall).toUTCString()}\r\n`
  printer.printed = undefined
}

export function printAnswer(printer: Printer, whole: Whole, how: Manner): Printed {
  if (whole !== printer.whole) {
    printer.whole = whole.body.length <= COPIED_BYTES_MAX ? whole : undefined
    printer.printed = undefined // nothing is printed to be kept before it is needed twice
    return print(printer, whole, how)
  }
  const known = printer.how !== undefined && equals(printer.how, how) ? printer.printed : undefined
  if (known !== undefined) return known
  printer.how = how
  printer.printed = print(printer, whole, how)
  return printer.printed
}

const equals = (a: Manner, b: Manner): boolean =>
  a.minor === b.minor && a.keepAlive === b.keepAlive && a.isHead === b.isHead

/** Longer bodies are not copied behind their heads. */
const COPIED_BYTES_MAX = 16 << 10

function print(printer: Printer, whole: Whole, how: Manner): Printed {
  const { status, headers, body } = whole
  const isText = typeof body === 'string'
  const length = isText ? Buffer.byteLength(body) : body.length
  const head = headText(printer, {
    status,
    headers,
    length,
    minor: how.minor,
    keepAlive: how.keepAlive,
  })
  if (how.isHead || !hasBody(status)) return { text: head, rest: undefined }
  if (length > COPIED_BYTES_MAX) return { text: head, rest: isText ? Buffer.from(body) : body }
  if (isText && length === body.length) return { text: head + body, rest: undefined } // ASCII
  return {
    text: head + (isText ? Buffer.from(body) : bufferOf(body)).toString('latin1'),
    rest: undefined,
  }
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

interface Framing {
  readonly status: number
  readonly headers: Headers
  /** Of the request: HTTP/1.`minor`. */
  readonly minor: 0 | 1
  /** The connection goes on behind the answer. */
  readonly keepAlive: boolean
  /** Bytes of the body; undefined: it has no end. */
  readonly length: number | undefined
}

/** The head of an answer, one character a byte. */
export function headText(printer: Printer, framing: Framing): string {
  const { status, headers, minor, keepAlive, length } = framing
  let text = statusLine(status)
  for (let at = 0; at < headers.length; at += 2) {
    text += fieldText(printer, at, headers)
  }
  if (!keepAlive) text += 'Connection: close\r\n'
  // HTTP/1.1 keeps a connection open without saying so.
  else if (minor === 0) text += 'Connection: keep-alive\r\n'
  if (length !== undefined && hasBody(status)) text += `Content-Length: ${length}\r\n`
  const isChunked = length === undefined && minor === 1
  return `${text}${printer.date}${isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`
}

/** These end with their head, whatever it says (RFC 9112 §6.3). */
const hasBody = (status: number): boolean => status >= 200 && status !== 204 && status !== 304

const OK = 'HTTP/1.1 200 OK\r\n'

const statusLine = (status: number): string =>
  status === 200 ? OK : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`

const SENDABLE = /^[\t -~\x80-\xff]*$/
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether a field may be sent: nothing in it ends a line. */
export const isSendable = (name: string, value: string): boolean =>
  NAME.test(name) && SENDABLE.test(value)

function fieldText({ fields, lines }: Printer, at: number, headers: Headers): string {
  const name = headers[at] ?? ''
  const value = headers[at + 1] ?? ''
  if (fields[at] === name && fields[at + 1] === value) return lines[at >> 1] ?? ''
  assert(SENDABLE.test(value), 'a value of a field has no end of line')
  const line = `${name}: ${value}\r\n`
  fields[at] = name
  fields[at + 1] = value
  lines[at >> 1] = line
  return line
}

/** A piece of a body without a length. */
export const chunkText = (text: string, minor: 0 | 1): string =>
  minor === 0 ? text : `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export const lastChunk = (minor: 0 | 1): string => (minor === 0 ? '' : '0\r\n\r\n')
