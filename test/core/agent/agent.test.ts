// The promises of the agent's boundary: what is said only after it is durable, who is woken, what
// is freed.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parkedCount } from '../../../core/api/blocking.ts'
import { present } from '../../../core/assert.ts'
import type { Persist, Recovered } from '../../../core/entry.ts'
import { term } from '../../../core/ids.ts'
import { watcherCount } from '../../../core/state/store.ts'
import {
  advance,
  ask,
  createMachine,
  flush,
  give,
  headerOf,
  jsonOf,
  type Machine,
  send,
  textOfBody,
} from '../../kit/machine.ts'

const agent = suite('agent')

const indexOf = (machine: Machine, key: string) =>
  Number(headerOf(ask(machine, `GET /v1/kv/${key}`), 'x-consul-index'))

/** What a restart finds: every persist that the disk took, folded as the log folds them. */
function recoveredFrom(disk: readonly Persist[]): Recovered {
  const vote = disk.findLast((persist) => persist.vote !== undefined)?.vote
  return {
    vote: vote ?? { term: term(0), votedFor: '' },
    snapshot: undefined,
    entries: disk.flatMap((persist) => persist.entries),
  }
}

agent('a write is answered only after it is durable', () => {
  const machine = createMachine()
  machine.held = true
  const id = send(machine, 'PUT /v1/kv/a', { body: '1' })
  assert.is(machine.responses.has(id), false)
  assert.is(ask(machine, 'GET /v1/kv/a').status, 404, 'nor is it visible')
  flush(machine)
  assert.is(textOfBody(present(machine.responses.get(id), 'answer')), 'true')
  assert.is(textOfBody(ask(machine, 'GET /v1/kv/a?raw')), '1')
})

agent('writes that come while the disk is busy share the next persist', () => {
  const machine = createMachine()
  machine.held = true
  send(machine, 'PUT /v1/kv/a', { body: '1' })
  for (let n = 0; n < 10; n++) send(machine, `PUT /v1/kv/b${n}`, { body: 'x' })
  assert.is(machine.pending.length, 1, 'one persist is under way')
  flush(machine)
  assert.is(machine.pending.length, 1)
  assert.is(machine.pending[0]?.entries.length, 10)
})

for (const ordering of ['alone', 'together'] as const)
  agent(`writes of one turn share the first persist, ordered ${ordering}`, () => {
    const machine = createMachine({}, undefined, { ordering })
    const before = machine.disk.length
    give(machine, { type: 'gather' })
    const ids = ['a', 'b', 'c'].map((key) => send(machine, `PUT /v1/kv/${key}`, { body: '1' }))
    assert.is(machine.disk.length, before)
    give(machine, { type: 'gathered' })
    assert.is(machine.disk.length, before + 1)
    assert.ok(ids.every((id) => machine.responses.has(id)))
  })

agent('registrations of one turn share one save', () => {
  const machine = createMachine({ dataDir: '/nowhere' })
  const saves = () => machine.effects.filter(({ type }) => type === 'save-own').length
  const before = saves()
  give(machine, { type: 'gather' })
  for (const name of ['a', 'b', 'c'])
    send(machine, 'PUT /v1/agent/service/register', { body: JSON.stringify({ Name: name }) })
  assert.is(saves(), before)
  give(machine, { type: 'gathered' })
  assert.is(saves(), before + 1)
})

agent('an election has one term and counts once; the question before it is told apart', () => {
  const machine = createMachine({}, undefined, { ordering: 'together' })
  const said = machine.effects.flatMap((effect) => (effect.type === 'log' ? [effect.line] : []))
  const became = said
    .filter(({ message }) => message.startsWith('became'))
    .map(({ message, fields = {} }) => [message, Number(fields['term']), fields['phase']])
  assert.equal(became, [
    ['became candidate', 1, 'pre-vote'],
    ['became candidate', 2, 'vote'],
    ['became leader', 2, undefined],
  ])
  const { Counters } = jsonOf(ask(machine, 'GET /v1/agent/metrics')) as {
    Counters: { Name: string; Count: number }[]
  }
  const elections = Counters.find(({ Name }) => Name === 'consul.raft.state.candidate')
  assert.is(elections?.Count, 1)
})

agent('the reply to a write names its index', () => {
  const machine = createMachine()
  const index = headerOf(ask(machine, 'PUT /v1/kv/a', { body: '1' }), 'x-lictor-index')
  assert.is(Number(index), indexOf(machine, 'a'))
})

const createAlone = () => createMachine({}, undefined, { ordering: 'alone' })

agent('on a full disk writes are refused, nothing of them stands, and reads go on', () => {
  const machine = createAlone()
  ask(machine, 'PUT /v1/kv/a', { body: 'old' })
  machine.held = true
  const id = send(machine, 'PUT /v1/kv/a', { body: 'new' })
  const [persist] = machine.pending.splice(0)
  give(machine, { type: 'persist-refused', token: persist?.token ?? -1 })
  const refused = machine.responses.get(id)
  assert.is(refused?.status, 503)
  assert.match(textOfBody(present(refused, 'answer')), 'disk')
  assert.is(textOfBody(ask(machine, 'GET /v1/kv/a?raw')), 'old')
  machine.held = false
  assert.is(textOfBody(ask(machine, 'PUT /v1/kv/a', { body: 'later' })), 'true')
  assert.is(textOfBody(ask(machine, 'GET /v1/kv/a?raw')), 'later')
})

agent('an index that was refused is used again: the log has no gap', () => {
  const machine = createAlone()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const before = machine.agent.fsm.applied.index
  machine.held = true
  send(machine, 'PUT /v1/kv/b', { body: '2' })
  const [persist] = machine.pending.splice(0)
  give(machine, { type: 'persist-refused', token: persist?.token ?? -1 })
  machine.held = false
  ask(machine, 'PUT /v1/kv/c', { body: '3' })
  assert.is(machine.agent.fsm.applied.index, before + 1)
})

agent('a blocking query returns when its key changes, and only then', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const id = send(machine, `GET /v1/kv/a?index=${indexOf(machine, 'a')}`)
  ask(machine, 'PUT /v1/kv/b', { body: 'x' })
  ask(machine, 'PUT /v1/kv/aa', { body: 'x' })
  assert.is(machine.responses.has(id), false)
  ask(machine, 'PUT /v1/kv/a', { body: '2' })
  const response = present(machine.responses.get(id), 'answer')
  assert.equal((jsonOf(response) as { Value: string }[])[0]?.Value, 'Mg==')
  assert.is(parkedCount(machine.agent.pipeline.parking), 0)
})

agent('a write of the same value wakes nobody', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const id = send(machine, `GET /v1/kv/a?index=${indexOf(machine, 'a')}`)
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  assert.is(machine.responses.has(id), false)
})

agent('a prefix is watched as far as it was read', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/p/a', { body: '1' })
  const index = headerOf(ask(machine, 'GET /v1/kv/p/?recurse'), 'x-consul-index')
  const id = send(machine, `GET /v1/kv/p/?recurse&index=${index}`)
  ask(machine, 'PUT /v1/kv/q', { body: 'x' })
  assert.is(machine.responses.has(id), false)
  ask(machine, 'DELETE /v1/kv/p/a')
  assert.is(machine.responses.get(id)?.status, 404)
})

agent('once waiting, only the appearance of a missing key ends the wait', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/other', { body: '1' })
  const id = send(machine, `GET /v1/kv/m?index=${indexOf(machine, 'm')}`)
  ask(machine, 'PUT /v1/kv/other', { body: '2' })
  assert.is(machine.responses.has(id), false)
  ask(machine, 'PUT /v1/kv/m', { body: 'here' })
  assert.is(machine.responses.get(id)?.status, 200)
})

agent('time ends a wait with the same index, at most a sixteenth late', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const index = indexOf(machine, 'a')
  const id = send(machine, `GET /v1/kv/a?index=${index}&wait=10s`)
  advance(machine, 9_990)
  assert.is(machine.responses.has(id), false)
  advance(machine, 10_000 / 16 + 40)
  const response = present(machine.responses.get(id), 'answer')
  assert.is(Number(headerOf(response, 'x-consul-index')), index)
})

agent('a wait is bounded by the configured maximum, and has a default', () => {
  const machine = createMachine({ defaultQueryTimeMs: 1_000, maxQueryTimeMs: 2_000 })
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const index = indexOf(machine, 'a')
  const long = send(machine, `GET /v1/kv/a?index=${index}&wait=1h`)
  const short = send(machine, `GET /v1/kv/a?index=${index}`)
  advance(machine, 1_100)
  assert.is(machine.responses.has(short), true)
  assert.is(machine.responses.has(long), false)
  advance(machine, 1_100)
  assert.is(machine.responses.has(long), true)
})

agent('many waits end in the order of their deadlines', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const index = indexOf(machine, 'a')
  const waits = [70, 10, 50, 30, 90, 20, 80, 60, 40].map((seconds) => ({
    seconds,
    id: send(machine, `GET /v1/kv/a?index=${index}&wait=${seconds}s`),
  }))
  for (let now = 0; now < 100; now++) {
    advance(machine, 1_000)
    for (const { seconds, id } of waits) {
      const answered = machine.responses.has(id)
      if (now + 1 < seconds) assert.is(answered, false, `${seconds}s is not over at ${now + 1}s`)
      if (now + 1 > (seconds * 17) / 16 + 1) assert.is(answered, true, `${seconds}s is over`)
    }
  }
})

agent('a client that leaves takes its parked query along', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const id = send(machine, `GET /v1/kv/a?index=${indexOf(machine, 'a')}`)
  assert.is(parkedCount(machine.agent.pipeline.parking), 1)
  assert.is(watcherCount(machine.agent.fsm.store), 1)
  give(machine, { type: 'abandoned', id })
  assert.is(parkedCount(machine.agent.pipeline.parking), 0)
  assert.is(watcherCount(machine.agent.fsm.store), 0)
  ask(machine, 'PUT /v1/kv/a', { body: '2' })
  assert.is(machine.responses.has(id), false)
})

agent('ten thousand watchers of one key are woken by one write, each once', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const index = indexOf(machine, 'a')
  const ids = Array.from({ length: 10_000 }, () => send(machine, `GET /v1/kv/a?index=${index}`))
  ask(machine, 'PUT /v1/kv/a', { body: '2' })
  assert.ok(ids.every((id) => machine.responses.get(id)?.status === 200))
  assert.is(watcherCount(machine.agent.fsm.store), 0)
})

agent('a restart brings back what was durable, under the same indexes', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  ask(machine, 'PUT /v1/kv/b', { body: '2' })
  ask(machine, 'DELETE /v1/kv/a')
  const before = [indexOf(machine, 'b'), indexOf(machine, 'a')]
  const again = createMachine({}, recoveredFrom(machine.disk))
  assert.equal([indexOf(again, 'b'), indexOf(again, 'a')], before)
  assert.is(textOfBody(ask(again, 'GET /v1/kv/b?raw')), '2')
})

agent('a snapshot is due after so many entries, then the log is trimmed', () => {
  const machine = createMachine({
    raft: { snapshotThreshold: 20, snapshotIntervalMs: 0, trailingLogs: 0 },
  })
  for (let n = 0; n < 30; n++) ask(machine, `PUT /v1/kv/k${n}`, { body: 'v' })
  const orders = machine.effects.filter((effect) => effect.type === 'save-snapshot')
  assert.is(orders.length, 1, 'one at a time')
  const order = present(orders[0]?.order, 'answer')
  const chunks = [...order.chunks]
  give(machine, { type: 'snapshot-saved', index: order.index })
  const trimmed = machine.effects.findLast((effect) => effect.type === 'trim-log')
  assert.is(trimmed?.through, order.index)
  const rest = recoveredFrom(machine.disk).entries.filter((entry) => entry.index > order.index)
  const again = createMachine(
    {},
    {
      ...recoveredFrom(machine.disk),
      snapshot: { index: order.index, term: order.term, chunks },
      entries: rest,
    },
  )
  assert.equal(
    jsonOf(ask(again, 'GET /v1/kv/?recurse')),
    jsonOf(ask(machine, 'GET /v1/kv/?recurse')),
  )
})

agent('tombstones are reaped a quarter of an hour after the delete', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/p/a', { body: '1' })
  ask(machine, 'PUT /v1/kv/p/b', { body: '1' })
  const first = headerOf(ask(machine, 'GET /v1/kv/p/?recurse'), 'x-consul-index')
  ask(machine, 'DELETE /v1/kv/p/b')
  const deleted = headerOf(ask(machine, 'GET /v1/kv/p/?recurse'), 'x-consul-index')
  assert.ok(Number(deleted) > Number(first))
  advance(machine, 14 * 60_000)
  assert.is(headerOf(ask(machine, 'GET /v1/kv/p/?recurse'), 'x-consul-index'), deleted)
  advance(machine, 2 * 60_000)
  const reaped = headerOf(ask(machine, 'GET /v1/kv/p/?recurse'), 'x-consul-index')
  assert.is(
    Number(reaped),
    Number(first) - 1,
    'the index slides back to that of the key that is left',
  )
})

agent('an agent that rests writes nothing', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/p/a', { body: '1' })
  ask(machine, 'DELETE /v1/kv/p/a')
  advance(machine, 40 * 60_000)
  const written = machine.disk.length
  advance(machine, 40 * 60_000)
  assert.is(machine.disk.length, written)
})

agent('a session whose end is on its way cannot be renewed any more', () => {
  const machine = createMachine()
  const created = ask(machine, 'PUT /v1/session/create', { body: '{"TTL": "10s"}' })
  const { ID } = jsonOf(created) as { ID: string }
  assert.is(ask(machine, `PUT /v1/session/renew/${ID}`).status, 200)
  machine.held = true
  advance(machine, 20_100) // Consul lets a session live for twice its TTL
  const renewed = ask(machine, `PUT /v1/session/renew/${ID}`)
  assert.is(renewed.status, 404)
  assert.is(textOfBody(renewed), `Session id '${ID}' not found`)
  flush(machine)
  assert.equal(jsonOf(ask(machine, 'GET /v1/session/list')), [])
})

agent.run()
