// Bugs that real systems had in locks, sessions and watches (reliability §1.2, §7), played with an
// agent that orders its writes alone, and with one that does by raft.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Answer, openStage, type Stage } from './stage.ts'

const cases = suite('cases of a lone agent')
const ORDERINGS = ['alone', 'together'] as const

function onStage(what: string, play: (stage: Stage) => void, snapshotThreshold?: number): void {
  for (const ordering of ORDERINGS)
    cases(`${what} (${ordering})`, () => play(openStage(ordering, snapshotThreshold)))
}

interface Row {
  readonly LockIndex: number
  readonly CreateIndex: number
  readonly ModifyIndex: number
  readonly Session?: string
}

// The shapes of the API.
const rowOf = (answer: Answer): Row => (answer.json as readonly Row[])[0] as Row
const idOf = (answer: Answer) => (answer.json as { readonly ID: string }).ID // same
const lengthOf = (answer: Answer) => (answer.json as readonly unknown[]).length // a list

const session = ({ ask }: Stage, spec: object): string =>
  idOf(ask('PUT session/create', JSON.stringify(spec)))

/** CreateIndex and LockIndex, compared in this order. */
const tokenOf = ({ CreateIndex, LockIndex }: Row) => [CreateIndex, LockIndex] as const

onStage('S-L3: who slept through its TTL has an older token, though LockIndex is 1 again', (s) => {
  const old = session(s, { TTL: '10s', Behavior: 'delete', LockDelay: '0s' })
  assert.is(s.ask(`PUT kv/lock?acquire=${old}`, 'a').json, true)
  const first = rowOf(s.ask('GET kv/lock'))
  s.sleep(25_000)
  assert.is(s.ask('GET kv/lock').status, 404, 'the session is over and its key gone')
  const next = session(s, { TTL: '10s', Behavior: 'delete', LockDelay: '0s' })
  assert.is(s.ask(`PUT kv/lock?acquire=${next}`, 'b').json, true)
  const second = rowOf(s.ask('GET kv/lock'))
  assert.is(second.LockIndex, first.LockIndex)
  const [was, is] = [tokenOf(first), tokenOf(second)]
  assert.ok(is[0] > was[0], `a fenced resource refuses ${was} behind ${is}`)
  assert.is(s.ask(`PUT kv/lock?acquire=${old}`, 'late').status, 500, 'a dead session locks nothing')
})

onStage(
  'S-L2: a lock-delay outlives the process, out of the log and out of a snapshot',
  (s) => {
    const holder = session(s, { LockDelay: '15s' })
    const other = session(s, { LockDelay: '15s' })
    assert.is(s.ask(`PUT kv/lock?acquire=${holder}`, 'a').json, true)
    s.ask(`PUT session/destroy/${holder}`)
    s.restart()
    assert.is(s.ask(`PUT kv/lock?acquire=${other}`, 'b').json, false, 'the delay holds')
    for (let i = 0; i < 20; i++) s.ask('PUT kv/filler', `${i}`)
    s.sleep(500)
    s.restart()
    assert.ok((s.world.agent?.fsm.applied.index ?? 0) > 20)
    assert.is(s.ask(`PUT kv/lock?acquire=${other}`, 'b').json, false, 'and in a snapshot')
    s.sleep(16_000)
    assert.is(s.ask(`PUT kv/lock?acquire=${other}`, 'b').json, true, 'and ends')
  },
  10,
)

onStage('S-L5: sessions outlive a new leader, and end when nobody renews them', (s) => {
  const id = session(s, { TTL: '10s' })
  for (let i = 0; i < 3; i++) {
    s.sleep(7_000)
    s.restart()
    assert.is(lengthOf(s.ask(`GET session/info/${id}`)), 1, `restart ${i}`)
  }
  s.sleep(23_000)
  assert.equal(s.ask(`GET session/info/${id}`).json, [])
})

onStage('S-C1: an acquire whose answer was lost is asked again, and is still ours', (s) => {
  const id = session(s, {})
  const lost = s.wait(`PUT kv/lock?acquire=${id}`)
  s.sleep(20)
  s.restart()
  assert.ok(lost.answer === undefined || lost.answer.json === true)
  assert.is(s.ask(`PUT kv/lock?acquire=${id}`, 'again').json, true)
  const row = rowOf(s.ask('GET kv/lock'))
  assert.equal([row.LockIndex, row.Session], [1, id], 'it was taken once')
})

const QUARTER_HOUR_MS = 900_000

onStage('S-B2: a delete does not take the index back, and no wake-up is lost to reaping', (s) => {
  s.ask('PUT kv/a/1', 'x')
  s.ask('PUT kv/a/2', 'x')
  const before = s.ask('GET kv/a/?recurse')
  const waits = s.wait(`GET kv/a/?recurse&index=${before.index}&wait=60s`)
  s.ask('DELETE kv/a/2')
  assert.ok(waits.answer !== undefined, 'who waits is woken by a delete')
  const deleted = s.ask('GET kv/a/?recurse')
  assert.ok(deleted.index > before.index)
  assert.is(waits.answer?.index, deleted.index)
  s.sleep(QUARTER_HOUR_MS - 60_000)
  assert.is(s.ask('GET kv/a/?recurse').index, deleted.index, 'it is remembered that long')
  // Its tombstone goes while somebody waits: the index may slide back (consul-surface §8).
  const over = s.wait(`GET kv/a/?recurse&index=${deleted.index}&wait=10m`)
  s.sleep(180_000)
  assert.ok(s.ask('GET kv/a/?recurse').index < deleted.index, 'it is reaped')
  assert.is(over.answer, undefined, 'nothing has changed')
  s.ask('PUT kv/a/3', 'x')
  assert.ok(over.answer !== undefined, 'who waited since before hears of the next change')
})

onStage('M34: what was answered is there after a crash, what was not may be', (s) => {
  for (let i = 0; i < 20; i++) {
    assert.is(s.ask(`PUT kv/k${i}`, 'x').json, true)
    if (i % 4 === 0) s.restart()
  }
  assert.is(lengthOf(s.ask('GET kv/?keys')), 20)
})

cases.run()
