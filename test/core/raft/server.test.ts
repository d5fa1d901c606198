// What transcripts cannot say well: limits, answers that do not fit, timers, recovery, and that
// every invariant can fire.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry, type Recovered } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { dueAt } from '../../../core/raft/due.ts'
import { checkState, checkStep, checkThoroughly, watch } from '../../../core/raft/invariants.ts'
import { NOWHERE } from '../../../core/raft/log.ts'
import type { RaftReply } from '../../../core/raft/messages.ts'
import {
  callTimeoutMs,
  createRaft,
  drainRaft,
  type Raft,
  type RaftEffect,
  type RaftOptions,
} from '../../../core/raft/raft.ts'
import { READS_MAX } from '../../../core/raft/reads.ts'
import { parsePeers, planRecovery } from '../../../core/raft/recover.ts'
import {
  bootstrap,
  onCall,
  onCallFailed,
  onPersisted,
  onReply,
  onSnapshotSaved,
  onTick,
  propose,
  read,
  takeCommitted,
  UNCOMMITTED_BYTES_MAX,
  UNCOMMITTED_ENTRIES_MAX,
} from '../../../core/raft/server.ts'
import { configurations, peerOf, SETTINGS, votersNamed } from './cluster.ts'

const NOTHING: Recovered = {
  vote: { term: term(0), votedFor: '' },
  snapshot: undefined,
  entries: [],
}

const create = (given: Partial<RaftOptions> = {}): Raft =>
  createRaft({
    self: peerOf('a'),
    settings: SETTINGS,
    prng: createPrng(1),
    configurations,
    recovered: NOTHING,
    snapshot: undefined,
    now: 0,
    boot: 'first',
    ...given,
  })

type Call = Extract<RaftEffect, { readonly type: 'call' }>

const callsIn = (effects: readonly RaftEffect[]): Call[] =>
  effects.filter((effect): effect is Call => effect.type === 'call')

/** Does what the disk is asked for, until it is asked for nothing. Returns all other effects. */
function write(raft: Raft): RaftEffect[] {
  const others: RaftEffect[] = []
  for (let effects = drainRaft(raft); effects.length > 0; effects = drainRaft(raft))
    for (const effect of effects)
      if (effect.type === 'persist') onPersisted(raft, effect.persist.token, raft.now)
      else others.push(effect)
  return others
}

/** A server that leads a cluster of so many voters. */
function leading(...others: string[]): Raft {
  const raft = create()
  bootstrap(raft, votersNamed(['a', ...others]), 0)
  write(raft)
  onTick(raft, 3_000)
  for (const type of ['pre-vote-reply', 'vote-reply'] as const)
    for (const { call } of callsIn(write(raft))) {
      const reply: RaftReply = { type, term: term(2), granted: true }
      onReply(raft, { call, reply }, 3_000)
    }
  assert.is(raft.role.type, 'leader')
  return raft
}

/** The followers have what they were sent: the first entries are committed and taken. */
function settled(...others: string[]): Raft {
  const raft = leading(...others)
  for (const { call, request } of callsIn(write(raft))) {
    if (request.type !== 'append') continue
    const said = { success: true, lastLog: logIndex(1), noRetryBackoff: false }
    onReply(raft, { call, reply: { type: 'append-reply', term: term(2), ...said } }, 3_000)
  }
  write(raft)
  takeCommitted(raft)
  assert.is(raft.commit, 2)
  return raft
}

const server = suite('raft server')

server('so many proposals may wait, and no more', () => {
  const raft = settled('b', 'c')
  for (let left = UNCOMMITTED_ENTRIES_MAX; left > 0; left--)
    if (!propose(raft, utf8('x'), 3_000).ok) assert.unreachable('refused too early')
  assert.equal(propose(raft, utf8('x'), 3_000), { ok: false, why: 'too-many' })
})

server('so much data may wait, and no more', () => {
  const raft = settled('b', 'c')
  assert.ok(propose(raft, new Uint8Array(UNCOMMITTED_BYTES_MAX), 3_000).ok)
  assert.equal(propose(raft, utf8('x'), 3_000), { ok: false, why: 'too-many' })
})

server('so many reads may wait, and no more', () => {
  const raft = leading('b', 'c')
  for (let id = 0; id < READS_MAX; id++)
    if (!read(raft, id, 3_000)) assert.unreachable('refused too early')
  assert.not(read(raft, READS_MAX, 3_000))
})

server('an answer that does not fit its call is no answer', () => {
  const raft = leading('b', 'c')
  const [first] = callsIn(write(raft)).filter(({ request }) => request.type === 'append')
  assert.ok(first)
  const reply: RaftReply = { type: 'vote-reply', term: term(99), granted: true }
  onReply(raft, { call: first?.call ?? 0, reply }, 3_000)
  assert.is(raft.vote.term, 2)
  assert.is(raft.role.type, 'leader')
})

server('answers to calls that nobody made, or twice, change nothing', () => {
  const raft = leading('b', 'c')
  write(raft)
  const before = JSON.stringify(raft, leaveOutMaps)
  onReply(raft, { call: 999, reply: { type: 'vote-reply', term: term(9), granted: true } }, 3_000)
  onCallFailed(raft, 999, 3_000)
  assert.is(JSON.stringify(raft, leaveOutMaps), before)
})

const leaveOutMaps = (_key: string, value: unknown) =>
  value instanceof Map ? [...value] : typeof value === 'function' ? undefined : value

server('an answer of the disk to what it was not given is a bug', () => {
  const raft = create()
  assert.throws(() => onPersisted(raft, 1, 0), /belongs to a persist/)
  bootstrap(raft, votersNamed(['a']), 0)
  assert.throws(() => onPersisted(raft, 7, 0), /the persist under way/)
})

server('a call that is never answered is given up after a time', () => {
  const heartbeat = { type: 'heartbeat', term: term(1) } as const
  assert.is(callTimeoutMs(SETTINGS, heartbeat), SETTINGS.electionMs)
  const append = {
    type: 'append',
    term: term(1),
    prevIndex: logIndex(0),
    prevTerm: term(0),
    entries: [],
    commit: logIndex(0),
  } as const
  assert.ok(callTimeoutMs(SETTINGS, append) > SETTINGS.electionMs, 'it waits for a disk')
})

server('settings that contradict each other are a bug', () => {
  const wrong = (settings: object) => () => create({ settings: { ...SETTINGS, ...settings } })
  assert.throws(wrong({ electionMs: 1 }), /no shorter/)
  assert.throws(wrong({ leaseMs: 2_000 }), /no later/)
  assert.throws(wrong({ leaseDrift: 1 }), /stand still/)
  assert.throws(wrong({ inflightMax: 0 }), /under way/)
  assert.throws(wrong({ appendEntriesMax: 0 }), /carry an entry/)
})

server('nothing is due before dueAt says so', () => {
  const raft = settled('b', 'c')
  for (let ticks = 0; ticks < 20; ticks++) {
    const due = dueAt(raft)
    assert.ok(due > raft.now)
    onTick(raft, due - 0.001)
    assert.equal(drainRaft(raft), [])
    onTick(raft, due)
    write(raft)
    assert.ok(dueAt(raft) > due, 'what was due has been done')
  }
})

server(
  'entries are handed out once, in order, and the log is trimmed as far as the disk is',
  () => {
    const raft = create({ settings: { ...SETTINGS, trailingEntries: 1 } })
    bootstrap(raft, votersNamed(['a']), 0)
    write(raft)
    onTick(raft, 0)
    write(raft)
    propose(raft, utf8('x'), 0)
    propose(raft, utf8('y'), 0)
    write(raft)
    assert.equal(
      takeCommitted(raft).map(({ index }) => index),
      [1, 2, 3, 4],
    )
    assert.equal(takeCommitted(raft), [])
    const snapshot = {
      index: logIndex(4),
      term: term(2),
      configuration: votersNamed(['a']),
      configurationIndex: logIndex(1),
    }
    assert.is(onSnapshotSaved(raft, snapshot, 0), 3)
    assert.is(raft.log.base.index, 3)
  },
)

server.run()

const recovery = suite('raft recovery')

const entry = (index: number): Entry => ({
  index: logIndex(index),
  term: term(3),
  type: ENTRY.command,
  data: utf8('x'),
})

recovery('peers.json says who is left', () => {
  const text = `[{"id": "a", "address": "h1:8300"},
    {"id": "b", "address": "h2:8300", "non_voter": true}]`
  assert.equal(parsePeers(text), {
    ok: true,
    configuration: {
      servers: [
        { id: 'a', address: 'h1:8300', suffrage: 'voter' },
        { id: 'b', address: 'h2:8300', suffrage: 'nonvoter' },
      ],
    },
  })
})

recovery('a peers.json that makes no sense is refused, and why', () => {
  const cases: [string, RegExp][] = [
    ['', /no JSON/],
    ['{}', /no list/],
    ['["10.0.0.1:8300"]', /is no \{"id"/],
    ['[null]', /is no \{"id"/],
    ['[{"id": 1, "address": "h"}]', /is no \{"id"/],
    ['[{"id": "a", "address": "h", "non_voter": "yes"}]', /is no \{"id"/],
    ['[{"id": "a", "address": "h", "non_voter": true}]', /no voter/],
    ['[{"id": "a", "address": "h"}, {"id": "a", "address": "i"}]', /one id/],
    ['[{"id": "", "address": "h"}]', /needs an id/],
  ]
  for (const [text, why] of cases) {
    const parsed = parsePeers(text)
    assert.not(parsed.ok, text)
    if (!parsed.ok) assert.match(parsed.why, why)
  }
})

recovery('everything in the log counts, and a snapshot behind it has the new servers', () => {
  const recovered: Recovered = {
    ...NOTHING,
    snapshot: { index: logIndex(4), term: term(3), chunks: [] },
    entries: [entry(3), entry(4), entry(5), entry(6)],
  }
  const plan = planRecovery(recovered, votersNamed(['a']))
  assert.equal(
    plan?.entries.map(({ index }) => index),
    [5, 6],
  )
  assert.equal(plan?.snapshot, {
    index: 6,
    term: 3,
    configuration: votersNamed(['a']),
    configurationIndex: 1,
  })
})

recovery('a log that a snapshot from elsewhere has made void does not count', () => {
  const snapshot = { index: logIndex(4), term: term(9), chunks: [] }
  const entries = [entry(3), entry(4), entry(5), entry(6)]
  const plan = planRecovery({ ...NOTHING, snapshot, entries }, votersNamed(['a']))
  assert.equal(plan?.entries, [])
  assert.is(plan?.snapshot.index, 4)
})

recovery('a snapshot alone will do, nothing at all will not', () => {
  const snapshot = { index: logIndex(4), term: term(2), chunks: [] }
  assert.is(planRecovery({ ...NOTHING, snapshot }, votersNamed(['a']))?.snapshot.index, 4)
  assert.is(planRecovery(NOTHING, votersNamed(['a'])), undefined)
})

recovery('a server that was started over so leads with the servers that are left', () => {
  const plan = planRecovery({ ...NOTHING, entries: [entry(1), entry(2)] }, votersNamed(['a']))
  assert.ok(plan)
  if (plan === undefined) return
  const { index, term: last } = plan.snapshot
  const raft = create({
    boot: 'again',
    snapshot: plan.snapshot,
    recovered: {
      ...NOTHING,
      vote: { term: term(3), votedFor: '' },
      snapshot: { index, term: last, chunks: [] },
    },
  })
  onTick(raft, 0)
  write(raft)
  assert.is(raft.role.type, 'leader')
  assert.is(raft.vote.term, 4)
})

recovery.run()

const invariants = suite('raft invariants')

/** Breaks a sound server in one way: the check must say which. */
const breaks: [string, RegExp, (raft: Raft) => void][] = [
  [
    'commit below the base',
    /what a snapshot covers is committed/,
    (raft) => {
      raft.commit = logIndex(-1)
    },
  ],
  [
    'commit beyond the log',
    /what is committed is in the log/,
    (raft) => {
      raft.commit = logIndex(99)
    },
  ],
  [
    'delivered beyond the commit',
    /only what is committed is handed out/,
    (raft) => {
      raft.delivered = logIndex(99)
    },
  ],
  [
    'delivered below the base',
    /do not go before/,
    (raft) => {
      raft.log.base = { index: logIndex(1), term: term(1) }
      raft.log.entries = raft.log.entries.slice(1)
      raft.log.ends = raft.log.ends.slice(1)
      raft.delivered = logIndex(0)
    },
  ],
  [
    'entries without a snapshot before them',
    /only behind a snapshot/,
    (raft) => {
      raft.log.base = { index: logIndex(1), term: term(1) }
      raft.log.entries = raft.log.entries.slice(1)
      raft.log.ends = raft.log.ends.slice(1)
    },
  ],
  [
    'a gap',
    /no gap/,
    (raft) => {
      raft.log.entries[0] = entry(7)
      raft.log.entries[raft.log.entries.length - 1] = entry(7)
    },
  ],
  [
    'durable beyond what was handed over',
    /was handed over/,
    (raft) => {
      raft.log.handedOver = logIndex(0)
    },
  ],
  [
    'handed over beyond the log',
    /not in the log/,
    (raft) => {
      raft.log.handedOver = logIndex(99)
    },
  ],
  [
    'durable below the base',
    /a snapshot is durable/,
    (raft) => {
      raft.log.durable = logIndex(-1)
    },
  ],
  [
    'a lost end',
    /every entry has its end/,
    (raft) => {
      raft.log.ends.pop()
    },
  ],
  [
    'a vote that was saved before it was handed over',
    /was handed over/,
    (raft) => {
      raft.votes.handedOver = -1
    },
  ],
  [
    'a vote that was handed over before it was noted',
    /noted before/,
    (raft) => {
      raft.votes.handedOver = raft.votes.saved = raft.votes.noted + 1
    },
  ],
  [
    'something held without reason',
    /what can be said is said/,
    (raft) => {
      raft.held.push(held(raft, 0, 0))
    },
  ],
  [
    'a proof of what is not there',
    /entries that are here/,
    (raft) => {
      raft.held.push(held(raft, raft.votes.saved + 1, 99))
    },
  ],
  [
    'a write that nobody makes',
    /under way or durable/,
    (raft) => {
      raft.log.durable = logIndex(raft.log.durable - 1)
    },
  ],
  [
    'a vote in quarantine',
    /I13/,
    (raft) => {
      raft.quarantine = { through: undefined }
    },
  ],
  [
    'no configuration',
    /always a configuration/,
    (raft) => {
      raft.history = []
    },
  ],
  [
    'an oldest configuration that is not committed',
    /oldest configuration/,
    (raft) => {
      raft.history = [{ index: logIndex(99), configuration: votersNamed(['a']) }]
    },
  ],
  [
    'configurations that fall',
    /rise along the log/,
    (raft) => {
      raft.history = [0, 0].map(() => ({ index: logIndex(1), configuration: votersNamed(['a']) }))
    },
  ],
  [
    'a configuration that is not in the log',
    /stands in the log/,
    (raft) => {
      raft.history.push({ index: logIndex(99), configuration: votersNamed(['a']) })
    },
  ],
  [
    'a leader that has not voted for itself',
    /voted for itself/,
    (raft) => {
      raft.vote = { ...raft.vote, votedFor: 'b@hostb:1' }
    },
  ],
  [
    'a leader that knows another',
    /knows who leads/,
    (raft) => {
      raft.leader = peerOf('b')
    },
  ],
  [
    'a match that is sent again',
    /not sent again/,
    (raft) => {
      follower(raft).match = logIndex(99)
    },
  ],
  [
    'a next entry beyond the log',
    /is in the log/,
    (raft) => {
      follower(raft).next = logIndex(99)
    },
  ],
  [
    'more answers than questions',
    /counted once/,
    (raft) => {
      follower(raft).inflight = -1
    },
  ],
  [
    'a window that is not kept',
    /window is kept/,
    (raft) => {
      follower(raft).inflight = 99
    },
  ],
  [
    'two probes',
    /one probe/,
    (raft) => {
      follower(raft).state = 'probe'
      follower(raft).inflight = 2
    },
  ],
]

function follower({ role }: Raft) {
  const [progress] = role.type === 'leader' ? role.followers.values() : []
  if (progress === undefined) throw new Error('there is no follower')
  return progress
}

const held = (raft: Raft, vote: number, proves: number) => ({
  vote,
  proves: logIndex(proves),
  effect: {
    type: 'reply',
    id: 1,
    reply: {
      type: 'append-reply',
      term: raft.vote.term,
      success: true,
      lastLog: logIndex(0),
      noRetryBackoff: false,
    },
  } as const,
})

for (const [what, why, breakIt] of breaks)
  invariants(`${what} is seen`, () => {
    const raft = settled('b', 'c')
    checkThoroughly(raft)
    breakIt(raft)
    assert.throws(() => checkState(raft), why)
  })

const changes: [string, RegExp, (raft: Raft) => void][] = [
  [
    'a term that falls',
    /I9/,
    (raft) => {
      raft.vote = { ...raft.vote, term: term(1) }
    },
  ],
  [
    'a second vote',
    /I8/,
    (raft) => {
      raft.vote = { ...raft.vote, votedFor: 'ab@host:1' }
    },
  ],
  [
    'a vote that is durable no more',
    /stays durable/,
    (raft) => {
      raft.votes.saved = raft.votes.handedOver = 0
    },
  ],
  [
    'a commit index that falls',
    /commit index never falls/,
    (raft) => {
      raft.commit = raft.delivered = logIndex(raft.commit - 1)
    },
  ],
  [
    'a leader that cuts its log',
    /only appends/,
    (raft) => {
      raft.log.entries.pop()
      raft.log.ends.pop()
      const last = logIndex(raft.log.entries.length)
      Object.assign(raft.log, { durable: last, handedOver: last })
      for (const progress of raft.role.type === 'leader' ? raft.role.followers.values() : [])
        progress.next = logIndex(last + 1)
    },
  ],
]

for (const [what, why, breakIt] of changes)
  invariants(`${what} is seen`, () => {
    const raft = settled('b', 'c')
    propose(raft, utf8('x'), 3_000)
    write(raft)
    const before = watch(raft)
    checkStep(raft, before)
    breakIt(raft)
    assert.throws(() => checkStep(raft, before), why)
  })

invariants('a candidate that is no voter is seen', () => {
  const raft = create()
  bootstrap(raft, votersNamed(['a', 'b']), 0)
  write(raft)
  onTick(raft, 3_000)
  checkState(raft)
  raft.history = [{ index: logIndex(0), configuration: votersNamed(['b']) }]
  assert.throws(() => checkState(raft), /only who has a vote/)
})

invariants('a falling term inside the log is seen by the thorough check', () => {
  const raft = leading('b', 'c')
  write(raft)
  raft.log.entries[0] = { ...entry(1), term: term(9) }
  assert.throws(() => checkThoroughly(raft), /never fall/)
})

invariants('a blank server is sound', () => {
  const raft = create()
  checkThoroughly(raft)
  assert.equal(raft.log.base, NOWHERE)
  const from = peerOf('b')
  onCall(raft, { id: 1, from, request: { type: 'heartbeat', term: term(1) } }, 0)
  write(raft)
  checkThoroughly(raft)
})

invariants.run()
