// Every limit of a node, one over it; and answers that are not what they must be.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { requestId } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import type {
  Message,
  Outcome,
  ReplicaEffect,
  ReplicaEvent,
  Reply,
} from '../../../core/replica/messages.ts'
import type { Replica } from '../../../core/replica/node.ts'
import {
  FOLLOWERS_MAX,
  SNAPSHOT_WRITES,
  STORE_BYTES_MAX,
  SYNC_MS,
  VALUE_BYTES_MAX,
  WAITING_MAX,
} from '../../../core/replica/records.ts'
import { createReplica, drain, step } from '../../../core/replica/replica.ts'

const limits = suite('replica limits')

interface Bench {
  readonly node: Replica
  now: number
  lastId: number
  /** A disk that answers at once. */
  isQuick: boolean
  readonly effects: ReplicaEffect[]
  readonly told: Map<number, Outcome>
  readonly replies: Map<number, Reply>
}

function benchOf(leader?: string): Bench {
  const node = createReplica({ self: 'n1', leader, sync: 'none', prng: createPrng(1) })
  const bench: Bench = {
    node,
    now: 0,
    lastId: 0,
    isQuick: true,
    effects: [],
    told: new Map(),
    replies: new Map(),
  }
  give(bench, { type: 'tick' })
  return bench
}

function give(bench: Bench, event: ReplicaEvent): void {
  step(bench.node, event, bench.now)
  for (const effect of drain(bench.node)) {
    if (effect.type === 'tell') bench.told.set(effect.id, effect.outcome)
    else if (effect.type === 'reply') bench.replies.set(effect.id, effect.reply)
    else bench.effects.push(effect)
    if (effect.type === 'persist' && bench.isQuick) {
      give(bench, { type: 'persisted', token: effect.token })
    }
  }
}

/** What became of it; undefined: nothing yet. */
function put(bench: Bench, key: string, value: Uint8Array) {
  const id = requestId(++bench.lastId)
  give(bench, { type: 'asked', id, ask: { type: 'change', change: { key, value } } })
  return bench.told.get(id)
}

function ask(bench: Bench, message: Message): Reply | undefined {
  const id = requestId(++bench.lastId)
  give(bench, { type: 'called', id, message })
  return bench.replies.get(id)
}

const change = (key: string) => ({ type: 'write', change: { key, value: undefined } }) as const

limits('a store takes what fits, then says that it is full, and takes again what replaces', () => {
  const bench = benchOf()
  const large = new Uint8Array(VALUE_BYTES_MAX)
  let count = 0
  while (put(bench, `k${count}`, large)?.type === 'written') count++
  assert.is(count, Math.floor(STORE_BYTES_MAX / (VALUE_BYTES_MAX + 3)))
  assert.equal(put(bench, 'one more', large), { type: 'refused', refusal: 'store-full' })
  const id = requestId(++bench.lastId)
  give(bench, {
    type: 'asked',
    id,
    ask: { type: 'change', change: { key: 'k0', value: undefined } },
  })
  assert.is(put(bench, 'other', utf8('small'))?.type, 'written')
})

limits('only so many writes wait for the disk', () => {
  const bench = benchOf()
  bench.isQuick = false
  for (let i = 0; i < WAITING_MAX; i++) assert.is(put(bench, 'k', utf8(`${i}`)), undefined)
  assert.equal(put(bench, 'k', utf8('x')), { type: 'refused', refusal: 'too-many-waiting' })
  const forwarded = ask(bench, { type: 'write', change: { key: 'k', value: utf8('x') } })
  assert.equal(forwarded, { type: 'refused', refusal: 'too-many-waiting' })
  bench.now += SYNC_MS + 1
  give(bench, { type: 'tick' })
  assert.is(bench.told.size, 1, 'what is not durable is not acknowledged, however long it takes')
})

limits('only so many writes wait for a leader elsewhere', () => {
  const bench = benchOf('n2')
  for (let i = 0; i < WAITING_MAX; i++) assert.is(put(bench, 'k', utf8('v')), undefined)
  assert.equal(put(bench, 'k', utf8('x')), { type: 'refused', refusal: 'too-many-waiting' })
})

limits('only so many followers are known', () => {
  const bench = benchOf()
  const pull = (from: string): Message => ({
    type: 'pull',
    from,
    position: { reign: '', index: 0 },
    hold: false,
  })
  for (let i = 0; i < FOLLOWERS_MAX; i++) assert.is(ask(bench, pull(`f${i}`))?.type, 'writes')
  assert.equal(ask(bench, pull('one more')), { type: 'elsewhere', leader: undefined })
  assert.is(ask(bench, pull('f0'))?.type, 'writes')
})

limits('a page in the middle of what was not begun here is refused', () => {
  const bench = benchOf()
  const page = ask(bench, { type: 'page', from: 'f', after: 'k' })
  assert.equal(page, { type: 'elsewhere', leader: undefined })
  assert.is(ask(bench, { type: 'page', from: 'f', after: undefined })?.type, 'rows')
})

limits('a delete of nothing is no write, wherever it comes from', () => {
  const bench = benchOf()
  assert.equal(ask(bench, change('none')), { type: 'missing' })
  assert.is(bench.node.store.last, 0)
})

limits('a snapshot is saved after so many writes, one at a time', () => {
  const bench = benchOf()
  const saves = () => bench.effects.filter(({ type }) => type === 'save-snapshot').length
  for (let i = 0; i < SNAPSHOT_WRITES - 1; i++) put(bench, 'k', utf8('v'))
  assert.is(saves(), 0)
  put(bench, 'k', utf8('v'))
  assert.is(saves(), 1)
  for (let i = 0; i < SNAPSHOT_WRITES; i++) put(bench, 'k', utf8('v'))
  assert.is(saves(), 1)
  give(bench, { type: 'snapshot-saved' })
  put(bench, 'k', utf8('v'))
  assert.is(saves(), 2)
})

limits('a follower takes nothing over that does not follow on what it has', () => {
  const history = [{ id: 'r', epoch: 1, from: 1 }]
  const leading = { history, last: 3, peers: [] }
  const write = { index: 1, reign: 'r', key: 'k', value: utf8('v') }
  const wrong: Reply[] = [
    { type: 'writes', writes: [{ ...write, index: 2 }], ...leading },
    { type: 'writes', writes: [{ ...write, reign: 'other' }], ...leading },
    { type: 'writes', writes: [write, write], ...leading },
    { type: 'written', replicatedTo: 1 },
  ]
  for (const reply of wrong) {
    const bench = benchOf('n2')
    const call = bench.effects.findLast((one) => one.type === 'call')
    assert.ok(call?.type === 'call')
    give(bench, { type: 'replied', call: call.type === 'call' ? call.call : 0, reply })
    assert.is(bench.node.store.last, 0, JSON.stringify(reply))
    const said = bench.effects.some((one) => one.type === 'log' && one.line.level === 'warn')
    assert.ok(said)
  }
})

limits('a node does not follow itself, and promotes itself only with data', () => {
  const bench = benchOf('n2')
  const id = requestId(++bench.lastId)
  give(bench, { type: 'asked', id, ask: { type: 'follow', leader: 'n1' } })
  assert.is(bench.told.get(id)?.type, 'itself')
  const next = requestId(++bench.lastId)
  give(bench, { type: 'asked', id: next, ask: { type: 'promote' } })
  assert.is(bench.told.get(next)?.type, 'not-synced')
})

limits.run()
