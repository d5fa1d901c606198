// The loop of a node: an event, a step, then the effects in their order. What happens meanwhile
// waits for its turn.
import { unreachable } from '../../core/assert.ts'
import type { RequestId } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import { NODES_PATH, responseOf, wishOf } from '../../core/replica/http.ts'
import type { ReplicaEffect, ReplicaEvent } from '../../core/replica/messages.ts'
import type { Replica } from '../../core/replica/node.ts'
import { drain, step } from '../../core/replica/replica.ts'
import {
  decodeReply,
  encodeMessage,
  encodeReply,
  REPLY_BYTES_MAX,
} from '../../core/replica/wire.ts'
import type { Request } from '../../core/route/request.ts'
import type { Instant } from '../../core/time.ts'
import { type Http, respond } from '../runtime/http.ts'
import type { NodeAnswer, NodeCalls } from '../runtime/node-calls.ts'
import type { Keep } from './keep.ts'

export interface DriverParts {
  readonly node: Replica
  readonly http: Http
  readonly calls: NodeCalls
  readonly keep: Keep
  readonly readClock: () => { readonly now: Instant }
  readonly onReady: () => void
  readonly log: (line: LogLine) => void
  /** A broken invariant, a failed disk: the node is not stepped again. */
  readonly onFatal: (error: unknown) => void
}

export interface ReplicaDriver {
  request(request: Request): void
  /** The client of a request has gone. */
  abandoned(id: RequestId): void
  tick(): void
  /** No event is handled any more. */
  stop(): void
}

export function createReplicaDriver(parts: DriverParts): ReplicaDriver {
  const loop: Loop = { parts, queue: [], state: 'idle' }
  return {
    request: (request) => onRequest(loop, request),
    abandoned: (id) => feed(loop, { type: 'abandoned', id }),
    tick: () => feed(loop, { type: 'tick' }),
    stop: () => {
      loop.state = 'stopped'
    },
  }
}

interface Loop {
  readonly parts: DriverParts
  readonly queue: ReplicaEvent[]
  state: 'idle' | 'stepping' | 'stopped'
}

function onRequest(loop: Loop, request: Request): void {
  const wish = wishOf(request)
  const { id } = request
  switch (wish.type) {
    case 'answer':
      respond(loop.parts.http, id, wish.response)
      break
    case 'ask':
      feed(loop, { type: 'asked', id, ask: wish.ask })
      break
    default:
      feed(loop, { type: 'called', id, message: wish.message })
  }
}

function feed(loop: Loop, event: ReplicaEvent): void {
  if (loop.state === 'stopped') return
  loop.queue.push(event)
  if (loop.state === 'idle') run(loop)
}

/** Nobody catches a bug but here: the process is about to end. */
function run(loop: Loop): void {
  const { node, readClock, onFatal } = loop.parts
  loop.state = 'stepping'
  try {
    for (let next = loop.queue.shift(); next !== undefined; next = loop.queue.shift()) {
      step(node, next, readClock().now)
      for (const effect of drain(node)) perform(loop, effect)
    }
    loop.state = 'idle'
  } catch (error) {
    loop.state = 'stopped'
    onFatal(error)
  }
}

function perform(loop: Loop, effect: ReplicaEffect): void {
  const { http, log, onReady } = loop.parts
  switch (effect.type) {
    case 'tell':
      respond(http, effect.id, responseOf(effect.outcome))
      break
    case 'reply': {
      const headers = ['Content-Type', 'application/json']
      respond(http, effect.id, { status: 200, headers, body: encodeReply(effect.reply) })
      break
    }
    case 'call':
      send(loop, effect)
      break
    case 'persist': {
      const { token } = effect
      follow(loop, loop.parts.keep.persist(effect), { type: 'persisted', token })
      break
    }
    case 'save-snapshot':
      follow(loop, loop.parts.keep.save(effect.state), { type: 'snapshot-saved' })
      break
    case 'ready':
      onReady()
      break
    case 'log':
      log(effect.line)
      break
    default:
      unreachable(effect)
  }
}

/** Waits for the disk, and lets the node know. */
function follow(loop: Loop, done: Promise<void>, event: ReplicaEvent): void {
  done.then(
    () => feed(loop, event),
    (error: unknown) => {
      loop.state = 'stopped'
      loop.parts.onFatal(error)
    },
  )
}

function send(loop: Loop, { call, to, message, withinMs }: Call): void {
  const order = {
    to,
    path: NODES_PATH,
    body: encodeMessage(message),
    withinMs,
    replyBytesMax: REPLY_BYTES_MAX,
  }
  loop.parts.calls.call(order, (answer) => feed(loop, eventOf(call, answer)))
}

type Call = Extract<ReplicaEffect, { type: 'call' }>

/** An answer that nobody can read is as good as none. */
function eventOf(call: number, answer: NodeAnswer): ReplicaEvent {
  if (answer.type === 'silent') return { type: 'silent', call, why: answer.why }
  const reply = decodeReply(answer.body)
  if (reply === undefined) return { type: 'silent', call, why: 'broken' }
  return { type: 'replied', call, reply }
}
