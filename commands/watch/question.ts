// What each type of watch asks of the API, which flags belong to it, and what its answer is.
import { parseBool } from '../../core/bool.ts'
import type { KvEntry } from '../../core/kv/records.ts'
import type { Json } from '../../core/route/json.ts'
import { sortedRecord } from '../../core/sorted.ts'
import { type AskQuery, jsonOf, type Reply } from '../kit/client.ts'
import { type Failure, misuse } from '../kit/failure.ts'
import { entriesOf, NOTHING_SAID } from '../kv/entry.ts'
import { goAgentService, goChecks, goInstances } from './go-shapes.ts'

/** The flags that say what to watch; undefined or empty: not given. */
export interface WatchParams {
  readonly key: string | undefined
  readonly prefix: string | undefined
  readonly service: string | undefined
  readonly tag: readonly string[]
  readonly passingonly: string | undefined
  readonly state: string | undefined
  readonly name: string | undefined
  readonly 'service-id': string | undefined
  readonly filter: string | undefined
}

export interface Question {
  readonly topic: string
  readonly path: string
  readonly query: AskQuery
  /** What a 404 says that is an answer: there is no such key. */
  readonly missing?: RegExp
  readonly read: (reply: Reply) => Json
  /** A state of the agent's own has no index: what it contains is waited for to change. */
  readonly by?: 'hash'
  /** What was read, as Consul's command prints it. */
  readonly asConsul?: (value: Json) => Json
}

const KV = { topic: 'kv', missing: NOTHING_SAID } as const

interface WatchType {
  readonly params: readonly (keyof WatchParams)[]
  readonly ask: (params: WatchParams) => Question
}

const TYPES: Readonly<Record<string, WatchType>> = {
  key: {
    params: ['key'],
    ask: ({ key }) => {
      const path = `/v1/kv/${needed(key, 'key')}`
      return { ...KV, path, query: {}, read: (reply) => first(entriesOf(reply)) }
    },
  },
  keyprefix: {
    params: ['prefix'],
    ask: ({ prefix }) => {
      const path = `/v1/kv/${needed(prefix, 'prefix')}`
      return { ...KV, path, query: { recurse: '' }, read: readTree }
    },
  },
  services: {
    params: ['filter'],
    ask: (params) => ({
      topic: 'services',
      path: '/v1/catalog/services',
      query: filterOf(params),
      read: (reply) => sorted(jsonOf(reply)),
    }),
  },
  nodes: {
    params: ['filter'],
    ask: (params) => ({
      topic: 'nodes',
      path: '/v1/catalog/nodes',
      query: filterOf(params),
      read: jsonOf,
    }),
  },
  service: { params: ['service', 'tag', 'passingonly', 'filter'], ask: askService },
  checks: { params: ['service', 'state', 'filter'], ask: askChecks },
  event: {
    params: ['name'],
    ask: ({ name }) => ({
      topic: 'event',
      path: '/v1/event/list',
      query: name ? { name } : {},
      read: jsonOf,
    }),
  },
  agent_service: {
    params: ['service-id'],
    ask: ({ 'service-id': id }) => ({
      topic: 'agent_service',
      path: `/v1/agent/service/${needed(id, 'service-id')}`,
      query: {},
      by: 'hash',
      missing: /^unknown service ID/,
      read: (reply) => (reply.status === 404 ? null : jsonOf(reply)),
      asConsul: goAgentService,
    }),
  },
}

export const WATCH_TYPES: readonly string[] = Object.keys(TYPES)

/** What to ask for a type with these flags. */
export function questionOf(type: string, params: WatchParams): Question {
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (known === undefined) {
    const what = `Unsupported watch type: ${type}`
    throw misuse(what, { consul: what, why: `the types are ${WATCH_TYPES.join(', ')}` })
  }
  const asked = known.ask(params)
  const strange = (Object.keys(params) as (keyof WatchParams)[]) // our own record: no other keys
    .filter((name) => !known.params.includes(name) && isGiven(params[name]))
  if (strange.length > 0) throw complaint(`Invalid parameters: [${strange.join(' ')}]`)
  return asked
}

/** Consul's words are clear enough to be ours. */
const complaint = (text: string): Failure => misuse(text, { consul: text })

const isGiven = (value: WatchParams[keyof WatchParams]): boolean =>
  value !== undefined && value.length > 0

function needed(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw complaint(`Must specify a single ${what} to watch`)
  return value
}

function askService(params: WatchParams): Question {
  const path = `/v1/health/service/${needed(params.service, 'service')}`
  const { tag } = params
  const query = {
    ...filterOf(params),
    ...(tag.length === 0 ? {} : { tag }),
    ...(parseBool(params.passingonly ?? '') === true ? { passing: '1' } : {}),
  }
  return { topic: 'health', path, query, read: jsonOf, asConsul: goInstances }
}

function askChecks(params: WatchParams): Question {
  const { service, state } = params
  if (service && state) throw complaint('Cannot specify service and state')
  const path = service ? `/v1/health/checks/${service}` : `/v1/health/state/${state || 'any'}`
  return { topic: 'checks', path, query: filterOf(params), read: jsonOf, asConsul: goChecks }
}

const filterOf = ({ filter }: WatchParams): Record<string, string> => (filter ? { filter } : {})

const first = ([entry]: readonly KvEntry[]): Json => (entry === undefined ? null : shown(entry))

function readTree(reply: Reply): Json {
  const entries = entriesOf(reply)
  return entries.length === 0 ? null : entries.map(shown)
}

/** A key in the order of fields that Consul's command prints. */
const shown = (entry: KvEntry): Json => ({
  Key: entry.Key,
  CreateIndex: entry.CreateIndex,
  ModifyIndex: entry.ModifyIndex,
  LockIndex: entry.LockIndex,
  Flags: entry.Flags,
  Value: entry.Value,
  Session: entry.Session ?? '',
})

const sorted = (value: Json): Json => (isRecord(value) ? sortedRecord(value) : value)

const isRecord = (value: Json): value is Readonly<Record<string, Json>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
