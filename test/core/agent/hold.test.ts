// Nobody leads yet: whoever asks waits for a leader, for as long as the configuration says.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  advance,
  createMachine,
  flush,
  give,
  type Machine,
  send,
  textOfBody,
} from '../../kit/machine.ts'

const hold = suite('agent/hold')

/** Its disk has not taken its vote yet. */
const leaderless = (rpcHoldMs = 7_000): Machine =>
  createMachine({ rpcHoldMs }, undefined, { held: true })

function lead(machine: Machine): void {
  machine.held = false
  flush(machine)
  advance(machine, 2_500)
}

hold('a write and a read wait for the leader', () => {
  const machine = leaderless()
  const write = send(machine, 'PUT /v1/kv/a', { body: '1' })
  const read = send(machine, 'GET /v1/catalog/nodes')
  advance(machine, 1_000)
  assert.is(machine.responses.size, 0)
  lead(machine)
  assert.is(machine.responses.get(write)?.status, 200)
  assert.is(machine.responses.get(read)?.status, 200)
})

hold('whose time is up is refused, each at his own', () => {
  const machine = leaderless()
  const first = send(machine, 'GET /v1/kv/a')
  advance(machine, 4_000)
  const second = send(machine, 'PUT /v1/kv/a', { body: '1' })
  advance(machine, 4_000)
  const refusal = machine.responses.get(first)
  assert.is(refusal?.status, 500)
  assert.is(refusal && textOfBody(refusal), 'No cluster leader')
  assert.is(machine.responses.has(second), false)
  lead(machine)
  assert.is(machine.responses.get(second)?.status, 200)
})

hold('who has left is forgotten, and a stale read waits for nobody', () => {
  const machine = leaderless()
  const gone = send(machine, 'PUT /v1/kv/a', { body: '1' })
  give(machine, { type: 'abandoned', id: gone })
  assert.is(machine.responses.get(send(machine, 'GET /v1/kv/a?stale'))?.status, 404)
  lead(machine)
  assert.is(machine.responses.has(gone), false)
  assert.is(machine.responses.get(send(machine, 'GET /v1/kv/a'))?.status, 404, 'it was not written')
})

hold('with no time to wait all are refused at once', () => {
  const machine = leaderless(0)
  assert.is(machine.responses.get(send(machine, 'GET /v1/kv/a'))?.status, 500)
})

hold('of held writes there are only so many', () => {
  const machine = leaderless()
  for (let n = 0; n < 1_000; n++) send(machine, `PUT /v1/kv/${n}`, { body: 'x' })
  assert.is(machine.responses.size, 0)
  assert.is(machine.responses.get(send(machine, 'PUT /v1/kv/more', { body: 'x' }))?.status, 500)
  assert.is(machine.responses.has(send(machine, 'GET /v1/kv/more')), false, 'a read has no body')
})

hold.run()
