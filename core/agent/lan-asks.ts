// What is asked of the gossip pool and takes a while: joins, of the configuration and over the API,
// and exchanges of keys, for which every member answers.
import type { Next } from '../api/pipeline.ts'
import { sayTo } from '../api/pipeline.ts'
import { base64 } from '../bytes.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { multierror } from '../multierror.ts'
import type { KeyOrder, KeyReport, Question } from '../route/route.ts'
import { changeRing } from '../swim/keys.ts'
import { forceLeave, join, queryKeys } from '../swim/server.ts'
import type { Remembered } from '../swim/snapshot.ts'
import type { Swim } from '../swim/swim.ts'
import type { Instant } from '../time.ts'
import { decodeAs } from '../wire/serf.ts'
import type { Lan } from './lan.ts'
import { type Agent, log, respond } from './record.ts'

type Asking = Extract<Next, { type: 'ask' }>

/** Whoever asked for a join: a client, or the configuration. */
type JoinUse =
  | { readonly type: 'asked'; readonly asking: Asking; readonly address: string }
  | { readonly type: 'configured' }
  | { readonly type: 'rejoin' }

interface KeyQuery {
  readonly asking: Asking
  readonly order: KeyOrder
  readonly nodes: number
  answers: number
  readonly report: { keys: Counts; primaryKeys: Counts; errors: Record<string, string> }
}

type Counts = Record<string, number>

export interface Asks {
  readonly joins: Map<number, JoinUse>
  lastJoin: number
  readonly keyQueries: Map<number, KeyQuery>
  /** Of the joins of the configuration: when they are tried next; undefined: no more. */
  configuredDue: Instant | undefined
  configuredTries: number
  /**
   * The ring of the pool of all datacenters, in which a server is alone until that pool is built.
   */
  wanKeys: readonly Uint8Array[] | undefined
}

export const createAsks = (): Asks => ({
  joins: new Map(),
  lastJoin: 0,
  keyQueries: new Map(),
  configuredDue: undefined,
  configuredTries: 0,
  wanKeys: undefined,
})

/** Those whom the last run knew are asked one after the other, those who are named until one is. */
export function startJoins(
  { swim, asks }: Lan,
  {
    config,
    remembered,
    now,
  }: { config: AgentConfig; remembered: Remembered | undefined; now: Instant },
): void {
  const { gossip } = config
  if (gossip.join.length > 0) asks.configuredDue = now
  if (remembered === undefined || (remembered.hasLeft && !gossip.rejoinAfterLeave)) return
  const others = remembered.alive.filter(({ name }) => name !== swim.name)
  if (others.length === 0) return
  const id = newJoin(asks, { type: 'rejoin' })
  const addresses = others.map(({ address }) => address)
  join(swim, { id, addresses, mode: 'first', ignoresOldEvents: true, attempts: 1 }, now)
}

function newJoin(asks: Asks, use: JoinUse): number {
  asks.lastJoin += 1
  asks.joins.set(asks.lastJoin, use)
  return asks.lastJoin
}

/** Names are looked up again with every attempt: what they stand for may have changed. */
export function tickAsks(agent: Agent): void {
  const { lan, clock, config } = agent
  const due = lan?.asks.configuredDue
  if (lan === undefined || due === undefined || clock.now < due) return
  lan.asks.configuredDue = undefined
  lan.asks.configuredTries += 1
  const id = newJoin(lan.asks, { type: 'configured' })
  resolve(agent, id, config.gossip.join)
}

function resolve(agent: Agent, id: number, names: readonly string[]): void {
  agent.effects.push({ type: 'pool', effect: { type: 'resolve', join: id, names } })
}

interface Joined {
  readonly join: number
  readonly reached: number
  readonly failures: readonly string[]
}

export function onJoined(
  agent: Agent,
  { asks }: Lan,
  { join: id, reached, failures }: Joined,
): void {
  const use = asks.joins.get(id)
  asks.joins.delete(id)
  switch (use?.type) {
    case 'asked': {
      const why = reached > 0 ? {} : { why: failureText(use.address, failures) }
      respond(agent, use.asking.call.id, sayTo(agent.pipeline, use.asking, why))
      break
    }
    case 'configured': {
      const { retryMax, retryIntervalMs } = agent.config.gossip
      const isOver = reached > 0 || (retryMax > 0 && asks.configuredTries >= retryMax)
      if (!isOver) asks.configuredDue = agent.clock.now + retryIntervalMs
      sayJoined(agent, reached, failures)
      break
    }
    case 'rejoin':
      sayJoined(agent, reached, failures)
      break
    default: // the client has left
  }
}

function sayJoined(agent: Agent, reached: number, failures: readonly string[]): void {
  const level = reached > 0 ? 'info' : 'warn'
  const message = reached > 0 ? 'Join cluster completed' : 'Join cluster failed'
  const fields = { reached, failures: failures.join('; ') }
  log(agent, { level, room: 'agent', message, fields })
}

function failureText(address: string, failures: readonly string[]): string {
  const nobody = [`Failed to join ${address}: nobody answered`]
  return multierror(failures.length === 0 ? nobody : failures.map(failureLine))
}

/** `10.0.0.1:8301: refused`, in the words of Go. */
function failureLine(failure: string): string {
  if (failure.startsWith('Failed to ')) return failure
  const refused = /^(.*): refused$/.exec(failure)?.[1]
  if (refused === undefined) return `Failed to join ${failure}`
  return `Failed to join ${refused}: dial tcp ${refused}: connect: connection refused`
}

type PoolQuestion = Extract<Question, { type: 'join' | 'force-leave' | 'keyring' }>

export const isForPool = (question: Question): question is PoolQuestion =>
  question.type === 'join' || question.type === 'force-leave' || question.type === 'keyring'

/** A question to the pool. What can be said at once is. */
export function askPool(agent: Agent, asking: Asking, question: PoolQuestion): void {
  const say = (answer: unknown) =>
    respond(agent, asking.call.id, sayTo(agent.pipeline, asking, answer))
  switch (question.type) {
    case 'join':
      askJoin(agent, asking, question)
      break
    case 'force-leave':
      say(dismiss(agent, question))
      break
    default:
      askKeys(agent, asking, question.order)
  }
}

/** Whom one joins in a pool that there is not. */
const NO_POOL = 'this agent takes part in no such gossip pool'

function askJoin(
  agent: Agent,
  asking: Asking,
  { address, wan }: Extract<PoolQuestion, { type: 'join' }>,
): void {
  const { lan, config } = agent
  const port = wan ? config.ports.serfWan : lan?.swim.options.address.port
  const hosts = [config.advertiseAddr, config.bindAddr, '127.0.0.1']
  const say = (answer: object) =>
    respond(agent, asking.call.id, sayTo(agent.pipeline, asking, answer))
  if (hosts.some((host) => address === `${host}:${port}`))
    say({}) // who joins itself has done so
  else if (wan || lan === undefined) say({ why: failureText(address, [NO_POOL]) })
  else resolve(agent, newJoin(lan.asks, { type: 'asked', asking, address }), [address])
}

function dismiss(
  { lan, config, clock }: Agent,
  { node, prune, wan }: Extract<PoolQuestion, { type: 'force-leave' }>,
): { readonly why?: string } {
  if (!wan && node === config.nodeName) return {} // it is there, and would say so
  if (!wan && lan !== undefined && forceLeave(lan.swim, { name: node, prune }, clock.now)) return {}
  return { why: `agent: No node found with name '${node}'` }
}

function askKeys(agent: Agent, asking: Asking, order: KeyOrder): void {
  const { lan, clock, config } = agent
  const finish = (report: KeyReport) =>
    respond(agent, asking.call.id, sayTo(agent.pipeline, asking, bothPools(agent, order, report)))
  if (lan === undefined || order.localOnly) {
    finish(reportAlone(lan?.swim.keys ?? [], { order, name: config.nodeName }).report)
    return
  }
  const asked = queryKeys(lan.swim, order, clock.now)
  if (!asked.ok) {
    finish({ ...emptyReport(1), errors: { [config.nodeName]: asked.why } })
    return
  }
  lan.asks.keyQueries.set(asked.query, {
    asking,
    order,
    nodes: aliveOf(lan.swim),
    answers: 0,
    report: { keys: {}, primaryKeys: {}, errors: {} },
  })
}

const aliveOf = ({ roster }: Swim): number =>
  [...roster.values()].filter(({ status }) => status === 'alive').length

const emptyReport = (nodes: number): KeyReport => ({
  wan: false,
  keys: {},
  primaryKeys: {},
  nodes,
  errors: {},
})

/** What one member says of its ring, and the ring after it. */
function reportAlone(
  ring: readonly Uint8Array[],
  { order, name }: { order: KeyOrder; name: string },
): { report: KeyReport; ring: readonly Uint8Array[] } {
  const { operation, key } = order
  const empty = emptyReport(1)
  if (operation !== 'list') {
    const changed = changeRing(ring, operation, key)
    return changed.ok
      ? { report: empty, ring: changed.keys }
      : { report: { ...empty, errors: { [name]: changed.why } }, ring }
  }
  const [primary] = ring
  if (primary === undefined) {
    const why = 'Keyring is empty (encryption not enabled)'
    return { report: { ...empty, errors: { [name]: why } }, ring }
  }
  const keys = Object.fromEntries(ring.map((one) => [base64(one), 1]))
  return { report: { ...empty, keys, primaryKeys: { [base64(primary)]: 1 } }, ring }
}

/** The pool of all datacenters first; a server is alone in it. */
function bothPools(agent: Agent, order: KeyOrder, lan: KeyReport): readonly KeyReport[] {
  const { config } = agent
  if (order.localOnly || !config.server) return [lan]
  const name = `${config.nodeName}.${config.datacenter}`
  const { report, ring } = reportAlone(wanRing(agent), { order, name })
  if (agent.lan !== undefined) agent.lan.asks.wanKeys = ring
  return [{ ...report, wan: true }, lan]
}

const wanRing = ({ lan }: Agent): readonly Uint8Array[] =>
  lan?.asks.wanKeys ?? lan?.swim.options.keys ?? []

/** The answer of a member to a key query, or its end. */
export function onAskEffect(
  agent: Agent,
  { asks }: Lan,
  effect:
    | { type: 'query-answer'; query: number; from: string; payload: Uint8Array }
    | { type: 'query-end'; query: number },
): void {
  const query = asks.keyQueries.get(effect.query)
  if (query === undefined) return
  if (effect.type === 'query-answer') noteAnswer(query, effect)
  if (effect.type === 'query-answer' && query.answers < query.nodes) return
  asks.keyQueries.delete(effect.query)
  const { asking, order, nodes, report } = query
  const reports = bothPools(agent, order, { wan: false, nodes, ...report })
  respond(agent, asking.call.id, sayTo(agent.pipeline, asking, reports))
}

function noteAnswer(
  query: KeyQuery,
  { from, payload }: { from: string; payload: Uint8Array },
): void {
  const { keys, primaryKeys, errors } = query.report
  query.answers += 1
  const read = decodeAs('keyResponse', payload)
  if (!read.ok) {
    errors[from] = read.why
    return
  }
  const { result, message, keys: held, primaryKey } = read.value
  if (!result) errors[from] = message
  for (const key of held ?? []) keys[key] = (keys[key] ?? 0) + 1
  if (primaryKey !== '') primaryKeys[primaryKey] = (primaryKeys[primaryKey] ?? 0) + 1
}
