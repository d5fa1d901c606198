// When which check of this agent runs (consul-surface 7.2). One heap holds every due time; a tick
// takes what has come. Nothing waits: what has to be tried is an effect, what was found an event.
//
// A repeated check keeps to a grid: its times are its first one plus whole intervals, whatever a
// try takes, so that it does not drift; one that is still being tried is passed over. The first try
// comes soon, the second at a random place within the interval, so that checks that were registered
// together do not run together. As `consul` it is the first already: what a check of an hour was
// registered with is seen for a while.

import type { AgentConfig, CheckDefinition } from '../config/agent-config.ts'
import { kindOf } from '../local/define.ts'
import { type Due, type DueHeap, setDue, takeDue } from '../local/due.ts'
import { type Probe, type Probed, probeOf } from '../local/probe.ts'
import type { Status } from '../local/records.ts'
import { createStreak, judge, type Streak } from '../local/thresholds.ts'
import type { Prng } from '../prng.ts'
import { isSame } from '../same.ts'
import type { Instant } from '../time.ts'

/** The first try comes this soon: not at once, so that who registers sees what was registered. */
export const FIRST_RUN_MS_MIN = 40
export const FIRST_RUN_MS_MAX = 80
/** Nobody may ask for more. */
const INTERVAL_MS_MIN = 1_000
/** More are not tried at a time; the rest waits for its turn. */
export const PROBES_MAX = 256
/** A service is not taken out earlier, whatever its check asks for. */
export const DEREGISTER_MS_MIN = 60_000

interface Running {
  readonly id: string
  readonly definition: CheckDefinition
  /** Undefined for a TTL, an alias, and what only stands there. */
  readonly probe: Probe | undefined
  readonly streak: Streak
  /** The setting of its timer that counts. */
  round: number
  /** Its try that is under way or waits. */
  trying: number | undefined
  /** Its next try has its place in the grid. */
  tried: boolean
  /** What a TTL check said last. */
  lastOutput: string
  /** Since when every report said critical. */
  criticalSince: Instant | undefined
}

export interface Runner {
  readonly prng: Prng
  /** What an agent keeps of an output at most, in bytes. */
  readonly outputMax: number
  readonly begin: AgentConfig['checksBegin']
  readonly running: Map<string, Running>
  /** Those that mirror others. */
  readonly aliases: Map<string, CheckDefinition>
  readonly heap: DueHeap
  /** Tries under way: their numbers and whose they are. */
  readonly tries: Map<number, string>
  /** Tries that wait for others to end. */
  readonly queue: number[]
  readonly queued: Map<number, string>
  lastTry: number
  lastRound: number
}

export const createRunner = (
  prng: Prng,
  { checkOutput, checksBegin }: Pick<AgentConfig, 'checkOutput' | 'checksBegin'>,
): Runner => ({
  prng,
  outputMax: checkOutput.max,
  begin: checksBegin,
  running: new Map(),
  aliases: new Map(),
  heap: [],
  tries: new Map(),
  queue: [],
  queued: new Map(),
  lastTry: 0,
  lastRound: 0,
})

/** What the world is asked for. */
export type Order =
  | { readonly type: 'probe'; readonly id: number; readonly probe: Probe }
  | { readonly type: 'probe-cancel'; readonly id: number }

/** What a check has come to. */
export interface Verdict {
  readonly id: string
  readonly status: Status
  readonly output: string
}

/** Starts a check, or leaves it running if it is the same; undefined stops it. */
export function runCheck(
  runner: Runner,
  id: string,
  { definition, now }: { readonly definition: CheckDefinition | undefined; readonly now: Instant },
): Order[] {
  const known = runner.running.get(id)
  if (known !== undefined && isSame(known.definition, definition)) return []
  const orders = known === undefined ? [] : stop(runner, known)
  if (definition === undefined) return orders
  const probe = probeOf(definition, runner.outputMax)
  const running: Running = {
    id,
    definition,
    probe,
    streak: createStreak(definition),
    round: 0,
    trying: undefined,
    tried: runner.begin === 'scattered',
    lastOutput: '',
    criticalSince: undefined,
  }
  runner.running.set(id, running)
  if (probe !== undefined) arm(runner, running, now + firstWait(runner, definition))
  const kind = kindOf(definition)
  if (kind === 'alias') runner.aliases.set(id, definition)
  if (kind === 'ttl') arm(runner, running, now + definition.ttlMs)
  return orders
}

const intervalOf = ({ intervalMs }: CheckDefinition): number =>
  Math.max(INTERVAL_MS_MIN, intervalMs)

const firstWait = ({ prng, begin }: Runner, definition: CheckDefinition): number =>
  begin === 'soon'
    ? prng.range(FIRST_RUN_MS_MIN, FIRST_RUN_MS_MAX)
    : Math.ceil(prng.unit() * intervalOf(definition))

function stop(runner: Runner, running: Running): Order[] {
  const { id, trying } = running
  runner.running.delete(id)
  runner.aliases.delete(id)
  if (trying === undefined || runner.queued.delete(trying)) return []
  runner.tries.delete(trying)
  return [{ type: 'probe-cancel', id: trying }, ...startQueued(runner)]
}

function arm(runner: Runner, running: Running, at: Instant): void {
  running.round = ++runner.lastRound
  setDue(runner.heap, { at, id: running.id, round: running.round })
}

/** A sign of life: the time of a TTL check runs anew, from now or to a time that was noted. */
export function beat(
  runner: Runner,
  id: string,
  { output, until }: { readonly output: string; readonly until: Instant },
): void {
  const running = runner.running.get(id)
  if (running === undefined) return
  running.lastOutput = output
  arm(runner, running, until)
}

/** A TTL check was registered again, if only as it was: its time runs anew, as in Consul. */
export function renew(runner: Runner, id: string, now: Instant): void {
  const running = runner.running.get(id)
  if (running === undefined || kindOf(running.definition) !== 'ttl') return
  beat(runner, id, { output: '', until: now + running.definition.ttlMs })
}

/** What has come due: tries to begin, and TTL checks that have fallen silent. */
export function tickChecks(
  runner: Runner,
  now: Instant,
): { readonly orders: readonly Order[]; readonly verdicts: readonly Verdict[] } {
  const orders: Order[] = []
  const verdicts: Verdict[] = []
  for (let due = takeDue(runner.heap, now); due !== undefined; due = takeDue(runner.heap, now)) {
    const running = runner.running.get(due.id)
    if (running === undefined || running.round !== due.round) continue
    if (running.probe === undefined) verdicts.push(expired(running))
    else orders.push(...tryCheck(runner, running, { due, now }))
  }
  return { orders, verdicts }
}

const expired = ({ id, lastOutput }: Running): Verdict => ({
  id,
  status: 'critical',
  output:
    lastOutput === ''
      ? 'TTL expired'
      : `TTL expired (last output before timeout follows): ${lastOutput}`,
})

function tryCheck(
  runner: Runner,
  running: Running,
  { due, now }: { readonly due: Due; readonly now: Instant },
): Order[] {
  const interval = intervalOf(running.definition)
  const step = running.tried ? interval : Math.ceil(runner.prng.unit() * interval)
  running.tried = true
  // A clock that has jumped over many intervals makes up for none of them.
  const missed = Math.floor((now - due.at) / interval)
  arm(runner, running, due.at + step + missed * interval)
  if (running.trying !== undefined) return []
  running.trying = ++runner.lastTry
  runner.queued.set(running.trying, running.id)
  runner.queue.push(running.trying)
  return startQueued(runner)
}

function startQueued(runner: Runner): Order[] {
  const orders: Order[] = []
  while (runner.tries.size < PROBES_MAX) {
    const id = runner.queue.shift()
    if (id === undefined) break
    const owner = runner.queued.get(id)
    const probe = owner === undefined ? undefined : runner.running.get(owner)?.probe
    runner.queued.delete(id)
    if (owner === undefined || probe === undefined) continue // stopped while it waited
    runner.tries.set(id, owner)
    orders.push({ type: 'probe', id, probe })
  }
  return orders
}

/** A try has ended. The verdict is missing where thresholds keep the old state. */
export function endTry(
  runner: Runner,
  id: number,
  { status, output, atOnce }: Probed,
): { readonly orders: readonly Order[]; readonly verdict: Verdict | undefined } {
  const owner = runner.tries.get(id)
  runner.tries.delete(id)
  const orders = startQueued(runner)
  const running = owner === undefined ? undefined : runner.running.get(owner)
  if (running === undefined || running.trying !== id) return { orders, verdict: undefined }
  running.trying = undefined
  const judged = atOnce ? status : judge(running.streak, status, running.definition)
  const verdict = judged === undefined ? undefined : { id: running.id, status: judged, output }
  return { orders, verdict }
}

/** Notes for how long a check has been critical without a break. */
export function noteStatus(runner: Runner, { id, status }: Verdict, now: Instant): void {
  const running = runner.running.get(id)
  if (running === undefined) return
  running.criticalSince = status === 'critical' ? (running.criticalSince ?? now) : undefined
}

/** Checks that were critical for so long that their service has to go. */
export function overdueChecks(runner: Runner, now: Instant): string[] {
  const overdue: string[] = []
  for (const { id, definition, criticalSince } of runner.running.values()) {
    const { deregisterCriticalServiceAfterMs: after } = definition
    if (after <= 0 || criticalSince === undefined) continue
    if (now - criticalSince >= Math.max(DEREGISTER_MS_MIN, after)) overdue.push(id)
  }
  return overdue
}
