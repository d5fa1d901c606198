// The loop with a scripted machine: in which order things happen, and what ends it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AgentEffect } from '../../../core/agent/effects.ts'
import type { AgentEvent } from '../../../core/agent/events.ts'
import { AssertionError } from '../../../core/assert.ts'
import type { Persist } from '../../../core/entry.ts'
import { logIndex, requestId, term } from '../../../core/ids.ts'
import {
  type Driver,
  exchangeMachine,
  feed,
  type Machine,
  type Ports,
  settle,
  startDriver,
  stopDriver,
} from '../../../daemons/runtime/driver.ts'

const driver = suite('driver')

const TICK: AgentEvent = { type: 'tick' }
const persist = (token: number): AgentEffect => ({
  type: 'persist',
  persist: { token, entries: [] },
})
const respond = (id: number): AgentEffect => ({
  type: 'respond',
  id: requestId(id),
  response: { status: 200, headers: [], body: '' },
})

interface Stage {
  readonly driver: Driver
  /** What happened, in order. */
  readonly trace: string[]
  readonly fatal: unknown[]
}

/** A machine that answers each event with the next effects of its script. */
function machineOf(trace: string[], script: readonly (readonly AgentEffect[])[]): Machine {
  const left = [...script]
  let effects: readonly AgentEffect[] = left.shift() ?? []
  return {
    step: (event) => {
      trace.push(`step ${event.type}${'token' in event ? ` ${event.token}` : ''}`)
      effects = [...effects, ...(left.shift() ?? [])]
    },
    drain: () => {
      const drained = effects
      effects = []
      return drained
    },
  }
}

function stage(script: readonly (readonly AgentEffect[])[], ports: Partial<Ports> = {}): Stage {
  const trace: string[] = []
  const fatal: unknown[] = []
  const defaults: Ports = {
    respond: (id) => trace.push(`respond ${id}`),
    answerDns: (id) => trace.push(`answer-dns ${id}`),
    persist: async ({ token }: Persist) => {
      trace.push(`persist ${token}`)
      return 'durable'
    },
    persistBoth: ({ token }, save) => {
      trace.push(`persist ${token} with ${save.token}`)
      return { log: Promise.resolve('durable'), own: Promise.resolve('saved') }
    },
    saveSnapshot: async () => 'saved',
    saveOwn: async () => 'saved',
    probe: async () => ({ status: 'passing', output: '' }),
    cancelProbe: () => undefined,
    pool: () => undefined,
    trimLog: async () => undefined,
    ask: async () => 42,
    log: ({ message }) => trace.push(`log ${message}`),
    fatal: (error) => fatal.push(error),
  }
  const started = startDriver({
    machine: machineOf(trace, script),
    ports: { ...defaults, ...ports },
    readClock: () => ({ now: 1, wall: 2 }),
  })
  return { driver: started, trace, fatal }
}

driver('effects before the first event are performed at once', async () => {
  const { driver, trace } = stage([[persist(1), respond(7)]])
  assert.equal(trace, ['persist 1', 'respond 7'])
  await settle(driver)
  const steps = ['step gather', 'step persisted 1', 'step gathered']
  assert.equal(trace, ['persist 1', 'respond 7', ...steps])
})

driver('effects are performed in their order, before the next event', () => {
  const { driver, trace } = stage([[], [respond(1), respond(2)], [respond(3)]])
  feed(driver, TICK)
  feed(driver, TICK)
  assert.equal(trace, ['step tick', 'respond 1', 'respond 2', 'step tick', 'respond 3'])
})

driver('an event that comes while another is handled waits for its turn', () => {
  const trace: string[] = []
  const { driver } = stage([[], [respond(1), respond(2)], [respond(3)]], {
    respond: (id) => {
      trace.push(`respond ${id}`)
      if (id === 1) feed(driver, TICK)
    },
  })
  feed(driver, TICK)
  assert.equal(trace, ['respond 1', 'respond 2', 'respond 3'])
})

const request = (method: string): AgentEvent => ({
  type: 'request',
  request: {
    id: requestId(1),
    method,
    path: '/',
    query: '',
    body: new Uint8Array(0),
    header: () => undefined,
    remote: '',
  },
})

driver('requests that may write are gathered until a turn of the loop brings none', async () => {
  const { driver, trace } = stage([])
  feed(driver, request('GET'))
  feed(driver, request('PUT'))
  setImmediate(() => feed(driver, request('DELETE')))
  await settle(driver)
  const gathered = ['step gather', 'step request', 'step request', 'step gathered']
  assert.equal(trace, ['step request', ...gathered])
})

driver('gathering ends, however many come', async () => {
  const few = stage([])
  for (let turn = 0; turn < 10; turn++) {
    feed(few.driver, request('PUT'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await settle(few.driver)
  const ends = few.trace.filter((step) => step === 'step gathered').length
  assert.ok(ends > 1, 'a few in each turn')
  const many = stage([])
  for (let n = 0; n < 16; n++) feed(many.driver, request('PUT'))
  setImmediate(() => feed(many.driver, request('PUT')))
  await settle(many.driver)
  const [first] = many.trace.flatMap((step, at) => (step === 'step gathered' ? [at] : []))
  assert.is(first, 17, 'enough at once')
})

driver('what was put off to the end of the turn goes before the next write', async () => {
  const { driver, trace } = stage([[persist(1)], [], [respond(7)], [persist(2)]], {
    respond: () => setImmediate(() => trace.push('sent 7')),
  })
  await settle(driver)
  await settle(driver)
  const said = trace.filter((step) => step === 'sent 7' || step.startsWith('persist'))
  assert.equal(said, ['persist 1', 'sent 7', 'persist 2'])
})

driver('gathering goes on while somebody waits for a save, and ends with it', async () => {
  let done: (end: 'saved') => void = () => undefined
  const save: AgentEffect = { type: 'save-own', save: { token: 4, orders: [], durable: true } }
  const { driver, trace } = stage([[save]], {
    saveOwn: () =>
      new Promise((resolve) => {
        done = resolve
      }),
  })
  feed(driver, request('PUT'))
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  feed(driver, request('PUT'))
  assert.equal(trace, ['step gather', 'step request', 'step request'])
  done('saved')
  await settle(driver)
  assert.equal(trace.slice(3), ['step own-saved 4', 'step gathered'])
})

driver('a save that somebody waits for is written together with the log', async () => {
  const save = (durable: boolean): AgentEffect => {
    return { type: 'save-own', save: { token: 4, orders: [], durable } }
  }
  const { driver, trace } = stage([[persist(1), respond(7), save(true)]])
  await settle(driver)
  assert.equal(trace.slice(0, 2), ['persist 1 with 4', 'respond 7'])
  assert.ok(trace.includes('step persisted 1') && trace.includes('step own-saved 4'))
  assert.is(stage([[persist(1), save(false)]]).trace[0], 'persist 1')
})

driver('each port answers with its own event', async () => {
  const order = { index: logIndex(9), term: term(1), chunks: [] }
  const events: AgentEvent[] = []
  const { driver } = stage(
    [
      [
        persist(1),
        { type: 'ask', id: requestId(5), question: { type: 'runtime' } },
        { type: 'save-snapshot', order },
        { type: 'trim-log', through: logIndex(3) },
      ],
    ],
    { persist: async () => 'full' },
  )
  driver.machine.step = (event) => events.push(event)
  await settle(driver)
  assert.equal(events, [
    { type: 'persist-refused', token: 1 },
    { type: 'answered', id: 5, answer: 42 },
    { type: 'snapshot-saved', index: 9 },
  ])
})

driver('a snapshot without room is refused', async () => {
  const order = { index: logIndex(9), term: term(1), chunks: [] }
  const { driver, trace } = stage([[{ type: 'save-snapshot', order }]], {
    saveSnapshot: async () => 'full',
  })
  await settle(driver)
  assert.equal(trace, ['step snapshot-refused'])
})

driver('a bug in the machine is fatal, and the machine is not stepped again', () => {
  const { driver, fatal, trace } = stage([[]])
  driver.machine.step = () => {
    throw new AssertionError('what must hold')
  }
  feed(driver, TICK)
  feed(driver, TICK)
  assert.is(fatal.length, 1)
  assert.instance(fatal[0], AssertionError)
  assert.equal(trace, [])
})

driver('a port that fails is fatal, and nothing more is said', async () => {
  const failure = new Error('fdatasync')
  const { driver, fatal, trace } = stage([[persist(1)], [respond(1)]], {
    persist: () => Promise.reject(failure),
  })
  await settle(driver)
  feed(driver, TICK)
  assert.equal(fatal, [failure])
  assert.equal(trace, [])
})

driver('stopping waits for what is under way, and lets nothing of it through', async () => {
  let finish: (end: 'durable') => void = () => undefined
  const { driver, trace } = stage([[persist(1)]], {
    persist: () => new Promise((resolve) => (finish = resolve)),
  })
  let isStopped = false
  const stopped = stopDriver(driver).then(() => {
    isStopped = true
  })
  await Promise.resolve()
  assert.not(isStopped)
  finish('durable')
  await stopped
  assert.equal(trace, [])
})

driver('what was begun for one machine means nothing to the next', async () => {
  const { driver, trace } = stage([[persist(1)]])
  exchangeMachine(driver, machineOf(trace, [[respond(8)]]))
  await settle(driver)
  assert.equal(trace, ['persist 1', 'respond 8'])
})

driver.run()
