// Runs many seeds on all cores, each core with a process of its own.
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROFILE_NAMES, type ProfileName } from '../../../core/sim/profiles.ts'
import type { RunResult } from '../../../core/sim/run.ts'

export interface SearchOptions {
  readonly first: number
  readonly count: number
  readonly events: number
  /** Undefined: half of the seeds by chance, half by all profiles in turn. */
  readonly profile?: ProfileName
  /** Another module than core/sim/run: a mutant. */
  readonly module?: string
  /** Ends when any seed has found something. */
  readonly stopsAtFirst?: boolean
  /** Results of all seeds, not only of those that found something. */
  readonly all?: boolean
  /** Wall time for the search. */
  readonly limitMs?: number
  readonly processes?: number
  /** Of the processes, besides ours. */
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
}

export interface Found {
  readonly seeds: number
  readonly events: number
  /** Virtual. */
  readonly ms: number
  readonly commits: number
  readonly elections: number
  readonly results: readonly RunResult[]
}

export interface Job {
  readonly module: string
  readonly runs: readonly { readonly seed: number; readonly profile: ProfileName }[]
  readonly events: number
  readonly stopsAtFirst: boolean
  readonly all: boolean
  readonly limitMs: number
}

export type Report =
  | { readonly type: 'result'; readonly result: RunResult }
  | ({ readonly type: 'sum' } & Omit<Found, 'results'>)

const ENDING = extname(import.meta.filename)
const WORKER = join(import.meta.dirname, `worker-entry${ENDING}`)
const SIMULATOR = pathToFileURL(join(import.meta.dirname, `../../../core/sim/run${ENDING}`)).href
/** For a search that says nothing of time. */
const LIMIT_MS = 600_000

export async function search(options: SearchOptions): Promise<Found> {
  const processes = options.processes ?? availableParallelism()
  const runs = Array.from({ length: options.count }, (_, i) => {
    const seed = options.first + i
    return { seed, profile: options.profile ?? profileOf(seed) }
  })
  const found = { seeds: 0, events: 0, ms: 0, commits: 0, elections: 0 }
  const results: RunResult[] = []
  const started: ChildProcess[] = []
  const one = (part: number): Promise<void> => {
    const child = fork(WORKER, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...options.env },
      execArgv: [...process.execArgv, ...(options.flags ?? [])],
    })
    started.push(child)
    const job: Job = {
      module: options.module ?? SIMULATOR,
      runs: runs.filter((_, i) => i % processes === part),
      events: options.events,
      stopsAtFirst: options.stopsAtFirst ?? false,
      all: options.all ?? false,
      limitMs: options.limitMs ?? LIMIT_MS,
    }
    return new Promise((resolve, reject) => {
      child.on('message', (message) => {
        const report = message as Report // worker-entry.ts sends nothing else
        if (report.type === 'result') {
          results.push(report.result)
          if (job.stopsAtFirst) for (const other of started) other.kill()
          return
        }
        for (const name of Object.keys(found) as (keyof typeof found)[]) found[name] += report[name]
      })
      child.on('error', reject)
      child.on('exit', (code, signal) => {
        if (code === 0 || (signal === 'SIGTERM' && job.stopsAtFirst)) resolve()
        else reject(new Error(`a worker ended with ${code ?? signal}`))
      })
      child.send(job)
    })
  }
  try {
    await Promise.all(Array.from({ length: processes }, (_, part) => one(part)))
  } finally {
    for (const child of started) child.kill()
  }
  return { ...found, results: results.sort((a, b) => a.seed - b.seed) }
}

/** Every other seed by chance, the rest by each profile in turn. */
export function profileOf(seed: number): ProfileName {
  if (seed % 2 === 0) return 'swarm'
  return PROFILE_NAMES[((seed - 1) / 2) % PROFILE_NAMES.length] ?? 'swarm'
}

/** A finding in one line, with what is needed to see it again. */
export function describe({ seed, profile, finding }: RunResult): string {
  if (finding === undefined) return `seed ${seed} (${profile}): nothing found`
  const { invariant, what, atMs, events } = finding
  const at = `${atMs.toFixed(0)} ms, ${events} events`
  return `seed ${seed} (${profile}): ${invariant}: ${what} (${at})`
}
