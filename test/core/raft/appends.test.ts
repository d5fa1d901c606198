// What a follower does with an append: every place where it may begin, what may stand there, and
// what may come, against the rules said plainly on lists of terms (Raft figure 2, §5.3).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Entry } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { Append, AppendReply } from '../../../core/raft/messages.ts'
import type { Raft } from '../../../core/raft/raft.ts'
import { votersNamed } from './cluster.ts'
import { ask, commandAt, configurationAt, serverWith, termsOf } from './single.ts'

const TERM = 5
/** With the configuration in front: 1, 2, 3, 3. */
const OURS = [1, 2, 3, 3] as const
const COMMITTED = 2

const first = configurationAt(1, 1, votersNamed(['a', 'b', 'c']).servers)
const entryAt = (index: number, inTerm: number): Entry =>
  index === 1 ? { ...first, term: term(inTerm) } : commandAt(index, inTerm)

interface Sent {
  readonly prev: number
  readonly prevTerm: number
  readonly terms: readonly number[]
  readonly commit: number
  readonly term?: number
}

const appendOf = ({ prev, prevTerm, terms, commit, term: inTerm = TERM }: Sent): Append => ({
  type: 'append',
  term: term(inTerm),
  prevIndex: logIndex(prev),
  prevTerm: term(prevTerm),
  entries: terms.map((each, at) => entryAt(prev + 1 + at, each)),
  commit: logIndex(commit),
})

/** It follows `b` in term 5, and knows that two entries are committed. */
function follower(): Raft {
  const raft = serverWith({ term: TERM, terms: OURS.slice(1) })
  ask(raft, 'b', appendOf({ prev: 1, prevTerm: 1, terms: [2], commit: COMMITTED }))
  assert.is(raft.commit, COMMITTED)
  assert.equal(termsOf(raft), OURS)
  return raft
}

const replyTo = (raft: Raft, from: string, sent: Sent): AppendReply => {
  const { reply } = ask(raft, from, appendOf(sent))
  if (reply?.type !== 'append-reply') throw new Error('no answer')
  return reply
}

/** Undefined: refused. Said plainly: what stands behind the message, and what was there. */
function logAfter({ prev, prevTerm, terms }: Sent): readonly number[] | undefined {
  if (prev > 0 && OURS[prev - 1] !== prevTerm) return undefined
  const at = terms.findIndex((each, i) => OURS[prev + i] !== each)
  if (at < 0) return OURS
  return prev + at < COMMITTED ? undefined : [...OURS.slice(0, prev), ...terms]
}

/** What may come behind an entry of ours. */
function piecesBehind(prev: number): Readonly<Record<string, readonly number[]>> {
  const same = OURS.slice(prev)
  const next = Math.max(OURS[prev] ?? 0, 3)
  return {
    nothing: [],
    'what is there': same,
    'the first of what is there': same.slice(0, 1),
    'what is there and more': [...same, 5],
    'another entry': [next + 1],
    'other entries': [next + 1, next + 1, 5],
    'what is there, then another': [...same.slice(0, 1), 4],
  }
}

const appends = suite('raft appends')

for (let prev = 0; prev <= OURS.length + 1; prev++)
  for (const prevTerm of new Set([OURS[prev - 1] ?? 0, prev === 0 ? 0 : 4]))
    for (const [what, terms] of Object.entries(piecesBehind(prev))) {
      const sent: Sent = { prev, prevTerm, terms, commit: 9 }
      const wanted = logAfter(sent)
      const verdict = wanted === undefined ? 'refused' : 'taken'
      appends(`${verdict}: ${what} (${terms}) behind ${prev} of term ${prevTerm}`, () => {
        const raft = follower()
        const reply = replyTo(raft, 'b', sent)
        assert.is(reply.success, wanted !== undefined)
        assert.equal(termsOf(raft), wanted ?? OURS)
        const proven = prev + terms.length
        assert.is(raft.commit, wanted === undefined ? COMMITTED : Math.max(COMMITTED, proven))
        if (wanted !== undefined) return
        assert.ok(reply.lastLog < prev || !reply.noRetryBackoff, 'it goes on further back')
        assert.ok(reply.lastLog >= Math.min(COMMITTED, prev - 1), 'not behind what is committed')
      })
    }

appends('of an older term is refused, with our term', () => {
  const raft = follower()
  const reply = replyTo(raft, 'b', { prev: 4, prevTerm: 3, terms: [3], commit: 9, term: 4 })
  assert.is(reply.success, false)
  assert.is(reply.term, TERM)
  assert.equal(termsOf(raft), OURS)
})

appends('of a newer term is taken, and the term with it', () => {
  const raft = follower()
  const reply = replyTo(raft, 'c', { prev: 4, prevTerm: 3, terms: [6], commit: 9, term: 6 })
  assert.ok(reply.success)
  assert.is(reply.term, 6)
  assert.is(raft.vote.term, 6)
  assert.is(raft.vote.votedFor, '')
  assert.is(raft.leader?.id, 'c')
})

appends('by a second leader in one term is refused', () => {
  const raft = follower()
  const reply = replyTo(raft, 'c', { prev: 4, prevTerm: 3, terms: [5], commit: 9 })
  assert.is(reply.success, false)
  assert.is(raft.leader?.id, 'b')
})

for (const [name, entries] of [
  ['with a gap behind it', [entryAt(6, 5)]],
  ['with a gap in it', [entryAt(5, 5), entryAt(7, 5)]],
  ['with terms that fall', [entryAt(5, 5), entryAt(6, 4)]],
  ['of a term before the one it stands on', [entryAt(5, 2)]],
  [
    'with a configuration that cannot be read',
    [{ ...first, index: logIndex(5), term: term(5), data: new Uint8Array([1]) }],
  ],
] as const)
  appends(`${name} is refused, and it is no matter of the log`, () => {
    const raft = follower()
    const request = { ...appendOf({ prev: 4, prevTerm: 3, terms: [], commit: 9 }), entries }
    const { reply } = ask(raft, 'b', request)
    if (reply?.type !== 'append-reply') throw new Error('no answer')
    assert.equal([reply.success, reply.noRetryBackoff], [false, false])
    assert.equal(termsOf(raft), OURS)
    assert.is(raft.commit, COMMITTED)
  })

for (const commit of [0, 1, 2, 3, 4, 9])
  appends(`that proves 3 and tells commit ${commit} commits no more than that`, () => {
    const raft = follower()
    replyTo(raft, 'b', { prev: 2, prevTerm: 2, terms: [3], commit })
    assert.is(raft.commit, Math.max(COMMITTED, Math.min(commit, 3)))
  })

appends.run()

const hints = suite('raft back-tracking')

/** A leader that knows nothing of the follower finds the place; one refusal skips a term. */
for (const [ours, theirs] of [
  [
    [1, 1, 1],
    [1, 4, 4, 5, 5, 6, 6, 6],
  ],
  [
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  ],
  [
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  ],
  [
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  ],
  [
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  ],
  [
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  ],
  [
    [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
    [1, 3],
  ],
  [[1], [1, 6, 6]],
] as const) {
  const terms = new Set(ours.filter((each, at) => theirs[at] !== each)).size
  hints(`${ours} agrees with ${theirs} after at most ${terms + 1} refusals`, () => {
    const raft = serverWith({ term: 7, terms: ours.slice(1) })
    let [prev, refusals] = [theirs.length as number, 0]
    for (;;) {
      const sent = { prev, prevTerm: theirs[prev - 1] ?? 0, terms: [], commit: 0, term: 8 }
      const reply = replyTo(raft, 'b', sent)
      if (reply.success) break
      assert.ok(reply.lastLog < prev, 'each refusal leads back')
      prev = reply.lastLog
      refusals++
    }
    assert.ok(refusals <= terms + 1, `${refusals} refusals`)
    replyTo(raft, 'b', {
      prev,
      prevTerm: theirs[prev - 1] ?? 0,
      terms: theirs.slice(prev),
      commit: 0,
      term: 8,
    })
    assert.equal(termsOf(raft).slice(0, theirs.length), theirs)
  })
}

hints.run()
