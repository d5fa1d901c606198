// User events through the whole machine: what is fired is heard, filtered, kept for a while and
// waited for.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hearEvent } from '../../../core/agent/user-events.ts'
import { utf8 } from '../../../core/bytes.ts'
import { uncarried } from '../../../core/events/wire.ts'
import { ask, createMachine, headerOf, jsonOf, type Machine, send } from '../../kit/machine.ts'
import { replay } from '../../kit/replay.ts'

const events = suite('events')

const fire = (machine: Machine, target: string, body = '') =>
  jsonOf(ask(machine, `PUT /v1/event/fire/${target}`, { body })) as { ID: string }

const listed = (machine: Machine, query = '') =>
  jsonOf(ask(machine, `GET /v1/event/list${query}`)) as { Name: string; LTime: number }[]

events('event/fire-and-list.json is answered as Consul does', async () => {
  const { played, problems } = await replay('event/fire-and-list.json')
  assert.equal(problems, [])
  assert.is(played, 26)
})

events('the last 256 are kept', () => {
  const machine = createMachine()
  for (let n = 0; n < 300; n++) fire(machine, `e${n}`)
  const names = listed(machine).map(({ Name }) => Name)
  assert.is(names.length, 256)
  assert.is(names[0], 'e44')
  assert.is(names.at(-1), 'e299')
})

events('filters are judged by what is registered with the agent', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/agent/service/register', { body: '{"Name":"web","Tags":["v1","blue"]}' })
  fire(machine, 'a?node=^node1$&service=^we&tag=bl')
  fire(machine, 'b?service=web&tag=green')
  fire(machine, 'c?service=db')
  fire(machine, 'd?node=other')
  assert.equal(
    listed(machine).map(({ Name }) => Name),
    ['a'],
  )
})

events('a wait ends with the next event of that name, and with no other', () => {
  const machine = createMachine()
  fire(machine, 'deploy')
  const index = headerOf(ask(machine, 'GET /v1/event/list?name=deploy'), 'x-consul-index')
  const waiting = send(machine, `GET /v1/event/list?name=deploy&index=${index}`)
  assert.not(machine.responses.has(waiting))
  fire(machine, 'other')
  assert.not(machine.responses.has(waiting))
  const { ID } = fire(machine, 'deploy')
  const response = machine.responses.get(waiting)
  assert.ok(response)
  assert.equal((jsonOf(response) as { ID: string }[]).at(-1)?.ID, ID)
  // any other index is not the last one: it is answered at once, be it higher or lower
  assert.ok(machine.responses.has(send(machine, `GET /v1/event/list?name=deploy&index=${index}`)))
  assert.ok(machine.responses.has(send(machine, 'GET /v1/event/list?index=18446744073709551615')))
})

events('the index of an empty list is 1, which waits for the first event', () => {
  const machine = createMachine()
  assert.is(headerOf(ask(machine, 'GET /v1/event/list'), 'x-consul-index'), '1')
  const waiting = send(machine, 'GET /v1/event/list?index=1')
  assert.not(machine.responses.has(waiting))
  fire(machine, 'x')
  assert.ok(machine.responses.has(waiting))
})

events('the index is the id of the last event, folded to 64 bits', () => {
  const machine = createMachine()
  const { ID } = fire(machine, 'x')
  const digits = ID.replaceAll('-', '')
  const folded = BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`)
  const response = ask(machine, 'GET /v1/event/list')
  assert.is(headerOf(response, 'x-consul-index'), String(folded))
})

events('what is too large is refused before and after encoding', () => {
  const machine = createMachine()
  const why = (bytes: number) => {
    const { status, body } = ask(machine, 'PUT /v1/event/fire/x', { body: 'x'.repeat(bytes) })
    return status === 200 ? 'sent' : String(body)
  }
  const refused = Array.from({ length: 140 }, (_, n) => why(380 + n))
  assert.is(refused[0], 'sent')
  assert.match(refused.find((text) => text !== 'sent') ?? '', /512 bytes after encoding$/)
  assert.match(refused.at(-1) ?? '', /512 bytes before encoding$/)
})

events('what a pool brings is kept if it is one of ours and of a version that is known', () => {
  const machine = createMachine()
  assert.is(uncarried({ name: 'deploy', payload: utf8('x') }, 3), undefined)
  assert.is(uncarried({ name: 'consul:event:x', payload: utf8('no msgpack') }, 3), undefined)
  const filters = { nodeFilter: '[', serviceFilter: '', tagFilter: '' }
  const event = { id: '0'.repeat(32), name: 'x', payload: utf8('y'), lTime: 9 }
  hearEvent(machine.agent, { ...event, ...filters })
  assert.equal(listed(machine), [], 'an expression that is none fits nothing')
  hearEvent(machine.agent, { ...event, ...filters, nodeFilter: '' })
  assert.is(listed(machine)[0]?.LTime, 9)
})

events.run()
