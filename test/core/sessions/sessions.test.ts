// Sessions through the whole machine: what begins and ends them, what becomes of their locks, and
// how long they live.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  advance,
  ask,
  createMachine,
  jsonOf,
  type Machine,
  send,
  textOfBody,
} from '../../kit/machine.ts'

const sessions = suite('sessions')

const begin = (machine: Machine, body: object = {}): string =>
  (jsonOf(ask(machine, 'PUT /v1/session/create', { body: JSON.stringify(body) })) as { ID: string })
    .ID

const acquire = (machine: Machine, key: string, session: string): unknown =>
  jsonOf(ask(machine, `PUT /v1/kv/${key}?acquire=${session}`, { body: 'held' }))

const holderOf = (machine: Machine, key: string): string | undefined =>
  (jsonOf(ask(machine, `GET /v1/kv/${key}`)) as { Session?: string }[])[0]?.Session

const lives = (machine: Machine, session: string): boolean =>
  (jsonOf(ask(machine, `GET /v1/session/info/${session}`)) as unknown[]).length === 1

const register = (machine: Machine, status: string) =>
  ask(machine, 'PUT /v1/catalog/register', {
    body: JSON.stringify({
      Node: 'ext',
      Address: '10.0.0.1',
      Check: { CheckID: 'alive', Name: 'alive', Status: status },
    }),
  })

sessions('what is not said has a default', () => {
  const machine = createMachine()
  const id = begin(machine)
  const [row] = jsonOf(ask(machine, `GET /v1/session/info/${id}`)) as Record<string, unknown>[]
  const { CreateIndex: _, ModifyIndex: __, ...said } = row ?? {}
  assert.equal(said, {
    ID: id,
    Name: '',
    Node: 'node1',
    LockDelay: 15_000_000_000,
    Behavior: 'release',
    TTL: '',
    NodeChecks: ['serfHealth'],
    ServiceChecks: null,
  })
})

sessions('numbers below 1000 are seconds, others nanoseconds', () => {
  const machine = createMachine()
  for (const [given, ns] of [
    [999, 999e9],
    [1000, 1000],
    [7.5, 7e9],
    [-0.5, 0],
    ['1500ms', 1.5e9],
    [true, 15e9],
    [null, 15e9],
  ]) {
    const id = begin(machine, { LockDelay: given })
    const [row] = jsonOf(ask(machine, `GET /v1/session/info/${id}`)) as { LockDelay: number }[]
    assert.is(row?.LockDelay, ns, String(given))
  }
})

sessions('a lock-delay beyond every duration is the longest there is', () => {
  const machine = createMachine()
  for (const [given, sign] of [
    ['1e999', 1],
    ['1e300', 1],
    ['-1e19', -1],
    ['-1e300', -1],
  ] as const) {
    const { ID } = jsonOf(
      ask(machine, 'PUT /v1/session/create', { body: `{"LockDelay":${given}}` }),
    ) as { ID: string }
    const [row] = jsonOf(ask(machine, `GET /v1/session/info/${ID}`)) as { LockDelay: number }[]
    assert.is(row?.LockDelay, sign * (2 ** 63 - 1024), given)
  }
})

sessions('a session is refused in words that clients match on', () => {
  const machine = createMachine()
  const refusal = (body: object) => {
    const response = ask(machine, 'PUT /v1/session/create', { body: JSON.stringify(body) })
    return [response.status, textOfBody(response)]
  }
  assert.equal(refusal({ TTL: '9s' }), [
    500,
    "Invalid Session TTL '9000000000', must be between [10s=24h0m0s]",
  ])
  assert.equal(refusal({ Behavior: 'x' }), [500, "Invalid Behavior setting 'x'"])
  assert.equal(refusal({ Node: 'none' }), [500, 'apply failed: Missing node registration'])
  assert.equal(refusal({ NodeChecks: ['c'] }), [
    500,
    "apply failed: Missing check 'c' registration",
  ])
  register(machine, 'critical')
  assert.is(refusal({ Node: 'ext', NodeChecks: ['alive'] })[0], 500)
})

sessions('checks of the old list stand beside the default ones; an empty list means none', () => {
  const machine = createMachine()
  register(machine, 'passing')
  const external = ask(machine, 'PUT /v1/session/create', {
    body: '{"Node":"ext","Checks":["alive"]}',
  })
  assert.is(textOfBody(external), "apply failed: Missing check 'serfHealth' registration")
  const checksOf = (body: object) => {
    const id = begin(machine, body)
    const rows = jsonOf(ask(machine, `GET /v1/session/info/${id}`)) as {
      NodeChecks: unknown
      Checks?: unknown
    }[]
    return [rows[0]?.NodeChecks, rows[0]?.Checks]
  }
  assert.equal(checksOf({ Checks: ['serfHealth'] }), [['serfHealth'], undefined])
  assert.equal(checksOf({ Node: 'ext', Checks: [] }), [[], undefined])
  assert.equal(checksOf({ Node: 'ext', NodeChecks: ['alive'], Checks: null }), [[], undefined])
  assert.equal(checksOf({ Node: 'ext', NodeChecks: [], Checks: ['alive'] }), [[], undefined])
  const both = { Node: 'ext', NodeChecks: ['alive'], Checks: ['alive'] }
  assert.equal(checksOf(both), [['alive'], ['alive']])
})

sessions('a check of the old list is looked for first, and ends its session', () => {
  const machine = createMachine()
  register(machine, 'passing')
  const response = ask(machine, 'PUT /v1/session/create', {
    body: '{"Node":"ext","Checks":["old"],"NodeChecks":["new"]}',
  })
  assert.is(textOfBody(response), "apply failed: Missing check 'old' registration")
  ask(machine, 'PUT /v1/catalog/register', {
    body: '{"Node":"ext","Address":"10.0.0.9","Check":{"CheckID":"old","Status":"passing"}}',
  })
  const id = begin(machine, { Node: 'ext', NodeChecks: ['alive'], Checks: ['old'] })
  const text = textOfBody(ask(machine, `GET /v1/session/info/${id}`))
  assert.ok(text.includes('"ServiceChecks":null,"Checks":["old"],"CreateIndex"'), text)
  ask(machine, 'PUT /v1/catalog/deregister', { body: '{"Node":"ext","CheckID":"old"}' })
  assert.equal(jsonOf(ask(machine, `GET /v1/session/info/${id}`)), [])
})

sessions('destroying gives all locks back at one index', () => {
  const machine = createMachine()
  const id = begin(machine, { LockDelay: '0s' })
  acquire(machine, 'a', id)
  acquire(machine, 'b', id)
  ask(machine, `PUT /v1/session/destroy/${id}`)
  const rows = jsonOf(ask(machine, 'GET /v1/kv/?recurse')) as {
    ModifyIndex: number
    LockIndex: number
  }[]
  assert.is(rows[0]?.ModifyIndex, rows[1]?.ModifyIndex)
  assert.is(rows[0]?.LockIndex, 1, 'the lock index stays')
  assert.is(holderOf(machine, 'a'), undefined)
})

sessions('with the behaviour delete the keys go too, and leave their trace in the index', () => {
  const machine = createMachine()
  const id = begin(machine, { Behavior: 'delete', LockDelay: '0s' })
  acquire(machine, 'p/a', id)
  ask(machine, `PUT /v1/session/destroy/${id}`)
  assert.is(ask(machine, 'GET /v1/kv/p/a').status, 404)
})

sessions('a critical check ends the session, a warning does not', () => {
  const machine = createMachine()
  register(machine, 'passing')
  const id = begin(machine, { Node: 'ext', NodeChecks: ['alive'] })
  register(machine, 'warning')
  assert.ok(lives(machine, id))
  register(machine, 'critical')
  assert.not(lives(machine, id))
})

sessions('a check of the type session tells whether one of its name lives', () => {
  const machine = createMachine()
  const Check = {
    CheckID: 'leader',
    Name: 'leader',
    Type: 'session',
    Status: 'critical',
    Definition: { SessionName: 'lead' },
  }
  ask(machine, 'PUT /v1/catalog/register', {
    body: JSON.stringify({ Node: 'ext', Address: '10.0.0.1', Check }),
  })
  const statusOf = () =>
    (jsonOf(ask(machine, 'GET /v1/health/node/ext')) as { Status: string }[])[0]?.Status
  begin(machine, { Node: 'ext', Name: 'other', NodeChecks: [] })
  assert.is(statusOf(), 'critical')
  const id = begin(machine, { Node: 'ext', Name: 'lead', NodeChecks: ['leader'] })
  assert.is(statusOf(), 'passing', 'that it was critical is no reason against a session')
  const leaning = begin(machine, { Node: 'ext', NodeChecks: ['leader'] })
  ask(machine, `PUT /v1/session/destroy/${id}`)
  assert.is(statusOf(), 'critical')
  assert.not(lives(machine, leaning), 'what stands on the check falls with it')
})

sessions('a node takes its sessions along', () => {
  const machine = createMachine()
  register(machine, 'passing')
  const id = begin(machine, { Node: 'EXT', NodeChecks: [] })
  ask(machine, 'PUT /v1/catalog/deregister', { body: '{"Node":"ext"}' })
  assert.not(lives(machine, id))
})

sessions('a waiter learns of a lock that falls', () => {
  const machine = createMachine()
  const id = begin(machine, { LockDelay: '0s' })
  acquire(machine, 'a', id)
  const [row] = jsonOf(ask(machine, 'GET /v1/kv/a')) as { ModifyIndex: number }[]
  const waiting = send(machine, `GET /v1/kv/a?index=${row?.ModifyIndex}`)
  ask(machine, `PUT /v1/session/destroy/${id}`)
  assert.ok(machine.responses.has(waiting))
})

sessions('a session lives for its TTL at least, and for twice that without a sign', () => {
  const machine = createMachine()
  const id = begin(machine, { TTL: '10s' })
  advance(machine, 19_900)
  assert.ok(lives(machine, id))
  advance(machine, 200)
  assert.not(lives(machine, id))
})

sessions('renewing lets the TTL run anew', () => {
  const machine = createMachine()
  const id = begin(machine, { TTL: '10s' })
  advance(machine, 15_000)
  assert.is(ask(machine, `PUT /v1/session/renew/${id}`).status, 200)
  advance(machine, 15_000)
  assert.ok(lives(machine, id))
  advance(machine, 6_000)
  assert.not(lives(machine, id))
  assert.is(ask(machine, `PUT /v1/session/renew/${id}`).status, 404)
})

sessions('a session that was destroyed is not ended again by its timer', () => {
  const machine = createMachine()
  const id = begin(machine, { TTL: '10s' })
  ask(machine, `PUT /v1/session/destroy/${id}`)
  const written = machine.disk.length
  advance(machine, 60_000)
  assert.is(machine.disk.length, written)
})

sessions('a key rests for the lock delay after its holder died, not after it let go', () => {
  const machine = createMachine()
  const dead = begin(machine, { LockDelay: '10s' })
  acquire(machine, 'a', dead)
  acquire(machine, 'b', dead)
  ask(machine, `PUT /v1/kv/b?release=${dead}`, { body: 'x' })
  ask(machine, `PUT /v1/session/destroy/${dead}`)
  const next = begin(machine)
  assert.is(acquire(machine, 'a', next), false)
  assert.is(acquire(machine, 'b', next), true)
  const body = JSON.stringify([
    { KV: { Verb: 'lock', Key: 'a', Session: next } },
    { KV: { Verb: 'get', Key: 'none' } },
  ])
  assert.equal(jsonOf(ask(machine, 'PUT /v1/txn', { body })), {
    Results: null,
    Errors: [{ OpIndex: 0, What: 'failed to lock key "a" due to lock delay' }],
  })
  advance(machine, 9_900)
  assert.is(acquire(machine, 'a', next), false)
  advance(machine, 200)
  assert.is(acquire(machine, 'a', next), true)
})

sessions('the lock delay is looked at before the session, and is a minute at most', () => {
  const machine = createMachine()
  const dead = begin(machine, { LockDelay: '1h' })
  acquire(machine, 'a', dead)
  ask(machine, `PUT /v1/session/destroy/${dead}`)
  assert.is(acquire(machine, 'a', dead), false)
  assert.is(acquire(machine, 'a', ''), false)
  const next = begin(machine)
  advance(machine, 59_900)
  assert.is(acquire(machine, 'a', next), false)
  advance(machine, 200)
  assert.is(acquire(machine, 'a', next), true)
})

sessions('the letters of an id have no case for whoever asks', () => {
  const machine = createMachine()
  const id = begin(machine, { TTL: '10s', LockDelay: '0s' })
  const loud = id.toUpperCase()
  assert.ok(lives(machine, loud))
  assert.is(acquire(machine, 'a', loud), true)
  assert.is(holderOf(machine, 'a'), loud)
  advance(machine, 15_000)
  assert.is(ask(machine, `PUT /v1/session/renew/${loud}`).status, 200)
  advance(machine, 15_000)
  assert.ok(lives(machine, id))
  ask(machine, `PUT /v1/session/destroy/${loud}`)
  assert.not(lives(machine, id))
  assert.is(holderOf(machine, 'a'), undefined)
})

sessions('a restart keeps the lock delay, and lets every TTL begin anew', () => {
  const machine = createMachine()
  const dead = begin(machine, { LockDelay: '1h' })
  const timed = begin(machine, { TTL: '10s' })
  acquire(machine, 'a', dead)
  ask(machine, `PUT /v1/session/destroy/${dead}`)
  const again = createMachine({}, {
    vote: machine.disk.findLast((persist) => persist.vote)?.vote ?? assert.unreachable('voted'),
    snapshot: undefined,
    entries: machine.disk.flatMap((persist) => persist.entries),
  } as Parameters<typeof createMachine>[1])
  assert.is(acquire(again, 'a', timed), false)
  advance(again, 19_000)
  assert.ok(lives(again, timed))
  advance(again, 2_000)
  assert.not(lives(again, timed))
})

sessions.run()
