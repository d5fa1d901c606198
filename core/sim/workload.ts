// Clients: each asks for one thing at a time, of a server that it takes for the leader, and notes
// what it was told. A request that was certainly not done is asked again elsewhere; one that may
// have been done never is. Every value is written once, so a read names the write that it saw.
// There are idle phases: some mistakes show on a quiet log only.
import { createPrng, type Prng } from '../prng.ts'
import type { ClientOutcome, ClientRequest, ReadMode } from './host.ts'
import { deliver } from './life.ts'
import { after, type Desk, type SimNode, type World } from './world.ts'

export interface WorkloadConditions {
  readonly clients: number
  readonly keys: number
  /** Between an answer and the next request, on average. */
  readonly thinkMs: number
  /** After a refusal by a server that knows no leader. */
  readonly retryMs: number
  /** A client waits so long for an answer. */
  readonly patienceMs: number
  /** At the end: a healed cluster may have much to catch up with. */
  readonly lastPatienceMs: number
  /**
   * Out of 100 requests: reads that may be stale, reads, comparisons, deletes. The rest are puts.
   */
  readonly mix: {
    readonly stale: number
    readonly get: number
    readonly cas: number
    readonly delete: number
  }
  /** All clients rest now and then for so long; 0: never. */
  readonly restMs: number
  /** A request goes to any server, with this chance. */
  readonly wander: number
  /** Clients besides, that only wait for changes, at any server. */
  readonly watchers: number
}

/** A request and what is known of it. */
export interface ClientOp {
  readonly id: number
  readonly client: number
  readonly request: ClientRequest
  /** The highest index that any client had been told when this began. */
  readonly floor: number
  /** Order of calls and returns. */
  readonly called: number
  returned: number
  outcome: ClientOutcome | undefined
}

interface Client {
  readonly number: number
  readonly prng: Prng
  target: SimNode
  /** What it last read of each key. */
  readonly read: Map<string, { readonly value: string; readonly modified: number }>
  /** The next request goes there: any server may answer it. */
  stray: SimNode | undefined
  pending:
    | { readonly op: ClientOp; readonly node: SimNode; readonly incarnation: number }
    | undefined
  /** Requests asked so far: they name what it writes. */
  asked: number
  /** It asks one thing, and no more. */
  readonly once: boolean
  readonly watches: boolean
  /** It asks nothing before the world is healed. */
  stopped: boolean
  /** Since the world was healed. */
  done: { wrote: boolean; read: boolean }
}

export interface Workload {
  readonly world: World
  readonly conditions: WorkloadConditions
  readonly clients: Client[]
  readonly history: ClientOp[]
  readonly pending: Map<number, Client>
  readonly onOutcome: (op: ClientOp) => void
  /** Requests by client and number that are left out: how a failing run is made smaller. */
  readonly skipped: ReadonlySet<string>
  /** Of each client: this request and all behind it are left out. */
  readonly skippedFrom: ReadonlyMap<number, number>
  /** The highest index of which any client was told. */
  told: number
  order: number
  lastId: number
  /** Each client ends when it has written and read once. */
  ending: boolean
  /** Nobody begins anything. */
  resting: boolean
}

export interface WorkloadOptions {
  readonly seed: number
  readonly conditions: WorkloadConditions
  readonly onOutcome: (op: ClientOp) => void
  readonly skipped: ReadonlySet<string>
}

export function startWorkload(world: World, options: WorkloadOptions): Workload {
  const prng = createPrng(options.seed)
  const clients = Array.from(
    { length: options.conditions.clients },
    (_, number): Client => ({
      ...newClient(number, prng.fork()),
      target: world.nodes[number % world.founders.servers.length] as SimNode,
    }),
  )
  const watchers = Array.from(
    { length: options.conditions.watchers },
    (_, i): Client => ({
      ...newClient(clients.length + i, prng.fork()),
      target: world.nodes[i % world.nodes.length] as SimNode,
      watches: true,
    }),
  )
  const workload: Workload = {
    world,
    conditions: options.conditions,
    clients,
    history: [],
    pending: new Map(),
    onOutcome: options.onOutcome,
    skipped: options.skipped,
    skippedFrom: skippedFrom(options.skipped),
    told: 0,
    order: 0,
    lastId: 0,
    ending: false,
    resting: false,
  }
  const desk: Desk = { onOutcome: (id, outcome) => onAnswer(workload, id, outcome) }
  world.desk = desk
  for (const client of [...clients, ...watchers]) think(workload, client)
  return workload
}

const newClient = (number: number, prng: Prng): Omit<Client, 'target'> => ({
  number,
  prng,
  read: new Map(),
  pending: undefined,
  stray: undefined,
  asked: 0,
  once: false,
  watches: false,
  stopped: false,
  done: { wrote: false, read: false },
})

/** Somebody else asks this server for one thing. */
export function probe(workload: Workload, target: SimNode, request: ClientRequest): ClientOp {
  const prng = createPrng(workload.order)
  const client: Client = { ...newClient(workload.clients.length, prng), target, once: true }
  return call(workload, client, request)
}

/** From now on each client only sees that it can write and read. */
export function endWorkload(workload: Workload): void {
  workload.ending = true
  for (const client of workload.clients) {
    client.done = { wrote: false, read: false }
    if (client.stopped) think(workload, client)
  }
}

export const hasEnded = ({ clients }: Workload): boolean =>
  clients.every(({ done, pending }) => done.wrote && done.read && pending === undefined)

/**
 * Between a client and a server, one way. Clients are near all servers: partitions do not cut them
 * off.
 */
const CLIENT_DELAY_MS = 0.5
/** After a refusal that named the leader. */
const RETRY_MS = 1

function think(workload: Workload, client: Client): void {
  const { world, conditions, ending } = workload
  const { thinkMs, restMs } = conditions
  let ms = ending ? RETRY_MS : client.prng.unit() * 2 * thinkMs
  if (!ending && restMs > 0) ms += restLeft(world.now, restMs)
  after(world, ms, () => ask(workload, client))
}

/** Rests are the same for all: every third span of that length. */
function restLeft(now: number, restMs: number): number {
  const within = now % (3 * restMs)
  return within < 2 * restMs ? 0 : 3 * restMs - within
}

/** Lets all clients rest, or go on. */
export function restClients(workload: Workload, rests: boolean): void {
  workload.resting = rests
}

function ask(workload: Workload, client: Client): void {
  if (workload.resting) {
    think(workload, client)
    return
  }
  if (workload.ending && client.done.wrote && client.done.read) return
  const number = client.asked++
  if (client.watches) {
    call(workload, client, waitFor(workload, client))
    return
  }
  const request = workload.ending ? lastRequest(client, number) : draw(workload, client, number)
  const { wander } = workload.conditions
  if (wander > 0 && client.prng.chance(wander))
    client.target = client.prng.pick(workload.world.nodes)
  if (hasStopped(workload, client, number)) client.stopped = true
  else if (workload.skipped.has(`${client.number}:${number}`)) think(workload, client)
  else call(workload, client, request)
}

/** `2:17` is one request, `2:17+` that and all behind it, until the run ends. */
function hasStopped({ skippedFrom: from, ending }: Workload, { number }: Client, asked: number) {
  return !ending && asked >= (from.get(number) ?? Number.POSITIVE_INFINITY)
}

function skippedFrom(skipped: ReadonlySet<string>): Map<number, number> {
  const from = new Map<number, number>()
  for (const name of skipped) {
    const [, client, asked] = /^(\d+):(\d+)\+$/.exec(name) ?? []
    if (asked !== undefined) from.set(Number(client), Number(asked))
  }
  return from
}

function lastRequest({ number, done }: Client, asked: number): ClientRequest {
  const key = keyNamed(0)
  // Half of them read first: a new leader must answer without being written to.
  const reads = number % 2 === 0 ? !done.read : done.wrote
  if (reads) return { type: 'get', key, mode: 'default' }
  return { type: 'put', key, value: `${number}.${asked}` }
}

/** At any server, for what is newer than it has seen. */
function waitFor({ world, conditions }: Workload, client: Client): ClientRequest {
  const { prng, read } = client
  client.target = prng.pick(world.nodes)
  const key = keyNamed(prng.range(0, conditions.keys - 1))
  return { type: 'watch', key, index: read.get(key)?.modified ?? 0 }
}

const keyNamed = (n: number): string => `k${n}`

function draw({ world, conditions }: Workload, client: Client, asked: number): ClientRequest {
  const { prng, number, read } = client
  const { mix, keys } = conditions
  const key = keyNamed(prng.range(0, keys - 1))
  const value = `${number}.${asked}`
  const roll = prng.range(0, 99)
  const get = (mode: ReadMode): ClientRequest => ({ type: 'get', key, mode })
  if (roll < mix.stale) {
    client.stray = prng.pick(world.nodes)
    return get('stale')
  }
  if (roll < mix.stale + mix.get) return get('default')
  if (roll < mix.stale + mix.get + mix.cas) {
    return { type: 'cas', key, value, index: read.get(key)?.modified ?? 0 }
  }
  if (roll < mix.stale + mix.get + mix.cas + mix.delete) return { type: 'delete', key }
  return { type: 'put', key, value }
}

function call(workload: Workload, client: Client, request: ClientRequest): ClientOp {
  const { world, history } = workload
  const op: ClientOp = {
    id: ++workload.lastId,
    client: client.number,
    request,
    floor: workload.told,
    called: ++workload.order,
    returned: Infinity,
    outcome: undefined,
  }
  history.push(op)
  send(workload, client, op)
  const { patienceMs, lastPatienceMs } = workload.conditions
  after(world, workload.ending ? lastPatienceMs : patienceMs, () => {
    if (client.pending?.op === op) end(workload, client, { type: 'unknown' })
  })
  return op
}

function send(workload: Workload, client: Client, op: ClientOp): void {
  const { world } = workload
  const node = client.stray ?? client.target
  client.stray = undefined
  client.pending = { op, node, incarnation: node.incarnation }
  workload.pending.set(op.id, client)
  after(world, CLIENT_DELAY_MS, () => {
    if (client.pending?.op !== op) return
    if (node.host === undefined || node.incarnation !== client.pending.incarnation) {
      end(workload, client, { type: 'refused', why: 'nobody listens' })
      return
    }
    deliver(world, node, { type: 'request', id: op.id, request: op.request })
  })
}

function onAnswer(workload: Workload, id: number, outcome: ClientOutcome): void {
  const client = workload.pending.get(id)
  if (client === undefined) return // it has given up
  after(workload.world, CLIENT_DELAY_MS, () => {
    if (client.pending?.op.id === id) end(workload, client, outcome)
  })
}

/** A program has ended, and with it the connections of its clients. */
export function onServerDown(workload: Workload, node: SimNode): void {
  for (const client of workload.pending.values()) {
    const { pending } = client
    if (pending?.node !== node) continue
    after(workload.world, CLIENT_DELAY_MS, () => {
      if (client.pending === pending) end(workload, client, { type: 'unknown' })
    })
  }
}

function end(workload: Workload, client: Client, outcome: ClientOutcome): void {
  const { pending } = client
  if (pending === undefined) return
  const { op } = pending
  client.pending = undefined
  workload.pending.delete(op.id)
  op.returned = ++workload.order
  op.outcome = outcome
  workload.onOutcome(op)
  if (client.once) return
  learn(workload, client, op)
  if (outcome.type === 'refused') retry(workload, client, { op, leader: outcome.leader })
  else think(workload, client)
}

function learn(workload: Workload, client: Client, { request, outcome }: ClientOp): void {
  if (outcome === undefined) return
  const { type } = outcome
  if (type === 'unknown') elsewhere(workload, client, undefined)
  if (type === 'refused') elsewhere(workload, client, outcome.leader)
  if (type === 'written') {
    client.done.wrote = true
    workload.told = Math.max(workload.told, outcome.index)
  }
  if (type !== 'read') return
  const { value = '', modified, index } = outcome
  client.read.set(request.key, { value, modified })
  if (request.type !== 'get' || request.mode === 'stale') return
  client.done.read = true
  workload.told = Math.max(workload.told, index)
}

function elsewhere({ world }: Workload, client: Client, leader: string | undefined): void {
  const named = leader === undefined ? undefined : world.byId.get(leader)
  const next = world.nodes[(client.target.index + 1) % world.nodes.length] as SimNode
  client.target = named === undefined || named === client.target ? next : named
}

/**
 * It was not done: the same once more, as a new request. At once where a leader was named, else
 * when there may be one.
 */
function retry(
  workload: Workload,
  client: Client,
  { op, leader }: { op: ClientOp; leader: string | undefined },
): void {
  const ms = leader === undefined ? workload.conditions.retryMs : RETRY_MS
  after(workload.world, ms, () => void call(workload, client, op.request))
}
