// A log of one: examples, then any interleaving of proposals and answers of the disk against what
// must hold.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ENTRY, type Entry, type Persist, type Recovered } from '../../core/entry.ts'
import { logIndex, term } from '../../core/ids.ts'
import {
  createSolo,
  onPersisted,
  onRefused,
  positionOf,
  propose,
  SOLO_PERSIST_BYTES_MAX,
  SOLO_PERSIST_ENTRIES_MAX,
  SOLO_QUEUED_BYTES_MAX,
  SOLO_QUEUED_ENTRIES_MAX,
  type Solo,
  takeCommitted,
  takePersist,
} from '../../core/solo.ts'
import { fc } from '../kit/property.ts'

const solo = suite('solo')

const SELF = 'a-node'
const NOTHING: Recovered = {
  vote: { term: term(0), votedFor: '' },
  snapshot: undefined,
  entries: [],
}

const bytes = (...values: number[]) => new Uint8Array(values)
const found = (index: number, inTerm: number): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  type: ENTRY.command,
  data: bytes(index),
})

function mustPersist(log: Solo): Persist {
  const persist = takePersist(log)
  if (persist === undefined) throw new Error('nothing to persist')
  return persist
}

function mustPropose(log: Solo, data: Uint8Array = bytes(1)): number {
  const proposed = propose(log, data)
  if (!proposed.ok) throw new Error(proposed.why)
  return proposed.index
}

const indexesOf = (entries: readonly Entry[]) => entries.map(({ index }) => index)

solo('an entry is committed when it is durable, not before', () => {
  const log = createSolo(NOTHING, SELF)
  assert.is(mustPropose(log), 1)
  assert.equal(takeCommitted(log), [])
  const persist = mustPersist(log)
  assert.equal(takeCommitted(log), [])
  onPersisted(log, persist.token)
  assert.equal(takeCommitted(log), persist.entries)
  assert.equal(takeCommitted(log), [], 'it is handed over once')
})

solo('one persist is under way, and what comes meanwhile goes into the next', () => {
  const log = createSolo(NOTHING, SELF)
  mustPropose(log)
  const first = mustPersist(log)
  mustPropose(log)
  mustPropose(log)
  assert.is(takePersist(log), undefined)
  onPersisted(log, first.token)
  const second = mustPersist(log)
  assert.equal(indexesOf(second.entries), [2, 3])
  assert.is(second.token, first.token + 1)
})

solo('the vote for ourselves reaches the disk with the first entry of the term, and once', () => {
  const log = createSolo(NOTHING, SELF)
  mustPropose(log)
  const first = mustPersist(log)
  assert.equal(first.vote, { term: 1, votedFor: SELF })
  assert.is(first.entries[0]?.term, 1)
  onPersisted(log, first.token)
  mustPropose(log)
  assert.is(mustPersist(log).vote, undefined)
})

solo('a refused vote is tried again', () => {
  const log = createSolo(NOTHING, SELF)
  mustPropose(log)
  onRefused(log, mustPersist(log).token)
  mustPropose(log)
  assert.equal(mustPersist(log).vote, { term: 1, votedFor: SELF })
})

solo('each start has a term above all that the disk has seen', () => {
  const vote = { term: term(4), votedFor: 'x' }
  assert.is(positionOf(createSolo({ ...NOTHING, vote }, SELF)).term, 5)
  const entries = [found(1, 2), found(2, 6)]
  assert.is(positionOf(createSolo({ ...NOTHING, vote, entries }, SELF)).term, 7)
  const snapshot = { index: logIndex(9), term: term(8), chunks: [] }
  assert.is(positionOf(createSolo({ vote, snapshot, entries: [] }, SELF)).term, 9)
})

solo('what was found on the disk is committed, without what the snapshot covers', () => {
  const snapshot = { index: logIndex(2), term: term(1), chunks: [] }
  const entries = [found(1, 1), found(2, 1), found(3, 1), found(4, 2)]
  const log = createSolo({ ...NOTHING, snapshot, entries }, SELF)
  assert.equal(takeCommitted(log), entries.slice(2))
  assert.is(mustPropose(log), 5)
  assert.equal(positionOf(log), { term: 3, lastIndex: 5, committed: { index: 4, term: 2 } })
})

solo('a gap in what was found is a bug of whoever read it', () => {
  const entries = [found(1, 1), found(3, 1)]
  assert.throws(() => createSolo({ ...NOTHING, entries }, SELF), /no gap/)
  assert.throws(() => createSolo({ ...NOTHING, entries: [found(2, 1)] }, SELF), /no gap/)
})

solo('a refusal voids the persist and all behind it, and their indexes come again', () => {
  const log = createSolo(NOTHING, SELF)
  mustPropose(log)
  onPersisted(log, mustPersist(log).token)
  mustPropose(log)
  const persist = mustPersist(log)
  mustPropose(log)
  assert.is(onRefused(log, persist.token), 2)
  assert.is(takePersist(log), undefined)
  assert.is(mustPropose(log), 2)
  assert.equal(indexesOf(takeCommitted(log)), [1])
})

solo('an answer of the disk for another persist is a bug', () => {
  const log = createSolo(NOTHING, SELF)
  assert.throws(() => onPersisted(log, 1), /persist under way/)
  mustPropose(log)
  const { token } = mustPersist(log)
  assert.throws(() => onPersisted(log, token + 1), /answers the persist under way/)
})

solo('a persist stays within its limits, and a large entry goes alone', () => {
  const log = createSolo(NOTHING, SELF)
  for (let i = 0; i < SOLO_PERSIST_ENTRIES_MAX + 5; i++) mustPropose(log)
  const many = mustPersist(log)
  assert.is(many.entries.length, SOLO_PERSIST_ENTRIES_MAX)
  onPersisted(log, many.token)
  onPersisted(log, mustPersist(log).token)
  const half = new Uint8Array(SOLO_PERSIST_BYTES_MAX / 2)
  for (const data of [half, half, half, new Uint8Array(SOLO_PERSIST_BYTES_MAX + 1)])
    mustPropose(log, data)
  for (const count of [2, 1, 1]) {
    const persist = mustPersist(log)
    assert.is(persist.entries.length, count)
    onPersisted(log, persist.token)
  }
})

solo('beyond its limits proposals are refused in words, until the disk has caught up', () => {
  const log = createSolo(NOTHING, SELF)
  for (let i = 0; i < SOLO_QUEUED_ENTRIES_MAX; i++) mustPropose(log)
  const refused = propose(log, bytes())
  assert.equal(refused, {
    ok: false,
    why: `${SOLO_QUEUED_ENTRIES_MAX} entries are not on the disk yet`,
  })
  onPersisted(log, mustPersist(log).token)
  assert.is(mustPropose(log), SOLO_QUEUED_ENTRIES_MAX + 1)
  const large = createSolo(NOTHING, SELF)
  mustPropose(large, new Uint8Array(SOLO_QUEUED_BYTES_MAX))
  assert.is(propose(large, bytes(1)).ok, false)
  onRefused(large, mustPersist(large).token)
  assert.is(mustPropose(large), 1)
})

/** The disk as solo must see it, kept apart from solo's own counting. */
interface Model {
  readonly durable: Entry[]
  readonly refused: Set<Entry>
  readonly taken: Entry[]
  underWay: Persist | undefined
}

type Act = 'propose' | 'take' | 'persisted' | 'refused' | 'committed'

function act(log: Solo, model: Model, { step, data }: { step: Act; data: Uint8Array }): void {
  const { underWay } = model
  if (step === 'propose') mustPropose(log, data)
  if (step === 'take') model.underWay = takePersist(log) ?? underWay
  if (step === 'committed') model.taken.push(...takeCommitted(log))
  if (underWay === undefined) return
  if (step === 'persisted') {
    model.durable.push(...underWay.entries)
    onPersisted(log, underWay.token)
  }
  if (step === 'refused') {
    for (const entry of underWay.entries) model.refused.add(entry)
    assert.is(onRefused(log, underWay.token), underWay.entries[0]?.index)
  }
  if (step === 'persisted' || step === 'refused') model.underWay = undefined
}

solo(
  'any interleaving commits in order without a gap, nothing acknowledged lost, nothing refused',
  () => {
    const steps = fc.array(
      fc.record({
        step: fc.constantFrom<Act>(
          'propose',
          'propose',
          'take',
          'persisted',
          'refused',
          'committed',
        ),
        data: fc.uint8Array({ maxLength: 4 }),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 3 }), (acts, old) => {
        const entries = Array.from({ length: old }, (_, at) => found(at + 1, 1))
        const log = createSolo({ ...NOTHING, entries }, SELF)
        const model: Model = { durable: [], refused: new Set(), taken: [], underWay: undefined }
        for (const one of acts) act(log, model, one)
        model.taken.push(...takeCommitted(log))
        assert.equal(
          indexesOf(model.taken),
          indexesOf(model.taken).map((_, at) => at + 1),
        )
        assert.equal(model.taken, [...entries, ...model.durable])
        assert.not(model.taken.some((entry) => model.refused.has(entry)))
      }),
      { numRuns: 2_000, seed: 3 },
    )
  },
)

solo.run()
