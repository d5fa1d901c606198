// Pools of our members and of Serf's agents: each takes the other for its own. Skipped, and said
// so, where there is no serf.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { answer, query, queryKeys, send, setTags } from '../../../core/swim/server.ts'
import type { PoolEffect, PoolOptions } from '../../../daemons/pool.ts'
import { within } from '../../kit/within.ts'
import {
  eventsOf,
  joinPool,
  LAN,
  leavePool,
  type Member,
  notesOf,
  rosterOf,
  tagsOf,
  withMembers,
} from './pool-kit.ts'
import {
  isHere,
  loopbackNet,
  type SerfAgent,
  serfMembers,
  serfRoster,
  startSerf,
  withStock,
} from './stock.ts'

interface Mixed {
  readonly ours: Member[]
  readonly stock: SerfAgent[]
  readonly kill: (member: Member) => Promise<void>
}

const KEY = Buffer.alloc(32, 3)

/** Three of ours and three of theirs, joined in every direction. */
async function withMixed(
  { options = {}, flags = [] }: { options?: Partial<PoolOptions>; flags?: readonly string[] },
  work: (mixed: Mixed) => Promise<void>,
): Promise<void> {
  const ip = loopbackNet()
  await withStock(async (stock) =>
    withMembers(async (members) => {
      const start = (n: number) =>
        members.start({
          name: `our-${n}`,
          bind: { ip: ip(n), port: 7946 },
          settings: LAN,
          tags: new Map([['role', `ours-${n}`]]),
          ...options,
        })
      const agent = (n: number, more: readonly string[] = []) =>
        startSerf(stock, {
          name: `serf-${n}`,
          ip: ip(10 + n),
          flags: [`-tag=role=stock-${n}`, ...flags, ...more],
        })
      const first = await start(1)
      // They join us, we join them, and both join who has joined.
      const serf1 = await agent(1, [`-join=${ip(1)}`])
      const second = await start(2)
      assert.equal(await joinPool(second, [serf1.address]), [])
      const uptime = '-event-handler=query:uptime=echo from serf'
      const serf2 = await agent(2, [`-join=${ip(2)}`, uptime])
      const serf3 = await agent(3, [`-join=${ip(12)}`])
      const third = await start(3)
      assert.equal(await joinPool(third, [first.pool.address, serf3.address]), [])
      const mixed: Mixed = {
        ours: [first, second, third],
        stock: [serf1, serf2, serf3],
        kill: (member) => member.pool.close(),
      }
      await agree(mixed, {})
      await work(mixed)
    }),
  )
}

const NAMES = ['our-1', 'our-2', 'our-3', 'serf-1', 'serf-2', 'serf-3']

/** Everybody shows the same; who is not named is alive. */
async function agree(
  { ours, stock }: Mixed,
  others: Readonly<Record<string, string>>,
  ms = 15_000,
): Promise<void> {
  const expected = NAMES.map((name) => `${name}:${others[name] ?? 'alive'}`).join(' ')
  const isUp = ({ name }: { name: string }) => others[name] === undefined
  await within(
    ms,
    async () => {
      const shown = [
        ...ours.filter(isUp).map(rosterOf),
        ...(await Promise.all(stock.filter(isUp).map(serfRoster))),
      ]
      const odd = shown.find((roster) => roster !== expected)
      if (odd !== undefined) throw new Error(odd)
      return true
    },
    expected,
  )
}

const answersOf = (member: Member): string[] =>
  member.effects.flatMap((effect) =>
    effect.type === 'query-answer'
      ? [`${effect.from} ${Buffer.from(effect.payload).toString().trim()}`]
      : [],
  )

/** Answers every question of this name. */
const answering =
  (name: string) =>
  (member: Member): void => {
    const seen = new Set<PoolEffect>()
    const look = setInterval(() => {
      for (const effect of member.effects) {
        if (effect.type !== 'question' || effect.question.name !== name || seen.has(effect))
          continue
        seen.add(effect)
        const { id } = effect.question
        member.pool.act((swim, now) => answer(swim, { id, payload: utf8('from us') }, now))
      }
    }, 20)
    look.unref()
  }

const mixed = suite('pools mixed with serf')
const hasSerf = isHere(
  'serf',
  ['version'],
  'a pool mixed with serf needs serf (apt-get install serf)',
)
const either = (name: string, work: () => Promise<void>) => {
  if (hasSerf) mixed(name, work)
}

for (const [how, given] of [
  ['in plain text', {}],
  ['sealed', { options: { keys: [KEY] }, flags: [`-encrypt=${KEY.toString('base64')}`] }],
  ['without compression', { options: { isCompressed: false }, flags: ['-disable-compression'] }],
] as const)
  either(`members, tags, events and queries cross, ${how}`, () =>
    withMixed(given, async (pool) => {
      const [first, second] = pool.ours
      const [serf1, , serf3] = pool.stock
      if (!first || !second || !serf1 || !serf3) throw new Error('six were started')
      const seen = (await serfMembers(serf1)).find(({ name }) => name === 'our-2')
      assert.equal(seen?.tags, { role: 'ours-2' })
      assert.equal(tagsOf(first, 'serf-3'), { role: 'stock-3' })

      await serf3.rpc('tags', '-set', 'role=new', '-set', 'zone=z1')
      first.pool.act((swim, now) => setTags(swim, new Map([['role', 'newer']]), now))
      await within(10_000, () => pool.ours.every((each) => tagsOf(each, 'serf-3')['zone'] === 'z1'))
      await within(10_000, async () => {
        const found = (await serfMembers(serf3)).find(({ name }) => name === 'our-1')
        return found?.tags['role'] === 'newer'
      })

      await serf1.rpc('event', '-coalesce=false', 'deploy', 'v1')
      second.pool.act((swim, now) =>
        send(swim, { name: 'restart', payload: utf8('now'), coalesce: false }, now),
      )
      await within(10_000, () =>
        pool.ours.every((each) =>
          ['deploy v1', 'restart now'].every((e) => eventsOf(each).includes(e)),
        ),
      )

      const asking = { name: 'uptime', payload: utf8(''), wantsAck: true, timeoutMs: 8_000 }
      second.pool.act((swim, now) => query(swim, asking, now))
      await within(8_000, () => answersOf(second).includes('serf-2 from serf'))
      const acks = () =>
        new Set(second.effects.flatMap((e) => (e.type === 'query-ack' ? [e.from] : [])))
      await within(8_000, () => NAMES.every((name) => acks().has(name)))

      for (const each of pool.ours) answering('ask')(each)
      const shown = await serf1.rpc('query', '-timeout=4s', '-relay-factor=1', 'ask', 'you')
      for (const name of ['our-1', 'our-2', 'our-3']) {
        assert.match(shown, new RegExp(`Ack from '${name}'`))
        assert.match(shown, new RegExp(`Response from '${name}': from us`))
      }
      assert.match(await serf1.rpc('reachability'), /Successfully contacted all live nodes/)
      assert.match(await serf1.rpc('rtt', 'our-1'), /Estimated our-1 <-> serf-1 rtt/)
    }),
  )

either('who leaves has left, who is killed has failed, on both sides', () =>
  withMixed({}, async (pool) => {
    const [first, second, third] = pool.ours
    const [serf1, serf2] = pool.stock
    if (!first || !second || !third || !serf1 || !serf2) throw new Error('six were started')
    await leavePool(second)
    await pool.kill(second)
    await agree(pool, { 'our-2': 'left' })
    await serf1.rpc('leave')
    await agree(pool, { 'our-2': 'left', 'serf-1': 'left' })
    await serf2.kill('SIGKILL')
    await agree(pool, { 'our-2': 'left', 'serf-1': 'left', 'serf-2': 'failed' })
    await pool.kill(third)
    await agree(pool, {
      'our-2': 'left',
      'our-3': 'failed',
      'serf-1': 'left',
      'serf-2': 'failed',
    })
  }),
)

either('a stalled agent is suspected, refutes, and is not buried', () =>
  withMixed({}, async (pool) => {
    const [first] = pool.ours
    const [, , serf3] = pool.stock
    if (!first || !serf3) throw new Error('six were started')
    serf3.child.kill('SIGSTOP')
    try {
      await within(8_000, () =>
        pool.ours.some((each) =>
          notesOf(each, 'suspect').some(
            (note) => note.what === 'suspect' && note.node === 'serf-3',
          ),
        ),
      )
    } finally {
      serf3.child.kill('SIGCONT')
    }
    await within(8_000, () =>
      pool.ours.every((each) =>
        each.pool.act((swim) => swim.members.get('serf-3')?.state.type === 'alive'),
      ),
    )
    await agree(pool, {})
    for (const each of pool.ours)
      assert.not.ok(
        each.effects.some((e) => e.type === 'members' && e.change === 'failed'),
        each.name,
      )
  }),
)

either('keys are installed, used and removed, by each side', () =>
  withMixed(
    { options: { keys: [KEY] }, flags: [`-encrypt=${KEY.toString('base64')}`] },
    async (pool) => {
      const [first] = pool.ours
      const [serf1] = pool.stock
      if (!first || !serf1) throw new Error('six were started')
      const [key1, key2] = [Buffer.alloc(16, 4), Buffer.alloc(32, 5)]
      for (const asked of [
        `-install=${key1.toString('base64')}`,
        `-use=${key1.toString('base64')}`,
      ]) {
        await patiently(() => serf1.rpc('keys', asked))
      }
      await patiently(() => serf1.rpc('keys', `-remove=${KEY.toString('base64')}`))
      await within(5_000, () =>
        pool.ours.every((each) => each.pool.act((swim) => swim.keys.length === 1)),
      )
      const asked = (operation: 'install' | 'use' | 'remove', key: Uint8Array) =>
        allAgreed(first, () =>
          first.pool.act((swim, now) => queryKeys(swim, { operation, key }, now)),
        )
      await asked('install', key2)
      await asked('use', key2)
      await asked('remove', key1)
      await patiently(async () => {
        const listed = await serf1.rpc('keys', '-list')
        assert.ok(listed.includes(`${key2.toString('base64')}  [6/6]`), listed)
      })
      await agree(pool, {})
    },
  ),
)

/** A question is over after a few seconds: who was too slow to hear it then hears it again. */
const QUESTIONS = 8

/** What is asked by a question to all may be asked again. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await ask()
    } catch (error) {
      if (n === QUESTIONS) throw error
    }
  }
}

/** All six answer a key query with success, now or when it is repeated. */
function allAgreed(member: Member, ask: () => unknown): Promise<void> {
  const from = member.effects.length
  return patiently(async () => {
    ask()
    await within(500, () => {
      const answers = member.effects
        .slice(from)
        .flatMap((effect) => (effect.type === 'query-answer' ? [effect] : []))
      assert.ok(answers.every(({ payload }) => Buffer.from(payload).includes(Buffer.of(0xc3))))
      return new Set(answers.map((each) => each.from)).size === 6
    })
  })
}

if (!hasSerf) mixed.skip('serf is not here')
mixed.run()
