// An agent without a world: the test is its clock, its disk and its clients.
import { createAgent, drain, step } from '../../core/agent/agent.ts'
import type { AgentEffect } from '../../core/agent/effects.ts'
import { type AgentEvent, TICK_MS } from '../../core/agent/events.ts'
import type { LanOptions } from '../../core/agent/lan.ts'
import type { Agent } from '../../core/agent/record.ts'
import { utf8 } from '../../core/bytes.ts'
import type { AgentConfig } from '../../core/config/agent-config.ts'
import type { Persist, Recovered } from '../../core/entry.ts'
import { type RequestId, requestId, term } from '../../core/ids.ts'
import type { KeptRecord } from '../../core/local/keep.ts'
import { createPrng } from '../../core/prng.ts'
import type { Response } from '../../core/route/request.ts'
import { testConfig } from './config.ts'

export interface Machine {
  readonly agent: Agent
  /** Every effect since the last look, `respond` apart. */
  readonly effects: AgentEffect[]
  readonly responses: Map<RequestId, Response>
  /** Persists that the disk holds back while it is `held`. */
  readonly pending: Persist[]
  /** What is on the disk, in order. */
  readonly disk: Persist[]
  held: boolean
  now: number
  nextId: number
  readonly wallAfterMs: number
}

/** What a restart finds beside the log, and how much later it is. */
export interface Past {
  readonly kept?: readonly KeptRecord[]
  readonly wallAfterMs?: number
  readonly ordering?: 'alone' | 'together'
  /** It takes part in a gossip pool. */
  readonly lan?: LanOptions
  /** The disk holds back from the start. */
  readonly held?: boolean
}

export interface Sent {
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly remote?: string
}

const NOTHING: Recovered = {
  vote: { term: term(0), votedFor: '' },
  snapshot: undefined,
  entries: [],
}

const WALL_AT_START = Date.UTC(2026, 0, 2, 3, 4, 5)

export function createMachine(
  config: Partial<AgentConfig> = {},
  recovered: Recovered = NOTHING,
  { kept = [], wallAfterMs = 0, ordering = 'together', held = false, lan }: Past = {},
): Machine {
  const prng = createPrng(7)
  const agent = createAgent({
    config: testConfig(config),
    recovered,
    kept,
    ordering,
    ...(lan === undefined ? {} : { lan }),
    entropy: () => Uint8Array.from({ length: 16 }, () => prng.range(0, 255)),
    seed: 11,
    clock: { now: 0, wall: WALL_AT_START + wallAfterMs },
  })
  const machine: Machine = {
    agent,
    effects: [],
    responses: new Map(),
    pending: [],
    disk: [],
    held,
    now: 0,
    nextId: 1,
    wallAfterMs,
  }
  perform(machine)
  return machine
}

/** Gives the agent one event and performs what it asks for. */
export function give(machine: Machine, event: AgentEvent): void {
  step(machine.agent, event, clockOf(machine))
  perform(machine)
}

const clockOf = ({ now, wallAfterMs }: Machine) => ({
  now,
  wall: WALL_AT_START + wallAfterMs + now,
})

function perform(machine: Machine): void {
  collect(machine)
  if (!machine.held) flush(machine)
}

function collect(machine: Machine): void {
  for (const effect of drain(machine.agent)) {
    if (effect.type === 'respond') machine.responses.set(effect.id, effect.response)
    else machine.effects.push(effect)
    if (effect.type === 'persist') machine.pending.push(effect.persist)
  }
}

/** The disk has written what it was given. */
export function flush(machine: Machine): void {
  for (let persist = machine.pending.shift(); persist; persist = machine.pending.shift()) {
    machine.disk.push(persist)
    step(machine.agent, { type: 'persisted', token: persist.token }, clockOf(machine))
    collect(machine)
    if (machine.held) return
  }
}

/** Lets time pass, tick by tick. */
export function advance(machine: Machine, ms: number): void {
  const until = machine.now + ms
  while (machine.now < until) {
    machine.now = Math.min(until, machine.now + TICK_MS)
    give(machine, { type: 'tick' })
  }
}

/** Sends `PUT /v1/kv/a?flags=1`; the answer, if there is one already, is in `responses`. */
export function send(machine: Machine, line: string, sent: Sent = {}): RequestId {
  const [method = '', target = ''] = line.split(' ')
  const cut = target.indexOf('?')
  const id = requestId(machine.nextId++)
  const headers = new Map(Object.entries(sent.headers ?? {}))
  const body = typeof sent.body === 'string' ? utf8(sent.body) : (sent.body ?? new Uint8Array(0))
  give(machine, {
    type: 'request',
    request: {
      id,
      method,
      path: cut < 0 ? target : target.slice(0, cut),
      query: cut < 0 ? '' : target.slice(cut + 1),
      header: (name) => headers.get(name),
      body,
      remote: sent.remote ?? '127.0.0.1',
    },
  })
  return id
}

/** Sends and expects the answer at once. */
export function ask(machine: Machine, line: string, sent: Sent = {}): Response {
  const response = machine.responses.get(send(machine, line, sent))
  if (response === undefined) throw new Error(`no answer yet to ${line}`)
  return response
}

export function textOfBody({ body }: Response): string {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new TextDecoder().decode(body)
  throw new Error('a live body has no text')
}

export const jsonOf = (response: Response): unknown => JSON.parse(textOfBody(response))

/** One header by its lower-case name. */
export function headerOf({ headers }: Response, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === name) return headers[i + 1]
  }
  return undefined
}
