// The gossip pool of agents without sockets: the test is the network between them. Who joins, fails
// and leaves, and what the leader makes of it in the catalog.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AgentEffect } from '../../../core/agent/effects.ts'
import type { LanOptions } from '../../../core/agent/lan.ts'
import type { PoolEvent } from '../../../core/agent/pool-io.ts'
import { base64, textOf } from '../../../core/bytes.ts'
import { CHECKS, NODES, SERVICES } from '../../../core/catalog/records.ts'
import { viewOf } from '../../../core/state/store.ts'
import { peekList } from '../../../core/state/txn.ts'
import type { GossipOutput } from '../../../core/swim/inputs.ts'
import type { Address } from '../../../core/wire/memberlist.ts'
import { testConfig } from '../../kit/config.ts'
import { advance, createMachine, give, type Machine, send } from '../../kit/machine.ts'

interface Net {
  readonly machines: Map<string, Machine>
  /** Streams that wait for their answer: who asked, and by which number. */
  readonly streams: Map<number, { readonly from: string; readonly stream: number }>
  lastStream: number
  /** What agents said at the level error, each with its address. */
  readonly errors: string[]
}

const addressOf = (n: number): Address => ({ ip: `10.0.0.${n}`, port: 8301 })
const keyOf = ({ ip, port }: Address) => `${ip}:${port}`
const idOf = (n: number) => `00000000-0000-0000-0000-00000000000${n}`

const createNet = (): Net => ({
  machines: new Map(),
  streams: new Map(),
  lastStream: 0,
  errors: [],
})

function addAgent(
  net: Net,
  n: number,
  { join = [], dc = 'dc1', ...lan }: Partial<LanOptions> & { join?: string[]; dc?: string } = {},
): Machine {
  const { gossip } = testConfig()
  const machine = createMachine(
    {
      nodeName: `node-${n}`,
      nodeId: idOf(n),
      advertiseAddr: addressOf(n).ip,
      datacenter: dc,
      gossip: { ...gossip, join },
    },
    undefined,
    {
      ordering: 'alone',
      lan: {
        address: addressOf(n),
        overheadBytes: 0,
        isSealed: false,
        keys: [],
        remembered: undefined,
        ...lan,
      },
    },
  )
  net.machines.set(keyOf(addressOf(n)), machine)
  return machine
}

const tell = (machine: Machine, event: PoolEvent) => give(machine, { type: 'pool', event })

/** Carries what there is to carry until nobody says more. */
function pump(net: Net): void {
  for (let isQuiet = false; !isQuiet; ) {
    isQuiet = true
    for (const [key, machine] of net.machines) {
      const said = machine.effects.splice(0)
      for (const effect of said) if (carry(net, { key, machine }, effect)) isQuiet = false
    }
  }
}

function carry(net: Net, from: { key: string; machine: Machine }, effect: AgentEffect): boolean {
  if (effect.type === 'log' && effect.line.level === 'error')
    net.errors.push(`${from.key}: ${effect.line.message} ${effect.line.fields?.['node']}`)
  if (effect.type !== 'pool') return false
  const { effect: wish } = effect
  if (wish.type === 'resolve') {
    const addresses = wish.names.map((name) => {
      const [ip = '', port = '8301'] = name.split(':')
      return { ip, port: Number(port) }
    })
    tell(from.machine, { type: 'resolved', join: wish.join, addresses, failures: [] })
  } else if (wish.type === 'say') carryOutput(net, from, wish.output)
  else return false
  return true
}

function carryOutput(
  net: Net,
  { key, machine }: { key: string; machine: Machine },
  output: GossipOutput,
): void {
  if (output.type === 'packet') {
    const { to, bytes, watched } = output
    const target = net.machines.get(keyOf(to))
    const [ip = '', port = ''] = key.split(':')
    const from = { ip, port: Number(port) }
    if (target !== undefined)
      tell(target, { type: 'heard', input: { type: 'packet', from, bytes } })
    else if (watched) tell(machine, { type: 'heard', input: { type: 'port-refused', to } })
  } else if (output.type === 'open-stream') {
    const { to, bytes, stream } = output
    const target = net.machines.get(keyOf(to))
    if (target === undefined) {
      tell(machine, { type: 'heard', input: { type: 'stream-failed', stream, why: 'refused' } })
      return
    }
    net.lastStream += 1
    net.streams.set(net.lastStream, { from: key, stream })
    tell(target, { type: 'heard', input: { type: 'stream', stream: net.lastStream, bytes } })
  } else if (output.type === 'close-stream') {
    const asked = net.streams.get(output.stream)
    const target = asked && net.machines.get(asked.from)
    if (asked === undefined || target === undefined || output.bytes === undefined) return
    const { stream } = asked
    tell(target, { type: 'heard', input: { type: 'answer', stream, bytes: output.bytes } })
  }
}

function pass(net: Net, ms: number): void {
  for (let at = 0; at < ms; at += 20) {
    for (const machine of net.machines.values()) advance(machine, 20)
    pump(net)
  }
}

/** The answer to a request that the pool takes a while for. */
function ask(net: Net, machine: Machine, line: string, body = '') {
  const id = send(machine, line, { body })
  for (let i = 0; i < 400 && !machine.responses.has(id); i++) pass(net, 20)
  const { status = 0, body: said = '' } = machine.responses.get(id) ?? {}
  const text = typeof said === 'string' ? said : said instanceof Uint8Array ? textOf(said) : ''
  return { status, text }
}

const rosterOf = ({ agent }: Machine): string =>
  agent.site
    .members()
    .map(({ Name, Status }) => `${Name}:${Status}`)
    .sort()
    .join(' ')

/** `node-1:passing:consul`: nodes, the state of their agent, their services. */
function catalogOf({ agent }: Machine): string {
  const view = viewOf(agent.fsm.store)
  const checks = peekList(view, CHECKS, '')
  const services = peekList(view, SERVICES, '')
  return peekList(view, NODES, '')
    .map(({ name }) => {
      const check = checks.find(({ node, id }) => node === name && id === 'serfHealth')
      const own = services.filter(({ node }) => node === name).map(({ id }) => id)
      return `${name}:${check?.status}:${own}`
    })
    .join(' ')
}

const lan = suite('pool of agents')

lan('an agent joins those of its configuration, and tries again until one answers', () => {
  const net = createNet()
  const second = addAgent(net, 2, { join: ['10.0.0.1'] })
  pass(net, 1_000)
  assert.is(rosterOf(second), 'node-2:1')
  const first = addAgent(net, 1)
  pass(net, 31_000)
  assert.is(rosterOf(first), 'node-1:1 node-2:1')
  assert.is(rosterOf(second), 'node-1:1 node-2:1')
})

lan('the leader keeps the catalog as the pool is', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  addAgent(net, 2, { join: ['10.0.0.1:8301'] })
  addAgent(net, 3, { join: ['10.0.0.1:8301'] })
  pass(net, 2_000)
  const all = ['node-1', 'node-2', 'node-3'].map((name) => `${name}:passing:consul`)
  assert.is(catalogOf(first), all.join(' '))
  net.machines.delete(keyOf(addressOf(2)))
  pass(net, 20_000)
  assert.is(rosterOf(first), 'node-1:1 node-2:4 node-3:1')
  assert.is(catalogOf(first), all.join(' ').replace('node-2:passing', 'node-2:critical'))
  const third = net.machines.get(keyOf(addressOf(3)))
  if (third !== undefined) tell(third, { type: 'leave' })
  pass(net, 10_000)
  assert.is(catalogOf(first), 'node-1:passing:consul node-2:critical:consul')
  assert.is(ask(net, first, 'PUT /v1/agent/force-leave/node-2').status, 200)
  pass(net, 2_000)
  assert.is(catalogOf(first), 'node-1:passing:consul')
})

lan('a server that keeps a state of its own is told of as an error, by both', () => {
  const net = createNet()
  addAgent(net, 1)
  addAgent(net, 2, { join: ['10.0.0.1:8301'] })
  pass(net, 2_000)
  const what = 'a server of this pool does not order writes with this one: two states'
  const said = [`10.0.0.1:8301: ${what} node-2`, `10.0.0.2:8301: ${what} node-1`]
  assert.equal([...net.errors].sort(), said)
})

lan('a node whose agent the pool does not know is taken out, one without an agent stays', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  pass(net, 100)
  const register = (node: string, check: string) =>
    send(first, 'PUT /v1/catalog/register', {
      body: JSON.stringify({
        Node: node,
        Address: '10.9.9.9',
        Check: { CheckID: check, Name: check, Status: 'passing' },
      }),
    })
  register('lost', 'serfHealth')
  register('outside', 'ping')
  assert.is(catalogOf(first), 'lost:passing: node-1:passing:consul outside:undefined:')
  pass(net, 61_000)
  assert.is(catalogOf(first), 'node-1:passing:consul outside:undefined:')
})

lan('an agent of another datacenter, or with the id of another, is no member', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  const second = addAgent(net, 2, { dc: 'dc2' })
  const wrong = ask(net, second, 'PUT /v1/agent/join/10.0.0.1:8301')
  assert.is(wrong.status, 500)
  assert.match(wrong.text, "Member 'node-1' part of wrong datacenter 'dc1'")
  assert.is(rosterOf(first), 'node-1:1')
})

lan('events reach every agent once, and lists name the time of their sending', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  const second = addAgent(net, 2, { join: ['10.0.0.1'] })
  pass(net, 1_000)
  send(first, 'PUT /v1/event/fire/deploy', { body: 'v1' })
  pass(net, 2_000)
  for (const machine of [first, second]) {
    const { text } = ask(net, machine, 'GET /v1/event/list')
    const events = JSON.parse(text) as { Name: string; Payload: string }[] // as the API prints them
    assert.equal(
      events.map(({ Name, Payload }) => [Name, Payload]),
      [['deploy', base64(new TextEncoder().encode('v1'))]],
    )
  }
})

lan('keys are exchanged by all, and whoever fails is named', () => {
  const [old, fresh] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
  const net = createNet()
  const first = addAgent(net, 1, { keys: [old] })
  const second = addAgent(net, 2, { keys: [old], join: ['10.0.0.1'] })
  pass(net, 1_000)
  const body = JSON.stringify({ Key: base64(fresh) })
  const early = ask(net, first, 'PUT /v1/operator/keyring', body)
  assert.is(early.status, 500)
  assert.match(early.text, 'dc1 (LAN) error: 2/2 nodes reported failure\n\t* node-')
  assert.is(ask(net, first, 'POST /v1/operator/keyring', body).status, 200)
  assert.is(ask(net, first, 'PUT /v1/operator/keyring', body).status, 200)
  const removal = JSON.stringify({ Key: base64(old) })
  assert.is(ask(net, first, 'DELETE /v1/operator/keyring', removal).status, 200)
  assert.equal(second.agent.lan?.swim.keys, [fresh])
  const { text } = ask(net, first, 'GET /v1/operator/keyring')
  // As the API prints it.
  const [wan, own] = JSON.parse(text) as { Keys: unknown; NumNodes: number }[]
  assert.equal([wan?.NumNodes, own?.NumNodes], [1, 2])
  assert.equal(own?.Keys, { [base64(fresh)]: 2 })
  const local = ask(net, first, 'GET /v1/operator/keyring?local-only=true')
  assert.is((JSON.parse(local.text) as unknown[]).length, 1)
})

lan('a join that nobody answers says why, one of itself has been made', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  assert.equal(ask(net, first, 'PUT /v1/agent/join/10.0.0.1:8301').status, 200)
  const { status, text } = ask(net, first, 'PUT /v1/agent/join/10.0.0.7:8301')
  const why = 'Failed to join 10.0.0.7:8301: dial tcp 10.0.0.7:8301: connect: connection refused'
  assert.equal([status, text], [500, `1 error occurred:\n\t* ${why}\n\n`])
  assert.is(ask(net, first, 'PUT /v1/agent/join/10.0.0.2:8302?wan=1').status, 500)
})

lan('an agent that comes back joins whom it knew', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  const alive = [{ name: 'node-1', address: addressOf(1) }]
  const remembered = { alive, clock: 9, eventClock: 0, queryClock: 0, hasLeft: false }
  const second = addAgent(net, 2, { remembered })
  pass(net, 1_000)
  assert.is(rosterOf(first), 'node-1:1 node-2:1')
  const third = addAgent(net, 3, { remembered: { ...remembered, hasLeft: true } })
  pass(net, 1_000)
  assert.is(rosterOf(third), 'node-3:1')
  assert.is(rosterOf(second), 'node-1:1 node-2:1')
})

lan('an agent alone says where it stands, too, though not at once', () => {
  const net = createNet()
  const first = addAgent(net, 1)
  const known = () => ask(net, first, 'GET /v1/coordinate/node/node-1').status
  pass(net, 14_000)
  assert.is(known(), 404)
  pass(net, 30_000)
  assert.is(known(), 200)
})

lan.run()
