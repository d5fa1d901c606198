// A run in words: one line for each thing that happens, and the verdict.
import type { Finding, Run } from '../../core/sim/assemble.ts'
import type { Injected, Telling } from '../../core/sim/player.ts'
import { INVARIANTS, type Invariant } from '../../core/sim/violation.ts'
import type { ClientOp } from '../../core/sim/workload.ts'

/** `[01:02]`, minutes and seconds. */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  return `[${two(Math.floor(seconds / 60))}:${two(seconds % 60)}]`
}

/** What a reader has seen so far: some words depend on it. */
export interface Reading {
  leader: string | undefined
  /** When the election under way began. */
  electionAt: number | undefined
  longestElectionMs: number
  /** Partitions that last; while there is one, `staleBefore` were stale when it began. */
  cuts: number
  staleBefore: number
  staleWhileCut: number
}

export const startReading = (): Reading => ({
  leader: undefined,
  electionAt: undefined,
  longestElectionMs: 0,
  cuts: 0,
  staleBefore: 0,
  staleWhileCut: 0,
})

/** Which stale reads a partition explains. To be called when it happens, with those so far. */
export function countCut(reading: Reading, telling: Telling, stale: number): void {
  if (telling.kind !== 'inject' && telling.kind !== 'heal') return
  if (!CUTS.includes(telling.act)) return
  if (telling.kind === 'inject') {
    if (reading.cuts === 0) reading.staleBefore = stale
    reading.cuts++
    return
  }
  reading.cuts = Math.max(0, reading.cuts - 1)
  if (reading.cuts === 0) reading.staleWhileCut += stale - reading.staleBefore
}

const CUTS: readonly Injected['act'][] = ['isolate', 'cut', 'deaf', 'mute']

type Of<Kind extends Telling['kind']> = Extract<Telling, { kind: Kind }>

/** Undefined: nothing that a line is due for. */
export function tellingText(reading: Reading, telling: Telling): string | undefined {
  switch (telling.kind) {
    case 'election':
      reading.electionAt = telling.ms
      if (reading.leader === undefined) return undefined
      return `Leader election started (${telling.node} does not hear ${reading.leader})`
    case 'leader':
      return leaderText(reading, telling)
    case 'inject':
      return `INJECT: ${faultText(telling)}`
    case 'heal':
      return `HEAL: ${healText(telling)}`
    default:
      return verifyText(telling)
  }
}

function leaderText(reading: Reading, { ms, node }: Of<'leader'>): string | undefined {
  const took = ms - (reading.electionAt ?? ms)
  reading.longestElectionMs = Math.max(reading.longestElectionMs, took)
  reading.electionAt = undefined
  const isFirst = reading.leader === undefined
  reading.leader = node
  return isFirst ? undefined : `New leader: ${node}`
}

const group = (names: readonly string[]): string =>
  names.length === 1 ? (names[0] ?? '') : `{${names.join(', ')}}`

type Fault = Of<'inject' | 'heal'>

function faultText({ act, nodes, others, byMs }: Fault): string {
  const who = group(nodes)
  switch (act) {
    case 'isolate':
    case 'cut':
      return `Network partition between ${who} and {${others.join(', ')}}`
    case 'deaf':
      return `${who} can send but hears nobody`
    case 'mute':
      return `${who} hears everybody but nobody hears it`
    case 'crash':
      return `${who} crash`
    case 'power':
      return `Power failure of ${who}`
    case 'pause':
    case 'suspend':
      return `${who} is stopped`
    case 'slow-disk':
      return `Slow disk on ${who} (${byMs}ms latency)`
    case 'slow-link':
      return `Slow link from ${who} (${byMs}ms)`
    case 'stall':
      return `The disk of ${who} stalls`
    case 'fill':
      return `The disk of ${who} is full`
    case 'wipe':
      return `The disk of ${who} is wiped`
    default:
      return `${act} ${who}`.trim()
  }
}

function healText({ act, nodes }: Fault): string {
  const who = group(nodes)
  switch (act) {
    case 'isolate':
    case 'cut':
    case 'deaf':
    case 'mute':
      return 'Network partition resolved'
    case 'slow-disk':
      return `The disk of ${who} is fast again`
    case 'slow-link':
      return `The link from ${who} is fast again`
    case 'fill':
      return `The disk of ${who} has room again`
    case 'pause':
    case 'suspend':
      return `${who} goes on`
    default:
      return `${who} is started`
  }
}

function verifyText({ what, node, ok, why }: Of<'verify'>): string {
  const mark = ok ? '✓' : '✗'
  switch (what) {
    case 'leader':
      if (!ok) return `VERIFY: A leader is elected ✗ (${why})`
      return `All nodes healthy, leader elected: ${why.split(' ')[0]}`
    case 'writes':
      return `VERIFY: All clients can write ${mark} (${why})`
    case 'reads':
      return `VERIFY: All clients can read ${mark} (${why})`
    case 'refuses':
      return `VERIFY: Old leader ${node} rejects writes ${mark} (${why})`
    case 'follows':
      return ok ? `${node} becomes follower, syncs log ✓` : `VERIFY: ${node} follows ✗ (${why})`
    case 'same':
      return `VERIFY: All logs are the same ${mark} (${why})`
    default:
      return `VERIFY: ${what}${node === undefined ? '' : ` ${node}`} ${mark} (${why})`
  }
}

const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

/** What the run came to, in the words of the founding text. */
export function resultLines(run: Run, reading: Reading, finding: Finding | undefined): string[] {
  const { written, read } = run.clients.counts
  const stale = staleWhileCut(run, reading)
  const lost = finding?.invariant === 'lost-write' ? 1 : 0
  const longest = reading.longestElectionMs / 1000
  const how = longest < 5 ? 'all completed < 5s' : `the longest took ${longest.toFixed(1)}s`
  return [
    'Results:',
    `- Writes: ${thousands(written)} success, ${lost} lost`,
    `- Reads: ${thousands(read)} success, ${thousands(stale)} stale (during partition, expected)`,
    `- Leader elections: ${run.raft.leaders.size} (${how})`,
    `- Consistency violations: ${finding === undefined ? 0 : 1}`,
  ]
}

/** A partition that was not healed lasts to the end. */
function staleWhileCut(run: Run, { cuts, staleBefore, staleWhileCut: healed }: Reading): number {
  return cuts === 0 ? healed : healed + run.clients.counts.stale - staleBefore
}

/** Reads that asked for whatever the server has, and got it. Undefined: none but in partitions. */
export function behindLine(run: Run, reading: Reading): string | undefined {
  const behind = run.clients.counts.stale - staleWhileCut(run, reading)
  if (behind === 0) return undefined
  return `${thousands(behind)} more reads with ?stale were behind, by as much as their server was`
}

export function failLines({ invariant, what, atMs }: Finding): string[] {
  return [`FAIL: ${INVARIANTS[invariant]}`, `  ${clockText(atMs)} ${what}`]
}

/** The end of what clients saw, for somebody who wants to understand a failure. */
export function historyLines(history: readonly ClientOp[]): string[] {
  const ended = history.filter(({ outcome }) => outcome !== undefined)
  const last = ended.filter(({ outcome }) => outcome?.type !== 'refused').slice(-HISTORY_LINES)
  return last.map(({ client, request, outcome }) => {
    const { type, key } = request
    const value = 'value' in request ? ` = ${request.value}` : ''
    return `  client ${client}: ${type} ${key}${value} → ${outcomeText(outcome)}`
  })
}

const HISTORY_LINES = 8

function outcomeText(outcome: ClientOp['outcome']): string {
  switch (outcome?.type) {
    case 'written':
      return `${outcome.done ? 'written' : 'not done'} at ${outcome.index}`
    case 'read':
      return `${outcome.value ?? 'nothing'} at ${outcome.index}`
    default:
      return 'unknown'
  }
}

/** What a pass rests on. */
export function basisLines(run: Run, hash: string): string[] {
  const { world, tally, workload } = run
  const names = Object.keys(INVARIANTS) as Invariant[] // what Object.keys loses
  const never = names.filter((name) => tally[name] === 0 && !PASSIVE.has(name))
  const looked = Object.values(tally).reduce((sum, count) => sum + count, 0)
  return [
    `${thousands(workload.history.length)} operations, ${thousands(world.events)} events, ` +
      `${Math.round(world.now / 1000)} s simulated, ${thousands(looked)} checks, trace ${hash}`,
    ...never.map((name) => `NOT EXERCISED: ${INVARIANTS[name]}`),
    'not covered: disk corruption, gossip, several datacenters',
  ]
}

/** Rules that are not looked at, but break by themselves. */
const PASSIVE: ReadonlySet<string> = new Set(['assertion', 'expected'])
