// What changes a pool when a member is asked for it: events, queries, joins, tags, keys.
import { EMPTY, textOf } from '../../core/bytes.ts'
import type { Response } from '../../core/route/request.ts'
import type { KeyOperation } from '../../core/swim/keys.ts'
import { forceLeave, query, queryKeys, send, setTags } from '../../core/swim/server.ts'
import { decodeAs, type QueryFilter } from '../../core/wire/serf.ts'
import type { Pool } from '../pool.ts'
import { type Asked, json, refusal } from './asked.ts'
import { bytesJson } from './bytes-json.ts'
import { keyOf } from './memory.ts'
import { joinFrom, type QueryListener, type SwimNode } from './node.ts'
import { resolveAddresses } from './resolve.ts'

/** A body that does not say what it should. */
export class BadBody extends Error {
  override readonly name = 'BadBody'
}

type Fields = Readonly<Record<string, unknown>>

function bodyOf({ request }: Asked): Fields {
  try {
    const read: unknown = JSON.parse(textOf(request.body))
    if (typeof read !== 'object' || read === null) throw new BadBody('the body is no JSON object')
    return Object.fromEntries(Object.entries(read))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new BadBody(`the body is no JSON: ${error.message}`, { cause: error })
  }
}

function textField(fields: Fields, name: string, fallback?: string): string {
  const value = fields[name] ?? fallback
  if (typeof value !== 'string') throw new BadBody(`${name} is text`)
  return value
}

const flagField = (fields: Fields, name: string): boolean => fields[name] === true

function numberField(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= 0)) throw new BadBody(`${name} is a number`)
  return value
}

function textsField(fields: Fields, name: string): readonly string[] {
  const value = fields[name] ?? []
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw new BadBody(`${name} is a list of texts`)
  return value
}

function textMapField(fields: Fields, name: string): readonly (readonly [string, string])[] {
  const value = fields[name] ?? {}
  if (typeof value !== 'object') throw new BadBody(`${name} is an object`)
  return Object.entries(value ?? {}).map(([key, one]) => [key, String(one)])
}

const payloadField = (fields: Fields): Uint8Array =>
  Buffer.from(textField(fields, 'payload', ''), fields['encoding'] === 'base64' ? 'base64' : 'utf8')

/** Who is meant by a broadcast: everybody who has not left, and those who can hear it. */
function audienceOf({ pool }: SwimNode): { members: number; alive: number } {
  const statuses = pool?.act(({ roster }) => [...roster.values()].map(({ status }) => status)) ?? []
  return {
    members: statuses.filter((status) => status !== 'left').length,
    alive: statuses.filter((status) => status === 'alive').length,
  }
}

export function eventDoor(asked: Asked): Response {
  const { node } = asked
  const fields = bodyOf(asked)
  const [name, payload] = [textField(fields, 'name'), payloadField(fields)]
  const coalesce = flagField(fields, 'coalesce')
  const sent = node.pool?.act((swim, now) => send(swim, { name, payload, coalesce }, now))
  if (sent === undefined || !sent.ok) return refusal(400, sent?.why ?? '')
  return json(200, { name, ...bytesJson(payload), ltime: sent.lTime, ...audienceOf(node) })
}

/** Streams acks and answers as they come, then `end`. */
export function queryDoor(asked: Asked): Response {
  const { node } = asked
  const fields = bodyOf(asked)
  const timeoutMs = numberField(fields, 'timeout_ms')
  const asking = {
    name: textField(fields, 'name'),
    payload: payloadField(fields),
    wantsAck: !flagField(fields, 'no_ack'),
    relayFactor: numberField(fields, 'relay_factor') ?? 0,
    ...filtersOf(fields),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  return streamQuery(asked, (listener) =>
    askPool(node, listener, (swim, now) => query(swim, asking, now)),
  )
}

function filtersOf(fields: Fields): { filters?: readonly QueryFilter[] } {
  const names = textsField(fields, 'nodes')
  const tags = textMapField(fields, 'tags')
  const filters: QueryFilter[] = [
    ...(names.length === 0 ? [] : [{ type: 'nodes' as const, names: [...names] }]),
    ...tags.map(([tag, expr]) => ({ type: 'tag' as const, tag, expr })),
  ]
  return filters.length === 0 ? {} : { filters }
}

type Ask = (...given: Parameters<Parameters<Pool['act']>[0]>) => ReturnType<typeof query>

/**
 * Why there is no query. Else the listener hears of it from now on, and first of all what we
 * answer ourselves.
 */
function askPool(node: SwimNode, listener: QueryListener, ask: Ask): string | undefined {
  return node.pool?.act((swim, now) => {
    const asked = ask(swim, now)
    if (!asked.ok) return asked.why
    node.queries.set(asked.query, listener)
    return undefined
  })
}

/** What comes before the client listens is kept for it. */
function streamQuery(
  { openFeed }: Asked,
  start: (listener: QueryListener) => string | undefined,
): Response {
  const early: string[] = []
  let write = (text: string): unknown => early.push(text)
  const tell = (record: unknown) => write(`${JSON.stringify(record)}\n`)
  const why = start({
    onAck: (from) => tell({ type: 'ack', from }),
    onAnswer: (from, payload) => tell({ type: 'response', from, ...bytesJson(payload) }),
    onEnd: () => tell({ type: 'end' }),
  })
  if (why !== undefined) return refusal(400, why)
  return openFeed((toClient) => {
    for (const text of early) toClient(text)
    write = toClient
    return {
      resume: () => undefined,
      stop: () => {
        write = () => undefined
      },
    }
  })
}

export async function joinDoor(asked: Asked): Promise<Response> {
  const { node } = asked
  const fields = bodyOf(asked)
  const names = textsField(fields, 'addresses')
  const { addresses, failures } = await resolveAddresses(names)
  if (addresses.length === 0) return refusal(409, failures.join('; ') || 'no address')
  const joined = await joinFrom(node, {
    addresses,
    mode: 'all',
    ignoresOldEvents: !flagField(fields, 'replay'),
    forever: false,
  })
  const all = [...failures, ...joined.failures]
  if (joined.reached === 0) return refusal(409, all.join('; '))
  return json(200, { joined: joined.reached, failures: all })
}

export function forceLeaveDoor(asked: Asked): Response {
  const fields = bodyOf(asked)
  const order = { name: textField(fields, 'name'), prune: flagField(fields, 'prune') }
  const isKnown = asked.node.pool?.act((swim, now) => forceLeave(swim, order, now)) ?? false
  return isKnown ? json(200, order) : refusal(404, `no other member ${order.name}`)
}

export function tagsDoor(asked: Asked): Response {
  const { node } = asked
  const fields = bodyOf(asked)
  const tags = new Map(node.pool?.act(({ roster, name }) => roster.get(name)?.tags))
  for (const name of textsField(fields, 'delete')) tags.delete(name)
  for (const [name, value] of textMapField(fields, 'set')) tags.set(name, value)
  const why = node.pool?.act((swim, now) => setTags(swim, tags, now))
  return why === undefined ? json(200, Object.fromEntries(tags)) : refusal(409, why)
}

const OPERATIONS: readonly string[] = ['install', 'use', 'remove', 'list']
const isOperation = (text: string): text is KeyOperation => OPERATIONS.includes(text)

/** What the members say of their rings. */
interface KeySummary {
  readonly operation: KeyOperation
  /** Who was asked, and who answered. */
  readonly members: number
  answers: number
  /** Why a member did not do it, by its name. */
  readonly errors: Record<string, string>
  /** How many members hold each key. */
  readonly keys: Record<string, number>
  readonly primary_keys: Record<string, number>
}

export function keysDoor(asked: Asked): Promise<Response> | Response {
  const { node } = asked
  const fields = bodyOf(asked)
  const operation = textField(fields, 'operation')
  if (!isOperation(operation)) return refusal(400, `operation is ${OPERATIONS.join(', ')}`)
  const key = operation === 'list' ? EMPTY : keyField(fields)
  const summary: KeySummary = {
    operation,
    members: audienceOf(node).alive,
    answers: 0,
    errors: {},
    keys: {},
    primary_keys: {},
  }
  return new Promise((resolve) => {
    const end = () => resolve(json(200, summary))
    const listener = {
      onAck: () => undefined,
      onAnswer: (from: string, payload: Uint8Array) => {
        noteKeys(summary, from, payload)
        if (summary.answers === summary.members) end()
      },
      onEnd: end,
    }
    const why = askPool(node, listener, (swim, now) => queryKeys(swim, { operation, key }, now))
    if (why !== undefined) resolve(refusal(400, why))
  })
}

function keyField(fields: Fields): Uint8Array {
  try {
    return keyOf(textField(fields, 'key'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new BadBody(error.message, { cause: error })
  }
}

function noteKeys(summary: KeySummary, from: string, payload: Uint8Array): void {
  summary.answers += 1
  const read = decodeAs('keyResponse', payload)
  if (!read.ok) {
    summary.errors[from] = read.why
    return
  }
  const { result, message, keys, primaryKey } = read.value
  if (!result) summary.errors[from] = message
  for (const key of keys ?? []) summary.keys[key] = (summary.keys[key] ?? 0) + 1
  if (primaryKey !== '') {
    summary.primary_keys[primaryKey] = (summary.primary_keys[primaryKey] ?? 0) + 1
  }
}
