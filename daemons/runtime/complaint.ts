// What is said to a client before there is a request that could be answered: its bytes are no HTTP,
// too many, or too late. The layout is that of Go's server.
import { STATUS_CODES } from 'node:http'

const FAULTS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/**
 * The status for a fault of the client; undefined: the connection broke, and nobody is there to be
 * told.
 */
export function clientFault(error: Error): number | undefined {
  const code = 'code' in error ? String(error.code) : ''
  return FAULTS[code] ?? (code.startsWith('HPE_') ? 400 : undefined)
}

/**
 * Bytes behind a request that asked to close (RFC 9112 §9.6): nobody's, and no reason for a word
 * behind its answer.
 */
export const isBehindClose = (error: Error): boolean =>
  'code' in error && error.code === 'HPE_CLOSED_CONNECTION'

const WORDS: Readonly<Record<number, string>> = {
  429: 'too many connections from this address: see limits.http_max_conns_per_client\n',
}

export function complaintText(status: number): string {
  const title = `${status} ${STATUS_CODES[status]}`
  const body = WORDS[status] ?? title
  return [
    `HTTP/1.1 ${title}`,
    'Content-Type: text/plain; charset=utf-8',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}
