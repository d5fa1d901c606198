// A run written down: who there is, what happens when, and what is expected. One line, one thing;
// `#` begins a comment. Tests keep their cases in this language, and the terminal its stories.
//
//   servers 3                            at 2s cut n1 n2 from n3 n4 n5 for 1s
//   heartbeat 150ms                      at 3s crash follower for 500ms
//   at 1s let old be leader              when elected 3 +5ms isolate it for 2s
//   at 1s isolate old for 2s             at 4s check leader within 1s
//
// WHO is a name (`n1`), `leader` (or who was it last), `follower` and `second` (the first two that
// run and do not lead), a name given by `let`, or `it`: who was elected.
import { parseDuration } from '../time.ts'

export interface Scenario {
  readonly world: WorldWords
  readonly steps: readonly Step[]
  /** When it is over; virtual. */
  readonly endMs: number
}

/** What there is. Spans in milliseconds. */
export interface WorldWords {
  servers: number
  spares: number
  clients: number
  keys: number
  seed: number
  heartbeatMs: number
  electionMs: number | undefined
  leaseMs: number | undefined
  /** Reads by lease, with clocks within this of the true rate. */
  leaseDrift: number | undefined
  snapshotEntries: number
  trailingEntries: number
  appendEntries: number
  thinkMs: number
  /** Of a hundred requests. */
  stalePercent: number
  getPercent: number
  /** Requests that go to any server. */
  wanderPercent: number
  patienceMs: number | undefined
  delayMs: number
  diskMs: number
}

export interface Step {
  /** Of the text, from 1. */
  readonly line: number
  readonly text: string
  readonly when: When
  readonly act: Act
}

type When =
  | { readonly type: 'at'; readonly ms: number }
  /** The so-manieth time that somebody becomes leader, and so much later. */
  | { readonly type: 'elected'; readonly count: number; readonly plusMs: number }

export type Who = string

/** `ms` undefined: until something else undoes it. */
export type Act =
  | { readonly do: 'isolate' | 'deaf' | 'mute'; readonly who: Who; readonly ms: number | undefined }
  | {
      readonly do: 'cut'
      readonly left: readonly Who[]
      readonly right: readonly Who[]
      readonly ms: number | undefined
    }
  | { readonly do: 'heal' }
  | {
      readonly do:
        | 'crash'
        | 'power'
        | 'pause'
        | 'suspend'
        | 'stall'
        | 'fill'
        | 'wipe'
        | 'rot'
        | 'break-sync'
      readonly who: Who
      readonly ms: number | undefined
    }
  | { readonly do: 'start'; readonly who: Who }
  | {
      readonly do: 'slow-disk'
      readonly who: Who
      readonly byMs: number
      readonly ms: number | undefined
    }
  | {
      readonly do: 'slow-link'
      readonly from: Who
      readonly to: Who
      readonly byMs: number
      readonly ms: number | undefined
    }
  | { readonly do: 'gone'; readonly who: Who; readonly tells: Who }
  | { readonly do: 'clock'; readonly who: Who; readonly rate: number }
  | { readonly do: 'transfer'; readonly who: Who | undefined }
  | { readonly do: 'add-voter' | 'add-nonvoter' | 'demote' | 'remove'; readonly who: Who }
  | { readonly do: 'clients'; readonly go: boolean }
  | { readonly do: 'let'; readonly name: string; readonly who: Who }
  | { readonly do: 'check'; readonly what: Condition; readonly withinMs: number }

export type Condition =
  | { readonly type: 'leader' | 'no-leader' | 'writes' | 'reads' | 'same' }
  | { readonly type: 'leads' | 'leads-not' | 'refuses' | 'follows'; readonly who: Who }

export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly line: number; readonly why: string }

const createWords = (): WorldWords => ({
  servers: 3,
  spares: 0,
  clients: 2,
  keys: 2,
  seed: 1,
  heartbeatMs: 150,
  electionMs: undefined,
  leaseMs: undefined,
  leaseDrift: undefined,
  snapshotEntries: 1_000,
  trailingEntries: 100,
  appendEntries: 64,
  thinkMs: 20,
  stalePercent: 0,
  getPercent: 40,
  wanderPercent: 0,
  patienceMs: undefined,
  delayMs: 1,
  diskMs: 1,
})

/** Thrown inside, returned at the door. */
class Unreadable extends Error {}

export function parseScenario(text: string): ParsedScenario {
  const world = createWords()
  const steps: Step[] = []
  let endMs: number | undefined
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim()
    if (line === '') continue
    try {
      const words = createReader(line)
      const first = words.next('a word')
      if (first === 'end') endMs = words.span()
      else if (first === 'at' || first === 'when')
        steps.push({ line: at + 1, text: line, when: readWhen(first, words), act: readAct(words) })
      else readWorld(world, first, words)
      words.end()
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return { ok: false, line: at + 1, why: error.message }
    }
  }
  if (endMs === undefined) return { ok: false, line: 0, why: 'it does not say `end`' }
  return { ok: true, scenario: { world, steps, endMs } }
}

interface Reader {
  next(what: string): string
  peek(): string | undefined
  span(): number
  number(): number
  /** After a word that must be there. */
  after(word: string): void
  /** `for 2s`, if it is there. */
  forSpan(): number | undefined
  end(): void
}

function createReader(line: string): Reader {
  const words = line.split(/\s+/)
  let at = 0
  const reader: Reader = {
    peek: () => words[at],
    next: (what) => {
      const word = words[at++]
      if (word === undefined) throw new Unreadable(`${what} is missing`)
      return word
    },
    span: () => {
      const word = reader.next('a span of time')
      const ms = parseDuration(word)
      if (ms === undefined) throw new Unreadable(`${word} is no span of time`)
      return ms
    },
    number: () => {
      const word = reader.next('a number')
      const value = Number(word)
      if (!Number.isFinite(value)) throw new Unreadable(`${word} is no number`)
      return value
    },
    after: (word) => {
      const found = reader.next(word)
      if (found !== word) throw new Unreadable(`${word} expected, ${found} found`)
    },
    forSpan: () => {
      if (reader.peek() !== 'for') return undefined
      at++
      return reader.span()
    },
    end: () => {
      if (at < words.length) throw new Unreadable(`${words[at]} is too much`)
    },
  }
  return reader
}

function readWhen(first: 'at' | 'when', words: Reader): When {
  if (first === 'at') return { type: 'at', ms: words.span() }
  words.after('elected')
  const count = words.number()
  const plus = words.peek()
  if (plus?.startsWith('+') !== true) return { type: 'elected', count, plusMs: 0 }
  words.next('a span of time')
  const plusMs = parseDuration(plus.slice(1))
  if (plusMs === undefined) throw new Unreadable(`${plus} is no span of time`)
  return { type: 'elected', count, plusMs }
}

/** A word of the world: which field it sets, and whether that is a span of time. */
const WORLD: Readonly<Record<string, readonly [keyof WorldWords, 'number' | 'span']>> = {
  servers: ['servers', 'number'],
  spares: ['spares', 'number'],
  clients: ['clients', 'number'],
  keys: ['keys', 'number'],
  seed: ['seed', 'number'],
  heartbeat: ['heartbeatMs', 'span'],
  election: ['electionMs', 'span'],
  lease: ['leaseMs', 'span'],
  leases: ['leaseDrift', 'number'],
  snapshot: ['snapshotEntries', 'number'],
  trailing: ['trailingEntries', 'number'],
  append: ['appendEntries', 'number'],
  think: ['thinkMs', 'span'],
  stale: ['stalePercent', 'number'],
  reads: ['getPercent', 'number'],
  wander: ['wanderPercent', 'number'],
  patience: ['patienceMs', 'span'],
  delay: ['delayMs', 'span'],
  disk: ['diskMs', 'span'],
}

function readWorld(world: WorldWords, word: string, words: Reader): void {
  const known = Object.hasOwn(WORLD, word) ? WORLD[word] : undefined
  if (known === undefined) throw new Unreadable(`nobody knows what ${word} is`)
  const [field, kind] = known
  world[field] = kind === 'span' ? words.span() : words.number()
}

function readAct(words: Reader): Act {
  const verb = words.next('an act')
  const who = () => words.next('a server')
  switch (verb) {
    case 'isolate':
    case 'deaf':
    case 'mute':
    case 'crash':
    case 'power':
    case 'pause':
    case 'suspend':
    case 'stall':
    case 'fill':
    case 'wipe':
    case 'rot':
    case 'break-sync':
      return { do: verb, who: who(), ms: words.forSpan() }
    case 'cut': {
      const left = readGroup(words, 'from')
      words.after('from')
      return { do: verb, left, right: readGroup(words, 'for'), ms: words.forSpan() }
    }
    case 'heal':
      return { do: verb }
    case 'start':
    case 'add-voter':
    case 'add-nonvoter':
    case 'demote':
    case 'remove':
      return { do: verb, who: who() }
    default:
      return readOtherAct(verb, words)
  }
}

function readOtherAct(verb: string, words: Reader): Act {
  const who = () => words.next('a server')
  switch (verb) {
    case 'slow-disk': {
      const node = who()
      words.after('by')
      return { do: verb, who: node, byMs: words.span(), ms: words.forSpan() }
    }
    case 'slow-link': {
      const [from, to] = [who(), who()]
      words.after('by')
      return { do: verb, from, to, byMs: words.span(), ms: words.forSpan() }
    }
    case 'gone':
      return { do: verb, who: who(), tells: who() }
    case 'clock':
      return { do: verb, who: who(), rate: words.number() }
    case 'transfer':
      return { do: verb, who: words.peek() === undefined ? undefined : who() }
    case 'clients':
      return { do: verb, go: words.next('go or rest') === 'go' }
    case 'let': {
      const name = words.next('a name')
      words.after('be')
      return { do: verb, name, who: who() }
    }
    case 'check':
      return { do: verb, what: readCondition(words), withinMs: readWithin(words) }
    default:
      throw new Unreadable(`nobody knows how to ${verb}`)
  }
}

function readGroup(words: Reader, until: string): Who[] {
  const group: Who[] = []
  while (words.peek() !== undefined && words.peek() !== until) group.push(words.next('a server'))
  if (group.length === 0) throw new Unreadable('a server is missing')
  return group
}

/** `writes`, `leader`; or of somebody: `n1 leads`. */
function readCondition(words: Reader): Condition {
  const first = words.next('what to check')
  switch (first) {
    case 'leader':
    case 'no-leader':
    case 'writes':
    case 'reads':
    case 'same':
      return { type: first }
    default:
      return readConditionOf(first, words.next('what of it'))
  }
}

function readConditionOf(who: Who, type: string): Condition {
  switch (type) {
    case 'leads':
    case 'leads-not':
    case 'refuses':
    case 'follows':
      return { type, who }
    default:
      throw new Unreadable(`nobody knows how to check that ${who} ${type}`)
  }
}

function readWithin(words: Reader): number {
  if (words.peek() === undefined) return 0
  words.after('within')
  return words.span()
}
