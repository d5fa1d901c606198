// What is said to a client before there is a request that could be answered: its bytes are no HTTP,
// too many, or too late. Layout and words are those of Go's server.
import { STATUS_CODES } from 'node:http'

/** Why a client is told to leave. */
export interface Fault {
  readonly type: 'fault'
  readonly status: number
  /** What Go adds to the status; empty for what is plain nonsense. */
  readonly why: string
}

const fault = (status: number, why = ''): Fault => ({ type: 'fault', status, why })

export const MALFORMED = fault(400)
export const HOST_MISSING = fault(400, 'missing required Host header')
export const HOSTS_TOO_MANY = fault(400, 'too many Host headers')
export const HOST_MALFORMED = fault(400, 'malformed Host header')
export const CONNECT_REFUSED = fault(405)
export const TOO_LATE = fault(408)
export const CHUNK_TOO_LARGE = fault(413)
export const TARGET_TOO_LONG = fault(414)
export const EXPECTATION_FAILED = fault(417)
export const TOO_MANY_CONNECTIONS = fault(429)
export const HEAD_TOO_LARGE = fault(431)
export const CODING_UNKNOWN = fault(501)
export const VERSION_UNKNOWN = fault(505, 'unsupported protocol version')

const WORDS: ReadonlyMap<Fault, string> = new Map([
  [
    TOO_MANY_CONNECTIONS,
    'too many connections from this address: see limits.http_max_conns_per_client\n',
  ],
  [CODING_UNKNOWN, 'Unsupported transfer encoding'],
])

export function complaintText(fault: Fault): string {
  const { status, why } = fault
  const title = `${status} ${STATUS_CODES[status]}${why === '' ? '' : `: ${why}`}`
  const body = WORDS.get(fault) ?? title
  return [
    `HTTP/1.1 ${title}`,
    'Content-Type: text/plain; charset=utf-8',
    'Connection: close',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}
