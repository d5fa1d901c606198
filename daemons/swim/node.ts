// A running member and all that is asked of it: what waits for an effect of the machine, and what
// is kept of its effects for those who ask later.
import type { SwimEffect } from '../../core/swim/effects.ts'
import { logLineOf } from '../../core/swim/effects.ts'
import { addressText, type PoolMember } from '../../core/swim/member.ts'
import { answer, join } from '../../core/swim/server.ts'
import { snapshotLines } from '../../core/swim/snapshot.ts'
import type { Address } from '../../core/wire/memberlist.ts'
import type { Pool, PoolEffect } from '../pool.ts'
import { createFeed, type Feed, publish } from '../runtime/feed.ts'
import { type Log, writeLog } from '../runtime/log.ts'
import { bytesJson } from './bytes-json.ts'
import { type Handlers, runHandlers } from './handlers.ts'
import type { Memory } from './memory.ts'

/** What a query of ours hears. */
export interface QueryListener {
  onAck(from: string): void
  onAnswer(from: string, payload: Uint8Array): void
  onEnd(): void
}

interface Joined {
  readonly reached: number
  readonly failures: readonly string[]
}

export interface SwimNode {
  readonly name: string
  readonly log: Log
  readonly memory: Memory | undefined
  readonly handlers: Handlers
  /** Set as soon as the sockets are bound. */
  pool: Pool | undefined
  readonly events: Feed
  readonly trace: Feed
  readonly queries: Map<number, QueryListener>
  readonly joins: Map<number, (joined: Joined) => void>
  lastJoin: number
  /** Called when everybody has been told that we go. */
  readonly onLeft: (() => void)[]
  /** The pool knows another member by our name. */
  readonly onNameLost: () => void
}

/** User events that are kept for those who ask later. */
const EVENTS_KEPT = 256
const NOTES_KEPT = 2_048

export const createNode = (
  parts: Pick<SwimNode, 'name' | 'log' | 'memory' | 'handlers' | 'onNameLost'>,
): SwimNode => ({
  ...parts,
  pool: undefined,
  events: createFeed({ topic: 'event', node: parts.name, keptMax: EVENTS_KEPT }),
  trace: createFeed({ topic: 'trace', node: parts.name, keptMax: NOTES_KEPT }),
  queries: new Map(),
  joins: new Map(),
  lastJoin: 0,
  onLeft: [],
})

/** Everything that the machine asks for besides the network. */
export function performOn(node: SwimNode, effect: PoolEffect): void {
  const { log } = node
  switch (effect.type) {
    case 'members':
      onMembers(node, effect)
      break
    case 'event':
      onEvent(node, effect.event)
      break
    case 'question':
      onQuestion(node, effect.question)
      break
    case 'query-ack':
      node.queries.get(effect.query)?.onAck(effect.from)
      break
    case 'query-answer':
      node.queries.get(effect.query)?.onAnswer(effect.from, effect.payload)
      break
    case 'query-end':
      node.queries.get(effect.query)?.onEnd()
      node.queries.delete(effect.query)
      break
    case 'joined':
      node.joins.get(effect.join)?.(effect)
      node.joins.delete(effect.join)
      break
    case 'left':
      for (const tell of node.onLeft.splice(0)) tell()
      break
    case 'use-keys':
      node.memory?.keepKeys(effect.keys)
      writeLog(log, { level: 'info', room: 'swim', message: 'Changed the ring of keys' })
      break
    case 'remember':
      node.memory?.addLines(effect.lines, () => node.pool?.act(snapshotLines) ?? [])
      break
    case 'name-lost':
      node.onNameLost()
      break
    default:
      publish(node.trace, effect.note)
      writeLog(log, logLineOf(effect.note))
  }
}

/** Resolves when the join is over; `forever`: not before somebody has answered. */
export function joinFrom(
  node: SwimNode,
  order: {
    readonly addresses: readonly Address[]
    readonly mode: 'all' | 'first'
    readonly ignoresOldEvents: boolean
    readonly forever: boolean
  },
): Promise<Joined> {
  node.lastJoin += 1
  const id = node.lastJoin
  const attempts = order.forever ? Number.POSITIVE_INFINITY : 1
  return new Promise((resolve) => {
    node.joins.set(id, resolve)
    node.pool?.act((swim, now) => join(swim, { ...order, id, attempts }, now))
  })
}

type Of<Type extends SwimEffect['type']> = Extract<SwimEffect, { type: Type }>

function onMembers(node: SwimNode, { change, members }: Of<'members'>): void {
  for (const { name, address } of members) {
    const fields = { node: name, address: addressText(address) }
    writeLog(node.log, { level: 'info', room: 'serf', message: `member-${change}`, fields })
  }
  // The handlers see who is told; our own start is no news.
  runHandlers(node.handlers, {
    kind: `member-${change}`,
    self: selfNamed(node),
    input: members.map(memberLine).join(''),
    env: {},
  })
}

/** Name, address, role and tags, separated by tabs: what Serf's handlers read. */
const memberLine = ({ name, address, tags }: PoolMember): string => {
  const shown = [...tags].map(([key, value]) => `${key}=${value}`).join(',')
  return `${[name, address.ip, tags.get('role') ?? '', shown].join('\t')}\n`
}

const selfNamed = (node: SwimNode) => ({
  name: node.name,
  tags: node.pool?.act((swim) => swim.roster.get(swim.name)?.tags) ?? new Map<string, string>(),
})

function onEvent(node: SwimNode, { name, payload, lTime, coalesce }: Of<'event'>['event']): void {
  publish(node.events, { name, ...bytesJson(payload), ltime: lTime, coalesce })
  runHandlers(node.handlers, {
    kind: 'user',
    named: name,
    self: selfNamed(node),
    input: payload,
    env: { SERF_USER_EVENT: name, SERF_USER_LTIME: String(lTime) },
  })
}

function onQuestion(
  node: SwimNode,
  { id, name, payload, from, deadline }: Of<'question'>['question'],
): void {
  writeLog(node.log, { level: 'debug', room: 'serf', message: 'query', fields: { name, from } })
  const told = runHandlers(node.handlers, {
    kind: 'query',
    named: name,
    self: selfNamed(node),
    input: payload,
    env: { SERF_QUERY_NAME: name },
    deadline,
  })
  for (const said of told)
    said.then((bytes) => {
      if (bytes.length === 0) return
      const why = node.pool?.act((swim, now) => answer(swim, { id, payload: bytes }, now))
      if (why === undefined) return
      writeLog(node.log, { level: 'warn', room: 'serf', message: 'not answered', fields: { why } })
    })
}
