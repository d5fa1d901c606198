// What the agent makes of raft with a single voter: who leads when, what waits for that, and what
// becomes of a write when the disk is full. (core/solo.ts, the other way to order, is tried in
// agent.test.ts.)
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { present } from '../../../core/assert.ts'
import type { Entry, Recovered } from '../../../core/entry.ts'
import { ENTRY } from '../../../core/entry.ts'
import { term } from '../../../core/ids.ts'
import { configurationCodec } from '../../../core/raft/wire.ts'
import {
  advance,
  ask,
  createMachine,
  flush,
  give,
  jsonOf,
  type Machine,
  send,
  textOfBody,
} from '../../kit/machine.ts'

const order = suite('agent/order')

function recoveredFrom({ disk }: Machine): Recovered {
  const vote = present(disk.findLast((persist) => persist.vote !== undefined)?.vote, 'a vote')
  return { vote, snapshot: undefined, entries: disk.flatMap(({ entries }) => entries) }
}

const answered = (machine: Machine, id: ReturnType<typeof send>) =>
  present(machine.responses.get(id), 'an answer')

const entriesOf = ({ disk }: Machine): readonly Entry[] => disk.flatMap(({ entries }) => entries)

/** A server that has begun again, and whose disk is still busy with its first vote. */
function startAgain(before: Machine): Machine {
  return createMachine({}, recoveredFrom(before), { held: true })
}

order('a new log begins with who the servers are, in the form of hashicorp/raft', () => {
  const machine = createMachine()
  const first = present(entriesOf(machine)[0], 'an entry')
  assert.is(first.index, 1)
  assert.is(first.type, ENTRY.configuration)
  const { servers } = present(configurationCodec.decode(first.data), 'a configuration')
  const self = { id: machine.agent.config.nodeId, address: '127.0.0.1:8300', suffrage: 'voter' }
  assert.equal(servers, [self])
})

order('what a new log begins with comes before what the agent tells of itself', () => {
  const machine = createMachine({}, undefined, { held: true })
  flush(machine)
  flush(machine) // its vote: it leads now, and has not said so
  give(machine, { type: 'tick' })
  machine.held = false
  flush(machine)
  const [node] = jsonOf(ask(machine, 'GET /v1/catalog/nodes')) as { CreateIndex: number }[]
  assert.is(node?.CreateIndex, 18)
})

order('each start is a term of its own, and nothing is lost on the way', () => {
  const first = createMachine()
  ask(first, 'PUT /v1/kv/a', { body: '1' })
  const second = createMachine({}, recoveredFrom(first))
  assert.is(textOfBody(ask(second, 'GET /v1/kv/a?raw')), '1')
  const terms = [first, second].map(({ disk }) => disk.findLast(({ vote }) => vote)?.vote?.term)
  assert.equal(terms, [term(2), term(3)])
})

order('before a server leads, what must not be stale has no answer, and stale reads do', () => {
  const before = createMachine()
  ask(before, 'PUT /v1/kv/a', { body: '1' })
  const machine = startAgain(before)
  const early = send(machine, 'GET /v1/kv/a?raw')
  assert.is(answered(machine, early).status, 500)
  assert.is(textOfBody(answered(machine, early)), 'No cluster leader')
  assert.is(answered(machine, send(machine, 'PUT /v1/kv/a', { body: '2' })).status, 500)
  assert.is(answered(machine, send(machine, 'GET /v1/kv/a?stale')).status, 404, 'it is stale')
  const leader = send(machine, 'GET /v1/status/leader')
  assert.is(jsonOf(answered(machine, leader)), '')
})

order('a read that comes to a new leader waits until all that was committed is here', () => {
  const before = createMachine()
  ask(before, 'PUT /v1/kv/a', { body: '1' })
  const machine = startAgain(before)
  flush(machine) // its vote: it leads now, and has written an entry of its term
  const waiting = send(machine, 'GET /v1/kv/a?raw')
  const gone = send(machine, 'GET /v1/kv/a?raw')
  give(machine, { type: 'abandoned', id: gone })
  assert.is(machine.responses.has(waiting), false)
  flush(machine)
  assert.is(textOfBody(answered(machine, waiting)), '1')
  assert.is(machine.responses.has(gone), false)
  assert.is(machine.agent.reads.size, 0)
})

order('on a full disk a write is uncertain, others are refused, and reads go on', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: 'old' })
  machine.held = true
  const id = send(machine, 'PUT /v1/kv/a', { body: 'new' })
  const [persist] = machine.pending.splice(0)
  give(machine, { type: 'persist-refused', token: present(persist, 'a persist').token })
  assert.is(answered(machine, id).status, 503)
  assert.match(textOfBody(answered(machine, id)), 'may be made when there is room again')
  const refused = answered(machine, send(machine, 'PUT /v1/kv/b', { body: '1' }))
  assert.is(refused.status, 503)
  assert.match(textOfBody(refused), 'nothing was written')
  assert.is(textOfBody(ask(machine, 'GET /v1/kv/a?raw')), 'old')
  machine.held = false
  advance(machine, 1_100)
  assert.is(textOfBody(ask(machine, 'GET /v1/kv/a?raw')), 'new', 'it has come all the same')
  assert.is(textOfBody(ask(machine, 'PUT /v1/kv/b', { body: 'later' })), 'true')
})

order('a server that comes back with another address says so', () => {
  const before = createMachine()
  const { config } = before.agent
  const moved = { ...config, ports: { ...config.ports, server: 8400 } }
  const machine = createMachine(moved, recoveredFrom(before))
  assert.equal(jsonOf(ask(machine, 'GET /v1/status/peers')), ['127.0.0.1:8400'])
})

order('a log that was written without raft is taken over', () => {
  const alone = createMachine({}, undefined, { ordering: 'alone' })
  ask(alone, 'PUT /v1/kv/a', { body: '1' })
  const machine = createMachine({}, recoveredFrom(alone))
  assert.is(textOfBody(ask(machine, 'GET /v1/kv/a?raw')), '1')
  assert.equal(jsonOf(ask(machine, 'GET /v1/status/peers')), ['127.0.0.1:8300'])
})

order.run()
