// What a lock promises, each promise by its number (reliability §5, S-L1 to S-L12), on a whole
// machine. The halves that are the client's, 8 and 9, are kept by `lictor lock`: see
// test/commands/lock.test.ts. 12 waits for tokens.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advance, ask, createMachine, headerOf, jsonOf, type Machine } from '../../kit/machine.ts'
import { fc } from '../../kit/property.ts'

const promise = suite('sessions/promises')

const put = (machine: Machine, path: string, body: unknown = '') =>
  ask(machine, `PUT /v1/${path}`, { body: typeof body === 'string' ? body : JSON.stringify(body) })

const begin = (machine: Machine, body: object = {}): string =>
  (jsonOf(put(machine, 'session/create', { LockDelay: '0s', ...body })) as { ID: string }).ID

const acquire = (machine: Machine, key: string, session: string) =>
  jsonOf(put(machine, `kv/${key}?acquire=${session}`, 'mine'))

const release = (machine: Machine, key: string, session: string) =>
  jsonOf(put(machine, `kv/${key}?release=${session}`, 'mine'))

interface Row {
  readonly Key: string
  readonly Session?: string
  readonly LockIndex: number
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

function rowOf(machine: Machine, key: string): Row | undefined {
  const response = ask(machine, `GET /v1/kv/${key}`)
  return response.status === 404 ? undefined : (jsonOf(response) as Row[])[0]
}

const lives = (machine: Machine, session: string): boolean =>
  (jsonOf(ask(machine, `GET /v1/session/info/${session}`)) as unknown[]).length === 1

const node = (machine: Machine, checks: readonly object[] = []) =>
  put(machine, 'catalog/register', { Node: 'host', Address: '10.0.0.9', Checks: checks })

const alive = { CheckID: 'alive', Name: 'alive', Status: 'passing' }

promise('S-L1: every cause ends a session, and all that follows has one index', () => {
  const causes: Readonly<Record<string, (machine: Machine, id: string) => void>> = {
    'the node goes': (machine) => put(machine, 'catalog/deregister', { Node: 'host' }),
    'the check goes': (machine) =>
      put(machine, 'catalog/deregister', { Node: 'host', CheckID: 'alive' }),
    'the check is critical': (machine) => node(machine, [{ ...alive, Status: 'critical' }]),
    'it is destroyed': (machine, id) => put(machine, `session/destroy/${id}`),
    'its time is up': (machine) => advance(machine, 21_000),
  }
  for (const [cause, end] of Object.entries(causes)) {
    const machine = createMachine()
    node(machine, [alive])
    const id = begin(machine, { Node: 'host', NodeChecks: ['alive'], TTL: '10s' })
    for (const key of ['a', 'b', 'c']) acquire(machine, key, id)
    end(machine, id)
    assert.is(lives(machine, id), false, cause)
    const rows = ['a', 'b', 'c'].map((key) => rowOf(machine, key))
    assert.equal(
      rows.map((row) => row?.Session),
      [undefined, undefined, undefined],
    )
    assert.is(new Set(rows.map((row) => row?.ModifyIndex)).size, 1, cause)
  }
})

promise('S-L1: without a word about checks the health of its node is the check', () => {
  const machine = createMachine()
  const serf = { CheckID: 'serfHealth', Name: 'alive', Status: 'passing' }
  node(machine, [serf])
  const id = begin(machine, { Node: 'host' })
  node(machine, [{ ...serf, Status: 'critical' }])
  assert.is(lives(machine, id), false)
})

promise('S-L2: a session never ends before its TTL, and not later than twice that and 1 s', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 60 }),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (ttl, waits) => {
        const machine = createMachine()
        const id = begin(machine, { TTL: `${ttl}s` })
        for (const wait of waits.slice(0, 4)) {
          advance(machine, wait * 1_000)
          assert.is(put(machine, `session/renew/${id}`).status, 200)
        }
        advance(machine, ttl * 1_000)
        assert.ok(lives(machine, id), 'the last renewal was a TTL ago')
        advance(machine, ttl * 1_000 + 1_000)
        assert.is(lives(machine, id), false)
      },
    ),
    { numRuns: 20 },
  )
})

promise('S-L2: a TTL that is too short or too long is refused in words clients match on', () => {
  const machine = createMachine()
  for (const TTL of ['9s', '1ms', '25h']) {
    const { status, body } = put(machine, 'session/create', { TTL })
    assert.is(status, 500)
    assert.match(String(body), /^Invalid Session TTL/, TTL)
  }
})

promise('S-L3: release keeps the value, delete takes the key; both at one index', () => {
  for (const Behavior of ['release', 'delete']) {
    const machine = createMachine()
    const id = begin(machine, { Behavior })
    acquire(machine, 'a', id)
    put(machine, `session/destroy/${id}`)
    const row = rowOf(machine, 'a')
    assert.is(row === undefined, Behavior === 'delete')
    assert.is(row?.Session, undefined)
  }
})

promise('S-L4: the lock-delay counts for a forced end alone, and is part of the state', () => {
  const machine = createMachine()
  const [polite, dead] = [
    begin(machine, { LockDelay: '10s' }),
    begin(machine, { LockDelay: '10s' }),
  ]
  const next = begin(machine)
  acquire(machine, 'a', polite)
  release(machine, 'a', polite)
  assert.is(acquire(machine, 'a', next), true)
  acquire(machine, 'b', dead)
  put(machine, `session/destroy/${dead}`)
  assert.is(acquire(machine, 'b', next), false)
  advance(machine, 10_100)
  assert.is(acquire(machine, 'b', next), true)
})

promise('S-L5: acquire again by the holder is yes and keeps the LockIndex', () => {
  const machine = createMachine()
  const [one, two] = [begin(machine), begin(machine)]
  assert.is(acquire(machine, 'a', one), true)
  const first = rowOf(machine, 'a')
  assert.is(jsonOf(put(machine, `kv/a?acquire=${one}`, 'other')), true)
  assert.is(rowOf(machine, 'a')?.LockIndex, first?.LockIndex)
  assert.is(acquire(machine, 'a', two), false)
  release(machine, 'a', one)
  const free = rowOf(machine, 'a')
  assert.is(free?.LockIndex, first?.LockIndex)
  assert.ok((free?.ModifyIndex ?? 0) > (first?.ModifyIndex ?? 0))
  assert.is(acquire(machine, 'a', two), true)
  assert.is(rowOf(machine, 'a')?.LockIndex, (first?.LockIndex ?? 0) + 1)
})

type Act = 'acquire' | 'release' | 'destroy' | 'delete' | 'write'

promise('S-L6: fences grow with every holder, also when the key was deleted in between', () => {
  const act = fc.record({
    who: fc.integer({ min: 0, max: 2 }),
    act: fc.constantFrom<Act>('acquire', 'acquire', 'release', 'destroy', 'delete', 'write'),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const machine = createMachine()
      const sessions = [0, 1, 2].map((n) =>
        begin(machine, { Behavior: n === 0 ? 'release' : 'delete' }),
      )
      let [fence, index] = [[0, 0] as readonly [number, number], 0]
      for (const { who, act: does } of acts) {
        const id = sessions[who] ?? ''
        const before = rowOf(machine, 'a')
        if (does === 'release') release(machine, 'a', id)
        else if (does === 'delete') ask(machine, 'DELETE /v1/kv/a')
        else if (does === 'destroy') {
          put(machine, `session/destroy/${id}`)
          sessions[who] = begin(machine, { Behavior: who === 0 ? 'release' : 'delete' })
        } else if (does === 'acquire') {
          const response = put(machine, `kv/a?acquire=${id}`, 'mine')
          const row = rowOf(machine, 'a')
          if (jsonOf(response) !== true || before?.Session === id) continue
          const told = Number(headerOf(response, 'x-lictor-index'))
          assert.ok(told > index, 'the index of the acquisition')
          index = told
          assert.ok(isGreater([row?.CreateIndex ?? 0, row?.LockIndex ?? 0], fence), 'the pair')
          fence = [row?.CreateIndex ?? 0, row?.LockIndex ?? 0]
        }
      }
    }),
    { numRuns: 100 },
  )
})

const isGreater = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] > b[0] || (a[0] === b[0] && a[1] > b[1])

promise('S-L7: a lock is advice: who has the key may write, and the holder stays', () => {
  const machine = createMachine()
  const id = begin(machine)
  acquire(machine, 'a', id)
  assert.is(jsonOf(put(machine, 'kv/a', 'somebody')), true)
  assert.is(rowOf(machine, 'a')?.Session, id)
})

promise('S-L10: an acquire whose answer was lost may be sent again', () => {
  const machine = createMachine()
  const id = begin(machine)
  acquire(machine, 'a', id)
  assert.is(acquire(machine, 'a', id), true)
  assert.is(rowOf(machine, 'a')?.Session, id)
})

promise('S-L11: without checks and TTL nothing but its owner or operator ends a session', () => {
  const machine = createMachine()
  const id = begin(machine, { NodeChecks: [] })
  acquire(machine, 'a', id)
  advance(machine, 600_000)
  assert.ok(lives(machine, id))
  assert.is(rowOf(machine, 'a')?.Session, id)
})

promise('a node that leaves and comes back under its name does not get its locks back', () => {
  const machine = createMachine()
  node(machine, [alive])
  const id = begin(machine, { Node: 'host', NodeChecks: ['alive'] })
  acquire(machine, 'a', id)
  put(machine, 'catalog/deregister', { Node: 'host' })
  node(machine, [alive])
  assert.is(lives(machine, id), false)
  assert.match(String(put(machine, `kv/a?acquire=${id}`, 'mine').body), 'invalid session')
})

promise('a check that fails and recovers between two looks has ended the session for good', () => {
  const machine = createMachine()
  node(machine, [alive])
  const id = begin(machine, { Node: 'host', NodeChecks: ['alive'] })
  node(machine, [{ ...alive, Status: 'critical' }])
  node(machine, [alive])
  assert.is(lives(machine, id), false)
})

promise('a tree that is deleted takes locked keys along; the next holder starts anew', () => {
  const machine = createMachine()
  const [one, two] = [begin(machine), begin(machine)]
  acquire(machine, 'tree/a', one)
  ask(machine, 'DELETE /v1/kv/tree/?recurse')
  assert.is(acquire(machine, 'tree/a', two), true)
  put(machine, `session/destroy/${one}`)
  assert.is(rowOf(machine, 'tree/a')?.Session, two, 'the end of the first is nothing to the second')
})

promise('a transaction locks all or nothing', () => {
  const machine = createMachine()
  const [one, two] = [begin(machine), begin(machine)]
  acquire(machine, 'b', one)
  const lock = (Key: string, Session: string) => ({ KV: { Verb: 'lock', Key, Session } })
  const refused = put(machine, 'txn', [lock('a', two), lock('b', two)])
  assert.is(refused.status, 409)
  assert.is(rowOf(machine, 'a'), undefined)
  assert.is(put(machine, 'txn', [lock('a', one), lock('b', one)]).status, 200)
  assert.is(rowOf(machine, 'a')?.Session, one)
})

promise('never two: of any contenders one holds, whatever they do', () => {
  const act = fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    act: fc.constantFrom<Act>('acquire', 'acquire', 'release', 'destroy'),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const machine = createMachine()
      const sessions = [0, 1, 2, 3].map(() => begin(machine))
      let holder: string | undefined
      for (const { who, act: does } of acts) {
        const id = sessions[who] ?? ''
        if (does === 'acquire') {
          assert.is(acquire(machine, 'a', id), holder === undefined || holder === id)
          holder ??= id
        } else if (does === 'release') {
          assert.is(release(machine, 'a', id), holder === id)
          if (holder === id) holder = undefined
        } else {
          put(machine, `session/destroy/${id}`)
          sessions[who] = begin(machine)
          if (holder === id) holder = undefined
        }
        assert.is(rowOf(machine, 'a')?.Session, holder)
      }
    }),
    { numRuns: 100 },
  )
})

promise.run()
