// Our members among members of memberlist alone, without Serf: labels, keys, meta, messages,
// deaths. Skipped, and said so, where there is no Go.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../../../core/bytes.ts'
import { setTags } from '../../../core/swim/server.ts'
import { encodeTags } from '../../../core/wire/serf.ts'
import type { PoolOptions } from '../../../daemons/pool.ts'
import { within } from '../../kit/within.ts'
import { joinPool, LAN, leavePool, type Member, rosterOf, withMembers } from './pool-kit.ts'
import { type ListPeer, listPeersBuild, startListPeer, withListPeers } from './stock.ts'

const KEY = Buffer.alloc(32, 6)
/** Our version says Serf; a bare member would not pass the check of versions. */
const DELEGATE = '-delegate-versions=2,5,5'

const hasGo = listPeersBuild()
const mixed = suite('pools mixed with memberlist')
const either = (name: string, work: () => Promise<void>) => {
  if (hasGo) mixed(name, work)
}

interface PeerMember {
  readonly name: string
  readonly meta: string
}

const membersOf = async (peer: ListPeer): Promise<PeerMember[]> =>
  ((await peer.get('/members')) as { members: PeerMember[] }).members

const namesOf = async (peer: ListPeer) => (await membersOf(peer)).map(({ name }) => name).sort()

const eventsOf = async (peer: ListPeer, type: string): Promise<Record<string, unknown>[]> =>
  ((await peer.get(`/events?type=${type}`)) as { events: Record<string, unknown>[] }).events

async function withPool(
  { options, flags }: { options: Partial<PoolOptions>; flags: readonly string[] },
  work: (ours: Member, peers: [ListPeer, ListPeer]) => Promise<void>,
): Promise<void> {
  await withListPeers((peers) =>
    withMembers(async (members) => {
      const ours = await members.start({ name: 'ours', settings: LAN, ...options })
      const first = await startListPeer(peers, { name: 'go1', flags: [DELEGATE, ...flags] })
      const second = await startListPeer(peers, { name: 'go2', flags: [DELEGATE, ...flags] })
      const { ip, port } = ours.pool.address
      await first.post('/join', { addrs: [`${ip}:${port}`] })
      assert.equal(await joinPool(ours, [second.address]), [])
      const all = ['go1', 'go2', 'ours']
      await within(10_000, async () =>
        [await namesOf(first), await namesOf(second)].every((names) => `${names}` === `${all}`),
      )
      await within(10_000, () => rosterOf(ours) === 'go1:alive go2:alive ours:alive')
      await work(ours, [first, second])
    }),
  )
}

for (const [how, given] of [
  ['in plain text', { options: {}, flags: [] }],
  [
    'sealed and labelled',
    {
      options: { keys: [KEY], label: 'lab' },
      flags: ['-key', KEY.toString('base64'), '-label', 'lab'],
    },
  ],
  ['without compression', { options: { isCompressed: false }, flags: ['-compress=false'] }],
] as const)
  either(`they take one another for members, ${how}`, () =>
    withPool(given, async (ours, [first, second]) => {
      const tags = new Map([['role', 'web']])
      ours.pool.act((swim, now) => setTags(swim, tags, now))
      await within(10_000, async () => {
        const found = (await membersOf(first)).find(({ name }) => name === 'ours')
        return found?.meta === hex(encodeTags(tags))
      })
      // Acks with our point come by datagram, and a ping of theirs is answered.
      const ping = (await second.post('/ping', { to: 'ours' })) as { rttMs: number }
      assert.ok(ping.rttMs >= 0)
      await within(8_000, async () => (await eventsOf(first, 'ping')).length > 0)
      await leavePool(ours)
      await within(10_000, async () => `${await namesOf(first)}` === 'go1,go2')
    }),
  )

either('a peer that is killed fails, one of ours that is gone is buried by them', () =>
  withPool({ options: {}, flags: [] }, async (ours, [first, second]) => {
    first.child.kill('SIGKILL')
    await within(15_000, () => rosterOf(ours) === 'go1:failed go2:alive ours:alive')
    await within(15_000, async () => !(await namesOf(second)).includes('go1'))
    await ours.pool.close()
    await within(30_000, async () => `${await namesOf(second)}` === 'go2')
  }),
)

either('a peer that drops its datagrams is reached by streams, and is no suspect', () =>
  withPool({ options: {}, flags: [] }, async (ours, [first]) => {
    await first.post('/drop', { udp: true, tcp: false })
    const blocked = await within(15_000, () =>
      ours.effects.find((e) => e.type === 'note' && e.note.what === 'udp-blocked'),
    )
    assert.ok(blocked)
    assert.not.ok(
      ours.effects.some(
        (e) => e.type === 'note' && e.note.what === 'suspect' && e.note.from === 'ours',
      ),
    )
  }),
)

either('a bare member, which speaks no Serf, is refused, and we are by it', () =>
  withListPeers((peers) =>
    withMembers(async (members) => {
      const ours = await members.start({ name: 'ours', settings: LAN })
      const bare = await startListPeer(peers, { name: 'bare' })
      const failures = await joinPool(ours, [bare.address])
      assert.is(failures.length, 1)
      assert.match(failures[0] ?? '', /Serf/)
      assert.is(rosterOf(ours), 'ours:alive')
      const plain = { ...ours.pool.act((swim) => swim.options.versions) }
      const versions = { ...plain, delegateMin: 0, delegateMax: 0, delegateCur: 0 }
      const alike = await members.start({ name: 'alike', settings: LAN, versions })
      assert.equal(await joinPool(alike, [bare.address]), [])
      await within(8_000, async () => `${await namesOf(bare)}` === 'alike,bare')
    }),
  ),
)

if (!hasGo) mixed.skip('Go is not here')
mixed.run()
