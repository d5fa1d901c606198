// The services and checks of an agent at work: what is kept before it is acknowledged, what the
// catalog is told, and what comes back after a restart.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AgentEffect } from '../../../core/agent/effects.ts'
import type { OwnSave } from '../../../core/agent/keeper.ts'
import { FULL_SYNC_MS } from '../../../core/agent/own.ts'
import { present } from '../../../core/assert.ts'
import { ENTRY } from '../../../core/entry.ts'
import { applyEntry, createFsm } from '../../../core/fsm/fsm.ts'
import type { Status } from '../../../core/local/records.ts'
import { rowsOf } from '../../../core/state/snapshot.ts'
import { type Store, viewOf } from '../../../core/state/store.ts'
import { testDefinitions } from '../../kit/check-definition.ts'
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
import { fc } from '../../kit/property.ts'

const own = suite('agent/own')

const put = (machine: Machine, path: string, body: unknown = '') =>
  ask(machine, `PUT /v1/agent/${path}`, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** Answers like a disk, whatever was asked for since the last look. */
function save(machine: Machine): OwnSave[] {
  const saves: OwnSave[] = []
  for (;;) {
    const at = machine.effects.findIndex((effect) => effect.type === 'save-own')
    const [effect] = at < 0 ? [] : machine.effects.splice(at, 1)
    if (effect?.type !== 'save-own') return saves
    saves.push(effect.save)
    give(machine, { type: 'own-saved', token: effect.save.token })
  }
}

const kept = () => createMachine({ dataDir: '/data' })

own('a registration is answered when it is kept and the catalog knows it', () => {
  const machine = kept()
  machine.held = true
  const id = send(machine, 'PUT /v1/agent/service/register', { body: '{"Name":"web"}' })
  assert.is(machine.responses.has(id), false)
  flush(machine)
  assert.is(machine.responses.has(id), false, 'the log is durable, the registration is not')
  assert.is(save(machine)[0]?.durable, true)
  assert.is(machine.responses.get(id)?.status, 200)
  machine.held = false
  assert.match(textOfBody(ask(machine, 'GET /v1/catalog/services')), '"web"')
})

own('a full disk refuses the registration that it did not keep', () => {
  const machine = kept()
  const id = send(machine, 'PUT /v1/agent/service/register', { body: '{"Name":"web"}' })
  const effect = machine.effects.find(({ type }) => type === 'save-own')
  if (effect?.type === 'save-own') give(machine, { type: 'own-save-refused', save: effect.save })
  assert.is(machine.responses.get(id)?.status, 503)
})

own('a registration that comes again waits for the save of the first', () => {
  const machine = kept()
  const register = () => send(machine, 'PUT /v1/agent/service/register', { body: '{"Name":"web"}' })
  const first = register()
  const second = register()
  assert.is(machine.responses.has(second), false, 'it is not on the disk yet')
  const effect = machine.effects.find(({ type }) => type === 'save-own')
  machine.effects.length = 0
  if (effect?.type === 'save-own') give(machine, { type: 'own-save-refused', save: effect.save })
  assert.is(machine.responses.get(first)?.status, 503)
  assert.is(machine.responses.get(second)?.status, 503)
  const third = register()
  assert.is(machine.responses.has(third), false, 'nothing of it is on the disk')
  advance(machine, 16_000)
  assert.is(save(machine).at(-1)?.durable, true)
  assert.is(machine.responses.get(third)?.status, 200)
})

own('a heartbeat waits for no disk', () => {
  const machine = kept()
  send(machine, 'PUT /v1/agent/check/register', { body: '{"Name":"beat","TTL":"1m"}' })
  save(machine)
  assert.is(put(machine, 'check/pass/beat?note=well').status, 200)
  assert.is(save(machine)[0]?.durable, false)
})

/** What a disk holds after these saves. */
function heldBy(saves: readonly OwnSave[]): { key: string; text: string }[] {
  const texts = new Map<string, string>()
  for (const { key, text } of saves.flatMap(({ orders }) => orders)) {
    if (text === undefined) texts.delete(key)
    else texts.set(key, text)
  }
  return [...texts].map(([key, text]) => ({ key, text }))
}

own('registrations and states come back after a restart, states while their time runs', () => {
  const machine = kept()
  const saves: OwnSave[] = []
  const change = (path: string, body: unknown = '') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    send(machine, `PUT /v1/agent/${path}`, { body: text })
    saves.push(...save(machine))
  }
  change('service/register', { Name: 'web', Port: 80, Check: { TTL: '1m' } })
  change('check/register', { Name: 'short', TTL: '1s' })
  change('check/register', { Name: 'gone', TTL: '1s' })
  change('check/pass/service:web?note=fine')
  change('check/pass/short')
  change('check/deregister/gone')
  change('maintenance?enable=true&reason=why')
  const later = createMachine({ dataDir: '/data' }, undefined, {
    kept: heldBy(saves),
    wallAfterMs: 5_000,
  })
  assert.equal(statuses(later), {
    _node_maintenance: 'critical',
    'service:web': 'passing',
    short: 'critical',
  })
  assert.match(textOfBody(ask(later, 'GET /v1/catalog/service/web')), '"ServicePort":80')
  advance(later, 54_000)
  assert.is(statuses(later)['service:web'], 'passing', 'the rest of its minute')
  advance(later, 2_000)
  assert.is(statuses(later)['service:web'], 'critical')
})

own('a kept check of a service that no file defines any more is forgotten', () => {
  const machine = createMachine({ dataDir: '/data', ...testDefinitions({ services: ['web'] }) })
  const saves: OwnSave[] = []
  const change = (path: string, body: object) => {
    send(machine, `PUT /v1/agent/${path}`, { body: JSON.stringify(body) })
    saves.push(...save(machine))
  }
  change('check/register', { Name: 'orphan', ServiceID: 'web', TTL: '1m' })
  change('check/register', { Name: 'lone', TTL: '1m' })
  const later = createMachine({ dataDir: '/data' }, undefined, { kept: heldBy(saves) })
  assert.equal(Object.keys(statuses(later)), ['lone'])
  const { nodeName } = later.agent.config
  const told = textOfBody(ask(later, `GET /v1/health/node/${nodeName}`))
  assert.match(told, '"lone"', 'nothing keeps the others out of the catalog')
  const ends = save(later).flatMap(({ orders }) => orders)
  assert.is(
    ends.some(({ key, text }) => key === 'check orphan' && text === undefined),
    true,
  )
})

function statuses(machine: Machine): Record<string, string> {
  // What the endpoint prints: checks by id.
  const rows = jsonOf(ask(machine, 'GET /v1/agent/checks')) as Record<string, { Status: string }>
  return Object.fromEntries(Object.entries(rows).map(([id, { Status }]) => [id, Status]))
}

own('what nobody changed is not told the catalog again', () => {
  const machine = createMachine()
  const service = { Name: 'web', Check: { TTL: '1m' } }
  put(machine, 'service/register', service)
  const applied = machine.agent.fsm.applied.index
  put(machine, 'service/register', service)
  assert.is(machine.agent.fsm.applied.index, applied)
})

own('an edit of the catalog by others is mended by the next full comparison', () => {
  const machine = createMachine()
  put(machine, 'service/register', { Name: 'web', Port: 80, Check: { TTL: '1h' } })
  const node = machine.agent.config.nodeName
  const edit = (path: string, body: object) =>
    ask(machine, `PUT /v1/catalog/${path}`, { body: JSON.stringify({ Node: node, ...body }) })
  edit('register', { SkipNodeUpdate: true, Service: { Service: 'web', Port: 1 } })
  edit('register', { SkipNodeUpdate: true, Service: { Service: 'stray' } })
  edit('deregister', { CheckID: 'service:web' })
  advance(machine, 2 * FULL_SYNC_MS)
  const catalog = textOfBody(ask(machine, `GET /v1/catalog/node/${node}`))
  assert.match(catalog, '"Port":80')
  assert.not.match(catalog, 'stray')
  assert.match(catalog, '"consul"', 'what is not the agent’s stays')
  assert.match(textOfBody(ask(machine, `GET /v1/health/node/${node}`)), 'service:web')
})

own('a node that was thrown out of the catalog comes back whole', () => {
  const machine = createMachine()
  put(machine, 'service/register', { Name: 'web' })
  const { nodeName } = machine.agent.config
  ask(machine, 'PUT /v1/catalog/deregister', { body: JSON.stringify({ Node: nodeName }) })
  advance(machine, 2 * FULL_SYNC_MS)
  const catalog = textOfBody(ask(machine, `GET /v1/catalog/node/${nodeName}`))
  assert.match(catalog, '"web"')
  assert.match(catalog, '"consul"')
  assert.match(textOfBody(ask(machine, `GET /v1/health/node/${nodeName}`)), 'serfHealth')
})

own('tags set in the catalog win where the service lets them', () => {
  const machine = createMachine()
  const { nodeName } = machine.agent.config
  for (const name of ['open', 'closed']) {
    put(machine, 'service/register', { Name: name, EnableTagOverride: name === 'open' })
    const Service = { Service: name, Tags: ['theirs'], EnableTagOverride: name === 'open' }
    const body = JSON.stringify({ Node: nodeName, SkipNodeUpdate: true, Service })
    ask(machine, 'PUT /v1/catalog/register', { body })
  }
  advance(machine, 2 * FULL_SYNC_MS)
  const tags = (path: string) => textOfBody(ask(machine, path)).includes('theirs')
  assert.is(tags('GET /v1/agent/service/open'), true)
  assert.is(tags('GET /v1/catalog/service/open'), true)
  assert.is(tags('GET /v1/agent/service/closed'), false)
  assert.is(tags('GET /v1/catalog/service/closed'), false)
})

own('an output that changes without the state is told late, a state at once', () => {
  const machine = createMachine()
  put(machine, 'check/register', { Name: 'beat', TTL: '1h', Status: 'passing' })
  const applied = machine.agent.fsm.applied.index
  put(machine, 'check/pass/beat?note=one')
  assert.is(machine.agent.fsm.applied.index, applied)
  put(machine, 'check/warn/beat?note=two')
  assert.is(machine.agent.fsm.applied.index, applied + 1)
  put(machine, 'check/warn/beat?note=three')
  advance(machine, 460_000)
  assert.match(textOfBody(ask(machine, 'GET /v1/health/state/warning')), 'three')
})

const probes = (machine: Machine) =>
  machine.effects.filter(
    (effect): effect is Extract<AgentEffect, { type: 'probe' }> => effect.type === 'probe',
  )

own('a check that was tried tells its state, and a service goes when it is overdue', () => {
  const machine = createMachine()
  put(machine, 'service/register', {
    Name: 'web',
    Check: { TCP: '127.0.0.1:1', Interval: '10s', DeregisterCriticalServiceAfter: '1m' },
  })
  advance(machine, 200)
  const answerAll = (status: Status) => {
    for (const { id } of probes(machine)) {
      give(machine, { type: 'probed', id, result: { status, output: 'found' } })
    }
    machine.effects.length = 0
  }
  answerAll('passing')
  assert.match(textOfBody(ask(machine, 'GET /v1/health/service/web?passing')), 'found')
  for (let n = 0; n < 12; n++) {
    advance(machine, 10_000)
    answerAll('critical')
  }
  assert.is(ask(machine, 'GET /v1/agent/service/web').status, 404)
  assert.is(textOfBody(ask(machine, 'GET /v1/catalog/service/web')), '[]')
})

own('where something runs is kept and shown, of services and of nodes', () => {
  const Locality = { Region: 'west', Zone: 'west-1' }
  const machine = createMachine({ locality: Locality })
  put(machine, 'service/register', { Name: 'web', Locality })
  const agent = jsonOf(ask(machine, 'GET /v1/agent/service/web')) as { Locality: unknown }
  const [row] = jsonOf(ask(machine, 'GET /v1/catalog/service/web')) as {
    ServiceLocality: unknown
  }[]
  const [health] = jsonOf(ask(machine, 'GET /v1/health/service/web')) as {
    Node: { Locality: unknown }
    Service: { Locality: unknown }
  }[]
  const shown = [agent.Locality, row?.ServiceLocality, health?.Service.Locality]
  assert.equal([...shown, health?.Node.Locality], [Locality, Locality, Locality, Locality])
})

own('a kind that nobody knows is kept and shown; those of a mesh are refused', () => {
  const machine = createMachine()
  put(machine, 'service/register', { Name: 'web', Kind: 'nonsense' })
  const agent = jsonOf(ask(machine, 'GET /v1/agent/service/web')) as { Kind: string }
  const [row] = jsonOf(ask(machine, 'GET /v1/catalog/service/web')) as { ServiceKind: string }[]
  assert.equal([agent.Kind, row?.ServiceKind], ['nonsense', 'nonsense'])
  for (const path of ['agent/service', 'catalog']) {
    const Service = { Service: 'p', Kind: 'mesh-gateway' }
    const body =
      path === 'catalog' ? { Node: 'n', Address: 'a', Service } : { Name: 'p', ...Service }
    const { status } = ask(machine, `PUT /v1/${path}/register`, { body: JSON.stringify(body) })
    assert.ok(status >= 400, path)
  }
})

function redefine(machine: Machine, services: string[]): void {
  const config = { ...machine.agent.config, ...testDefinitions({ services }) }
  give(machine, { type: 'reconfigured', config, shown: config })
}

own('files that are read again change what they define, and keep what was found out', () => {
  const machine = createMachine({ ...testDefinitions({ services: ['a', 'b'] }), dev: true })
  put(machine, 'check/pass/service:a')
  put(machine, 'service/register', { Name: 'api' })
  redefine(machine, ['a', 'c'])
  const names = Object.keys(jsonOf(ask(machine, 'GET /v1/agent/services')) as object)
  assert.equal(names, ['a', 'c'], 'an agent without a disk forgets what came over the API')
  assert.equal(statuses(machine), { 'service:a': 'passing', 'service:c': 'critical' })
  const catalog = Object.keys(jsonOf(ask(machine, 'GET /v1/catalog/services')) as object)
  assert.equal(catalog, ['a', 'c', 'consul'])
})

own('an agent with a disk keeps what came over the API when files are read again', () => {
  const machine = kept()
  send(machine, 'PUT /v1/agent/service/register', { body: '{"Name":"api"}' })
  save(machine)
  redefine(machine, ['a'])
  const names = Object.keys(jsonOf(ask(machine, 'GET /v1/agent/services')) as object)
  assert.equal(names, ['a', 'api'])
})

own('whatever is registered, and whoever edits the catalog, both come to the same', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    fc.record({
      do: fc.constant('register' as const),
      id,
      port: fc.nat({ max: 2 }),
      ttl: fc.boolean(),
    }),
    fc.record({ do: fc.constant('deregister' as const), id }),
    fc.record({
      do: fc.constant('beat' as const),
      id,
      word: fc.constantFrom('pass', 'warn', 'fail'),
    }),
    fc.record({ do: fc.constant('edit' as const), id, port: fc.nat({ max: 9 }) }),
    fc.record({ do: fc.constant('steal' as const), id }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const machine = createMachine()
      const model = new Map<string, { port: number; status: string | undefined }>()
      for (const one of steps) play(machine, model, one)
      advance(machine, 2 * FULL_SYNC_MS + 20_000)
      assert.equal(
        instances(machine),
        [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
      )
    }),
    { numRuns: 40 },
  )
})

type Step =
  | { do: 'register'; id: string; port: number; ttl: boolean }
  | { do: 'deregister' | 'steal'; id: string }
  | { do: 'beat'; id: string; word: string }
  | { do: 'edit'; id: string; port: number }

const SAID: Readonly<Record<string, string>> = {
  pass: 'passing',
  warn: 'warning',
  fail: 'critical',
}

function play(
  machine: Machine,
  model: Map<string, { port: number; status: string | undefined }>,
  step: Step,
): void {
  const Node = machine.agent.config.nodeName
  const known = model.get(step.id)
  switch (step.do) {
    case 'register': {
      const Check = step.ttl ? { TTL: '1h' } : undefined
      put(machine, 'service/register', { Name: step.id, Port: step.port, Check })
      const status = known?.status ?? (step.ttl ? 'critical' : undefined)
      model.set(step.id, { port: step.port, status })
      break
    }
    case 'deregister':
      put(machine, `service/deregister/${step.id}`)
      model.delete(step.id)
      break
    case 'beat':
      put(machine, `check/${step.word}/service:${step.id}`)
      if (known?.status !== undefined) {
        model.set(step.id, { ...known, status: SAID[step.word] })
      }
      break
    case 'edit': {
      const Service = { Service: step.id, Port: step.port }
      const body = JSON.stringify({ Node, SkipNodeUpdate: true, Service })
      ask(machine, 'PUT /v1/catalog/register', { body })
      break
    }
    case 'steal': {
      const body = JSON.stringify({ Node, ServiceID: step.id })
      ask(machine, 'PUT /v1/catalog/deregister', { body })
    }
  }
}

/** The agent's services as the catalog has them. */
function instances(machine: Machine) {
  const { nodeName } = machine.agent.config
  const { Services } = jsonOf(ask(machine, `GET /v1/catalog/node/${nodeName}`)) as {
    Services: Record<string, { Port?: number }>
  }
  const health = jsonOf(ask(machine, `GET /v1/health/node/${nodeName}`)) as {
    ServiceID: string
    Status: string
  }[]
  return Object.entries(Services)
    .filter(([id]) => id !== 'consul')
    .map(([id, { Port: port = 0 }]) => {
      const status = health.find(({ ServiceID }) => ServiceID === id)?.Status
      return [id, { port, status }]
    })
}

const registersIn = ({ disk }: Machine) =>
  disk
    .flatMap(({ entries }) => entries)
    .filter(({ type, data }) => type === ENTRY.command && data[0] === 0)

own('what registers in one turn is told to the catalog at once', () => {
  const machine = createMachine()
  const before = registersIn(machine).length
  give(machine, { type: 'gather' })
  const register = (Name: string) =>
    send(machine, 'PUT /v1/agent/service/register', { body: JSON.stringify({ Name, Check }) })
  const Check = { TTL: '1m' }
  const ids = ['a', 'b', 'c'].map(register)
  assert.is(machine.responses.has(present(ids[0], 'one')), false)
  give(machine, { type: 'gathered' })
  assert.is(registersIn(machine).length, before + 1)
  for (const id of ids) assert.is(machine.responses.get(id)?.status, 200)
  const rows = jsonOf(ask(machine, 'GET /v1/health/state/any'))
  assert.is(Array.isArray(rows) && rows.length, 4)
})

own('a check of the node has an index behind the services of its turn', () => {
  const machine = createMachine()
  const before = registersIn(machine).length
  give(machine, { type: 'gather' })
  send(machine, 'PUT /v1/agent/check/register', { body: '{"Name":"disk","TTL":"1m"}' })
  for (const Name of ['a', 'b']) {
    send(machine, 'PUT /v1/agent/service/register', { body: JSON.stringify({ Name }) })
  }
  give(machine, { type: 'gathered' })
  assert.is(registersIn(machine).length, before + 2)
  const indexOf = (path: string): unknown =>
    /"CreateIndex": *(\d+),[^}]*}\s*]/.exec(textOfBody(ask(machine, `GET /v1/${path}`)))?.[1]
  const [service, check] = [indexOf('catalog/service/a'), indexOf('health/state/critical')]
  assert.is(Number(check), Number(service) + 1)
})

const BODIES = [
  { Name: 'plain' },
  {
    Name: 'ä/ö',
    ID: 'x',
    Tags: ['b', 'a'],
    Meta: { z: '1', a: '2' },
    Address: '10.0.0.1',
    Port: 7,
  },
  {
    Name: 'w',
    Weights: { Passing: 3, Warning: 0 },
    TaggedAddresses: { b: { Address: 'b', Port: 1 }, a: { Address: 'a' } },
  },
  {
    Name: 'c',
    Checks: [{ TTL: '1h' }, { HTTP: 'http://x', Interval: '1h', Header: { B: ['1'], A: ['2'] } }],
  },
  { Name: 'd', EnableTagOverride: true, Connect: { SidecarService: {} } },
  { Name: 'n', Port: 9, Connect: { Native: true }, Locality: { Region: 'r' } },
  {
    Name: 'p',
    Kind: 'connect-proxy',
    Port: 1,
    Proxy: { DestinationServiceName: 'c', Config: { b: 1, a: [] } },
  },
]

const CATALOG_BODIES = [
  { Node: 'N', Address: 'x' },
  {
    Node: 'ä',
    Address: '10.0.0.1',
    ID: '40e4a748-2192-161a-0510-9bf59fe950b5',
    TaggedAddresses: { wan: 'b', lan: 'a' },
    NodeMeta: { z: '1', a: '' },
    Locality: { Zone: 'z' },
  },
  {
    Node: 'n',
    Address: 'y',
    Service: {
      Service: 's',
      Port: 5,
      Tags: ['b', 'a'],
      Meta: { z: '1', a: '2' },
      TaggedAddresses: { b: { Address: 'b', Port: 1 }, a: { Address: 'a' } },
      Weights: { Passing: 7, Warning: 3 },
      Proxy: { Config: { z: 1, a: { y: null, b: [] } }, DestinationServiceName: 'd' },
      Connect: { Native: true },
      EnableTagOverride: true,
    },
    Check: {
      CheckID: 'c',
      Name: 'c',
      Status: 'passing',
      ServiceID: 's',
      Output: '"<&>"',
      Definition: { Timeout: '2s', Interval: '10s', HTTP: 'http://x', Header: { B: ['1'], A: [] } },
    },
    Checks: [{ Name: 'node', Status: 'odd', Notes: 'n' }],
  },
  {
    Node: 'n',
    SkipNodeUpdate: true,
    Service: {
      Service: 'k',
      Kind: 'connect-proxy',
      Port: 1,
      Proxy: { DestinationServiceName: 's' },
    },
  },
  { Node: 'n', Address: 'y', Service: { ID: 'e', Service: 'e', Address: '::1', Port: 65535 } },
]

own('a command that is not read again is what reading it gives', () => {
  const machine = createMachine()
  for (const body of BODIES) {
    const response = ask(machine, 'PUT /v1/agent/service/register', {
      body: JSON.stringify(body),
    })
    assert.is(response.status, 200, textOfBody(response))
  }
  ask(machine, 'PUT /v1/agent/check/register', { body: '{"Name":"lone","TTL":"1h","Notes":"n"}' })
  ask(machine, 'PUT /v1/agent/maintenance?enable=true')
  for (const body of CATALOG_BODIES) {
    const response = ask(machine, 'PUT /v1/catalog/register', { body: JSON.stringify(body) })
    assert.is(response.status, 200, textOfBody(response))
  }
  const read = createFsm()
  for (const entry of machine.disk.flatMap(({ entries }) => entries)) {
    applyEntry(read, { ...entry, data: entry.data.slice() })
  }
  const rows = (store: Store) => [...rowsOf(viewOf(store))].map(({ row }) => row)
  assert.equal(rows(machine.agent.fsm.store), rows(read.store))
  assert.is(JSON.stringify(rows(machine.agent.fsm.store)), JSON.stringify(rows(read.store)))
})

own.run()
