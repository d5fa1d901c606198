// Pools of our own members on real sockets.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { answer, query, queryKeys, send, setTags } from '../../../core/swim/server.ts'
import type { PoolOptions } from '../../../daemons/pool.ts'
import { within } from '../../kit/within.ts'
import {
  changesOf,
  eventsOf,
  joinPool,
  leavePool,
  type Member,
  type Members,
  rosterOf,
  tagsOf,
  withMembers,
} from './pool-kit.ts'

const pool = suite('pools on real sockets')

async function three(
  members: Members,
  options: Partial<PoolOptions> = {},
): Promise<[Member, Member, Member]> {
  const [a, b, c] = await Promise.all(
    ['a', 'b', 'c'].map((name) => members.start({ name, ...options })),
  )
  if (a === undefined || b === undefined || c === undefined) throw new Error('three were started')
  assert.equal(await joinPool(b, [a.pool.address]), [])
  assert.equal(await joinPool(c, [a.pool.address]), [])
  await within(5_000, () => [a, b, c].every((each) => rosterOf(each) === 'a:alive b:alive c:alive'))
  return [a, b, c]
}

const KEY = new Uint8Array(32).fill(7)

for (const [how, options] of [
  ['in plain text', {}],
  ['sealed and labelled', { keys: [KEY], label: 'lab' }],
  ['without compression', { isCompressed: false }],
] as const)
  pool(`members meet, tell and ask ${how}`, () =>
    withMembers(async (members) => {
      const [a, b, c] = await three(members, options)
      b.pool.act((swim, now) => setTags(swim, new Map([['role', 'web']]), now))
      a.pool.act((swim, now) =>
        send(swim, { name: 'deploy', payload: utf8('v1'), coalesce: false }, now),
      )
      await within(5_000, () => [a, b, c].every((each) => eventsOf(each).includes('deploy v1')))
      await within(5_000, () => tagsOf(c, 'b')['role'] === 'web')
      const filters = [{ type: 'tag', tag: 'role', expr: '^web$' }] as const
      const asking = { name: 'uptime', payload: utf8(''), filters, wantsAck: true }
      c.pool.act((swim, now) => query(swim, asking, now))
      const asked = await within(5_000, () => b.effects.find(({ type }) => type === 'question'))
      assert.ok(asked.type === 'question')
      if (asked.type !== 'question') return
      const { id } = asked.question
      b.pool.act((swim, now) => answer(swim, { id, payload: utf8('12 days') }, now))
      const answered = await within(5_000, () =>
        c.effects.find(({ type }) => type === 'query-answer'),
      )
      assert.ok(answered.type === 'query-answer' && answered.from === 'b')
      assert.ok(c.effects.some((effect) => effect.type === 'query-ack' && effect.from === 'b'))
    }),
  )

pool('who leaves has left, who is killed has failed, soon because its port refuses', () =>
  withMembers(async (members) => {
    const [a, b, c] = await three(members)
    await leavePool(b)
    await within(3_000, () => rosterOf(a) === 'a:alive b:left c:alive')
    await b.pool.close()
    await c.pool.close()
    await within(4_000, () => rosterOf(a) === 'a:alive b:left c:failed')
    assert.equal(changesOf(a).slice(-2), [
      ['leave', 'b'],
      ['failed', 'c'],
    ])
  }),
)

pool('a member without the key, with another key or another label is told so, or nothing', () =>
  withMembers(async (members) => {
    const a = await members.start({ name: 'a', keys: [KEY], label: 'lab' })
    const strangers: [Partial<PoolOptions>, RegExp][] = [
      [{ label: 'lab' }, /sealed|encrypt|closed/i],
      [{ label: 'lab', keys: [new Uint8Array(32)] }, /decrypt|closed/],
      [{ label: 'other', keys: [KEY] }, /closed/],
    ]
    for (const [options, why] of strangers) {
      const stranger = await members.start({ name: 'x', ...options })
      const failures = await joinPool(stranger, [a.pool.address])
      assert.is(failures.length, 1)
      assert.match(failures[0] ?? '', why)
    }
    assert.is(rosterOf(a), 'a:alive')
  }),
)

pool('keys are exchanged while the pool runs, and the old one does not open any more', () =>
  withMembers(async (members) => {
    const [a, b, c] = await three(members, { keys: [KEY] })
    const key = new Uint8Array(16).fill(9)
    for (const operation of ['install', 'use'] as const) {
      a.pool.act((swim, now) => queryKeys(swim, { operation, key }, now))
      await within(5_000, () =>
        [a, b, c].every(({ effects }) => {
          const last = effects.filter(({ type }) => type === 'use-keys').at(-1)
          const first =
            last?.type === 'use-keys' ? last.keys[operation === 'use' ? 0 : 1] : undefined
          return first?.length === 16
        }),
      )
    }
    a.pool.act((swim, now) => queryKeys(swim, { operation: 'remove', key: KEY }, now))
    await within(5_000, () =>
      [a, b, c].every(({ pool: { act } }) => act((swim) => swim.keys.length === 1)),
    )
    const old = await members.start({ name: 'old', keys: [KEY] })
    assert.is((await joinPool(old, [a.pool.address])).length, 1)
    const fresh = await members.start({ name: 'fresh', keys: [key] })
    assert.equal(await joinPool(fresh, [b.pool.address]), [])
    await within(5_000, () => rosterOf(c) === 'a:alive b:alive c:alive fresh:alive')
  }),
)

pool('members meet over IPv6', () =>
  withMembers(async (members) => {
    const bind = { ip: '::1', port: 0 }
    const a = await members.start({ name: 'a', bind }).catch(() => undefined)
    if (a === undefined) return // a machine without IPv6
    const b = await members.start({ name: 'b', bind })
    assert.equal(await joinPool(b, [a.pool.address]), [])
    await within(5_000, () => rosterOf(a) === 'a:alive b:alive')
    await b.pool.close()
    await within(5_000, () => rosterOf(a) === 'a:alive b:failed')
  }),
)

pool('one port number serves datagrams and streams; one that is taken is refused', () =>
  withMembers(async (members) => {
    const a = await members.start({ name: 'a' })
    const second = await members.start({ name: 'b', bind: a.pool.address }).catch((error) => error)
    assert.is(second.code, 'EADDRINUSE')
  }),
)

pool.run()
