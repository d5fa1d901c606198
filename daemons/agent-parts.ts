// The parts of an agent in the order in which they start: a list, nothing else. What an agent knows
// is in core, what it can do is in runtime. lictor/testing runs the result inside its own process,
// agent.ts makes a program of it.
import { join } from 'node:path'
import { createAgent, drain, step } from '../core/agent/agent.ts'
import type { AgentEvent, Clock, Reconfigured } from '../core/agent/events.ts'
import { EMPTY } from '../core/bytes.ts'
import type { AgentConfig, ListenAddress } from '../core/config/agent-config.ts'
import type { Recovered } from '../core/entry.ts'
import { type RequestId, requestId, term, uuidOf } from '../core/ids.ts'
import type { KeptRecord } from '../core/local/keep.ts'
import type { LogLine } from '../core/log.ts'
import type { Request, Response } from '../core/route/request.ts'
import type { Question } from '../core/route/route.ts'
import { type LanOrder, type OpenLan, openLan } from './lan.ts'
import { readClock, startTicking } from './runtime/clock.ts'
import { openDataDir } from './runtime/data-dir.ts'
import {
  answerDns,
  closeDns,
  createDns,
  type Dns,
  openDns,
  reconfigureDns,
  STREAMS_MAX,
  sweepDns,
} from './runtime/dns.ts'
import {
  type Driver,
  exchangeMachine,
  feed,
  type Machine,
  type Ports,
  settle,
  startDriver,
  stopDriver,
} from './runtime/driver.ts'
import { createEntropy, drawSeed } from './runtime/entropy.ts'
import { endOfTurn } from './runtime/files.ts'
import { createFacts, describeHost, openFilesMax } from './runtime/host.ts'
import {
  checkHeaders,
  closeDoors,
  closeHttp,
  createHttp,
  dropPending,
  type Http,
  openDoor,
  respond,
  sweepHttp,
} from './runtime/http.ts'
import { type OnStop, type Started, startInOrder } from './runtime/lifecycle.ts'
import { followLog, isHeard, type Log, writeLog } from './runtime/log.ts'
import { createProber, type Prober } from './runtime/probe.ts'
import { createRecoveredState } from './runtime/recovered-state.ts'
import { openAfterRecovery } from './runtime/recovery.ts'

/** The longest body of an endpoint that has no limit of its own. */
const BODY_BYTES_MAX = 1 << 20

export interface AgentOptions {
  readonly config: AgentConfig
  readonly log: Log
  /**
   * Whether it gossips: `strict` at the port of the configuration, `lenient` at another one if that
   * is taken.
   */
  readonly gossip: 'off' | 'strict' | 'lenient'
  /** Answers `reload`: with an error, or with nothing. May be asked while the parts still start. */
  readonly reload: () => Promise<{ readonly error?: string }>
  /** Somebody asked over the API that the agent leave. */
  readonly onLeave: () => void
  /** A bug of ours or a failed disk: nothing is answered any more. */
  readonly onFatal: (error: unknown) => void
}

export interface RunningAgent {
  /** With the ports that were chosen and the id of the node. */
  readonly config: AgentConfig
  readonly http: Http
  /** The configuration was read again. */
  reconfigure(event: Reconfigured): void
  /** Tells the gossip pool that this agent goes; resolves when everybody had time to hear it. */
  leave(): Promise<void>
  /** A request from inside the process. */
  ask(request: InnerRequest): Promise<Response>
  /**
   * Throws all state away, and the connections of whoever waits for it. Only for agents that keep
   * nothing on disk.
   */
  reset(): Promise<void>
}

interface InnerRequest {
  readonly method: string
  readonly path: string
  readonly query?: string
  readonly body?: Uint8Array
}

/**
 * Rejects with what the system or the data folder says: EADDRINUSE, DataDirRefused, DiskFailure.
 */
export const startAgent = (options: AgentOptions): Promise<Started<RunningAgent>> =>
  startInOrder((onStop) => startParts(options, onStop))

async function startParts(options: AgentOptions, onStop: OnStop): Promise<RunningAgent> {
  const disk = await openDisk(options)
  onStop(disk.close)
  const entropy = createEntropy()
  const inner = new Map<RequestId, (response: Response) => void>()
  const gate = createGate()
  const give = (event: AgentEvent) => pass(gate, event)
  // Requests wait for the end of the start: who writes from its first moment on must not delay it.
  const requests = createGate()

  const sockets = shareSockets(openFilesMax())
  const http = createHttpFor(options, {
    give: (event) => pass(requests, event),
    connectionsMax: sockets.http,
  })
  onStop(() => closeHttp(http))
  const dns = createDns({
    config: options.config.dns,
    ask: (id, asking) => give({ type: 'question', id, asking }),
    now: () => readClock().now,
    streamsMax: sockets.dnsStreams,
  })
  onStop(() => closeDns(dns))
  const bound = await openDoors({ http, dns }, { ...options.config, nodeId: disk.nodeId })
  const lan = await openLanFor(options, { config: bound, give })
  if (lan !== undefined) onStop(lan.close)
  const config = withLanPort(bound, lan)

  const prober = createProber()
  onStop(prober.close)
  const { recovered, kept } = disk
  const machine = () => createMachine({ config, entropy, recovered, kept, lan: lan?.options })
  const ports = createPorts(options, { http, dns, disk, inner, prober, lan })
  const started = startDriver({ machine: machine(), ports, readClock })
  openGate(gate, started)
  onStop(() => stopDriver(started))
  onStop(startTicking(() => onTick(started, { http, dns })))
  onStop(async () => {
    closeDoors(http)
    await settle(started)
  })
  await settle(started)
  openGate(requests, started)

  return {
    config,
    http,
    reconfigure: (event) => {
      reconfigureDns(dns, event.config.dns)
      feed(started, { type: 'reconfigured', ...event })
    },
    leave: () => leavePool(started, lan),
    ask: (asked) =>
      new Promise((resolve) => {
        const request = innerRequest(requestId(http.nextId++), asked)
        inner.set(request.id, resolve)
        feed(started, { type: 'request', request })
      }),
    reset: () => {
      inner.clear()
      dropPending(http)
      exchangeMachine(started, machine())
      return settle(started)
    },
  }
}

/** Events on their way to a driver, kept while there is none. */
interface Gate {
  readonly early: AgentEvent[]
  driver: Driver | undefined
}

const createGate = (): Gate => ({ early: [], driver: undefined })

function pass({ driver, early }: Gate, event: AgentEvent): void {
  if (driver === undefined) early.push(event)
  else feed(driver, event)
}

function openGate(gate: Gate, driver: Driver): void {
  gate.driver = driver
  for (const event of gate.early.splice(0)) feed(driver, event)
}

function onTick(driver: Driver, { http, dns }: Pick<Doors, 'http' | 'dns'>): void {
  const { now } = readClock()
  sweepHttp(http, now)
  sweepDns(dns, now)
  feed(driver, { type: 'tick' })
}

function leavePool(driver: Driver, lan: OpenLan | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (lan === undefined) {
      resolve()
      return
    }
    lan.onLeft = resolve
    feed(driver, { type: 'pool', event: { type: 'leave' } })
  })
}

interface Disk
  extends Pick<Ports, 'persist' | 'persistBoth' | 'saveSnapshot' | 'trimLog' | 'saveOwn'> {
  readonly nodeId: string
  readonly recovered: Recovered
  readonly kept: readonly KeptRecord[]
  close(): Promise<void>
}

const NOTHING: Recovered = {
  vote: { term: term(0), votedFor: '' },
  snapshot: undefined,
  entries: [],
}

async function openDisk({ config, log }: AgentOptions): Promise<Disk> {
  const newNodeId = () => uuidOf(createEntropy()())
  if (config.dataDir === undefined) return forgetfulDisk(config.nodeId || newNodeId())
  const folder = {
    dir: config.dataDir,
    nodeId: config.nodeId || undefined,
    newNodeId,
    log: (line: LogLine) => writeLog(log, line),
  }
  const dir = await openAfterRecovery({
    ...folder,
    at: join(folder.dir, 'raft'), // where Consul looks for it
    open: () => openDataDir(folder),
    self: ({ nodeId: id }) => ({ id }), // it tells its address when it leads
    machine: createRecoveredState(),
  })
  return {
    nodeId: dir.nodeId,
    recovered: dir.recovered,
    kept: dir.kept,
    saveOwn: (save) => dir.saveOwn(save),
    persist: (persist) => dir.write(persist),
    persistBoth: (persist, save) => dir.writeBoth(persist, save),
    saveSnapshot: (order) => dir.saveSnapshot(order),
    trimLog: (through) => dir.trimLog(through),
    close: () => dir.close(),
  }
}

/**
 * Of a dev agent: what is to be kept is kept at once, but for one turn of the loop, so that a batch
 * can gather.
 */
const forgetfulDisk = (nodeId: string): Disk => ({
  nodeId,
  recovered: NOTHING,
  kept: [],
  saveOwn: async () => 'saved',
  persist: keptAfterTurn,
  persistBoth: () => ({ log: keptAfterTurn(), own: Promise.resolve('saved') }),
  saveSnapshot: async () => 'full',
  trimLog: async () => undefined,
  close: async () => undefined,
})

const keptAfterTurn = async (): Promise<'durable'> => {
  await endOfTurn()
  return 'durable'
}

/** For the log, snapshots, scripts and probes: they have to find a free one at any time. */
const FILES_RESERVED = 64

/** Whoever connects may not take the last file of the process from its disk. */
function shareSockets(filesMax: number): { http: number; dnsStreams: number } {
  const free = Math.max(0, filesMax - FILES_RESERVED)
  const dnsStreams = Math.min(STREAMS_MAX, Math.floor(free / 4))
  return { http: free - dnsStreams, dnsStreams }
}

interface ForHttp {
  readonly give: (event: AgentEvent) => void
  readonly connectionsMax: number
}

function createHttpFor({ config, log }: AgentOptions, { give, connectionsMax }: ForHttp): Http {
  const { kvMaxValueSize, txnMaxReqLen, httpMaxConnsPerClient } = config.limits
  checkHeaders(config.httpConfig.responseHeaders)
  const http = createHttp({
    sink: {
      request: (request) => give({ type: 'request', request }),
      abandoned: (id) => give({ type: 'abandoned', id }),
      live: (body, write) => followLog(log, body, write),
    },
    log: { isHeard: () => isHeard(log, 'debug'), write: (line) => writeLog(log, line) },
    now: () => readClock().now,
    bodyBytesMax: Math.max(kvMaxValueSize, txnMaxReqLen, BODY_BYTES_MAX),
    headerBytesMax: config.httpConfig.maxHeaderBytes,
    connectionsMax,
  })
  http.connectionsPerClientMax = httpMaxConnsPerClient
  return http
}

/** The configuration with the ports that the kernel has chosen where 0 was asked for. */
async function openDoors(
  { http, dns }: Pick<Doors, 'http' | 'dns'>,
  config: AgentConfig,
): Promise<AgentConfig> {
  const bound: ListenAddress[] = []
  for (const address of config.http) {
    bound.push(await openDoor(http, { address, file: config.unixSocket }))
  }
  const listen = await openDns(dns)
  const ports = {
    ...config.ports,
    http: chosenPort(config.ports.http, bound),
    dns: chosenPort(config.ports.dns, listen),
  }
  return { ...config, http: bound, dns: { ...config.dns, listen }, ports }
}

async function openLanFor(
  { gossip, log }: AgentOptions,
  { config, give }: Pick<LanOrder, 'config' | 'give'>,
): Promise<OpenLan | undefined> {
  if (gossip === 'off') return undefined
  return openLan({ config, log, give, isLenient: gossip === 'lenient' })
}

const withLanPort = (config: AgentConfig, lan: OpenLan | undefined): AgentConfig =>
  lan === undefined
    ? config
    : { ...config, ports: { ...config.ports, serfLan: lan.options.address.port } }

function chosenPort(asked: number, bound: readonly ListenAddress[]): number {
  const first = bound.find((address) => address.type === 'tcp')
  return first?.type === 'tcp' && asked === 0 ? first.port : asked
}

interface MachineParts {
  readonly config: AgentConfig
  readonly entropy: () => Uint8Array
  readonly recovered: Recovered
  readonly kept: readonly KeptRecord[]
  readonly lan: OpenLan['options'] | undefined
}

function createMachine({ lan, ...parts }: MachineParts): Machine {
  const pool = lan === undefined ? {} : { lan }
  const agent = createAgent({ ...parts, ...pool, seed: drawSeed(), clock: readClock() })
  return {
    step: (event: AgentEvent, clock: Clock) => step(agent, event, clock),
    drain: () => drain(agent),
  }
}

interface Doors {
  readonly http: Http
  readonly dns: Dns
  readonly disk: Disk
  readonly inner: Map<RequestId, (response: Response) => void>
  readonly prober: Prober
  readonly lan: OpenLan | undefined
}

function createPorts(options: AgentOptions, { http, dns, disk, inner, prober, lan }: Doors): Ports {
  return {
    respond: (id, response) => {
      const waiting = inner.size === 0 ? undefined : inner.get(id)
      if (waiting === undefined) {
        respond(http, id, response)
        return
      }
      inner.delete(id)
      waiting(response)
    },
    answerDns: (id, answer) => answerDns(dns, id, answer),
    persist: disk.persist,
    persistBoth: disk.persistBoth,
    saveSnapshot: disk.saveSnapshot,
    trimLog: disk.trimLog,
    saveOwn: disk.saveOwn,
    probe: (id, probe) => prober.run(id, probe),
    cancelProbe: (id) => prober.cancel(id),
    pool: (effect) => lan?.perform(effect),
    ask: createAnswers(options, http),
    log: (line) => writeLog(options.log, line),
    fatal: options.onFatal,
  }
}

/** What only the machine around the agent knows or can do. */
function createAnswers(
  { config, reload, onLeave }: AgentOptions,
  http: Http,
): (question: Question) => Promise<unknown> {
  const facts = createFacts()
  return async (question) => {
    switch (question.type) {
      case 'host':
        return describeHost(config.dataDir ?? '/', readClock().wall)
      case 'runtime':
        return {
          ...facts(),
          'lictor.http.connections': http.connections.bySocket.size,
          'lictor.http.pending': http.pending.size,
          'lictor.http.abandoned': http.abandoned,
        }
      case 'reload':
        return reload()
      default:
        setImmediate(onLeave) // behind the answer
        return {}
    }
  }
}

const innerRequest = (id: RequestId, asked: InnerRequest): Request => ({
  id,
  query: '',
  body: EMPTY,
  ...asked,
  header: () => undefined,
  remote: '',
})
