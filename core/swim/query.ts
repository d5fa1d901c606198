// Queries: a question to the pool, answers from those whom it concerns (Serf, memberlist-wire §4).
// The question is spread by gossip; acks and answers come straight back, and by relays if the asker
// fears that some cannot reach it.
import { assert, unreachable } from '../assert.ts'
import { EMPTY, textOf } from '../bytes.ts'
import type { Instant } from '../time.ts'
import { withoutMapping } from '../wire/ip.ts'
import {
  decodeAs,
  encodeFilter,
  encodeSerf,
  type Query,
  type QueryFilter,
  type QueryResponse,
  type Relay,
} from '../wire/serf.ts'
import { concernsUs } from './filter.ts'
import { isKeyQuery, obeyKeyQuery } from './keys.ts'
import { believableTime, type LTime, stamp, witness } from './lamport.ts'
import { type PoolMember, type Status, sameAddress } from './member.ts'
import { sendAlone, spreadSerf } from './outbox.ts'
import { addSeen } from './ring.ts'
import { note, type Swim, selfOf } from './swim.ts'

/** The sender wants to know who was reached; on a response: this is that word, and no answer. */
const FLAG_ACK = 1
/** Not to be passed on. */
const FLAG_NO_BROADCAST = 2
/** Names that begin so are questions of Serf itself. */
const INTERNAL = '_serf_'
export const CONFLICT_QUERY = '_serf_conflict'
/** From this protocol on members hand on what is for others. */
const RELAY_PROTOCOL = 5
/** Queries of ours under way, and questions of others that wait for an answer. */
const QUERIES_MAX = 1024
const NS_PER_MS = 1e6

/** Why a query was asked, and what has come of it. */
export type QueryUse =
  | { readonly type: 'user' }
  /** Which of two members of our name the others know. */
  | { readonly type: 'conflict'; votes: number; votesForUs: number }

export interface OwnQuery {
  readonly lTime: LTime
  readonly deadline: Instant
  readonly use: QueryUse
  /** Each is counted once, however many relays it came by. */
  readonly acked: Set<string>
  readonly answered: Set<string>
}

/** Asked of us. */
export interface Question {
  readonly query: Query
  readonly deadline: Instant
}

export interface Asking {
  readonly name: string
  readonly payload: Uint8Array
  readonly filters?: readonly QueryFilter[]
  readonly wantsAck?: boolean
  readonly relayFactor?: number
  readonly timeoutMs?: number
}

export type Asked =
  | { readonly ok: true; readonly query: number }
  | { readonly ok: false; readonly why: string }

export function startQuery(swim: Swim, asking: Asking, use: QueryUse = { type: 'user' }): Asked {
  if (swim.ownQueries.size >= QUERIES_MAX) return { ok: false, why: 'too many queries' }
  const { address } = selfOf(swim)
  const timeoutMs = asking.timeoutMs ?? defaultTimeoutMs(swim)
  const query: Query = {
    type: 'query',
    lTime: swim.clocks.queries.time,
    id: freshId(swim),
    addr: address.ip,
    port: address.port,
    sourceNode: swim.name,
    filters: asking.filters === undefined ? null : asking.filters.map(encodeFilter),
    flags: asking.wantsAck === true ? FLAG_ACK : 0,
    relayFactor: asking.relayFactor ?? 0,
    timeout: Math.round(timeoutMs * NS_PER_MS),
    name: asking.name,
    payload: asking.payload,
  }
  const body = encodeSerf(query)
  const { queryBytesMax } = swim.settings
  if (body.length > queryBytesMax)
    return { ok: false, why: `a query of ${body.length} bytes, at most ${queryBytesMax}` }
  const lTime = stamp(swim.clocks.queries)
  const deadline = swim.now + timeoutMs
  swim.ownQueries.set(query.id, { lTime, deadline, use, acked: new Set(), answered: new Set() })
  isNews(swim, query.id, lTime)
  spreadSerf(swim.queues.queries, body)
  consider(swim, query)
  return { ok: true, query: query.id }
}

/** Long enough for gossip to reach everybody, and for the answers. */
function defaultTimeoutMs({ settings, members }: Swim): number {
  const { gossipIntervalMs, queryTimeoutMult } = settings
  return gossipIntervalMs * queryTimeoutMult * Math.ceil(Math.log10(members.size + 1))
}

function freshId({ prng, ownQueries }: Swim): number {
  let id = prng.next()
  while (ownQueries.has(id)) id = prng.next()
  return id
}

const isNews = (swim: Swim, id: number, lTime: LTime): boolean =>
  addSeen(swim.questions, { item: id, lTime, clock: swim.clocks.queries.time }, (a, b) => a === b)

/** Somebody asks. `body` is passed on as it came. */
export function onQuery(swim: Swim, query: Query, body: Uint8Array): void {
  const lTime = believableTime(query.lTime)
  if (lTime === undefined) return
  witness(swim.clocks.queries, lTime)
  if (!isNews(swim, query.id, lTime)) return
  if ((query.flags & FLAG_NO_BROADCAST) === 0) spreadSerf(swim.queues.queries, body)
  consider(swim, query)
}

function consider(swim: Swim, query: Query): void {
  const self = swim.roster.get(swim.name)
  if (self === undefined || !concernsUs(self, query.filters ?? [])) return
  if ((query.flags & FLAG_ACK) !== 0) respond(swim, query, { flags: FLAG_ACK, payload: null })
  if (query.name.startsWith(INTERNAL)) answerInternal(swim, query)
  else ask(swim, query)
}

function ask(swim: Swim, query: Query): void {
  if (swim.asked.size >= QUERIES_MAX) {
    note(swim, { what: 'full', of: 'questions' })
    return
  }
  const deadline = swim.now + Math.max(0, Number(query.timeout) / NS_PER_MS)
  swim.lastQuestion += 1
  const id = swim.lastQuestion
  swim.asked.set(id, { query, deadline })
  const { name, payload, sourceNode: from } = query
  swim.effects.push({
    type: 'question',
    question: { id, name, payload: payload ?? EMPTY, from, deadline },
  })
}

/** Answers a question of somebody. Why not, if it comes to nothing. */
export function answerQuestion(swim: Swim, id: number, payload: Uint8Array): string | undefined {
  const question = swim.asked.get(id)
  if (question === undefined || swim.now >= question.deadline) return 'the question is over'
  const size = responseBytes(swim, question.query, payload)
  const { queryResponseBytesMax } = swim.settings
  if (size > queryResponseBytesMax)
    return `an answer of ${size} bytes, at most ${queryResponseBytesMax}`
  swim.asked.delete(id)
  respond(swim, question.query, { flags: 0, payload })
  return undefined
}

const responseBytes = (swim: Swim, { lTime, id }: Query, payload: Uint8Array): number =>
  encodeSerf({ type: 'queryResponse', lTime, id, from: swim.name, flags: 0, payload }).length

function answerInternal(swim: Swim, query: Query): void {
  const payload = query.payload ?? EMPTY
  if (query.name === CONFLICT_QUERY) {
    const record = memberRecord(swim, textOf(payload))
    if (record !== undefined) respond(swim, query, { flags: 0, payload: record })
    return
  }
  // A ping, for which the ack was the answer, or a question of a newer Serf.
  if (!isKeyQuery(query.name)) return
  const fits = (answer: Uint8Array) =>
    responseBytes(swim, query, answer) <= swim.settings.queryResponseBytesMax
  const answer = obeyKeyQuery(swim, { name: query.name, payload, fits })
  respond(swim, query, { flags: 0, payload: answer })
}

const STATUS: Readonly<Record<Status, number>> = { alive: 1, leaving: 2, left: 3, failed: 4 }

/** What we know of a name. The two who claim it do not vote. */
function memberRecord(swim: Swim, name: string): Uint8Array | undefined {
  const member = swim.roster.get(name)
  if (member === undefined || name === swim.name) return undefined
  const { address, tags, status, versions } = member
  return encodeSerf({
    type: 'member',
    name,
    addr: address.ip,
    port: address.port,
    tags,
    status: STATUS[status],
    ...versions,
  })
}

function respond(
  swim: Swim,
  query: Query,
  { flags, payload }: { flags: number; payload: Uint8Array | null },
): void {
  const { lTime, id, sourceNode } = query
  const response: QueryResponse = {
    type: 'queryResponse',
    lTime,
    id,
    from: swim.name,
    flags,
    payload,
  }
  if (sourceNode === swim.name) {
    onQueryResponse(swim, response)
    return
  }
  const to = { ip: query.addr, port: query.port }
  if (to.ip === '' || to.port === 0) return
  const body = encodeSerf(response)
  sendAlone(swim, { to, messages: [{ type: 'user', body }], member: undefined })
  relay(swim, query, body)
}

/** The same by the way of others, if the pool is larger than their number. */
function relay(swim: Swim, { relayFactor, addr, port, sourceNode }: Query, body: Uint8Array): void {
  const candidates = [...swim.roster.values()].filter(canRelay(swim, sourceNode))
  if (relayFactor === 0 || candidates.length < relayFactor) return
  const wrapped = encodeSerf({ type: 'relay', ip: addr, port, node: sourceNode, message: body })
  const message = { type: 'user', body: wrapped } as const
  for (const { address } of swim.prng.shuffle(candidates).slice(0, relayFactor))
    sendAlone(swim, { to: address, messages: [message], member: undefined })
}

const canRelay =
  (swim: Swim, asker: string) =>
  ({ name, status, versions }: PoolMember): boolean =>
    name !== swim.name &&
    name !== asker &&
    status === 'alive' &&
    versions.protocolMax >= RELAY_PROTOCOL

/** Hands on what is for another member, and for nobody else. */
export function onRelay(swim: Swim, { ip, port, node, message }: Relay): void {
  const member = swim.roster.get(node)
  const to = { ip: withoutMapping(ip), port }
  if (member === undefined || !sameAddress(member.address, to)) {
    note(swim, { what: 'not-admitted', node, why: 'a relay to no member' })
    return
  }
  sendAlone(swim, { to, messages: [{ type: 'user', body: message }], member: undefined })
}

export function onQueryResponse(swim: Swim, response: QueryResponse): void {
  const query = swim.ownQueries.get(response.id)
  if (query === undefined || query.lTime !== response.lTime || swim.now >= query.deadline) return
  const { from } = response
  const isAck = (response.flags & FLAG_ACK) !== 0
  const heard = isAck ? query.acked : query.answered
  if (heard.has(from) || heard.size >= swim.settings.membersMax) return
  heard.add(from)
  const { use } = query
  switch (use.type) {
    case 'conflict':
      if (!isAck) countVote(swim, use, response.payload ?? EMPTY)
      break
    case 'user':
      swim.effects.push(
        isAck
          ? { type: 'query-ack', query: response.id, from }
          : {
              type: 'query-answer',
              query: response.id,
              from,
              payload: response.payload ?? EMPTY,
            },
      )
      break
    default:
      unreachable(use)
  }
}

function countVote(
  swim: Swim,
  use: Extract<QueryUse, { type: 'conflict' }>,
  payload: Uint8Array,
): void {
  const record = decodeAs('member', payload)
  if (!record.ok) return
  const { addr, port } = record.value
  use.votes += 1
  if (sameAddress({ ip: addr, port }, selfOf(swim).address)) use.votesForUs += 1
}

export const queriesDue = (swim: Swim): Instant => {
  let due = Number.POSITIVE_INFINITY
  for (const { deadline } of swim.ownQueries.values()) due = Math.min(due, deadline)
  for (const { deadline } of swim.asked.values()) due = Math.min(due, deadline)
  return due
}

/** Ends what has lasted long enough. */
export function expireQueries(swim: Swim): void {
  for (const [id, { deadline }] of swim.asked) if (swim.now >= deadline) swim.asked.delete(id)
  for (const [id, query] of swim.ownQueries) {
    if (swim.now < query.deadline) continue
    swim.ownQueries.delete(id)
    if (query.use.type === 'user') swim.effects.push({ type: 'query-end', query: id })
    else countVotes(swim, query.use)
  }
}

/** Nobody answered: nobody contradicts. */
function countVotes(
  swim: Swim,
  { votes, votesForUs }: { votes: number; votesForUs: number },
): void {
  assert(votesForUs <= votes, 'every vote for us is a vote')
  const majority = Math.floor(votes / 2) + 1
  if (votes > 0 && votesForUs < majority) swim.effects.push({ type: 'name-lost' })
}
