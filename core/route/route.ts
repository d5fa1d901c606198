// What an endpoint may declare. Routes are records: the pipeline (core/api) does for every one of
// them what Consul's handlers do each on their own: tokens, datacenters, forwarding, consistency,
// blocking, headers, pretty printing.
import type { ApiError } from '../errors.ts'
import type { View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import type { U64 } from '../u64.ts'
import type { Coordinate } from '../wire/serf.ts'
import type { Query } from './query.ts'
import type { Headers, LiveBody } from './request.ts'
import type { Site } from './site.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** `GET /v1/kv/*key`: a method and a path. `*name` takes the rest of the path, slashes included. */
export type Pattern = `${Method} /${string}`

/** What a token must be good for. `of` names the parameter that says which object. */
export type AclNeed =
  | 'none'
  | { readonly resource: string; readonly access: 'read' | 'write' | 'list'; readonly of?: string }

/** What a handler is told of a request. No token, no header, no socket. */
export interface Input<Body = unknown> {
  /** The part of the path behind the prefix, as a byte string; empty for an exact path. */
  readonly rest: string
  readonly query: Query
  readonly body: Body
  /** The wall clock of the server that orders the write; the only time a command may hold. */
  readonly wall: WallMs
  /** What the client says it takes: the one header by which an answer is chosen. */
  readonly accept?: string | undefined
  /** A fresh version 4 UUID: created before the log, so that applying a command draws nothing. */
  uuid(): string
}

/** What a read found. */
export interface Found<Value = unknown> {
  /**
   * The log index of what was read: goes into X-Consul-Index, and decides when a blocking query
   * returns.
   */
  readonly index: number
  /** Printed as JSON. Undefined, and nothing made `later`: 404 with an empty body. */
  readonly value: Value | undefined
  /** Makes the value, if it takes long and `compact` may be all that is wanted. */
  readonly later?: () => Value
  /** `value` as compact JSON, for answers that are worth a way of their own. */
  readonly compact?: () => string | Uint8Array
  /** Bytes instead of JSON. */
  readonly raw?: { readonly bytes: Uint8Array; readonly headers: Headers }
  /**
   * A single object that is not there: a blocking query then waits for it to appear
   * (consul-surface: missing objects).
   */
  readonly missing?: boolean
  /** Of what was read, for those who wait by content: goes into X-Consul-ContentHash. */
  readonly hash?: string
  /** A 404 that says nothing of the state that it was read from. */
  readonly bare?: boolean
  /** In place of an index, of what has no order: a wait ends as soon as it is another one. */
  readonly cursor?: U64
}

/** An answer that needs no further thought. Without json, text or bytes: 200 with an empty body. */
export interface Said<Value = unknown> {
  readonly status?: number
  readonly json?: Value
  readonly text?: string
  readonly bytes?: Uint8Array
  readonly live?: LiveBody
  /** A session whose TTL runs anew from now: no part of the state, and so no command. */
  readonly renews?: string
  readonly headers?: Headers
  /** The meta headers that this one answer carries although its route has none. */
  readonly meta?: { readonly index?: number; readonly knownLeader: boolean }
}

/** A question to what is around the routes, and what to say when it has answered. */
export interface Asked {
  readonly ask: Question
  readonly say: (answer: unknown) => Said
}

/** Numbers of the process: names of gauges (`consul.runtime.alloc_bytes`) and their values. */
export type RuntimeFacts = Readonly<Record<string, number>>

/**
 * What routes cannot answer from a state: the runtime knows it or can do it, or, of the pool, of
 * events and of coordinates, the agent (agent/requests.ts).
 */
export type Question =
  /** Memory, CPU, disk of the host: the answer is the body of `/v1/agent/host`. */
  | { readonly type: 'host' }
  /** Numbers of the process for gauges and `info`: the answer is a RuntimeFacts. */
  | { readonly type: 'runtime' }
  /** Read the configuration again: answered by `{ error?: string }`. */
  | { readonly type: 'reload' }
  /** Stop in order after the answer is sent. */
  | { readonly type: 'leave' }
  /** Tell all agents: answered by `{ why?: string }`, which says why it cannot be sent. */
  | { readonly type: 'fire-event'; readonly event: EventSpec }
  /** Answered by `{ why?: string }`, which says why nobody was reached. */
  | { readonly type: 'join'; readonly address: string; readonly wan: boolean }
  /** Answered by `{ why?: string }`. */
  | {
      readonly type: 'force-leave'
      readonly node: string
      readonly prune: boolean
      readonly wan: boolean
    }
  /** Answered by the KeyReports of all pools. */
  | { readonly type: 'keyring'; readonly order: KeyOrder }
  /** Keep where a node stands. */
  | { readonly type: 'update-coordinate'; readonly row: PlacedNode }

/** A change of the keys of gossip, or a look at them. */
export interface KeyOrder {
  readonly operation: 'list' | 'install' | 'use' | 'remove'
  readonly key: Uint8Array
  readonly relayFactor: number
  /** Of this agent alone. */
  readonly localOnly: boolean
}

/** What the members of a pool say of their keys. */
export interface KeyReport {
  readonly wan: boolean
  /** How many members hold each key. */
  readonly keys: Readonly<Record<string, number>>
  readonly primaryKeys: Readonly<Record<string, number>>
  readonly nodes: number
  /** Why a member did not do it, by its name. */
  readonly errors: Readonly<Record<string, string>>
}

/** A node and its point on the network's map. */
interface PlacedNode {
  readonly node: string
  readonly segment: string
  readonly point: Coordinate
}

/** A user event as it is sent. */
export interface EventSpec {
  readonly id: string
  readonly name: string
  readonly payload: Uint8Array
  /** Expressions (RE2) over names and tags; empty: for all. */
  readonly nodeFilter: string
  readonly serviceFilter: string
  readonly tagFilter: string
}

/**
 * What a write route makes of a request: a command for the log, an answer at once, or a read in its
 * place.
 */
export type Intent<Command> =
  | { readonly propose: Command }
  | { readonly say: Said }
  | { readonly look: (view: View) => Said }

/**
 * Which of Consul's meta headers an answer carries. `effective` adds
 * X-Consul-Effective-Consistency, `bare` is X-Consul-Index alone.
 */
export type MetaHeaders = 'none' | 'bare' | 'index' | 'effective'

/**
 * How a cache would keep the answer: fetched anew whenever it changes, as a view that events keep
 * up to date, or as it was until it is too old.
 */
export type CacheKind = 'refreshed' | 'streamed' | 'kept'

interface Declared<P extends Pattern> {
  readonly path: P
  readonly acl: AclNeed
  /** One line for `lictor api list` and the manual. */
  readonly about: string
  /** The query parameter `dc` means nothing here. */
  readonly ignoresDatacenter?: boolean
  /** Enterprise's `ns` and `partition` are not looked at. */
  readonly ignoresEnterprise?: boolean
  /** Which setting bounds the body; the default is the general limit of the HTTP door. */
  readonly bodyLimit?: 'kv' | 'txn'
}

/** Answered from the replicated state; may block until what it read changes. */
export interface ReadRoute<P extends Pattern, Value> extends Declared<P> {
  readonly kind: 'read'
  readonly meta: MetaHeaders
  /**
   * A refusal behind the checks shows the meta headers too, as Consul's catalog does and its KV
   * store does not.
   */
  readonly metaOnFailure?: boolean
  /**
   * `hash`: it blocks while the content has the hash that the client names; `cursor`: while the
   * cursor is the very one.
   */
  readonly blocking: boolean | 'hash' | 'cursor'
  /** How long it waits if nobody says; else as configured. */
  readonly defaultWaitMs?: number
  /** Read from what is registered with this agent instead of the replicated state. */
  readonly of?: 'own'
  /** It knows `?cached`. */
  readonly cached?: CacheKind
  /** Parameters are checked here, before any state is read. */
  readonly check?: (input: Input, site: Site) => void
  readonly run: (view: View, input: Input, site: Site) => Found<Value>
}

/**
 * Ordered by the log. `intent` says what to do, `reply` what to say of the result of applying it.
 */
export interface WriteRoute<P extends Pattern, Body, Command, Value> extends Declared<P> {
  readonly kind: 'write'
  /** Runs before the body's size is looked at, as in Consul. */
  readonly check?: (input: Input, site: Site) => void
  readonly body: (bytes: Uint8Array) => Body
  readonly intent: (input: Input<Body>, site: Site) => Intent<Command>
  readonly reply: (result: unknown, input: Input<Body>) => Said<Value>
}

/** Answered by this agent from what it knows of itself. */
export interface LocalRoute<P extends Pattern, Body, Value> extends Declared<P> {
  readonly kind: 'local'
  /**
   * Consistency, blocking and datacenter are read (and refused) as in a read, though they change
   * nothing.
   */
  readonly parsesOptions?: boolean
  /** It knows `?cached`. */
  readonly cached?: CacheKind
  readonly body: (bytes: Uint8Array) => Body
  readonly run: (site: Site, input: Input<Body>) => Said<Value> | Asked
}

/** What is to be changed; `refusal` is the answer all the same. */
export interface Changes<Change> {
  readonly change: readonly Change[]
  readonly refusal?: ApiError
}

/**
 * About what is registered with this agent: answered at once from there, or a change of it. A
 * change is answered with an empty 200 when it is kept and the catalog knows it.
 */
export interface OwnRoute<P extends Pattern, Body, Change, Value> extends Declared<P> {
  readonly kind: 'own'
  readonly body: (bytes: Uint8Array) => Body
  /**
   * Refuses what cannot be done to the state that it sees: the change is made to that very state.
   */
  readonly run: (own: View, input: Input<Body>, site: Site) => Said<Value> | Changes<Change>
}

// biome-ignore-start lint/suspicious/noExplicitAny: a list of routes has as many types as routes
/** Any route, for code that treats all alike. */
export type Route =
  | ReadRoute<Pattern, any>
  | WriteRoute<Pattern, any, any, any>
  | LocalRoute<Pattern, any, any>
  | OwnRoute<Pattern, any, any, any>
// biome-ignore-end lint/suspicious/noExplicitAny: see above

export const read = <const P extends Pattern, Value>(
  route: Omit<ReadRoute<P, Value>, 'kind'>,
): ReadRoute<P, Value> => ({ kind: 'read', ...route })

export const write = <const P extends Pattern, Body, Command, Value>(
  route: Omit<WriteRoute<P, Body, Command, Value>, 'kind'>,
): WriteRoute<P, Body, Command, Value> => ({ kind: 'write', ...route })

export const local = <const P extends Pattern, Body, Value>(
  route: Omit<LocalRoute<P, Body, Value>, 'kind'>,
): LocalRoute<P, Body, Value> => ({ kind: 'local', ...route })

export const own = <const P extends Pattern, Body, Change, Value>(
  route: Omit<OwnRoute<P, Body, Change, Value>, 'kind'>,
): OwnRoute<P, Body, Change, Value> => ({ kind: 'own', ...route })

/** How most reads behave: all meta headers, even on a refusal, and able to wait. */
export const USUAL_READ = { meta: 'index', metaOnFailure: true, blocking: true } as const

/** An empty answer that still calls itself JSON, as Consul's do. */
export const EMPTY_JSON = { headers: ['Content-Type', 'application/json'] } as const satisfies Said

/** For routes whose body means nothing. */
export const noBody = (): undefined => undefined
/** The body as it came. */
export const rawBody = (bytes: Uint8Array): Uint8Array => bytes
