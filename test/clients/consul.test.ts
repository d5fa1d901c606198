// The npm package `consul`, as people use it today, against a real agent: keys, watches, status,
// transactions, services, sessions, locks and elections.
import type { EventEmitter } from 'node:events'
import Consul from 'consul'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type Home, openHome } from '../kit/home.ts'
import { before, within } from '../kit/within.ts'

interface Entry {
  readonly Key: string
  readonly Value: string
  readonly Flags: number
  readonly LockIndex: number
  readonly ModifyIndex: number
  readonly Session?: string
}

interface Instance {
  readonly Service: { readonly ID: string; readonly Port: number }
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string }[]
}

/** The calls we make. The package's own types leave some of them out, and absence in others. */
interface Client {
  readonly kv: {
    get(key: string): Promise<Entry>
    get(options: { key: string; recurse: true }): Promise<Entry[]>
    get(options: { key: string; raw: true }): Promise<Buffer>
    keys(key: string | { key: string; separator: string }): Promise<string[]>
    set(key: string, value: string): Promise<boolean>
    set(options: {
      key: string
      value: string | Buffer
      flags?: number
      cas?: number
      acquire?: string
      release?: string
    }): Promise<boolean | undefined>
    del(options: { key: string; recurse?: boolean; cas?: number }): Promise<void>
  }
  readonly agent: {
    readonly service: {
      register(service: object): Promise<void>
      deregister(id: string): Promise<void>
      list(): Promise<Record<string, { Service: string; Port: number }>>
      maintenance(options: { id: string; enable: boolean; reason?: string }): Promise<void>
    }
    readonly check: { pass(check: object): Promise<void>; fail(check: object): Promise<void> }
  }
  readonly health: {
    service(options: { service: string; passing?: boolean; tag?: string }): Promise<Instance[]>
  }
  readonly session: {
    create(options: object): Promise<{ ID: string }>
    renew(id: string): Promise<{ ID: string; TTL: string }[]>
    destroy(id: string): Promise<void>
    get(id: string): Promise<{ ID: string } | undefined>
  }
  readonly status: { leader(): Promise<string>; peers(): Promise<string[]> }
  readonly transaction: {
    create(operations: readonly object[]): Promise<{ Results: { KV: Entry }[]; Errors: unknown }>
  }
  watch(options: {
    method: unknown
    options: Record<string, string | boolean>
  }): EventEmitter & { end(): void }
  destroy(): void
}

interface World {
  home: Home
  agent: AgentProcess
  consul: Client
}

const client = suite<World>('npm consul')

client.before(async (world) => {
  world.home = await openHome()
  world.agent = await startAgent(world.home)
  const consul: unknown = new Consul({ host: '127.0.0.1', port: world.agent.port })
  world.consul = consul as Client // see there
})

client.after(async ({ home, agent, consul }) => {
  consul.destroy()
  await agent.stop()
  await home.close()
})

const LIMIT_MS = 10_000

/** Every test ends, whatever the client does. */
const test = (name: string, work: (world: World) => Promise<void>) =>
  client(name, (world) => before(LIMIT_MS, () => work(world), name))

test('a key is set, read, listed and deleted', async ({ consul }) => {
  assert.is(await consul.kv.set('hello/a', 'world'), true)
  assert.is(await consul.kv.set('hello/b/c', 'more'), true)
  const { Key, Value, Flags, LockIndex } = await consul.kv.get('hello/a')
  assert.equal(
    { Key, Value, Flags, LockIndex },
    { Key: 'hello/a', Value: 'world', Flags: 0, LockIndex: 0 },
  )
  assert.equal(await consul.kv.keys('hello'), ['hello/a', 'hello/b/c'])
  assert.equal(await consul.kv.keys({ key: 'hello/', separator: '/' }), ['hello/a', 'hello/b/'])
  const all = await consul.kv.get({ key: 'hello', recurse: true })
  assert.equal(
    all.map((entry) => entry.Key),
    ['hello/a', 'hello/b/c'],
  )
  await consul.kv.del({ key: 'hello', recurse: true })
  assert.is(await consul.kv.get('hello/a'), undefined)
})

test('bytes come back as they went, and flags with them', async ({ consul }) => {
  const bytes = Buffer.from([0, 1, 127, 128, 255])
  await consul.kv.set({ key: 'bytes', value: bytes, flags: 42 })
  assert.equal(await consul.kv.get({ key: 'bytes', raw: true }), bytes)
  assert.is((await consul.kv.get('bytes')).Flags, 42)
})

test('a swap wins once', async ({ consul }) => {
  await consul.kv.set('swap', 'one')
  const { ModifyIndex } = await consul.kv.get('swap')
  const swap = { key: 'swap', value: 'two', cas: ModifyIndex }
  assert.is(await consul.kv.set(swap), true)
  assert.not.ok(await consul.kv.set(swap)) // the client drops a body that is bare false
  await consul.kv.del({ key: 'swap', cas: ModifyIndex }) // as above
  assert.is((await consul.kv.get('swap')).Value, 'two')
})

test('a watch sees each change, in order', async ({ consul }) => {
  const seen: (string | undefined)[] = []
  const watch = consul.watch({ method: consul.kv.get, options: { key: 'watched', wait: '10s' } })
  watch.on('change', (entry?: { Value: string }) => seen.push(entry?.Value))
  watch.on('error', (error: Error) => seen.push(`error: ${error.message}`))
  try {
    await within(5000, () => seen.length >= 1, 'the first answer')
    for (const [i, value] of ['a', 'b', 'c'].entries()) {
      await consul.kv.set('watched', value)
      await within(5000, () => seen.length >= i + 2, value)
    }
  } finally {
    watch.end()
  }
  assert.equal(seen, [undefined, 'a', 'b', 'c'])
})

test('the status names a leader among the peers', async ({ consul }) => {
  const leader = await consul.status.leader()
  assert.match(leader, /^127\.0\.0\.1:\d+$/)
  assert.equal(await consul.status.peers(), [leader])
})

test('a transaction is done whole or not at all', async ({ consul }) => {
  const set = (Key: string, Value: string) => ({
    KV: { Verb: 'set', Key, Value: Buffer.from(Value).toString('base64') },
  })
  const { Results, Errors } = await consul.transaction.create([set('t/a', '1'), set('t/b', '2')])
  assert.is(Errors, null)
  assert.equal(
    Results.map((result) => result.KV.Key),
    ['t/a', 't/b'],
  )
  const failing = [set('t/a', 'changed'), { KV: { Verb: 'check-index', Key: 't/b', Index: 1 } }]
  try {
    await consul.transaction.create(failing)
    assert.unreachable('a stale index was accepted')
  } catch (error) {
    assert.is((error as { statusCode?: number }).statusCode, 409) // the client's own error
  }
  assert.is((await consul.kv.get('t/a')).Value, '1')
})

test('a service is registered, checked, found and gone', async ({ consul }) => {
  const { agent, health } = consul
  const check = { ttl: '30s', status: 'passing' }
  await agent.service.register({ id: 'npm-1', name: 'npmweb', port: 8080, tags: ['v1'], check })
  assert.is((await agent.service.list())['npm-1']?.Port, 8080)
  const passing = () => health.service({ service: 'npmweb', tag: 'v1', passing: true })
  const counts = async (count: number) => (await passing()).length === count
  await within(5000, () => counts(1), 'it passes')
  await agent.check.fail({ id: 'service:npm-1', note: 'broken' })
  await within(5000, () => counts(0), 'it fails')
  await agent.check.pass({ id: 'service:npm-1' })
  await within(5000, () => counts(1), 'it passes again')
  await agent.service.maintenance({ id: 'npm-1', enable: true, reason: 'by hand' })
  await within(5000, () => counts(0), 'it is looked after')
  await agent.service.maintenance({ id: 'npm-1', enable: false })
  await agent.service.deregister('npm-1')
  assert.is((await agent.service.list())['npm-1'], undefined)
})

test('a watch sees instances come and go', async ({ consul }) => {
  const seen: number[] = []
  const options = { service: 'npmwatched', passing: true, wait: '10s' }
  const watch = consul.watch({ method: consul.health.service, options })
  watch.on('change', (instances: Instance[]) => seen.push(instances.length))
  const last = (count: number) => within(5000, () => seen.at(-1) === count, `${count} instances`)
  try {
    await last(0)
    for (const port of [1, 2]) {
      await consul.agent.service.register({ id: `w${port}`, name: 'npmwatched', port })
      await last(port)
    }
    await consul.agent.service.deregister('w1')
    await last(1)
    await consul.agent.service.deregister('w2')
    await last(0)
  } finally {
    watch.end()
  }
})

test('two candidates: one leads, and the other when its session ends', async ({ consul }) => {
  const sessions = await Promise.all(
    ['first', 'second'].map((name) =>
      consul.session.create({ name, ttl: '10s', lockdelay: '1ms', behavior: 'release' }),
    ),
  )
  const [first = '', second = ''] = sessions.map((session) => session.ID)
  const claim = (acquire: string, value: string) =>
    consul.kv.set({ key: 'npm/leader', value, acquire })
  assert.is(await claim(first, 'first'), true)
  assert.not.ok(await claim(second, 'second')) // the client drops a body that is bare false
  assert.is((await consul.session.renew(first))[0]?.TTL, '10s')
  let isFree = false
  const watch = consul.watch({ method: consul.kv.get, options: { key: 'npm/leader' } })
  watch.on('change', (entry: Entry) => {
    isFree = entry.Session === undefined
  })
  try {
    await consul.session.destroy(first)
    await within(5000, () => isFree, 'the lock is free')
  } finally {
    watch.end()
  }
  await within(5000, () => claim(second, 'second'), 'the second leads')
  const { Value, Session, LockIndex } = await consul.kv.get('npm/leader')
  assert.equal([Value, Session, LockIndex], ['second', second, 2])
  assert.is(await consul.kv.set({ key: 'npm/leader', value: '', release: second }), true)
  await consul.session.destroy(second)
  assert.is(await consul.session.get(second), undefined)
})

test('an error of the server reaches the caller as its text', async ({ consul }) => {
  try {
    await consul.kv.set('x', 'y'.repeat(600 * 1024))
    assert.unreachable('a value over the limit was accepted')
  } catch (error) {
    assert.instance(error, Error)
    assert.match((error as Error).message, /too large/)
  }
})

client.run()
