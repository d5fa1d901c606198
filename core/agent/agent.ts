// The agent: the machines of the other rooms put together. Events go in, effects come out; it
// never waits and never throws for what is expected.
//
// The way of a write: requests.ts proposes → effect persist … event persisted → ordering.ts applies
// → effect respond. Nothing that depends on a persist leaves before `persisted` has come back.
import { createLetterhead } from '../api/answer.ts'
import { createParking, parkedCount } from '../api/blocking.ts'
import { createCacheBook } from '../api/cached.ts'
import { abandon, changed, expire, refuse, sayTo, wake } from '../api/pipeline.ts'
import { createRouter } from '../api/router.ts'
import { routesOf } from '../api/table.ts'
import { unreachable } from '../assert.ts'
import { registerLoneNode } from '../catalog/boot.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { answerPacket, createResolver } from '../dns/answer.ts'
import { dnsSettings } from '../dns/settings.ts'
import type { Recovered } from '../entry.ts'
import { encodeRemembered } from '../fsm/commands.ts'
import { createFsm } from '../fsm/fsm.ts'
import { restoreFsm } from '../fsm/snapshot.ts'
import { type RequestId, requestId, uuidOf } from '../ids.ts'
import type { KeptRecord } from '../local/keep.ts'
import { createMetrics, gauge, rollMetrics } from '../metrics.ts'
import { createPrng } from '../prng.ts'
import type { RuntimeFacts } from '../route/route.ts'
import { createSessionTimers, expiredSessions } from '../sessions/ttl.ts'
import { viewOf } from '../state/store.ts'
import { createClock } from '../swim/lamport.ts'
import { createCoordinateDuty, dueCoordinates } from './coordinates.ts'
import { createSnapshotDuty, createTombstoneDuty, dueTombstones } from './duties.ts'
import type { AgentEffect } from './effects.ts'
import type { AgentEvent, Clock } from './events.ts'
import { onSaved, onSaveRefused, takeSave } from './keeper.ts'
import { createLan, type LanOptions, onPoolEvent, settleLan, tickLan } from './lan.ts'
import { tickAsks } from './lan-asks.ts'
import {
  canRead,
  gather,
  isInOffice,
  onTick as onOrderTick,
  onPersisted,
  onRefused,
  orderAlone,
  orderTogether,
  propose,
  standingOf,
} from './order.ts'
import { endSnapshot, proposeOwn, settleOrder } from './ordering.ts'
import { countOwn, gatherOwn, loadOwn, onProbed, tickOwn } from './own.ts'
import { takeAnswered, takeFailed } from './own-calls.ts'
import { type Around, createOwn } from './own-record.ts'
import { reconfigure } from './reconfigure.ts'
import { type Agent, answerAll, refuseCall, respond } from './record.ts'
import { diskFull, onRequest, refuseHeld } from './requests.ts'
import { createLoneSite, raftSettings, serverAddress } from './site.ts'
import { memberView } from './tags.ts'

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
  /** The sockets of the gossip pool, if there are any. */
  readonly lan?: LanOptions
  /** Alone without raft: for what has no other servers, ever. */
  readonly ordering?: 'alone' | 'together'
}

/** The id of the questions that the agent asks for itself. */
const OWN_QUESTION = requestId(0)
/** How often the gauges of the process are read. */
const FACTS_EVERY_MS = 5_000

export function createAgent(options: AgentOptions): Agent {
  const { config, recovered, entropy, clock } = options
  const fsm = createFsm()
  if (recovered.snapshot !== undefined) restoreFsm(fsm, recovered.snapshot.chunks)
  const prng = createPrng(options.seed)
  const self = { id: config.nodeId, address: serverAddress(config) }
  const parts = { self, recovered, prng: prng.fork(), now: clock.now }
  const order =
    options.ordering === 'alone' ? orderAlone(parts) : orderTogether(parts, raftSettings(config))
  const metrics = createMetrics(clock.wall)
  const own = createOwn(config, prng.fork())
  const lan = options.lan && createLan(config, options.lan, { prng: prng.fork(), now: clock.now })
  const site = createLoneSite({
    config,
    metrics,
    standing: () => standingOf(order),
    applied: () => fsm.applied.index,
    since: clock.wall,
    members: () => lan && [...lan.swim.roster.values()].map(memberView),
    ownPoint: () => lan?.swim.vivaldi.coordinate,
    registered: () => countOwn(own),
  })
  const desk = {
    router: createRouter(routesOf(config.httpConfig.dialect)),
    site,
    head: createLetterhead(config),
    uuid: () => uuidOf(entropy()),
  }
  const agent: Agent = {
    config,
    site,
    fsm,
    order,
    pipeline: {
      desk,
      store: fsm.store,
      own: own.store,
      parking: createParking(),
      canRead: () => canRead(order),
      cache: createCacheBook(),
      prng,
    },
    resolver: createResolver(dnsSettings(config), prng.fork()),
    metrics,
    writes: new Map(),
    reads: new Map(),
    held: new Map(),
    asks: new Map(),
    tombstones: createTombstoneDuty(),
    snapshots: createSnapshotDuty(clock.now + config.raft.snapshotIntervalMs),
    coordinates: createCoordinateDuty(config.dev),
    sessions: createSessionTimers(),
    own,
    lan,
    eventClock: createClock(),
    around: () => aroundOf(agent),
    clock,
    factsDue: clock.now,
    effects: [],
  }
  loadOwn(own, agent.around(), options.kept ?? [])
  settleLan(agent)
  saveOwn(agent)
  settleOrder(agent)
  settleOwn(agent)
  return agent
}

const aroundOf = ({ clock, fsm, site, order, effects }: Agent): Around => ({
  clock,
  catalog: () => viewOf(fsm.store),
  node: () => registerLoneNode(site, clock.wall),
  propose: (command) => {
    if (!isInOffice(order)) return undefined
    const proposed = propose(order, encodeRemembered(command), clock.now)
    return proposed.ok ? proposed.index : undefined
  },
  effects,
})

export function step(agent: Agent, event: AgentEvent, clock: Clock): void {
  agent.clock = clock
  switch (event.type) {
    case 'tick':
      onTick(agent)
      break
    case 'request':
      onRequest(agent, event.request)
      break
    case 'gather':
    case 'gathered':
      gatherWrites(agent, event.type === 'gather')
      break
    case 'question':
      onQuestion(agent, event)
      return // nothing was changed
    case 'abandoned':
      abandon(agent.pipeline, event.id)
      agent.asks.delete(event.id)
      agent.reads.delete(event.id)
      agent.held.delete(event.id)
      agent.own.waiting.delete(event.id)
      break
    case 'persisted':
      onPersisted(agent.order, event.token, clock.now)
      break
    case 'persist-refused':
      onRefused(agent.order, event.token, clock.now)
      break
    case 'snapshot-saved':
    case 'snapshot-refused':
      endSnapshot(agent, event.type === 'snapshot-saved')
      break
    case 'answered':
      onAnswered(agent, event)
      break
    case 'own-saved':
      onSaved(agent.own.keeper, event.token)
      break
    case 'own-save-refused':
      onSaveRefused(agent.own.keeper, event.save, agent.clock.now)
      refuseOwn(agent, event.save.token)
      break
    case 'probed':
      onProbed(agent.own, agent.around(), event)
      break
    case 'reconfigured':
      reconfigure(agent, event)
      break
    case 'pool':
      onPoolEvent(agent, event.event)
      break
    default:
      unreachable(event)
  }
  settleLan(agent)
  saveOwn(agent)
  settleOrder(agent)
  settleOwn(agent)
  settleOrder(agent) // with what our own services have to say
}

/** What is to be kept goes before the log: the disk is then at both at once. */
function saveOwn({ own, clock, effects }: Agent): void {
  const save = takeSave(own.keeper, clock.now)
  if (save !== undefined) effects.push({ type: 'save-own', save })
}

function gatherWrites(agent: Agent, isGathering: boolean): void {
  gatherOwn(agent.own, agent.around(), isGathering)
  gather(agent.order, isGathering)
}

/** Whatever has happened: who waited for our own services is answered. */
function settleOwn(agent: Agent): void {
  const { own } = agent
  if (own.fired.size > 0) {
    const { fired } = own
    own.fired = new Set()
    answerAll(agent, wake(agent.pipeline, fired))
  }
  for (const { call, refusal } of takeAnswered(own, agent.fsm.applied.index)) {
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

function onQuestion(agent: Agent, { id, asking }: Extract<AgentEvent, { type: 'question' }>): void {
  const { resolver, fsm, clock, effects } = agent
  const answer = answerPacket(resolver, asking, { view: viewOf(fsm.store), wall: clock.wall })
  effects.push({ type: 'answer-dns', id, answer })
}

function refuseOwn(agent: Agent, save: number): void {
  for (const call of takeFailed(agent.own, { from: undefined, save }))
    refuseCall(agent, call, diskFull())
}

function onTick(agent: Agent): void {
  const { now, wall } = agent.clock
  answerAll(agent, expire(agent.pipeline, now))
  onOrderTick(agent.order, now)
  refuseHeld(agent)
  tickOwn(agent.own, agent.around())
  tickLan(agent)
  tickAsks(agent)
  rollMetrics(agent.metrics, wall)
  const through = dueTombstones(agent.tombstones, now)
  if (through !== undefined) proposeOwn(agent, { type: 'reap-tombstones', through, wall })
  for (const command of dueCoordinates(agent.coordinates, now)) proposeOwn(agent, command)
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
