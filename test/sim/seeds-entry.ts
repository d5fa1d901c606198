// Searches fresh seeds on all cores. `--twice` runs each a second time, in another process with
// another heap, zone and language, and compares the hashes of the traces.
//
//   node dist/test/sim/seeds-entry.js [--count 4000] [--events 4000] [--first N] [--profile NAME]
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { isProfile } from '../../core/sim/profiles.ts'
import type { RunResult } from '../../core/sim/run.ts'
import { describe, type Found, type SearchOptions, search } from './kit/search.ts'

/** Fresh seeds begin at a multiple of this, so that a day's runs do not overlap. */
const STRIDE = 10_000

function readOptions(): { options: SearchOptions; twice: boolean } {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '4000' },
      events: { type: 'string', default: '4000' },
      first: { type: 'string' },
      profile: { type: 'string' },
      twice: { type: 'boolean', default: false },
    },
  })
  const { profile, twice } = values
  if (profile !== undefined && !isProfile(profile)) throw new Error(`no profile ${profile}`)
  const fresh = (Math.floor(Date.now() / 1000) % 400_000) * STRIDE
  const options: SearchOptions = {
    first: values.first === undefined ? fresh : Number(values.first),
    count: Number(values.count),
    events: Number(values.events),
    ...(profile === undefined ? {} : { profile }),
  }
  return { options, twice }
}

/** Fails, says how to see a finding again, and where two runs of one seed part. */
async function main(): Promise<number> {
  const { options, twice } = readOptions()
  const begun = performance.now()
  const found = await search({ ...options, all: twice })
  const seconds = (performance.now() - begun) / 1000
  const failed = found.results.filter(({ finding }) => finding !== undefined)
  for (const result of failed) {
    console.log(describe(result))
    const { seed, profile } = result
    console.log(`  lictor chaos replay ${seed} -profile=${profile} -events=${options.events}`)
  }
  console.log(summaryOf(options, found, seconds))
  const drifted = twice ? await compare(options, found.results) : 0
  return failed.length === 0 && drifted === 0 && found.seeds === options.count ? 0 : 1
}

function summaryOf({ first, count }: SearchOptions, found: Found, seconds: number): string {
  const { seeds, events, ms, commits, elections, results } = found
  const failed = results.filter(({ finding }) => finding !== undefined).length
  return [
    `${seeds} of ${count} seeds from ${first}: ${failed} findings`,
    `${events} events in ${seconds.toFixed(1)} s (${Math.round(events / seconds / 1000)} k/s)`,
    `${(ms / 3_600_000).toFixed(1)} h of virtual time, ${commits} commits, ${elections} elections`,
  ].join('\n')
}

async function compare(options: SearchOptions, first: readonly RunResult[]): Promise<number> {
  const env = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8' }
  const second = await search({ ...options, all: true, env, flags: ['--max-semi-space-size=1'] })
  const hashes = new Map(second.results.map(({ seed, hash }) => [seed, hash]))
  const drifted = first.filter(({ seed, hash }) => hashes.get(seed) !== hash)
  for (const { seed, profile } of drifted) console.log(`seed ${seed} (${profile}) drifts`)
  console.log(`${first.length - drifted.length} of ${first.length} hashes are the same twice`)
  return drifted.length
}

process.exitCode = await main()
