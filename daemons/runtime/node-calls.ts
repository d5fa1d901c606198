// Messages from node to node as HTTP requests, each with a time within which it is answered or
// given up; and requests of clients that are handed on as they are. Connections are kept: a
// follower that asks over and over dials once.
import { Agent, type IncomingMessage, request } from 'node:http'
import type { Request, Response } from '../../core/route/request.ts'

interface NodeCall {
  /** `host:port` */
  readonly to: string
  readonly path: string
  readonly body: string
  readonly withinMs: number
  /** A longer answer is none. */
  readonly replyBytesMax: number
}

export type NodeAnswer =
  | { readonly type: 'answered'; readonly body: Uint8Array }
  /** `unreached`: nothing was sent. Else it may have arrived, and have had its effect. */
  | { readonly type: 'silent'; readonly why: 'unreached' | 'broken' | 'late' }

export interface NodeCalls {
  /** `done` is called once, never at once. */
  call(call: NodeCall, done: (answer: NodeAnswer) => void): void
  /** Hands a client's request on; what is returned gives it up. */
  forward(order: Forward, done: (answer: Forwarded) => void): () => void
  close(): void
}

interface Forward {
  readonly to: string
  readonly request: Request
  /** Besides those of the client: names and values in turn. */
  readonly headers: readonly string[]
  readonly replyBytesMax: number
}

type Forwarded =
  | { readonly type: 'answered'; readonly response: Response }
  | { readonly type: 'silent'; readonly why: 'unreached' | 'broken' }

/** To one node at a time: writes that are handed on, and one question. */
const SOCKETS_MAX = 64

export function createNodeCalls(): NodeCalls {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })
  const waits = new Agent({ keepAlive: true }) // each of its sockets may wait for minutes
  return {
    call: (order, done) => exchange(agent, order, done),
    forward: (order, done) => handOn(waits, order, done),
    close: () => {
      agent.destroy()
      waits.destroy()
    },
  }
}

/** Errors of a connection that was never made. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
])

function exchange(agent: Agent, order: NodeCall, done: (answer: NodeAnswer) => void): void {
  const { host, port } = splitAddress(order.to)
  let isOver = false
  const end = (answer: NodeAnswer) => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    done(answer)
  }
  const sent = request({
    agent,
    host,
    port,
    method: 'POST',
    path: order.path,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(order.body),
    },
  })
  const timer = setTimeout(() => {
    end({ type: 'silent', why: 'late' })
    sent.destroy()
  }, order.withinMs)
  sent.once('response', (response) => gather(response, order.replyBytesMax, end))
  sent.on('error', (error: NodeJS.ErrnoException) =>
    end({ type: 'silent', why: UNREACHED.has(codeOf(error)) ? 'unreached' : 'broken' }),
  )
  sent.end(order.body)
}

/** A name with several addresses fails with all their errors together. */
function codeOf(error: NodeJS.ErrnoException): string {
  const [first] = error instanceof AggregateError ? error.errors : [error]
  return first instanceof Error && 'code' in first ? String(first.code) : ''
}

function gather(
  response: IncomingMessage,
  bytesMax: number,
  end: (answer: NodeAnswer) => void,
): void {
  const broken = () => end({ type: 'silent', why: 'broken' })
  collect(response, bytesMax, (body) => {
    if (body === undefined || response.statusCode !== 200) broken()
    else end({ type: 'answered', body })
  })
}

/** The whole body; undefined: it broke off, or is too long. */
function collect(
  response: IncomingMessage,
  bytesMax: number,
  done: (body: Uint8Array | undefined) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bytesMax) response.destroy()
    else chunks.push(chunk)
  })
  response.once('error', () => done(undefined))
  response.once('close', () => done(undefined)) // behind `end` nobody listens any more
  response.once('end', () => {
    response.removeAllListeners('close')
    done(Buffer.concat(chunks))
  })
}

/** Headers of one connection, or of our own server: the answer gets its own. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
])

/** Headers of a request that say what it asks for. */
const PASSED_HEADERS = ['accept', 'cache-control', 'content-type', 'x-consul-token']

function handOn(agent: Agent, order: Forward, done: (answer: Forwarded) => void): () => void {
  const { host, port } = splitAddress(order.to)
  const { method, path, query, body } = order.request
  let isOver = false
  const end = (answer: Forwarded) => {
    if (isOver) return
    isOver = true
    done(answer)
  }
  const passed = PASSED_HEADERS.flatMap((name) => {
    const value = order.request.header(name)
    return value === undefined ? [] : [name, value]
  })
  const sent = request({
    agent,
    host,
    port,
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: ['host', order.to, 'content-length', String(body.length), ...passed, ...order.headers],
  })
  sent.once('response', (response) =>
    collect(response, order.replyBytesMax, (whole) => {
      if (whole === undefined) end({ type: 'silent', why: 'broken' })
      else end({ type: 'answered', response: responseOf(response, whole) })
    }),
  )
  sent.on('error', (error: NodeJS.ErrnoException) =>
    end({ type: 'silent', why: UNREACHED.has(codeOf(error)) ? 'unreached' : 'broken' }),
  )
  sent.end(body)
  return () => {
    isOver = true
    sent.destroy()
  }
}

function responseOf({ statusCode, rawHeaders }: IncomingMessage, body: Uint8Array): Response {
  const headers: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2)
    if (!OWN_HEADERS.has(name.toLowerCase())) headers.push(name, value)
  }
  return { status: statusCode ?? 502, headers, body }
}

function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) }
}
