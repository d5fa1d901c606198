// A process that runs seeds for search.ts: one job comes in by message, one result goes out for
// each seed that found something, then a sum.
import type { RunOptions, RunResult } from '../../../core/sim/run.ts'
import type { Job, Report } from './search.ts'

interface Simulator {
  readonly simulate: (options: RunOptions) => RunResult
}

async function work(job: Job): Promise<void> {
  // The cast: the module is core/sim/run, or a copy of it with a planted mistake.
  const { simulate } = (await import(job.module)) as Simulator
  const deadline = Date.now() + job.limitMs
  const sum = { seeds: 0, events: 0, ms: 0, commits: 0, elections: 0 }
  for (const { seed, profile } of job.runs) {
    if (Date.now() > deadline) break
    const result = simulate({ seed, profile, events: job.events })
    sum.seeds++
    sum.events += result.events
    sum.ms += result.ms
    sum.commits += result.commits
    sum.elections += result.elections
    if (job.all || result.finding !== undefined) send({ type: 'result', result })
    if (result.finding !== undefined && job.stopsAtFirst) break
  }
  send({ type: 'sum', ...sum })
}

const send = (report: Report): void => void process.send?.(report)

process.once('message', (job) => {
  // The cast: search.ts is the only one that starts this file.
  work(job as Job).then(
    () => process.disconnect(),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
