// Responses as bytes: status line, fields, and how the client finds the end of the body (RFC 9112
// §4 to §6). Which fields an answer has is decided by core/api; what is added here is about the
// message alone.
import { STATUS_CODES } from 'node:http'
import { assert } from '../../core/assert.ts'
import type { Headers } from '../../core/route/request.ts'
import type { WallMs } from '../../core/time.ts'

/** The Date field, made once a second. */
export interface DateLine {
  second: number
  text: string
}

export const createDateLine = (): DateLine => ({ second: -1, text: '' })

export interface Framing {
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
export function headText(line: DateLine, framing: Framing, wall: WallMs): string {
  const { status, headers, minor, keepAlive, length } = framing
  let text = statusLine(status)
  for (let at = 0; at < headers.length; at += 2) text += fieldText(headers[at], headers[at + 1])
  if (!keepAlive) text += 'Connection: close\r\n'
  // HTTP/1.1 keeps a connection open without saying so.
  else if (minor === 0) text += 'Connection: keep-alive\r\n'
  if (length === undefined) {
    if (minor === 1) text += 'Transfer-Encoding: chunked\r\n'
  } else if (hasBody(status)) text += `Content-Length: ${length}\r\n`
  return `${text}${dateText(line, wall)}\r\n`
}

/** These end with their head, whatever it says (RFC 9112 §6.3). */
export const hasBody = (status: number): boolean =>
  status >= 200 && status !== 204 && status !== 304

const OK = 'HTTP/1.1 200 OK\r\n'

const statusLine = (status: number): string =>
  status === 200 ? OK : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`

const SENDABLE = /^[\t -~\x80-\xff]*$/
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether a field may be sent: nothing in it ends a line. */
export const isSendable = (name: string, value: string): boolean =>
  NAME.test(name) && SENDABLE.test(value)

function fieldText(name = '', value = ''): string {
  assert(SENDABLE.test(value), 'a value of a field has no end of line')
  return `${name}: ${value}\r\n`
}

/** How many connections share an answer is not for it to know: it is made for each second anew. */
function dateText(line: DateLine, wall: WallMs): string {
  const second = Math.floor(wall / 1_000)
  if (second !== line.second) {
    line.second = second
    line.text = `Date: ${new Date(wall).toUTCString()}\r\n`
  }
  return line.text
}

/** A piece of a body without a length. */
export const chunkText = (text: string, minor: 0 | 1): string =>
  minor === 0 ? text : `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export const lastChunk = (minor: 0 | 1): string => (minor === 0 ? '' : '0\r\n\r\n')
