// Makes a failing run smaller while the same rule still breaks: fewer events, fewer faults, fewer
// requests, better weather (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing
// input", 2002: ddmin). What is left out has a name, so that the rest of the run keeps its draws.

import { type RunOptions, type RunResult, simulate } from './run.ts'
import { SIMPLER, type Simpler } from './simpler.ts'
import type { Invariant } from './violation.ts'
import type { Watcher } from './world.ts'

export interface Shrunk {
  readonly options: RunOptions
  readonly result: RunResult
  /** Runs that it took. */
  readonly runs: number
}

export interface ShrinkOptions {
  /** Asked before each run: time may be up. */
  readonly mayGoOn: () => boolean
  readonly onProgress?: (options: RunOptions, result: RunResult) => void
}

interface Shrinking {
  best: RunOptions
  result: RunResult
  readonly invariant: Invariant
  readonly how: ShrinkOptions
  runs: number
}

/** Undefined: the run does not fail. */
export function shrinkRun(options: RunOptions, how: ShrinkOptions): Shrunk | undefined {
  const result = simulate(options)
  const { finding } = result
  if (finding === undefined) return undefined
  const shrinking: Shrinking = {
    best: options,
    result,
    invariant: finding.invariant,
    how,
    runs: 1,
  }
  shortenRun(shrinking)
  for (const simpler of SIMPLER) {
    accept(shrinking, withSimpler(shrinking.best, simpler))
  }
  leaveOut(shrinking, faultsOf(shrinking.best))
  endRequests(shrinking)
  leaveOut(shrinking, requestsOf(shrinking.best))
  leaveOut(shrinking, faultsOf(shrinking.best))
  shortenRun(shrinking)
  return { options: shrinking.best, result: shrinking.result, runs: shrinking.runs }
}

const withSimpler = (options: RunOptions, simpler: Simpler): RunOptions => ({
  ...options,
  simpler: [...(options.simpler ?? []), simpler],
})

/** Takes the smaller run if it breaks the same rule. */
function accept(shrinking: Shrinking, smaller: RunOptions): boolean {
  if (!shrinking.how.mayGoOn()) return false
  shrinking.runs++
  const result = simulate(smaller)
  if (result.finding?.invariant !== shrinking.invariant) return false
  shrinking.best = smaller
  shrinking.result = result
  shrinking.how.onProgress?.(smaller, result)
  return true
}

/** A rule of safety breaks at its event; a rule of liveness may break after fewer as well. */
function shortenRun(shrinking: Shrinking): void {
  const { finding } = shrinking.result
  const { events } = shrinking.best
  if (finding !== undefined && finding.events + 1 < events)
    accept(shrinking, { ...shrinking.best, events: finding.events + 1 })
  for (const part of [0.1, 0.25, 0.5, 0.75]) {
    const fewer = Math.floor(shrinking.best.events * part)
    if (accept(shrinking, { ...shrinking.best, events: fewer })) return
  }
}

/** Names of what is not needed are added to what the run skips. */
function leaveOut(shrinking: Shrinking, names: readonly string[]): void {
  const before = [...(shrinking.best.skip ?? [])]
  const fails = (kept: readonly string[]) => {
    const skipped = names.filter((name) => !kept.includes(name))
    return accept(shrinking, { ...shrinking.best, skip: new Set([...before, ...skipped]) })
  }
  smallest(names, fails, shrinking.how.mayGoOn)
}

/** ddmin: leaves out halves, then quarters, and so on, while the rest still fails. */
export function smallest<T>(
  all: readonly T[],
  fails: (kept: readonly T[]) => boolean,
  mayGoOn: () => boolean,
): readonly T[] {
  let kept = all
  for (let size = Math.ceil(kept.length / 2); size >= 1 && mayGoOn(); ) {
    const smaller = withoutOnePart(kept, size, fails)
    if (smaller !== undefined) kept = smaller
    else size = size === 1 ? 0 : Math.ceil(size / 2)
    size = Math.min(size, kept.length)
  }
  return kept
}

function withoutOnePart<T>(
  kept: readonly T[],
  size: number,
  fails: (kept: readonly T[]) => boolean,
): readonly T[] | undefined {
  for (let at = 0; at < kept.length; at += size) {
    const rest = [...kept.slice(0, at), ...kept.slice(at + size)]
    if (fails(rest)) return rest
  }
  return undefined
}

const QUIET: Watcher = {
  onStart: () => undefined,
  onStep: () => undefined,
  onEffect: () => undefined,
  onPersisted: () => undefined,
  onDown: () => undefined,
  onWiped: () => undefined,
  onFault: () => undefined,
}

/** The names of the faults that were done. */
function faultsOf(options: RunOptions): string[] {
  const names: string[] = []
  const onFault = (text: string) => {
    const name = /^([PA]\d+):/.exec(text)?.[1]
    if (name !== undefined) names.push(name)
  }
  simulate({ ...options, trace: () => ({ ...QUIET, onFault }) })
  return names
}

/** No client asks more than it has: those that are left out shall not make room for others. */
function endRequests(shrinking: Shrinking): void {
  const { best, result } = shrinking
  const ends = result.requests.map((count, client) => `${client}:${count}+`)
  accept(shrinking, { ...best, skip: new Set([...(best.skip ?? []), ...ends]) })
}

/** The names of the requests that were asked. A client is one group after another. */
function requestsOf(options: RunOptions): string[] {
  const { requests } = simulate(options)
  return requests.flatMap((count, client) =>
    Array.from({ length: count }, (_, number) => `${client}:${number}`),
  )
}
