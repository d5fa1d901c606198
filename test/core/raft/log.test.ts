import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { type LogIndex, logIndex, term } from '../../../core/ids.ts'
import {
  append,
  backtrackHint,
  bytesBetween,
  checkLog,
  compact,
  confirm,
  createLog,
  entriesFrom,
  entryAt,
  handOver,
  isUpToDate,
  type Log,
  type LogPart,
  lastIndex,
  lastPosition,
  NOWHERE,
  PERSIST_BYTES_MAX,
  PERSIST_ENTRIES_MAX,
  replaceBy,
  takeBack,
  termAt,
  trailingFrom,
  truncate,
} from '../../../core/raft/log.ts'
import { fc } from '../../kit/property.ts'

const entry = (index: number, inTerm: number, bytes = 1): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  type: ENTRY.command,
  data: utf8('x'.repeat(bytes)),
})

const position = (index: number, inTerm: number) => ({ index: logIndex(index), term: term(inTerm) })

/** A log with entries of these terms behind nothing. */
const logOf = (...terms: number[]): Log =>
  createLog(
    NOWHERE,
    terms.map((inTerm, at) => entry(at + 1, inTerm)),
  )

const termsOf = (log: Log) => log.entries.map(({ term: each }) => each as number)

const log = suite('raft log')

log('entries of an older term behind the snapshot belong to another history', () => {
  const voided = createLog(position(5, 3), [entry(6, 2), entry(7, 2)])
  assert.is(lastIndex(voided), 5)
  assert.equal(handOver(voided), { restartBehind: 5, entries: [] })
})

log('an empty log is behind nothing', () => {
  const empty = logOf()
  assert.is(lastIndex(empty), 0)
  assert.equal(lastPosition(empty), NOWHERE)
  assert.is(termAt(empty, logIndex(0)), 0)
  assert.is(termAt(empty, logIndex(1)), undefined)
  assert.is(handOver(empty), undefined)
})

log('the term of the entry before the first is known behind a snapshot', () => {
  const behind = createLog(position(5, 3), [entry(6, 3), entry(7, 4)])
  assert.is(termAt(behind, logIndex(5)), 3)
  assert.is(termAt(behind, logIndex(4)), undefined)
  assert.is(termAt(behind, logIndex(8)), undefined)
  assert.is(entryAt(behind, logIndex(5)), undefined)
  assert.is(entryAt(behind, logIndex(7))?.term, 4)
})

log('a gap or a falling term is a bug of ours', () => {
  assert.throws(() => append(logOf(1, 2), [entry(4, 2)]), /no gap/)
  assert.throws(() => append(logOf(1, 2), [entry(3, 1)]), /never fall/)
  assert.throws(() => createLog(position(5, 3), [entry(7, 3)]), /no entry is missing/)
})

log('entries leave in pieces: by count, by bytes, and one at least', () => {
  const many = createLog(NOWHERE, [entry(1, 1, 10), entry(2, 1, 10), entry(3, 1, 10)])
  const lengths = (countMax: number, bytesMax: number) =>
    entriesFrom(many, logIndex(1), { countMax, bytesMax }).length
  assert.is(lengths(2, 1_000), 2)
  assert.is(lengths(9, 20), 2)
  assert.is(lengths(9, 19), 1)
  assert.is(lengths(9, 0), 1)
  assert.throws(
    () => entriesFrom(createLog(position(5, 1), []), logIndex(5), { countMax: 1, bytesMax: 1 }),
    /are gone/,
  )
})

log('bytes between two places are counted, also after a compaction', () => {
  const sized = createLog(NOWHERE, [entry(1, 1, 3), entry(2, 1, 5), entry(3, 1, 7)])
  assert.is(bytesBetween(sized, logIndex(0), logIndex(3)), 15)
  assert.is(bytesBetween(sized, logIndex(1), logIndex(2)), 5)
  assert.is(bytesBetween(sized, logIndex(3), logIndex(3)), 0)
  compact(sized, logIndex(2))
  assert.is(bytesBetween(sized, logIndex(2), logIndex(3)), 7)
  append(sized, [entry(4, 1, 2)])
  assert.is(bytesBetween(sized, logIndex(2), logIndex(4)), 9)
})

log('what is kept behind a snapshot is bounded by count and by bytes', () => {
  const sized = createLog(
    NOWHERE,
    [1, 2, 3, 4, 5].map((index) => entry(index, 1, 10)),
  )
  assert.is(trailingFrom(sized, 2, 1_000), 4)
  assert.is(trailingFrom(sized, 9, 1_000), 1)
  assert.is(trailingFrom(sized, 9, 25), 4)
  assert.is(trailingFrom(sized, 9, 9), 6)
})

log('a candidate is up to date by term first, then by index (§5.4.1)', () => {
  const cases: [number, number, number, number, boolean][] = [
    [5, 2, 5, 2, true],
    [4, 2, 5, 2, false],
    [6, 2, 5, 2, true],
    [1, 3, 9, 2, true],
    [9, 2, 1, 3, false],
  ]
  for (const [index, inTerm, ourIndex, ourTerm, expected] of cases)
    assert.is(isUpToDate(position(index, inTerm), position(ourIndex, ourTerm)), expected)
})

log('the hint skips a term, and nothing that is committed', () => {
  const mixed = logOf(1, 1, 2, 2, 2, 3)
  const hint = (prevIndex: number, commit = 0) =>
    backtrackHint(mixed, logIndex(prevIndex), logIndex(commit))
  assert.is(hint(9), 6, 'the log is shorter')
  assert.is(hint(6), 5)
  assert.is(hint(5), 2)
  assert.is(hint(4), 2)
  assert.is(hint(5, 4), 4)
})

log('a snapshot keeps what agrees with it, and voids the disk else', () => {
  const same = logOf(1, 1, 2, 2)
  assert.is(replaceBy(same, position(3, 2)), 'prefix')
  assert.equal(termsOf(same), [2])
  assert.is(handOver(same), undefined)
  const other = logOf(1, 1, 2, 2)
  assert.is(replaceBy(other, position(3, 3)), 'all')
  assert.equal(termsOf(other), [])
  assert.equal(handOver(other), { restartBehind: 3, entries: [] })
})

log('one persist is bounded by entries and by bytes', () => {
  const many = logOf()
  append(
    many,
    Array.from({ length: PERSIST_ENTRIES_MAX + 1 }, (_, at) => entry(at + 1, 1)),
  )
  assert.is(handOver(many)?.entries.length, PERSIST_ENTRIES_MAX)
  confirm(many)
  assert.is(handOver(many)?.entries.length, 1)
  const large = logOf()
  append(large, [entry(1, 1, PERSIST_BYTES_MAX), entry(2, 1, 1)])
  assert.is(handOver(large)?.entries.length, 1)
})

/** A disk that only knows persists, beside a naive array that is the log. */
interface Model {
  base: { index: number; term: number }
  entries: Entry[]
  disk: Entry[]
  /** What the disk was last told to hold, or undefined. */
  writing: LogPart | undefined
}

type Step =
  | { readonly type: 'append'; readonly count: number }
  | { readonly type: 'truncate'; readonly back: number }
  | { readonly type: 'hand-over' | 'confirm' | 'refuse' | 'compact' | 'restart' }
  | { readonly type: 'snapshot'; readonly ahead: number; readonly agrees: boolean }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('append'), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('truncate'), back: fc.nat(4) }) },
  { weight: 4, arbitrary: fc.constant({ type: 'hand-over' } as const) },
  { weight: 4, arbitrary: fc.constant({ type: 'confirm' } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'refuse' } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'compact' } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('snapshot'),
      ahead: fc.integer({ min: -3, max: 3 }),
      agrees: fc.boolean(),
    }),
  },
)

const manySteps = fc.array(anyStep, { minLength: 10, maxLength: 50, size: 'max' })

function land(model: Model, { truncateFrom, restartBehind, entries }: LogPart): void {
  if (truncateFrom !== undefined) {
    const cutsSomething = model.disk.some(({ index }) => index >= truncateFrom)
    assert.ok(cutsSomething, 'the disk is told to cut only what it has')
    model.disk = model.disk.filter(({ index }) => index < truncateFrom)
  }
  if (restartBehind !== undefined) model.disk = []
  for (const each of entries) {
    const last = model.disk.at(-1)?.index
    const expected = last === undefined ? (restartBehind ?? model.base.index) + 1 : last + 1
    const isContiguous = each.index === expected || (last === undefined && each.index <= expected)
    assert.ok(isContiguous, `entry ${each.index} follows on ${expected - 1}`)
    model.disk.push(each)
  }
}

const same = (a: Entry, b: Entry | undefined) => a.index === b?.index && a.term === b.term

/** What a process would find if it died now. */
function recovered(model: Model): Log {
  const { base, disk } = model
  return createLog({ index: logIndex(base.index), term: term(base.term) }, disk)
}

function run(real: Log, model: Model, steps: readonly Step[]): void {
  let log = real
  let lastTerm = 1
  for (const step of steps) {
    switch (step.type) {
      case 'append': {
        const added = Array.from({ length: step.count }, (_, at) =>
          entry(lastIndex(log) + 1 + at, lastTerm),
        )
        append(log, added)
        model.entries.push(...added)
        break
      }
      case 'truncate': {
        const from = lastIndex(log) + 1 - step.back
        if (step.back === 0 || from <= log.base.index) break
        truncate(log, logIndex(from))
        model.entries = model.entries.filter(({ index }) => index < from)
        lastTerm++
        break
      }
      case 'hand-over':
        if (log.underWay === undefined) model.writing = handOver(log)
        break
      case 'confirm':
        if (model.writing !== undefined) land(model, model.writing)
        model.writing = undefined
        confirm(log)
        break
      case 'refuse':
        model.writing = undefined
        takeBack(log)
        break
      case 'compact':
        compact(log, log.durable)
        model.base = { ...log.base }
        model.entries = model.entries.filter(({ index }) => index > log.base.index)
        break
      case 'snapshot': {
        const index = Math.max(lastIndex(log) + step.ahead, log.base.index + 1)
        const known = termAt(log, logIndex(index))
        const inTerm = step.agrees && known !== undefined ? known : ++lastTerm
        const kept = replaceBy(log, position(index, inTerm))
        model.base = { index, term: inTerm }
        model.entries = kept === 'all' ? [] : model.entries.filter((each) => each.index > index)
        break
      }
      default:
        model.writing = undefined
        log = recovered(model)
        model.entries = [...log.entries]
        lastTerm++
    }
    check(log, model)
  }
}

function check(log: Log, model: Model): void {
  checkLog(log)
  assert.equal(log.entries, model.entries)
  assert.equal(log.base, model.base)
  // What counts as durable is found again by a process that starts now.
  const found = recovered(model)
  for (const each of log.entries)
    if (each.index <= log.durable)
      assert.ok(same(each, entryAt(found, each.index)), `entry ${each.index} is durable`)
}

/** In the end, with a disk that takes everything, the disk has the log and nothing else. */
function checkSettled(log: Log, model: Model): void {
  for (let writes = 0; writes < 10; writes++) {
    if (model.writing !== undefined) land(model, model.writing)
    confirm(log)
    model.writing = handOver(log)
    if (model.writing === undefined) break
  }
  assert.is(log.durable, lastIndex(log))
  const behind = model.disk.filter(({ index }) => index > log.base.index)
  assert.equal(behind, model.entries)
}

log('a cut that was refused while a snapshot covered what was behind it voids the disk', () => {
  const later = createLog(NOWHERE, [])
  append(later, [entry(1, 1)])
  handOver(later)
  truncate(later, logIndex(1))
  append(later, [entry(1, 2)])
  confirm(later)
  assert.equal(handOver(later)?.truncateFrom, 1)
  compact(later, logIndex(1))
  append(later, [entry(2, 2)])
  takeBack(later)
  assert.equal(handOver(later), { restartBehind: 1, entries: [entry(2, 2)] })
})

const property = suite('raft log properties')

property('the log is a naive array, and what is durable is on the disk', () => {
  fc.assert(
    fc.property(manySteps, (steps) => {
      const real = createLog(NOWHERE, [])
      const model: Model = {
        base: { index: 0, term: 0 },
        entries: [],
        disk: [],
        writing: undefined,
      }
      run(
        real,
        model,
        steps.filter(({ type }) => type !== 'restart'),
      )
      checkSettled(real, model)
    }),
    { numRuns: 3_000 },
  )
})

property('and so it is when processes die on the way', () => {
  fc.assert(
    fc.property(manySteps, (steps) => {
      const model: Model = {
        base: { index: 0, term: 0 },
        entries: [],
        disk: [],
        writing: undefined,
      }
      run(createLog(NOWHERE, []), model, steps)
    }),
    { numRuns: 3_000 },
  )
})

/** Figure 7: how many refusals it takes to find where two logs agree. */
function refusals(leader: Log, follower: Log): number {
  let next = lastIndex(leader) + 1
  for (let count = 0; count < 1_000; count++) {
    const prev = logIndex(next - 1)
    if (termAt(follower, prev) === termAt(leader, prev)) return count
    const hint: LogIndex = backtrackHint(follower, prev, logIndex(0))
    next = Math.max(1, Math.min(prev, hint + 1))
  }
  throw new Error('they never agree')
}

const risingTerms = fc.array(fc.nat(2), { maxLength: 15 }).map((steps) => {
  let at = 1
  return steps.map((step) => {
    at += step
    return at
  })
})

property(
  'figure 7: a leader needs one refusal for the length, and one for a conflicting term',
  () => {
    fc.assert(
      fc.property(risingTerms, risingTerms, (ours, theirs) => {
        const leader = logOf(1, ...ours)
        const follower = logOf(1, ...theirs)
        const conflicting = new Set(
          follower.entries
            .filter((each) => !same(each, entryAt(leader, each.index)))
            .map((each) => each.term),
        )
        assert.ok(refusals(leader, follower) <= 1 + conflicting.size)
      }),
      { numRuns: 10_000 },
    )
  },
)

log.run()
property.run()
