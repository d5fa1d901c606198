// The agent: the machines of the other rooms put together. Events go in, effects come out; it
// never waits and never throws for what is expected. Which machines exist is decided by the
// configuration: for now an agent that is alone and orders its writes by itself (core/solo.ts).
//
// The way of a write: onRequest → propose → effect persist … event persisted → applyCommitted →
// effect respond. Nothing that depends on a persist leaves before `persisted` has come back.

import { createLetterhead } from '../api/answer.ts'
import { createParking, type Parked, parkedCount } from '../api/blocking.ts'
import type { Call } from '../api/call.ts'
import {
  type Answered,
  abandon,
  begin,
  changed,
  expire,
  type Pipeline,
  refuse,
  replyTo,
  sayTo,
  wake,
} from '../api/pipeline.ts'
import { createRouter } from '../api/router.ts'
import { ROUTES } from '../api/table.ts'
import { unreachable } from '../assert.ts'
import { registerLoneNode } from '../catalog/boot.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { answerPacket, createResolver, type Resolver } from '../dns/answer.ts'
import { dnsSettings } from '../dns/settings.ts'
import type { Recovered } from '../entry.ts'
import { ApiError } from '../errors.ts'
import { type Command, encodeCommand } from '../fsm/commands.ts'
import { applyEntry, createFsm, type Fsm } from '../fsm/fsm.ts'
import type { SessionNews } from '../fsm/session-rules.ts'
import { restoreFsm, snapshotChunks } from '../fsm/snapshot.ts'
import { type LogIndex, logIndex, type RequestId, requestId, uuidOf } from '../ids.ts'
import { TOMBSTONES } from '../kv/records.ts'
import type { KeptRecord } from '../local/keep.ts'
import type { LogLine } from '../log.ts'
import { count, createMetrics, gauge, type Metrics, rollMetrics, sample } from '../metrics.ts'
import { createPrng } from '../prng.ts'
import type { Request, Response } from '../route/request.ts'
import type { Asked, RuntimeFacts } from '../route/route.ts'
import { SESSIONS } from '../sessions/records.ts'
import {
  createSessionTimers,
  expiredSessions,
  forgetSession,
  renewSession,
  type SessionTimers,
} from '../sessions/ttl.ts'
import {
  createSolo,
  onPersisted,
  onRefused,
  positionOf,
  propose,
  proposeNoop,
  type Solo,
  takeCommitted,
  takePersist,
} from '../solo.ts'
import { viewOf } from '../state/store.ts'
import { peek, peekList, tableIndex } from '../state/txn.ts'
import type { Instant } from '../time.ts'
import {
  counted,
  createSnapshotDuty,
  createTombstoneDuty,
  dueTombstones,
  isSnapshotDue,
  noteTombstones,
  type SnapshotDuty,
  type TombstoneDuty,
} from './duties.ts'
import type { AgentEffect } from './effects.ts'
import type { AgentEvent, Clock } from './events.ts'
import { onSaved, onSaveRefused, takeSave } from './keeper.ts'
import {
  type Around,
  changeFor,
  countOwn,
  createOwn,
  type Own,
  onProbed,
  onPushed,
  onPushVoid,
  reloadOwn,
  startOwn,
  takeAnswered,
  takeFailed,
  tickOwn,
} from './own.ts'
import { createLoneSite } from './site.ts'

export interface AgentOptions {
  readonly config: AgentConfig
  readonly recovered: Recovered
  /** What it kept of its own services and checks. */
  readonly kept?: readonly KeptRecord[]
  /** 16 fresh random bytes a call: the source of ids. */
  readonly entropy: () => Uint8Array
  /** Of the generator for jitter. */
  readonly seed: number
  readonly clock: Clock
}

export interface Agent {
  readonly config: AgentConfig
  readonly fsm: Fsm
  readonly solo: Solo
  readonly pipeline: Pipeline
  readonly resolver: Resolver
  readonly metrics: Metrics
  /** Who waits for which entry to be applied. */
  readonly writes: Map<LogIndex, Waiting>
  /** Who waits for the answer of the machine around the agent. */
  readonly asks: Map<RequestId, { readonly call: Call; readonly asked: Asked }>
  readonly tombstones: TombstoneDuty
  readonly snapshots: SnapshotDuty
  readonly sessions: SessionTimers
  /** The services and checks of this agent. */
  readonly own: Own
  /** What `own` is lent. */
  readonly around: () => Around
  /** The last entry that the state holds. */
  applied: LogIndex
  clock: Clock
  factsDue: Instant
  effects: AgentEffect[]
}

interface Waiting {
  readonly call: Call
  readonly since: Instant
}

/**
 * A fresh log begins with this many entries without effect. Clients take small indexes for "long
 * ago" (`?index=1`, `?cas=2`), for Consul's own start uses the first ones up.
 */
const START_ENTRIES = 16

/** The id of the questions that the agent asks for itself. */
const OWN_QUESTION = requestId(0)
/** How often the gauges of the process are read. */
const FACTS_EVERY_MS = 5_000

export function createAgent(options: AgentOptions): Agent {
  const { config, recovered, entropy, clock } = options
  const fsm = createFsm()
  if (recovered.snapshot !== undefined) restoreFsm(fsm, recovered.snapshot.chunks)
  const solo = createSolo(recovered, config.nodeId)
  const metrics = createMetrics(clock.wall)
  const position = () => ({ ...positionOf(solo), applied: agent.applied })
  const prng = createPrng(options.seed)
  const own = createOwn(config, prng.fork())
  const registered = () => countOwn(own)
  const site = createLoneSite({ config, metrics, position, registered })
  const desk = {
    router: createRouter(ROUTES),
    site,
    head: createLetterhead(config),
    uuid: () => uuidOf(entropy()),
  }
  const agent: Agent = {
    config,
    fsm,
    solo,
    pipeline: { desk, store: fsm.store, own: own.store, parking: createParking(), prng },
    resolver: createResolver(dnsSettings(config), prng.fork()),
    metrics,
    writes: new Map(),
    asks: new Map(),
    tombstones: createTombstoneDuty(),
    snapshots: createSnapshotDuty(),
    sessions: createSessionTimers(),
    own,
    around: () => ({
      clock: agent.clock,
      catalog: () => viewOf(fsm.store),
      node: () => registerLoneNode(site, agent.clock.wall),
      propose: (command) => {
        const proposed = propose(solo, encodeCommand(command))
        return proposed.ok ? proposed.index : undefined
      },
      effects: agent.effects,
    }),
    applied: recovered.snapshot?.index ?? logIndex(0),
    clock,
    factsDue: clock.now,
    effects: [],
  }
  for (const row of peekList(viewOf(fsm.store), SESSIONS, ''))
    renewSession(agent.sessions, row, clock.now)
  applyCommitted(agent)
  noteTombstones(agent.tombstones, agent.applied, clock.now)
  if (agent.applied === 0) for (let n = 0; n < START_ENTRIES; n++) proposeNoop(solo)
  proposeOwn(agent, registerLoneNode(site, clock.wall))
  startOwn(own, agent.around(), options.kept ?? [])
  persistNext(agent)
  return agent
}

export function step(agent: Agent, event: AgentEvent, clock: Clock): void {
  agent.clock = clock
  switch (event.type) {
    case 'tick':
      onTick(agent)
      break
    case 'request':
      onRequest(agent, event.request)
      break
    case 'question':
      onQuestion(agent, event)
      return // nothing was changed
    case 'abandoned':
      abandon(agent.pipeline, event.id)
      agent.asks.delete(event.id)
      agent.own.waiting.delete(event.id)
      break
    case 'persisted':
      onPersisted(agent.solo, event.token)
      applyCommitted(agent)
      break
    case 'persist-refused':
      refuseWrites(agent, onRefused(agent.solo, event.token))
      break
    case 'snapshot-saved':
      agent.snapshots.underWay = false
      agent.effects.push({ type: 'trim-log', through: event.index })
      break
    case 'snapshot-refused':
      agent.snapshots.underWay = false
      log(agent, {
        level: 'error',
        room: 'snapshot',
        message: 'no room for a snapshot on the disk',
      })
      break
    case 'answered':
      onAnswered(agent, event)
      break
    case 'own-saved':
      onSaved(agent.own.keeper, event.token)
      break
    case 'own-save-refused':
      onSaveRefused(agent.own.keeper, event.save, agent.clock.now)
      refuseOwn(agent, { indexes: [], save: event.save.token })
      break
    case 'probed':
      onProbed(agent.own, agent.around(), event)
      break
    case 'redefined':
      reloadOwn(agent.own, agent.around(), event.definitions)
      break
    default:
      unreachable(event)
  }
  settleOwn(agent)
  persistNext(agent)
}

/**
 * Whatever has happened: who waited for our own services is answered, what is to be kept is kept.
 */
function settleOwn(agent: Agent): void {
  const { own } = agent
  if (own.fired.size > 0) {
    const { fired } = own
    own.fired = new Set()
    answerAll(agent, wake(agent.pipeline, fired))
  }
  const save = takeSave(own.keeper, agent.clock.now)
  if (save !== undefined) agent.effects.push({ type: 'save-own', save })
  for (const { call, refusal } of takeAnswered(own, agent.applied)) {
    const { pipeline } = agent
    const response = refusal === undefined ? changed(pipeline, call) : refuse(pipeline, refusal)
    respond(agent, call.id, response)
  }
}

/** What the driver must now do, in order. */
export function drain(agent: Agent): readonly AgentEffect[] {
  const { effects } = agent
  if (effects.length > 0) agent.effects = []
  return effects
}

function onRequest(agent: Agent, request: Request): void {
  const next = begin(agent.pipeline, request, agent.clock)
  switch (next.type) {
    case 'respond':
      if (next.renews !== undefined) renew(agent, next.renews)
      respond(agent, request.id, next.response)
      break
    case 'propose':
      proposeFor(agent, next.call, next.command)
      break
    case 'ask':
      agent.asks.set(request.id, next)
      agent.effects.push({ type: 'ask', id: request.id, question: next.asked.ask })
      break
    case 'change':
      changeFor(agent.own, agent.around(), next)
      break
    case 'parked':
      break
    default:
      unreachable(next)
  }
}

function onQuestion(agent: Agent, { id, asking }: Extract<AgentEvent, { type: 'question' }>): void {
  const { resolver, fsm, clock, effects } = agent
  const answer = answerPacket(resolver, asking, { view: viewOf(fsm.store), wall: clock.wall })
  effects.push({ type: 'answer-dns', id, answer })
}

function renew(agent: Agent, id: string): void {
  const row = peek(viewOf(agent.fsm.store), SESSIONS, id)
  if (row !== undefined) renewSession(agent.sessions, row, agent.clock.now)
}

function proposeFor(agent: Agent, call: Call, command: Command): void {
  const proposed = propose(agent.solo, encodeCommand(command))
  if (proposed.ok) {
    agent.writes.set(proposed.index, { call, since: agent.clock.now })
    return
  }
  const busy = new ApiError('too-many', `too many writes wait for the disk: ${proposed.why}`)
  respond(agent, call.id, refuse(agent.pipeline, busy))
}

/**
 * A command of the agent itself: nobody waits for it, and if the queue is full its duty comes
 * round again.
 */
function proposeOwn(agent: Agent, command: Command): void {
  propose(agent.solo, encodeCommand(command))
}

function persistNext(agent: Agent): void {
  const persist = takePersist(agent.solo)
  if (persist !== undefined) agent.effects.push({ type: 'persist', persist })
}

/** Applies what is durable, in order; then wakes, once, whoever watched what has changed. */
function applyCommitted(agent: Agent): void {
  const fired = new Set<Parked>()
  for (const entry of takeCommitted(agent.solo)) {
    const applied = applyEntry(agent.fsm, entry)
    agent.applied = entry.index
    agent.snapshots.entries++
    agent.snapshots.bytes += entry.data.length
    count(agent.metrics, 'consul.raft.apply')
    // only the pipeline parks at this store
    for (const waiter of applied.fired) fired.add(waiter as Parked)
    keepTime(agent, applied.sessions)
    const isOwn = onPushed(agent.own, entry.index, { result: applied.result, now: agent.clock.now })
    if (!isOwn) answerWrite(agent, entry.index, applied.result)
  }
  answerAll(agent, wake(agent.pipeline, fired))
  const tombstonesAt = tableIndex(viewOf(agent.fsm.store), TOMBSTONES)
  noteTombstones(agent.tombstones, logIndex(tombstonesAt), agent.clock.now)
  saveSnapshotIfDue(agent)
}

/** Each TTL begins to run when its session does. */
function keepTime({ sessions, clock }: Agent, news: SessionNews): void {
  for (const row of news.born) renewSession(sessions, row, clock.now)
  for (const id of news.ended) forgetSession(sessions, id)
}

function answerWrite(agent: Agent, index: LogIndex, result: unknown): void {
  const waiting = agent.writes.get(index)
  if (waiting === undefined) return
  agent.writes.delete(index)
  sample(agent.metrics, 'consul.raft.commitTime', agent.clock.now - waiting.since)
  respond(agent, waiting.call.id, replyTo(agent.pipeline, waiting.call, { index, result }))
}

function refuseWrites(agent: Agent, indexes: readonly LogIndex[]): void {
  for (const index of indexes) {
    const waiting = agent.writes.get(index)
    if (waiting === undefined) continue
    agent.writes.delete(index)
    respond(agent, waiting.call.id, refuse(agent.pipeline, diskFull()))
  }
  for (const index of indexes) onPushVoid(agent.own, index, agent.clock.now)
  refuseOwn(agent, { indexes, save: 0 })
  log(agent, {
    level: 'error',
    room: 'wal',
    message: 'writes refused: the disk is full',
    fields: { writes: indexes.length },
  })
}

const diskFull = () =>
  new ApiError(
    'disk-full',
    'the disk of this agent is full: nothing was written; ' +
      'reads go on, and writes when there is room again',
  )

function refuseOwn(agent: Agent, lost: Parameters<typeof takeFailed>[1]): void {
  for (const call of takeFailed(agent.own, lost)) {
    respond(agent, call.id, refuse(agent.pipeline, diskFull()))
  }
}

function saveSnapshotIfDue(agent: Agent): void {
  const duty = agent.snapshots
  if (agent.config.dev || !isSnapshotDue(duty, agent.config.raft.snapshotThreshold)) return
  duty.underWay = true
  duty.entries = 0
  duty.bytes = 0
  const { term } = positionOf(agent.solo).committed
  const chunks = counted(duty, snapshotChunks(agent.fsm))
  agent.effects.push({ type: 'save-snapshot', order: { index: agent.applied, term, chunks } })
}

function onTick(agent: Agent): void {
  const { now, wall } = agent.clock
  answerAll(agent, expire(agent.pipeline, now))
  tickOwn(agent.own, agent.around())
  rollMetrics(agent.metrics, wall)
  const through = dueTombstones(agent.tombstones, now)
  if (through !== undefined) proposeOwn(agent, { type: 'reap-tombstones', through, wall })
  for (const id of expiredSessions(agent.sessions, now)) {
    proposeOwn(agent, { type: 'end-session', id, wall })
  }
  if (now < agent.factsDue) return
  agent.factsDue = now + FACTS_EVERY_MS
  gauge(agent.metrics, 'lictor.parked', parkedCount(agent.pipeline.parking))
  agent.effects.push({ type: 'ask', id: OWN_QUESTION, question: { type: 'runtime' } })
}

function onAnswered(agent: Agent, { id, answer }: { id: RequestId; answer: unknown }): void {
  if (id === OWN_QUESTION) {
    const facts = answer as RuntimeFacts // what the runtime answers to `runtime`
    for (const [name, value] of Object.entries(facts)) gauge(agent.metrics, name, value)
    return
  }
  const waiting = agent.asks.get(id)
  if (waiting === undefined) return // the client has left
  agent.asks.delete(id)
  respond(agent, id, sayTo(agent.pipeline, waiting, answer))
}

function answerAll(agent: Agent, answered: readonly Answered[]): void {
  for (const { id, response } of answered) respond(agent, id, response)
}

function respond(agent: Agent, id: RequestId, response: Response): void {
  agent.effects.push({ type: 'respond', id, response })
}

function log(agent: Agent, line: LogLine): void {
  agent.effects.push({ type: 'log', line })
}
