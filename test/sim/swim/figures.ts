// `npm run sim:swim`: what virtual pools show. False positives and detection with and without
// Lifeguard, as in its paper; how fast news spread among a thousand; pools of five hundred under
// faults. `--write` draws docs/gossip-lifeguard.svg. Exit code 1 where a bound is missed.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { runOnePool } from '../../../core/sim/swim/run.ts'
import { inProject } from '../../kit/paths.ts'
import { type AnomalyResult, runAnomaly, WAYS } from './anomaly.ts'
import { plot } from './plot.ts'
import { spreadTimes } from './spreading.ts'

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2' },
    members: { type: 'string', default: '100' },
    spread: { type: 'string', default: '1000' },
    large: { type: 'string', default: '500' },
    write: { type: 'boolean', default: false },
  },
})

const BUSY_MS = [4_000, 8_000, 16_000]
const ANOMALOUS = [1, 4, 16]
/** Of which the picture shows one. */
const SHOWN = 4
const FREE_MS = 1_000
const FOR_MS = 120_000

interface Cell {
  readonly way: string
  readonly anomalous: number
  readonly busyMs: number
  readonly results: readonly AnomalyResult[]
}

type Pick = (result: AnomalyResult) => number

/** Of the table: what it is called, how it is got, how many digits it has. */
const COLUMNS: readonly (readonly [string, Pick, number])[] = [
  ['false positives', ({ falsePositives }) => falsePositives, 1],
  ['among healthy', ({ amongHealthy }) => amongHealthy, 1],
  ['first knows ms', ({ firstMs }) => firstMs, 0],
  ['all know ms', ({ lastMs }) => lastMs, 0],
  ['packets/s', ({ packets }) => packets, 1],
]

function experiment(): Cell[] {
  const members = Number(options.members)
  const seeds = Array.from({ length: Number(options.seeds) }, (_, i) => i + 1)
  const cells: Cell[] = []
  console.log(`${members} members for ${FOR_MS / 1000} s, the mean of ${seeds.length}`)
  console.log(['busy ms', 'busy', 'way      ', ...COLUMNS.map(([title]) => title)].join('  '))
  for (const busyMs of BUSY_MS)
    for (const anomalous of ANOMALOUS)
      for (const [way, settings] of Object.entries(WAYS)) {
        const anomaly = { members, anomalous, busyMs, freeMs: FREE_MS, forMs: FOR_MS }
        const results = seeds.map((seed) => runAnomaly(seed, settings, anomaly))
        cells.push({ way, anomalous, busyMs, results })
        console.log(rowOf({ way, anomalous, busyMs, results }))
      }
  return cells
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

function rowOf({ way, anomalous, busyMs, results }: Cell): string {
  const figures = COLUMNS.map(([title, pick, digits]) =>
    mean(results.map(pick)).toFixed(digits).padStart(title.length),
  )
  const head = [String(busyMs).padStart(7), String(anomalous).padStart(4), way.padEnd(9)]
  return [...head, ...figures].join('  ')
}

const COLOURS: Readonly<Record<string, string>> = { SWIM: '#c0392b', Lifeguard: '#1f618d' }

function picture(cells: readonly Cell[]): string {
  const at = (way: string, busyMs: number) =>
    cells
      .filter((cell) => cell.anomalous === SHOWN && cell.way === way && cell.busyMs === busyMs)
      .flatMap(({ results }) => results)
  const lines = (pick: Pick) =>
    Object.keys(WAYS).map((name) => ({
      name,
      colour: COLOURS[name] ?? 'black',
      values: BUSY_MS.map((busyMs) => mean(at(name, busyMs).map(pick))),
    }))
  const steps = BUSY_MS.map((ms) => `${ms / 1000} s`)
  const stepsTitle = `${SHOWN} of ${options.members} members are busy for so long, in turns`
  return plot([
    {
      title: 'Healthy members declared failed',
      unit: 'in two minutes',
      isLogarithmic: true,
      steps,
      stepsTitle,
      lines: lines(({ falsePositives }) => falsePositives),
    },
    {
      title: 'A real death is known to all',
      unit: 'seconds',
      isLogarithmic: false,
      steps,
      stepsTitle,
      lines: lines(({ lastMs }) => lastMs / 1000),
    },
  ])
}

/** Half of what Lifeguard's paper claims at least (memberlist-wire §6). */
const FEWER = 25

function keepsItsPromise(cells: readonly Cell[]): boolean {
  const sum = (way: string) =>
    cells
      .filter((cell) => cell.way === way)
      .flatMap(({ results }) => results)
      .reduce((total, { falsePositives }) => total + falsePositives, 0)
  const [swim, lifeguard] = [sum('SWIM'), sum('Lifeguard')]
  console.log(`false positives in all: SWIM ${swim}, Lifeguard ${lifeguard}`)
  return swim > 0 && lifeguard * FEWER <= swim
}

/** memberlist-wire §6: gossip comes to a thousand in 1.6 s if nothing is lost. */
const SPREAD_MS_MAX = 1_600
const SHARES = [0.5, 0.99, 0.999, 1]

function spreads(): boolean {
  const size = Number(options.spread)
  const times = spreadTimes(size)
  const at = (share: number) => times[Math.ceil(size * share) - 1] ?? Number.NaN
  const shown = SHARES.map((share) => `${share * 100} % after ${at(share).toFixed(0)} ms`)
  console.log(`news among ${size} members: ${shown.join(', ')}`)
  return at(0.99) <= SPREAD_MS_MAX
}

const LARGE = [
  [1, []],
  [2, ['slow', 'flap']],
  [3, ['crash', 'split', 'burst']],
] as const
/** Of which six in ten happen while there are faults: half a minute, or less under many. */
const LARGE_EVENTS = 200_000

function largePools(): boolean {
  const size = Number(options.large)
  const findings = LARGE.map(([seed, faults]) => {
    const begun = performance.now()
    const { finding, ms, packets } = runOnePool({ seed, size, events: LARGE_EVENTS, faults })
    const [virtual, real] = [ms, performance.now() - begun].map((t) => (t / 1000).toFixed(0))
    const what = finding === undefined ? 'nothing found' : `${finding.rule}: ${finding.what}`
    const under = faults.length === 0 ? 'no faults' : faults.join(', ')
    console.log(
      `${size} members under ${under}: ${virtual} s in ${real} s, ${packets} packets: ${what}`,
    )
    return finding
  })
  return findings.every((finding) => finding === undefined)
}

const cells = experiment()
if (options.write) await writeFile(inProject('docs/gossip-lifeguard.svg'), picture(cells))
const kept = [keepsItsPromise(cells), spreads(), largePools()]
if (!kept.every(Boolean)) {
  console.log('a bound was missed')
  process.exitCode = 1
}
