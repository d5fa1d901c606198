// A small world of three servers for exhaustive search (reliability §2.1): the machine that ships,
// and everything that can happen to it next, as values. A state is never changed: an action makes
// another one. Time is taken out: any timer may fire at any moment, and none is due by itself.
import { ENTRY, type Entry, type Persist, type Vote } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { Prng } from '../../../core/prng.ts'
import { checkThoroughly } from '../../../core/raft/invariants.ts'
import { lastIndex } from '../../../core/raft/log.ts'
import type { Peer, RaftReply, RaftRequest, Server } from '../../../core/raft/messages.ts'
import { createRaft, drainRaft, type Raft, type RaftEffect } from '../../../core/raft/raft.ts'
import {
  onCall,
  onCallFailed,
  onPersisted,
  onReply,
  onTick,
  propose,
  takeCommitted,
} from '../../../core/raft/server.ts'
import { configurationCodec } from '../../../core/raft/wire.ts'
import { copy } from './copy.ts'

export const SERVERS = 3

export interface Node {
  /** Undefined: it is down. */
  readonly raft: Raft | undefined
  readonly vote: Vote
  readonly entries: readonly Entry[]
  /** Handed to the disk, which has not answered. */
  readonly writing: Persist | undefined
  readonly crashes: number
}

/** A message under way. */
export type Flight = { readonly from: number; readonly to: number; readonly call: number } & (
  | { readonly request: RaftRequest }
  | { readonly reply: RaftReply }
)

export interface State {
  readonly nodes: readonly Node[]
  readonly flights: readonly Flight[]
  readonly proposed: number
  readonly doubled: number
  readonly lost: number
}

export interface Limits {
  /** Nobody stands in a term above. */
  readonly termMax: number
  readonly proposals: number
  /** Of each server. */
  readonly crashes: number
  readonly doubles: number
  /** Whose sender is told: a message that is never delivered costs nothing. */
  readonly losses: number
  /** Writes end when they begin. */
  readonly promptDisk: boolean
  /** A mistake of the disk, to see the search find something. */
  readonly forgetsVotes?: boolean
}

const peerOf = (at: number): Peer => ({ id: `${at + 1}`, address: `h${at + 1}` })
const PEERS = Array.from({ length: SERVERS }, (_, at) => peerOf(at))
const FOUNDERS: readonly Server[] = PEERS.map((peer) => ({ ...peer, suffrage: 'voter' }))
const FIRST: Entry = {
  index: logIndex(1),
  term: term(1),
  type: ENTRY.configuration,
  data: configurationCodec.encode({ servers: FOUNDERS }),
}

const HEARTBEAT_MS = 100
const SETTINGS = {
  heartbeatMs: HEARTBEAT_MS,
  electionMs: HEARTBEAT_MS,
  leaseMs: HEARTBEAT_MS,
  commitMs: 0,
  appendEntriesMax: 2,
  appendBytesMax: 1_000,
  inflightMax: 1,
  trailingEntries: 0,
  leaseDrift: undefined,
}

/** Nothing is left to chance. */
const NO_CHANCE: Prng = {
  next: () => 0,
  range: (low) => low,
  unit: () => 0,
  chance: () => false,
  exponential: (mean) => mean,
  pick: <T>(items: readonly T[]) => items[0] as T, // never of none
  shuffle: (items) => items,
  fork: () => NO_CHANCE,
}

function boot(at: number, vote: Vote, entries: readonly Entry[]): Raft {
  const raft = createRaft({
    self: peerOf(at),
    settings: SETTINGS,
    prng: NO_CHANCE,
    configurations: configurationCodec,
    recovered: { vote, entries, snapshot: undefined },
    snapshot: undefined,
    now: 0,
    boot: 'again',
  })
  return forgetTime(raft)
}

const FOUNDED: Vote = { term: term(1), votedFor: '' }

/** The founders of a cluster, in whose term nobody leads. */
export const beginning = (): State => ({
  nodes: PEERS.map((_, at) => ({
    raft: boot(at, FOUNDED, [FIRST]),
    vote: FOUNDED,
    entries: [FIRST],
    writing: undefined,
    crashes: 0,
  })),
  flights: [],
  proposed: 0,
  doubled: 0,
  lost: 0,
})

export interface Action {
  readonly text: string
  readonly next: () => State
}

/** All that can happen next. */
export function* actionsOf(state: State, limits: Limits): Generator<Action> {
  const writer = limits.promptDisk ? state.nodes.findIndex(({ writing }) => writing) : -1
  const writing = state.nodes[writer]?.writing
  if (writing !== undefined) {
    yield { text: `${writer + 1} has written`, next: () => endWrite(state, writer, writing) }
    return
  }
  for (const at of state.nodes.keys()) yield* actionsAt(state, at, limits)
  for (const [at, flight] of state.flights.entries()) yield* actionsWith(state, at, flight, limits)
}

function* actionsAt(state: State, at: number, limits: Limits): Generator<Action> {
  const node = nodeAt(state, at)
  const { raft, writing, crashes } = node
  const name = `${at + 1}`
  if (raft === undefined) {
    yield { text: `${name} starts`, next: () => start(state, at, limits) }
    return
  }
  // All are alike until one has done something: let it be the first.
  const isFirst = at === 0 || state.nodes.some((one) => one.vote.term > 1)
  if (isFirst && raft.role.type !== 'leader' && raft.vote.term < limits.termMax)
    yield { text: `${name} campaigns`, next: () => step(state, at, timeOut) }
  if (raft.role.type === 'leader' && state.proposed < limits.proposals) {
    const data = new Uint8Array([state.proposed])
    const next = () => step(state, at, (one) => propose(one, data, 0))
    yield { text: `${name} proposes`, next: () => ({ ...next(), proposed: state.proposed + 1 }) }
  }
  if (writing !== undefined)
    yield { text: `${name} has written`, next: () => endWrite(state, at, writing) }
  if (crashes >= limits.crashes) return
  yield { text: `${name} crashes`, next: () => crash(state, at, node) }
  if (writing !== undefined)
    yield { text: `${name} crashes behind its write`, next: () => crash(state, at, landed(node)) }
}

function* actionsWith(state: State, at: number, flight: Flight, limits: Limits): Generator<Action> {
  const said = `${flight.from + 1}>${flight.to + 1} ${textOf(flight)}`
  const rest = { ...state, flights: state.flights.toSpliced(at, 1) }
  yield { text: said, next: () => deliver(rest, flight) }
  if (state.lost < limits.losses)
    yield { text: `lost: ${said}`, next: () => ({ ...lose(rest, flight), lost: state.lost + 1 }) }
  if (state.doubled < limits.doubles)
    yield {
      text: `twice: ${said}`,
      next: () => ({ ...deliver(state, flight), doubled: state.doubled + 1 }),
    }
}

const textOf = (flight: Flight): string =>
  'request' in flight ? flight.request.type : flight.reply.type

/**
 * It stands at once: that it asks before is for the peace of others (Thesis §9.6), and nothing may
 * depend on what it is told.
 */
function timeOut(raft: Raft): void {
  if (raft.role.type === 'leader') return
  onTick(raft, raft.role.electionDue)
  const reply = { type: 'pre-vote-reply', term: term(raft.vote.term + 1), granted: true } as const
  for (const [call, { request }] of raft.calls)
    if (request.type === 'pre-vote') onReply(raft, { call, reply }, 0)
}

function start(state: State, at: number, limits: Limits): State {
  const { entries, vote, crashes } = nodeAt(state, at)
  const kept = limits.forgetsVotes === true ? { ...vote, votedFor: '' } : vote
  const node = { raft: boot(at, kept, entries), vote: kept, entries, writing: undefined, crashes }
  return { ...state, nodes: state.nodes.with(at, node) }
}

/** What was on its way to it or from it is lost; whoever called it is told. */
function crash(state: State, at: number, { vote, entries, crashes }: Node): State {
  const node = { raft: undefined, vote, entries, writing: undefined, crashes: crashes + 1 }
  const flights = state.flights.filter(({ from, to }) => from !== at && to !== at)
  let now: State = { ...state, nodes: state.nodes.with(at, node), flights }
  for (const [caller, { raft }] of state.nodes.entries()) {
    if (caller === at || raft === undefined) continue
    for (const [call, { to }] of raft.calls)
      if (to.id === peerOf(at).id) now = fail(now, caller, call)
  }
  return now
}

function landed({ vote, entries, writing, ...rest }: Node): Node {
  if (writing === undefined) return { vote, entries, writing, ...rest }
  const { truncateFrom = logIndex(entries.length + 1) } = writing
  return {
    ...rest,
    vote: writing.vote ?? vote,
    entries: [...entries.slice(0, truncateFrom - 1), ...writing.entries],
    writing: undefined,
  }
}

function endWrite(state: State, at: number, { token }: Persist): State {
  const nodes = state.nodes.with(at, landed(nodeAt(state, at)))
  return step({ ...state, nodes }, at, (raft) => onPersisted(raft, token, 0))
}

function deliver(state: State, flight: Flight): State {
  const { from, to, call } = flight
  if ('reply' in flight)
    return step(state, to, (raft) => onReply(raft, { call, reply: flight.reply }, 0))
  const incoming = { id: call * SERVERS + from, from: peerOf(from), request: flight.request }
  return step(state, to, (raft) => onCall(raft, incoming, 0))
}

function lose(state: State, flight: Flight): State {
  return fail(state, 'reply' in flight ? flight.to : flight.from, flight.call)
}

/** Who called is told, and tries again. */
const fail = (state: State, caller: number, call: number): State =>
  step(state, caller, (raft) => {
    onCallFailed(raft, call, 0)
    forgetTime(raft)
    if (raft.role.type === 'leader') onTick(raft, 0)
  })

/** Lets something happen to a copy of a server, and takes what comes of it. */
function step(state: State, at: number, happen: (raft: Raft) => void): State {
  const node = nodeAt(state, at)
  if (node.raft === undefined) return state
  const raft = copy(node.raft)
  happen(raft)
  let writing = node.writing
  const flights = [...state.flights]
  for (const effect of drainRaft(raft)) {
    if (effect.type === 'persist') writing = effect.persist
    else if (effect.type === 'committed') takeCommitted(raft)
    else flights.push(...flightOf(at, effect))
  }
  if (writing?.token !== raft.underWay?.persist.token) writing = undefined
  checkThoroughly(forgetTime(raft))
  return { ...state, nodes: state.nodes.with(at, { ...node, raft, writing }), flights }
}

function flightOf(at: number, effect: RaftEffect): Flight[] {
  if (effect.type === 'call')
    return effect.request.type === 'heartbeat' || effect.request.type === 'pre-vote'
      ? [] // appends say as much; and see timeOut
      : [{ from: at, to: Number(effect.to.id) - 1, call: effect.call, request: effect.request }]
  if (effect.type !== 'reply') return []
  const [to, call] = [effect.id % SERVERS, Math.floor(effect.id / SERVERS)]
  return [{ from: at, to, call, reply: effect.reply }]
}

/** Every timer is as if it had just been set, but for those of retries, which are due. */
function forgetTime(raft: Raft): Raft {
  const { role } = raft
  Object.assign(raft, { now: 0, lastContact: 0, lateness: 0, haste: 0, loyalUntil: 0 })
  if (role.type !== 'leader') {
    role.electionDue = HEARTBEAT_MS
    return raft
  }
  role.leaseDue = HEARTBEAT_MS
  for (const progress of role.followers.values()) {
    const due = { commitDue: 0, retryAt: 0, heartbeatDue: HEARTBEAT_MS, heardAt: 0 }
    Object.assign(progress, due, { ackedSentAt: 0, failures: 0, heartbeatUnderWay: true })
  }
  return raft
}

function nodeAt({ nodes }: State, at: number): Node {
  const node = nodes[at]
  if (node === undefined) throw new Error(`there is no server ${at + 1}`)
  return node
}

export const committedIn = (raft: Raft): readonly Entry[] =>
  raft.log.entries.slice(0, Math.min(raft.commit, lastIndex(raft.log)))
