// Messages from node to node as HTTP requests, each with a time within which it is answered or
// given up. Connections are kept: a follower that asks over and over dials once.
import { Agent, type IncomingMessage, request } from 'node:http'

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
  close(): void
}

/** To one node at a time: writes that are handed on, and one question. */
const SOCKETS_MAX = 64

export function createNodeCalls(): NodeCalls {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })
  return { call: (order, done) => exchange(agent, order, done), close: () => agent.destroy() }
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
  const chunks: Buffer[] = []
  let size = 0
  const broken = () => end({ type: 'silent', why: 'broken' })
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bytesMax) response.destroy()
    else chunks.push(chunk)
  })
  response.once('error', broken)
  response.once('close', broken) // after `end` it changes nothing
  response.once('end', () => {
    if (response.statusCode === 200) end({ type: 'answered', body: Buffer.concat(chunks) })
    else broken()
  })
}

function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) }
}
