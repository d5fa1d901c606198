// What a member remembers of its pool between two runs: whom it knew, and its clocks (Serf's
// snapshot, memberlist-wire §4). Lines of text, appended as things happen; the last word counts.

import { ipBytes, ipText } from '../wire/ip.ts'
import type { Address } from '../wire/memberlist.ts'
import { LTIME_MAX } from './lamport.ts'
import { addressText } from './member.ts'
import { REMEMBER_MS, type Swim } from './swim.ts'

export interface Remembered {
  readonly alive: readonly { readonly name: string; readonly address: Address }[]
  readonly clock: number
  readonly eventClock: number
  readonly queryClock: number
  /** It left its pool: it joins none by itself. */
  readonly hasLeft: boolean
}

/** Lines that make no sense are skipped and counted: a crash may have cut one. */
export function readSnapshot(text: string): { remembered: Remembered; skipped: number } {
  const alive = new Map<string, Address>()
  const clocks = new Map<string, number>()
  let hasLeft = false
  let skipped = 0
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, word = '', name = '', rest] = LINE.exec(line) ?? []
    const address = rest === undefined ? undefined : parseAddress(rest)
    if (word === 'leave') hasLeft = true
    else if (word === 'alive' && address !== undefined) {
      alive.set(name, address)
      hasLeft = false
    } else if (word === 'not-alive') alive.delete(name)
    else if (CLOCKS.includes(word) && isTime(name)) clocks.set(word, Number(name))
    else if (word !== 'coordinate') skipped += 1
  }
  const [clock = 0, eventClock = 0, queryClock = 0] = CLOCKS.map((word) => clocks.get(word) ?? 0)
  const members = [...alive].map(([name, address]) => ({ name, address }))
  return { remembered: { alive: members, clock, eventClock, queryClock, hasLeft }, skipped }
}

const LINE = /^([a-z-]+)(?:: (\S+)(?: (\S+))?)?$/
const CLOCKS: readonly string[] = ['clock', 'event-clock', 'query-clock']
const isTime = (text: string) => /^\d{1,16}$/.test(text) && Number(text) <= LTIME_MAX

/** `10.0.0.1:7946`, `[::1]:7946`. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const bytes = ipBytes(match?.[1] ?? match?.[2] ?? '')
  const port = Number(match?.[3])
  if (bytes === undefined || !(port >= 1 && port <= 0xffff)) return undefined
  return { ip: ipText(bytes), port }
}

/** Everything as of now: to begin a file with, when it has grown too long. */
export function snapshotLines(swim: Swim): string[] {
  const alive = [...swim.roster.values()]
    .filter(({ status }) => status === 'alive')
    .map(({ name, address }) => `alive: ${name} ${addressText(address)}`)
  return [...alive, ...clockLines(swim), ...(swim.leaving.type === 'no' ? [] : ['leave'])]
}

function clockLines({ clocks }: Swim): string[] {
  const { members, events, queries } = clocks
  // Each clock shows the time of the next message; the file holds the last one that was seen.
  const times = [members.time - 1, events.time - 1, queries.time - 1]
  return CLOCKS.map((word, i) => `${word}: ${times[i]}`)
}

/** Hands out the lines that have gathered, and the clocks if they have moved. */
export function remember(swim: Swim): void {
  const { memory } = swim
  swim.timers.remember = swim.now + REMEMBER_MS
  const clocks = clockLines(swim)
  const text = clocks.join('\n')
  const lines = [...memory.lines, ...(text === memory.clocks ? [] : clocks)]
  memory.lines = []
  memory.clocks = text
  if (lines.length > 0) swim.effects.push({ type: 'remember', lines })
}
