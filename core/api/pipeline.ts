// What every request goes through, in this order, whichever door it came by (design 2.6):
//
//   1 route · 2 decode · 3 datacenter · 6 leader · 7 propose, or settle consistency ·
//   8 read or park · 10 respond
//
// Steps 4, 5 and 9 (token, permission, filtering) have their place between 3 and 6, and before 10.
// Handlers are the `run`, `intent` and `reply` of a route: they see neither tokens nor headers,
// waits or sockets.
//
// Nothing here does anything: each function says what comes next, the agent (core/agent) does it.
import { assert, unreachable } from '../assert.ts'
import { ApiError } from '../errors.ts'
import type { Command } from '../fsm/commands.ts'
import type { LogIndex, RequestId } from '../ids.ts'
import type { OwnChange } from '../local/records.ts'
import { count } from '../metrics.ts'
import { isRefused } from '../outcome.ts'
import type { Prng } from '../prng.ts'
import { noPath } from '../route/datacenter.ts'
import type { Request, Response } from '../route/request.ts'
import {
  type Asked,
  type Changes,
  EMPTY_JSON,
  type Found,
  type Pattern,
  type ReadRoute,
  type Said,
} from '../route/route.ts'
import { createWatchSet, glanceAt, type Store, viewOf, type WatchSet } from '../state/store.ts'
import type { Instant, WallMs } from '../time.ts'
import { answerError, answerFound, answerSaid, type Meta, metaHeaders } from './answer.ts'
import {
  nextExpired,
  PARKED_MAX,
  type Parked,
  type Parking,
  park,
  parkedCount,
  unpark,
} from './blocking.ts'
import { type CacheBook, freshnessHeaders, lookUpCached } from './cached.ts'
import { type Call, type Desk, openCall } from './call.ts'

export interface Pipeline {
  readonly desk: Desk
  readonly store: Store
  /** What is registered with this agent: see core/local. */
  readonly own: Store
  readonly parking: Parking
  /** Whether what is here is known to be all that was ever acknowledged. */
  readonly canRead: () => boolean
  readonly cache: CacheBook
  /** For the jitter of waits. */
  readonly prng: Prng
}

/** What has to be done for a request. A parked one needs nothing until it is woken. */
export type Next =
  | { readonly type: 'respond'; readonly response: Response; readonly renews?: string | undefined }
  | { readonly type: 'propose'; readonly call: Call; readonly command: Command }
  | { readonly type: 'ask'; readonly call: Call; readonly asked: Asked }
  /** Not before it is certain that nobody else orders the writes: then `resume`. */
  | { readonly type: 'confirm'; readonly call: Call }
  | ChangeOwn
  | { readonly type: 'parked' }

/** A change of what is registered with this agent, and how to answer when it is made. */
export interface ChangeOwn {
  readonly type: 'change'
  readonly call: Call
  readonly changes: readonly OwnChange[]
  readonly refusal: ApiError | undefined
}

export interface Answered {
  readonly id: RequestId
  readonly response: Response
}

interface Clock {
  readonly now: Instant
  readonly wall: WallMs
}

export function begin(pipeline: Pipeline, request: Request, clock: Clock): Next {
  let call: Call | undefined
  try {
    const opened = openCall(pipeline.desk, request, clock.wall)
    if ('status' in opened) return { type: 'respond', response: opened }
    call = withFreshness(pipeline, opened, clock.now)
    if (call.elsewhere !== '') throw noPath()
    return proceed(pipeline, call, { now: clock.now, isConfirmed: pipeline.canRead() })
  } catch (error) {
    return { type: 'respond', response: failed(pipeline, error, call) }
  }
}

function withFreshness({ cache }: Pipeline, call: Call, now: Instant): Call {
  const freshness = call.elsewhere === '' ? lookUpCached(cache, call, now) : undefined
  return freshness === undefined ? call : { ...call, freshness }
}

/** A read whose answer cannot be stale any more. */
export function resume(pipeline: Pipeline, call: Call, now: Instant): Next {
  try {
    return proceed(pipeline, call, { now, isConfirmed: true })
  } catch (error) {
    return { type: 'respond', response: failed(pipeline, error, call) }
  }
}

function failed(pipeline: Pipeline, error: unknown, call: Call | undefined): Response {
  if (!(error instanceof ApiError)) throw error
  return answerError(pipeline.desk.head, error, failureMeta(call))
}

const NOTHING_READ: Meta = { index: 0, knownLeader: false, lastContactMs: 0 }

function failureMeta(call: Call | undefined): readonly string[] {
  const shown = call?.route.kind === 'read' && call.route.metaOnFailure === true
  return shown ? metaHeaders('index', NOTHING_READ, 'default') : []
}

interface At {
  readonly now: Instant
  readonly isConfirmed: boolean
}

function proceed(pipeline: Pipeline, call: Call, { now, isConfirmed }: At): Next {
  const { route, input } = call
  const { site } = pipeline.desk
  switch (route.kind) {
    case 'read': {
      const isStale = call.options.consistency === 'stale' || call.freshness !== undefined
      const mayBeStale = route.of === 'own' || isStale
      if (!isConfirmed && !mayBeStale) return { type: 'confirm', call }
      return beginRead(pipeline, call, now)
    }
    case 'write': {
      const intent = route.intent(input, site)
      // a route proposes commands of the state machine
      if ('propose' in intent) return { type: 'propose', call, command: intent.propose as Command }
      if (!isConfirmed) return { type: 'confirm', call }
      const said = 'say' in intent ? intent.say : intent.look(viewOf(pipeline.store))
      return { type: 'respond', response: respondSaid(pipeline, call, said), renews: said.renews }
    }
    case 'local': {
      const said: Said | Asked = route.run(site, input)
      if ('ask' in said) return { type: 'ask', call, asked: said }
      return { type: 'respond', response: respondSaid(pipeline, call, said) }
    }
    case 'own': {
      const said: Said | Changes<OwnChange> = route.run(glanceAt(pipeline.own), input, site)
      if ('change' in said) {
        return { type: 'change', call, changes: said.change, refusal: said.refusal }
      }
      return { type: 'respond', response: respondSaid(pipeline, call, said) }
    }
    default:
      return unreachable(route)
  }
}

function beginRead(pipeline: Pipeline, call: Call, now: Instant): Next {
  const route = readRouteOf(call)
  const hash = route.blocking === 'hash' ? call.input.query.get('hash') || undefined : undefined
  const waits = route.blocking === 'hash' ? hash !== undefined : call.options.minIndex !== 0
  if (!route.blocking || !waits) {
    return { type: 'respond', response: respondFound(pipeline, call, find(pipeline, call)) }
  }
  const parked: Parked = {
    // What is waited for was not there.
    call: call.freshness === undefined ? call : { ...call, freshness: { ageMs: undefined } },
    deadline: now + waitOf(pipeline, call),
    minIndex: call.options.minIndex,
    hash,
    missingSeen: false,
    at: -1,
  }
  const look = lookFor(pipeline, parked.call)
  if (isNews(parked, look.found)) {
    return { type: 'respond', response: respondFound(pipeline, call, look.found) }
  }
  if (parkedCount(pipeline.parking) >= PARKED_MAX) {
    throw new ApiError('too-many', `too many blocking queries at this agent (${PARKED_MAX})`)
  }
  park(pipeline.parking, storeOf(pipeline, call), { parked, read: look.read })
  return { type: 'parked' }
}

/** Where a read looks, and waits. */
const storeOf = (pipeline: Pipeline, call: Call): Store =>
  readRouteOf(call).of === 'own' ? pipeline.own : pipeline.store

const find = (pipeline: Pipeline, call: Call): Found =>
  readRouteOf(call).run(viewOf(storeOf(pipeline, call)), call.input, pipeline.desk.site)

/**
 * As long as asked, within the configured bounds, and up to a sixteenth longer: so that those who
 * came together do not return together (Consul: blocking queries).
 */
function waitOf(pipeline: Pipeline, call: Call): number {
  const { defaultQueryTimeMs, maxQueryTimeMs } = pipeline.desk.site.config
  const { waitMs } = call.options
  const defaultMs = readRouteOf(call).defaultWaitMs ?? defaultQueryTimeMs
  const bounded = waitMs <= 0 ? defaultMs : Math.min(waitMs, maxQueryTimeMs)
  return bounded + pipeline.prng.unit() * (bounded / 16)
}

interface Look {
  readonly found: Found
  readonly read: WatchSet
}

function lookFor(pipeline: Pipeline, call: Call): Look {
  const read = createWatchSet()
  const view = viewOf(storeOf(pipeline, call), read)
  return { found: readRouteOf(call).run(view, call.input, pipeline.desk.site), read }
}

/** Whether it ends the wait. */
function isNews(parked: Parked, found: Found): boolean {
  if (parked.hash !== undefined) return found.hash !== parked.hash
  if (found.cursor !== undefined) return found.cursor !== parked.minIndex
  if (found.missing === true) {
    // A second look that finds nothing is no news, however far the table has moved since.
    if (parked.missingSeen) parked.minIndex = found.index
    parked.missingSeen = true
  }
  return found.index > parked.minIndex
}

/** What was found for one question, and the answer once somebody got it. */
interface Seen {
  readonly look: Look | ApiError
  response: Response | undefined
}

/**
 * Looks again for each of the parked that a commit named; answers those for whom there is news. Who
 * asks the same shares the look and the answer: thousands may wait for one key.
 */
export function wake(pipeline: Pipeline, fired: Iterable<Parked>): Answered[] {
  const answered: Answered[] = []
  const known = new Map<string, Seen>()
  for (const parked of fired) {
    if (parked.at < 0) continue
    count(pipeline.desk.site.metrics, 'lictor.woken')
    const seen = seeAgain(pipeline, parked.call, known)
    const { look } = seen
    if (look instanceof ApiError || isNews(parked, look.found)) {
      answered.push(release(pipeline, parked, seen))
    } else park(pipeline.parking, storeOf(pipeline, parked.call), { parked, read: look.read })
  }
  return answered
}

function seeAgain(pipeline: Pipeline, call: Call, known: Map<string, Seen>): Seen {
  const before = known.get(call.question)
  if (before !== undefined) return before
  const seen = see(pipeline, call)
  known.set(call.question, seen)
  return seen
}

const see = (pipeline: Pipeline, call: Call): Seen => ({
  look: attempt(() => lookFor(pipeline, call)),
  response: undefined,
})

/** Answers those whose time is up with what is there now. */
export function expire(pipeline: Pipeline, now: Instant): Answered[] {
  const answered: Answered[] = []
  for (;;) {
    const parked = nextExpired(pipeline.parking, now)
    if (parked === undefined) return answered
    answered.push(release(pipeline, parked, see(pipeline, parked.call)))
  }
}

/** What was there when the wait began may be gone when it ends: a refusal then ends it. */
function attempt<T>(look: () => T): T | ApiError {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return error
  }
}

function release(pipeline: Pipeline, parked: Parked, seen: Seen): Answered {
  const { call } = parked
  const { look } = seen
  unpark(pipeline.parking, storeOf(pipeline, call), parked)
  seen.response ??=
    look instanceof ApiError ? refuse(pipeline, look) : respondFound(pipeline, call, look.found)
  return { id: call.id, response: seen.response }
}

/** The client is gone: what was kept for it goes too. */
export function abandon(pipeline: Pipeline, id: RequestId): void {
  const parked = pipeline.parking.byId.get(id)
  if (parked === undefined) return
  unpark(pipeline.parking, storeOf(pipeline, parked.call), parked)
}

/**
 * What to say when the log has applied the command of a call: at which index, with which result.
 */
export function replyTo(
  pipeline: Pipeline,
  call: Call,
  applied: { index: LogIndex; result: unknown },
): Response {
  assert(call.route.kind === 'write', 'only writes wait for the log')
  if (isRefused(applied.result)) {
    return refuse(pipeline, new ApiError('invalid', `raft apply failed: ${applied.result.refused}`))
  }
  const { route } = call
  const response = guard(pipeline, () =>
    respondSaid(pipeline, call, route.reply(applied.result, call.input)),
  )
  return { ...response, headers: [...response.headers, 'X-Lictor-Index', String(applied.index)] }
}

/** What to say when a change of the agent's own is kept and the catalog knows it. */
export const changed = (pipeline: Pipeline, call: Call): Response =>
  respondSaid(pipeline, call, pipeline.desk.head.dialect === 'lesson' ? DONE : EMPTY_JSON)

const DONE: Said = { json: { success: true } }

/** What to say when a question has been answered. */
export const sayTo = (
  pipeline: Pipeline,
  { call, asked }: { call: Call; asked: Asked },
  answer: unknown,
): Response => guard(pipeline, () => respondSaid(pipeline, call, asked.say(answer)))

/** A refusal that comes late is a refusal all the same. */
function guard(pipeline: Pipeline, answer: () => Response): Response {
  try {
    return answer()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return refuse(pipeline, error)
  }
}

export const refuse = (pipeline: Pipeline, error: ApiError): Response =>
  answerError(pipeline.desk.head, error)

function respondSaid({ desk }: Pipeline, call: Call, said: Said): Response {
  const extra = freshnessHeaders(call.freshness)
  const shown =
    extra.length === 0 ? said : { ...said, headers: [...(said.headers ?? []), ...extra] }
  return answerSaid(desk.head, shown, call.layout)
}

/** Named one by one: behind a spread, an object has a shape of its own, and all are slow. */
const stateAt = (
  index: Meta['index'],
  { knownLeader, lastContactMs }: Omit<Meta, 'index'>,
): Meta => ({
  index,
  knownLeader,
  lastContactMs,
})

function respondFound(pipeline: Pipeline, call: Call, found: Found): Response {
  const { site, head } = pipeline.desk
  const { meta, cached } = readRouteOf(call)
  const mayStream = cached === 'streamed' && call.freshness !== undefined
  const isStreamed = mayStream && !UNSTREAMED.some((name) => call.input.query.has(name))
  const index = found.cursor ?? found.index
  const state = meta === 'none' ? NOTHING_READ : stateAt(index, site.contact())
  return answerFound(head, found, {
    meta,
    state: isStreamed ? { ...state, knownLeader: false, streamed: true } : state,
    extra: freshnessHeaders(call.freshness),
    consistency: call.options.consistency,
    layout: call.layout,
  })
}

/** A view that is streamed has no order, and knows the instances alone. */
const UNSTREAMED = ['near', 'merge-central-config']

function readRouteOf(call: Call): ReadRoute<Pattern, unknown> {
  assert(call.route.kind === 'read', 'only reads look at the state')
  return call.route
}
