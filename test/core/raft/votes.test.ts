// To whom a server gives its vote: every case of Raft §5.2 and §5.4.1 with loyalty (Thesis §4.2.3)
// against the rules said plainly, one test for each.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logIndex, term } from '../../../core/ids.ts'
import type { Raft } from '../../../core/raft/raft.ts'
import { candidateName } from '../../../core/raft/save.ts'
import { peerOf } from './cluster.ts'
import { ask, serverWith } from './single.ts'

/** Ours ends at 4 in term 3. */
const OUR_TERM = 5
const OUR_TERMS = [2, 3, 3] as const

const LOGS = {
  'an equal log': [4, 3, true],
  'a longer log of our last term': [6, 3, true],
  'a shorter log of our last term': [3, 3, false],
  'a shorter log of a newer last term': [2, 4, true],
  'a longer log of an older last term': [9, 2, false],
  'an empty log': [0, 0, false],
} as const
const TERMS = { 'an older term': 4, 'our term': 5, 'a newer term': 6 } as const
const VOTES = { nobody: '', 'the candidate': 'b', 'another server': 'c' } as const
const LEADERS = { 'no leader known': '', 'another leader known': 'c' } as const

interface Case {
  readonly log: keyof typeof LOGS
  readonly asked: keyof typeof TERMS
  readonly vote: keyof typeof VOTES
  readonly leader: keyof typeof LEADERS
}

const casesOf = (): Case[] =>
  keysOf(LEADERS).flatMap((leader) =>
    keysOf(VOTES).flatMap((vote) =>
      keysOf(TERMS).flatMap((asked) =>
        keysOf(LOGS).map((log): Case => ({ log, asked, vote, leader })),
      ),
    ),
  )

// The cast: what Object.keys loses.
const keysOf = <K extends string>(record: Record<K, unknown>) => Object.keys(record) as K[]

function standing({ vote, leader }: Pick<Case, 'vote' | 'leader'>): Raft {
  const to = VOTES[vote]
  const votedFor = to === '' ? '' : candidateName(peerOf(to))
  const raft = serverWith({ term: OUR_TERM, votedFor, terms: OUR_TERMS })
  const led = LEADERS[leader]
  if (led !== '') ask(raft, led, { type: 'heartbeat', term: term(OUR_TERM) })
  return raft
}

const requestOf = ({ log, asked }: Pick<Case, 'log' | 'asked'>) => ({
  term: term(TERMS[asked]),
  lastIndex: logIndex(LOGS[log][0]),
  lastTerm: term(LOGS[log][1]),
})

/** The rules, in their order (raft-wire §2.2). */
function isGranted({ log, asked, vote, leader }: Case, transfer: boolean): boolean {
  if (LEADERS[leader] !== '' && !transfer) return false
  if (TERMS[asked] < OUR_TERM) return false
  const isFree = TERMS[asked] > OUR_TERM || VOTES[vote] === ''
  return (isFree || VOTES[vote] === 'b') && LOGS[log][2]
}

/** A refusal for loyalty does not even take the term. */
function termAfter({ asked, leader }: Case, transfer: boolean): number {
  if (LEADERS[leader] !== '' && !transfer) return OUR_TERM
  return Math.max(OUR_TERM, TERMS[asked])
}

const votes = suite('raft votes')

for (const one of casesOf())
  for (const transfer of [false, true]) {
    if (transfer && LEADERS[one.leader] === '') continue
    const granted = isGranted(one, transfer)
    const { log, asked, vote, leader } = one
    const sent = transfer ? ', sent by its leader' : ''
    const state = `voted for ${vote}, ${leader}`
    const name = `${granted ? 'given' : 'refused'}: ${asked}, ${log}${sent} (${state})`
    votes(name, () => {
      const raft = standing(one)
      const { reply } = ask(raft, 'b', { type: 'vote', transfer, ...requestOf(one) })
      const after = termAfter(one, transfer)
      assert.equal(reply, { type: 'vote-reply', term: after, granted })
      assert.is(raft.vote.term, after)
      const isNew = after > OUR_TERM
      const kept = isNew || VOTES[vote] === '' ? '' : candidateName(peerOf(VOTES[vote]))
      assert.is(raft.vote.votedFor, granted ? candidateName(peerOf('b')) : kept)
      assert.is(raft.role.type, 'follower')
    })
  }

votes.run()

const preVotes = suite('raft pre-votes')

for (const leader of keysOf(LEADERS))
  for (const asked of keysOf(TERMS))
    for (const log of keysOf(LOGS)) {
      const granted = LEADERS[leader] === '' && TERMS[asked] >= OUR_TERM && LOGS[log][2]
      preVotes(`${granted ? 'given' : 'refused'}: ${asked}, ${log} (${leader})`, () => {
        const raft = standing({ vote: 'another server', leader })
        const { reply } = ask(raft, 'b', { type: 'pre-vote', ...requestOf({ log, asked }) })
        const said = Math.max(OUR_TERM, TERMS[asked])
        assert.equal(reply, { type: 'pre-vote-reply', term: said, granted })
        assert.is(raft.vote.term, OUR_TERM, 'no term moves')
        assert.is(raft.vote.votedFor, candidateName(peerOf('c')), 'no vote is given')
      })
    }

preVotes.run()

const damaged = suite('raft votes of a damaged server')

for (const asked of keysOf(TERMS))
  for (const log of keysOf(LOGS))
    damaged(`refused: ${asked}, ${log}`, () => {
      const raft = serverWith({ term: OUR_TERM, terms: OUR_TERMS, boot: 'damaged' })
      const request = requestOf({ log, asked })
      const { reply } = ask(raft, 'b', { type: 'vote', transfer: false, ...request })
      assert.is(reply?.type === 'vote-reply' && reply.granted, false)
      const second = ask(raft, 'b', { type: 'pre-vote', ...request })
      assert.is(second.reply?.type === 'pre-vote-reply' && second.reply.granted, false)
      assert.ok(raft.vote.term >= OUR_TERM)
    })

damaged.run()
