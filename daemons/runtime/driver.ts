// The only loop: an event, a step, then the effects in the order in which they came. It remembers
// no rule of the machine: what must not be said before something is durable is not among the
// effects until it is.

import type { AgentEffect, SnapshotOrder } from '../../core/agent/effects.ts'
import type { AgentEvent, Clock } from '../../core/agent/events.ts'
import type { OwnSave } from '../../core/agent/keeper.ts'
import type { PoolEffect } from '../../core/agent/pool-io.ts'
import { unreachable } from '../../core/assert.ts'
import type { Answer } from '../../core/dns/answer.ts'
import type { Persist } from '../../core/entry.ts'
import type { LogIndex, RequestId } from '../../core/ids.ts'
import type { Probe, Probed } from '../../core/local/probe.ts'
import type { LogLine } from '../../core/log.ts'
import type { Response } from '../../core/route/request.ts'
import type { Question } from '../../core/route/route.ts'
import type { WrittenBoth } from './data-dir.ts'
import { endOfTurn } from './files.ts'

/** What is driven: core/agent, or a script in a test. */
export interface Machine {
  step(event: AgentEvent, clock: Clock): void
  drain(): readonly AgentEffect[]
}

/** Where the effects go. A promise that rejects ends the process: see `fatal`. */
export interface Ports {
  respond(id: RequestId, response: Response): void
  answerDns(id: RequestId, answer: Answer): void
  /** `full`: nothing of it stands. Rejects with a DiskFailure. */
  persist(persist: Persist): Promise<'durable' | 'full'>
  /** With what the agent keeps of its own, in one wait for the disk where that can be. */
  persistBoth(persist: Persist, save: OwnSave): WrittenBoth
  saveSnapshot(order: SnapshotOrder): Promise<'saved' | 'full'>
  trimLog(through: LogIndex): Promise<void>
  ask(question: Question): Promise<unknown>
  /** What the agent keeps of its own services. `full`: nothing of it stands. */
  saveOwn(save: OwnSave): Promise<'saved' | 'full'>
  /** Never rejects for what is found. Nobody waits for it when the process stops. */
  probe(id: number, probe: Probe): Promise<Probed>
  cancelProbe(id: number): void
  /** Of the gossip pool: what comes of it comes as events of the pool. */
  pool(effect: PoolEffect): void
  log(line: LogLine): void
  /** A broken invariant, a failed disk: the machine is not stepped again. */
  fatal(error: unknown): void
}

export interface Driver {
  machine: Machine
  readonly ports: Ports
  readonly readClock: () => Clock
  /** Events that came while another was handled. */
  readonly queue: AgentEvent[]
  /** What the ports are still at. */
  readonly underWay: Set<Promise<void>>
  /** Requests that may write and share the next write of the log; undefined: it waits for none. */
  gathered: number | undefined
  /** Saves of the agent's own services that somebody waits for. */
  readonly saves: Set<Promise<void>>
  state: 'idle' | 'stepping' | 'stopped'
}

/** So many share a write without waiting for more: the disk is a small part of each one's cost. */
const GATHERED_WRITES = 16
/** Gathering ends with the first turn of the event loop that brings nothing, or after so many. */
const GATHER_TURNS_MAX = 4

export type DriverOptions = Pick<Driver, 'machine' | 'ports' | 'readClock'>

/** A machine may have effects before its first event: they are performed at once. */
export function startDriver(options: DriverOptions): Driver {
  const driver: Driver = {
    ...options,
    queue: [],
    underWay: new Set(),
    gathered: undefined,
    saves: new Set(),
    state: 'idle',
  }
  run(driver)
  return driver
}

/** Lets the machine see an event. What happens meanwhile comes after it. */
export function feed(driver: Driver, event: AgentEvent): void {
  if (driver.state === 'stopped') return
  const mayWrite = isWrite(event)
  const begins = driver.gathered === undefined && (mayWrite || event.type === 'persisted')
  if (begins) {
    driver.gathered = 0
    driver.queue.push({ type: 'gather' })
  }
  if (mayWrite && driver.gathered !== undefined) driver.gathered++
  driver.queue.push(event)
  if (driver.state === 'idle') run(driver)
  if (begins) track(driver.underWay, gather(driver))
}

const isWrite = (event: AgentEvent): boolean =>
  event.type === 'request' && event.request.method !== 'GET'

/**
 * What comes at nearly the same time shares one write of the disk. Who has just been answered is
 * about to send again: what is written next waits for that, too. It waits for the answers in any
 * case, for a write may be waited for on the spot (files.ts).
 *
 * What was put off to the end of the turn by then, answers above all, goes first. Whoever waits for
 * a save is not answered before that ends: so nothing else is written before.
 */
async function gather(driver: Driver): Promise<void> {
  let [seen, turns] = [0, 0]
  for (;;) {
    await endOfTurn()
    if (driver.saves.size > 0) {
      await Promise.allSettled(driver.saves)
      turns = 0
      continue
    }
    const { gathered = 0 } = driver
    if (gathered === seen || gathered >= GATHERED_WRITES || turns === GATHER_TURNS_MAX) break
    seen = gathered
    turns++
  }
  driver.gathered = undefined
  feed(driver, { type: 'gathered' })
}

/** No event is handled any more. Resolves when the ports have finished what they began. */
export async function stopDriver(driver: Driver): Promise<void> {
  driver.state = 'stopped'
  await Promise.all(driver.underWay)
}

/** Resolves when nothing is under way any more: every write is durable and answered. */
export async function settle(driver: Driver): Promise<void> {
  while (driver.underWay.size > 0) await Promise.all(driver.underWay)
}

/**
 * Another machine takes over. What the ports still do for the old one means nothing to the new one.
 */
export function exchangeMachine(driver: Driver, machine: Machine): void {
  driver.machine = machine
  driver.queue.length = 0
  run(driver)
}

/** Nobody catches a bug but here: the process is about to end. */
function run(driver: Driver): void {
  if (driver.state === 'stopped') return
  driver.state = 'stepping'
  try {
    performAll(driver)
    for (let next = driver.queue.shift(); next !== undefined; next = driver.queue.shift()) {
      driver.machine.step(next, driver.readClock())
      performAll(driver)
    }
    driver.state = 'idle'
  } catch (error) {
    fail(driver, error)
  }
}

function fail(driver: Driver, error: unknown): void {
  driver.state = 'stopped'
  driver.ports.fatal(error)
}

function performAll(driver: Driver): void {
  const effects = driver.machine.drain()
  const both = bothIn(effects)
  for (const effect of effects) {
    if (both === undefined) perform(driver, effect)
    else if (effect.type === 'persist') performBoth(driver, both)
    else if (effect.type !== 'save-own') perform(driver, effect)
  }
}

interface Both {
  readonly persist: Persist
  readonly save: OwnSave
}

/** Two writes for which somebody waits. */
function bothIn(effects: readonly AgentEffect[]): Both | undefined {
  const own = effects.find((effect) => effect.type === 'save-own')
  if (own?.save.durable !== true) return undefined
  const log = effects.find((effect) => effect.type === 'persist')
  return log && { persist: log.persist, save: own.save }
}

function performBoth(driver: Driver, { persist, save }: Both): void {
  const { log, own } = driver.ports.persistBoth(persist, save)
  followPersist(driver, persist, log)
  followSave(driver, save, own)
}

function followPersist(
  driver: Driver,
  { token }: Persist,
  written: Promise<'durable' | 'full'>,
): void {
  follow(driver, written, (end) =>
    end === 'durable' ? { type: 'persisted', token } : { type: 'persist-refused', token },
  )
}

function followSave(driver: Driver, save: OwnSave, saved: Promise<'saved' | 'full'>): void {
  const ended = follow(driver, saved, (end) =>
    end === 'saved' ? { type: 'own-saved', token: save.token } : { type: 'own-save-refused', save },
  )
  if (save.durable) track(driver.saves, ended)
}

function perform(driver: Driver, effect: AgentEffect): void {
  const { ports } = driver
  switch (effect.type) {
    case 'respond':
      ports.respond(effect.id, effect.response)
      break
    case 'answer-dns':
      ports.answerDns(effect.id, effect.answer)
      break
    case 'persist':
      followPersist(driver, effect.persist, ports.persist(effect.persist))
      break
    case 'ask': {
      const { id } = effect
      follow(driver, ports.ask(effect.question), (answer) => ({ type: 'answered', id, answer }))
      break
    }
    case 'save-snapshot': {
      const { index } = effect.order
      follow(driver, ports.saveSnapshot(effect.order), (end) =>
        end === 'saved' ? { type: 'snapshot-saved', index } : { type: 'snapshot-refused' },
      )
      break
    }
    case 'trim-log':
      follow(driver, ports.trimLog(effect.through), () => undefined)
      break
    case 'save-own':
      followSave(driver, effect.save, ports.saveOwn(effect.save))
      break
    case 'probe':
      followLoosely(driver, effect.id, ports.probe(effect.id, effect.probe))
      break
    case 'probe-cancel':
      ports.cancelProbe(effect.id)
      break
    case 'pool':
      ports.pool(effect.effect)
      break
    case 'log':
      ports.log(effect.line)
      break
    default:
      unreachable(effect)
  }
}

/** Waits for a port, and lets the machine that asked know. */
function follow<T>(
  driver: Driver,
  result: Promise<T>,
  eventOf: (value: T) => AgentEvent | undefined,
): Promise<void> {
  const { machine } = driver
  const followed = result.then(
    (value) => {
      const event = eventOf(value)
      if (event !== undefined && driver.machine === machine) feed(driver, event)
    },
    (error: unknown) => fail(driver, error),
  )
  track(driver.underWay, followed)
  return followed
}

/** Is among those until it is over. */
function track(among: Set<Promise<void>>, work: Promise<void>): void {
  among.add(work)
  work.finally(() => among.delete(work))
}

/** A try of a check is not among what is waited for: it may take as long as its timeout. */
function followLoosely(driver: Driver, id: number, trial: Promise<Probed>): void {
  const { machine } = driver
  trial.then(
    (result) => {
      if (driver.machine === machine) feed(driver, { type: 'probed', id, result })
    },
    (error: unknown) => fail(driver, error),
  )
}
