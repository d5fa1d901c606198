// A client that writes bytes and shows bytes: what no well-behaved HTTP library would send.
import { connect, type Socket } from 'node:net'
import { before, within } from '../kit/within.ts'

export interface RawClient {
  readonly socket: Socket
  send(text: string | Uint8Array): void
  /** Closes our half. */
  finish(): void
  /** Closes with a reset. */
  vanish(): void
  /** Everything received so far, byte for byte. */
  received(): string
  /** Resolves when what was received matches. */
  until(pattern: RegExp, ms?: number): Promise<string>
  /** Resolves with everything when the other side has closed. */
  ended(ms?: number): Promise<string>
}

const PATIENCE_MS = 5_000

export async function openRaw(to: number | string): Promise<RawClient> {
  const address = typeof to === 'number' ? { host: '127.0.0.1', port: to } : { path: to }
  const socket = connect({ ...address, allowHalfOpen: true })
  const chunks: Buffer[] = []
  let isOver = false
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('end', () => {
    isOver = true
  })
  socket.on('close', () => {
    isOver = true
  })
  const failures: Error[] = []
  socket.on('error', (error) => failures.push(error))
  await before(PATIENCE_MS, () => connected(socket), 'the connection')
  const received = () => Buffer.concat(chunks).toString('latin1')
  return {
    socket,
    send: (text) => socket.write(text),
    finish: () => socket.end(),
    vanish: () => socket.resetAndDestroy(),
    received,
    until: async (pattern, ms = PATIENCE_MS) => {
      await within(ms, () => pattern.test(received()), `${pattern} in ${short(received())}`)
      return received()
    },
    ended: async (ms = PATIENCE_MS) => {
      await within(ms, () => isOver, 'the end of the connection')
      return received()
    },
  }
}

const short = (text: string) => JSON.stringify(text.slice(0, 200))

const connected = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })

/** The least that HTTP/1.1 asks for. */
export const get = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: test', ...headers, '', ''].join('\r\n')

export const put = (path: string, body: string): string =>
  `PUT ${path} HTTP/1.1\r\nHost: test\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
