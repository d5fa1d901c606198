// How long a follower waits: what the settings say, and longer where its leader was late of late.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { forbearanceMs, patienceMs } from '../../../core/raft/patience.ts'
import { callTimeoutMs, createRaft, type Raft, type Settings } from '../../../core/raft/raft.ts'
import { bootstrap, onCall } from '../../../core/raft/server.ts'
import { configurationCodec } from '../../../core/raft/wire.ts'

const SETTINGS: Settings = {
  heartbeatMs: 100,
  electionMs: 100,
  leaseMs: 100,
  commitMs: 10,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 4,
  trailingEntries: 2,
  leaseDrift: undefined,
}
const PATIENT: Settings = { ...SETTINGS, patience: { factor: 5, mostMs: 400 } }

const peerOf = (id: string) => ({ id, address: `${id}:1` })

function follower(settings: Settings): Raft {
  const raft = createRaft({
    self: peerOf('a'),
    settings,
    prng: createPrng(1),
    configurations: configurationCodec,
    recovered: { vote: { term: term(0), votedFor: '' }, entries: [], snapshot: undefined },
    snapshot: undefined,
    now: 0,
    boot: 'first',
  })
  const servers = ['a', 'b', 'c'].map((id) => ({ ...peerOf(id), suffrage: 'voter' as const }))
  bootstrap(raft, { servers }, 0)
  return raft
}

/** Its leader speaks at these times. */
function hear(raft: Raft, ...times: number[]): void {
  for (const [id, at] of times.entries()) {
    const request = { type: 'heartbeat', term: term(2) } as const
    onCall(raft, { id, from: peerOf('b'), request }, at)
  }
}

const patience = suite('patience')

patience('a leader in time is waited for as the settings say', () => {
  const raft = follower(PATIENT)
  hear(raft, 10, 25, 40, 60, 80)
  assert.is(patienceMs(raft), 100)
})

patience('a late one is waited for five times as long, and no longer than told', () => {
  const raft = follower(PATIENT)
  hear(raft, 10, 30, 90)
  assert.is(patienceMs(raft), 200)
  assert.ok(raft.role.type === 'follower' && raft.role.electionDue >= 90 + 200)
  hear(raft, 190)
  assert.is(patienceMs(raft), 400)
  hear(raft, 900)
  assert.is(patienceMs(raft), 400)
})

patience('lateness is forgotten by and by', () => {
  const raft = follower(PATIENT)
  hear(raft, 10, 110)
  assert.is(patienceMs(raft), 400)
  for (let at = 130; at <= 10_110; at += 20) hear(raft, at)
  assert.ok(Math.abs(patienceMs(raft) - 200) < 1, `${patienceMs(raft)}`)
})

patience('the silence before the first word of a leader says nothing', () => {
  const raft = follower(PATIENT)
  hear(raft, 5_000)
  assert.is(patienceMs(raft), 100)
})

patience('who may not learn does not, and calls may take as long as the patient wait', () => {
  const raft = follower(SETTINGS)
  hear(raft, 10, 200, 500)
  assert.is(patienceMs(raft), 100)
  assert.is(forbearanceMs(SETTINGS, 100), 100)
  assert.is(forbearanceMs(PATIENT, 100), 400)
  const heartbeat = { type: 'heartbeat', term: term(2) } as const
  assert.is(callTimeoutMs(SETTINGS, heartbeat), 100)
  assert.is(callTimeoutMs(PATIENT, heartbeat), 400)
})

patience.run()
