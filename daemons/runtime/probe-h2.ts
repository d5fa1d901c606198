// Checks over HTTP/2: a PING that comes back (RFC 9113 §6.7), and gRPC's health service
// (grpc.health.v1.Health/Check, two small messages of protobuf written by hand).
import http2 from 'node:http2'
import type { Probed, ProbeTarget } from '../../core/local/probe.ts'
import {
  type Bounds,
  critical,
  type Endpoint,
  type Finish,
  goText,
  parseEndpoint,
  passing,
  tlsOptions,
  within,
} from './probe-end.ts'

type H2 = Extract<ProbeTarget, { readonly type: 'h2ping' }>
type Grpc = Extract<ProbeTarget, { readonly type: 'grpc' }>

interface Connection {
  readonly endpoint: Endpoint
  readonly address: string
  readonly secured: H2['tls']
  /** The words for why there is none. */
  readonly failed: (why: string) => string
}

function connect({ endpoint, address, secured, failed }: Connection, finish: Finish) {
  const { host, port } = endpoint
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const session =
    secured === undefined
      ? http2.connect(`http://${authority}`)
      : http2.connect(`https://${authority}`, {
          ALPNProtocols: ['h2'],
          ...tlsOptions(secured, host),
        })
  session.on('error', (error: Error) => finish(critical(failed(goText(error, 'tcp', address)))))
  session.on('close', () => finish(critical(failed('EOF'))))
  return session
}

export function probeH2({ address, tls }: H2, bounds: Bounds): Promise<Probed> {
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined) {
    return Promise.resolve(critical(`dial tcp: address ${address}: missing port in address`))
  }
  let step = `Failed to dial to ${address}`
  const failed = (why: string) => `${step}: ${why}`
  const late = () => critical(failed('context deadline exceeded'))
  return within(bounds, late, (finish) => {
    const session = connect({ endpoint, address, secured: tls, failed }, finish)
    session.on('connect', () => {
      step = 'HTTP2 ping failed'
      session.ping((error) => {
        if (error === null) finish(passing('HTTP2 ping was successful'))
        else finish(critical(failed(error.message)))
      })
    })
    return () => session.destroy()
  })
}

/** A length-prefixed message, not compressed. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** HealthCheckRequest: field 1, the name of the service. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service, 'utf8')
  if (name.length === 0) return Buffer.alloc(0)
  const size: number[] = []
  for (let rest = name.length; ; rest >>= 7) {
    size.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  return Buffer.concat([Buffer.from([0x0a, ...size]), name])
}

const SERVING = 1

/** HealthCheckResponse: field 1, a state. An empty message is state 0. */
const stateOf = (answer: Buffer): number => (answer[5] === 0x08 ? (answer[6] ?? 0) : 0)

export function probeGrpc(target: Grpc, bounds: Bounds): Promise<Probed> {
  const { address, service, tls } = target
  const shown = service === '' ? address : `${address}/${service}`
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined) {
    return Promise.resolve(critical(`dial tcp: address ${address}: missing port in address`))
  }
  const late = () => critical(rpcError('DeadlineExceeded', 'context deadline exceeded'))
  return within(bounds, late, (finish) => {
    const session = connect({ endpoint, address, secured: tls, failed: unreachable }, finish)
    ask(session, { service, shown, max: bounds.outputMax }, finish)
    return () => session.destroy()
  })
}

/** The words of Go's gRPC. */
const rpcError = (code: string, why: string) => `rpc error: code = ${code} desc = ${why}`

const unreachable = (why: string): string => {
  const step = why.startsWith('tls:') ? 'authentication handshake failed' : 'Error while dialing'
  return rpcError('Unavailable', `connection error: desc = "transport: ${step}: ${why}"`)
}

/** Of gRPC's codes those that a health service answers with (grpc.io, status codes). */
const CODES: Readonly<Record<string, string>> = {
  '2': 'Unknown',
  '4': 'DeadlineExceeded',
  '5': 'NotFound',
  '7': 'PermissionDenied',
  '12': 'Unimplemented',
  '13': 'Internal',
  '14': 'Unavailable',
  '16': 'Unauthenticated',
}

const UNHEALTHY = "gRPC application didn't report service healthy"

interface Question {
  readonly service: string
  readonly shown: string
  readonly max: number
}

function ask(
  session: http2.ClientHttp2Session,
  { service, shown, max }: Question,
  finish: Finish,
): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': 'Consul Health Check',
    te: 'trailers',
  })
  let answer = Buffer.alloc(0)
  let status = ''
  let message = ''
  const note = (headers: http2.IncomingHttpHeaders) => {
    if (headers['grpc-status'] !== undefined) status = String(headers['grpc-status'])
    if (headers['grpc-message'] !== undefined) message = String(headers['grpc-message'])
  }
  stream.on('response', note)
  stream.on('trailers', note)
  stream.on('data', (chunk: Buffer) => {
    if (answer.length < max) answer = Buffer.concat([answer, chunk])
  })
  // A stream that ends with its connection tells less than the connection does.
  stream.on('error', (error: Error) => {
    if (session.destroyed) return
    finish(critical(rpcError('Unavailable', error.message)))
  })
  stream.on('end', () => {
    const state = stateOf(answer)
    if (status === '0' && state === SERVING) finish(passing(`gRPC check ${shown}: success`))
    else if (status === '0') finish(critical(UNHEALTHY))
    else finish(critical(rpcError(CODES[status] ?? 'Unknown', message)))
  })
  stream.end(framed(requestOf(service)))
}
