// How a try ends: once, in time, with everything that it opened closed. And what a failure of the
// network is called: Consul shows the words of Go's net package.

import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Probed, ProbeTls } from '../../core/local/probe.ts'

export interface Bounds {
  readonly timeoutMs: number
  readonly outputMax: number
  /** Somebody does not want to know any more. */
  readonly signal: AbortSignal
}

/** Ends a try with what was found; the first call counts. */
export type Finish = (found: Probed) => void

/**
 * Runs `start` and waits for its end. It returns how to close what it has opened; that is done
 * however the try ends. `onTimeout`: what silence means.
 */
export function within(
  { timeoutMs, signal }: Bounds,
  onTimeout: () => Probed,
  start: (finish: Finish) => () => void,
): Promise<Probed> {
  return new Promise((resolve) => {
    let close: (() => void) | undefined
    let isOver = false
    const finish: Finish = (found) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      close?.()
      resolve(found)
    }
    const onAbort = () => finish({ status: 'critical', output: 'check stopped' })
    const timer = setTimeout(() => finish(onTimeout()), timeoutMs)
    timer.unref()
    signal.addEventListener('abort', onAbort)
    close = start(finish)
    if (isOver) close()
  })
}

export const critical = (output: string): Probed => ({ status: 'critical', output })
export const passing = (output: string): Probed => ({ status: 'passing', output })

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** `host:port`, `[::1]:80`; undefined if it is none. */
export function parseEndpoint(address: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3] ?? Number.NaN)
  if (match === null || port > 65_535) return undefined
  const host = match[1] ?? match[2] ?? ''
  return { host: host === '' ? 'localhost' : host, port }
}

const SYSTEM: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'read: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

/** OpenSSL's names for a certificate that nobody known has signed, and Go's words. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
const UNKNOWN_AUTHORITY =
  'tls: failed to verify certificate: x509: certificate signed by unknown authority'

/** OpenSSL's word for an answer in clear text; Node says it with an address of its memory. */
const NO_TLS = 'wrong version number'

/** Somebody answered who does not speak TLS. */
export const speaksNoTls = (error: Error): boolean => error.message.includes(NO_TLS)

/** What Go would say of an error on the way to `address`. */
export function goText(error: Error, network: 'tcp' | 'udp', address: string): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const host = 'hostname' in error ? String(error.hostname) : address
    return `dial ${network}: lookup ${host}: no such host`
  }
  if (speaksNoTls(error)) return 'tls: first record does not look like a TLS handshake'
  if (UNTRUSTED.has(code)) return UNKNOWN_AUTHORITY
  const known = SYSTEM[code]
  return known === undefined ? error.message : `dial ${network} ${address}: ${known}`
}

/** TLS towards somebody who is checked. A name is only sent and compared where there is one. */
export function tlsOptions({ serverName, skipVerify }: ProbeTls, host: string): ConnectionOptions {
  const name = serverName === '' ? host : serverName
  return {
    rejectUnauthorized: !skipVerify,
    ...(isIP(name) === 0 && { servername: name }),
  }
}

/** The end of a stream of bytes: the last `max` of them, and how many there were. */
export interface Tail {
  add(chunk: Buffer): void
  readonly total: number
  text(): string
}

export function createTail(max: number): Tail {
  let kept = Buffer.alloc(0)
  let total = 0
  return {
    add(chunk) {
      total += chunk.length
      const joined = Buffer.concat([kept, chunk])
      kept = joined.subarray(Math.max(0, joined.length - max))
    },
    get total() {
      return total
    },
    text: () => kept.toString('utf8'),
  }
}
