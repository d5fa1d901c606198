// The built swimnode among Serf's agents and members of memberlist: after every step `serf members`
// of each agent and `swimctl members` of each of ours say the same of everybody. Skipped, and said
// so, where there is no serf.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../../kit/cli.ts'
import { type Home, openHome } from '../../kit/home.ts'
import { type SwimnodeOptions, type SwimnodeProcess, withSwimnodes } from '../../kit/swimnode.ts'
import { within } from '../../kit/within.ts'
import {
  isHere,
  type ListPeer,
  loopbackNet,
  type SerfAgent,
  startListPeer,
  startSerf,
  withListPeers,
  withStock,
} from './stock.ts'

/** A member as `serf members -format=json` shows it; ours shows more, which is left out here. */
interface Shown {
  readonly name: string
  readonly addr: string
  readonly port: number
  readonly tags: Readonly<Record<string, string>>
  readonly status: string
  readonly protocol: Readonly<Record<string, number>>
}

interface Mixed {
  readonly home: Home
  readonly ours: SwimnodeProcess[]
  readonly stock: SerfAgent[]
  ctl(node: SwimnodeProcess, ...words: string[]): Promise<string>
  /** Of who has gone: those do not tell any more. */
  readonly gone: Set<string>
  start(options: SwimnodeOptions): Promise<SwimnodeProcess>
}

const KEY = Buffer.alloc(32, 3).toString('base64')
const NEW_KEY = Buffer.alloc(16, 4).toString('base64')

/** Three of ours and three of theirs, joined in every direction. */
async function withMixed(
  { own = [], flags = [] }: { own?: readonly string[]; flags?: readonly string[] },
  work: (mixed: Mixed) => Promise<void>,
): Promise<void> {
  const ip = loopbackNet()
  const home = await openHome()
  try {
    await withStock((stock) =>
      withSwimnodes(home, async (start) => {
        const node = (n: number, ...args: string[]) =>
          start({
            name: `our-${n}`,
            ip: ip(n),
            args: ['--profile=lan', `--tag=role=ours-${n}`, ...own, ...args],
          })
        const agent = (n: number, ...more: string[]) => {
          const role = `-tag=role=stock-${n}`
          return startSerf(stock, {
            name: `serf-${n}`,
            ip: ip(10 + n),
            flags: [role, ...flags, ...more],
          })
        }
        const echo = 'query:uptime=echo $SERF_SELF_NAME says $(cat)'
        const first = await node(1, `--event-handler=${echo}`)
        const serf1 = await agent(1, `-join=${ip(1)}`)
        const second = await node(2, `--join=${ip(11)}`)
        const serf2 = await agent(2, `-join=${ip(2)}`, `-event-handler=${echo}`)
        const third = await node(3)
        const serf3 = await agent(3)
        const mixed: Mixed = {
          home,
          ours: [first, second, third],
          stock: [serf1, serf2, serf3],
          gone: new Set(),
          start,
          ctl: async (one, ...words) => {
            const ran = await run(home, ['swimctl', ...words, `--node=${one.address}`])
            assert.is(ran.exit, 0, `swimctl ${words.join(' ')}: ${ran.stderr}`)
            return ran.stdout
          },
        }
        // Those who came alone are joined by a command of each side.
        await mixed.ctl(third, 'join', ip(12))
        await serf3.rpc('join', ip(3))
        await agree(mixed, {})
        await work(mixed)
      }),
    )
  } finally {
    await home.close()
  }
}

const NAMES = ['our-1', 'our-2', 'our-3', 'serf-1', 'serf-2', 'serf-3']

async function membersOf(mixed: Mixed): Promise<string[]> {
  const { ours, stock, gone } = mixed
  const shown = await Promise.all([
    ...stock
      .filter(({ name }) => !gone.has(name))
      .map((agent) => agent.rpc('members', '-format=json')),
    ...ours
      .filter(({ name }) => !gone.has(name))
      .map((node) => mixed.ctl(node, 'members', '--json')),
  ])
  return shown.map((text) => rosterOf(text))
}

/** What both sides show of each member, in one order. */
function rosterOf(text: string): string {
  const { members } = JSON.parse(text) as { members: Shown[] } // what either program prints
  const rows = members.map(({ name, addr, port, tags, status, protocol }) => {
    const shownTags = Object.entries(tags).sort().join(' ')
    const { min, max, version } = protocol
    return `${name} ${addr} ${port} ${status} [${shownTags}] ${min} ${max} ${version}`
  })
  return rows.sort().join('\n')
}

/** Everybody who is there shows the same, tags and versions included; who is not named is alive. */
async function agree(
  mixed: Mixed,
  others: Readonly<Record<string, string>>,
  names: readonly string[] = NAMES,
): Promise<string> {
  const expected = names.map((name) => `${name} ${others[name] ?? 'alive'}`).join(', ')
  return within(
    30_000,
    async () => {
      const [first = '', ...rest] = await membersOf(mixed)
      const statuses = first.split('\n').map((row) => {
        const [name = '', , , status = ''] = row.split(' ')
        return `${name} ${status}`
      })
      if (statuses.join(', ') !== expected) throw new Error(first)
      const odd = rest.find((roster) => roster !== first)
      if (odd !== undefined) throw new Error(`${first}\n--- differs from\n${odd}`)
      return first
    },
    expected,
  )
}

const mixed = suite('swimnode among serf')
const hasSerf = isHere(
  'serf',
  ['version'],
  'a pool mixed with serf needs serf (apt-get install serf)',
)
const hasGo = isHere('go', ['version'], 'a pool mixed with memberlist needs Go to build its peer')
const either = (name: string, work: () => Promise<void>) => {
  if (hasSerf) mixed(name, work)
}

for (const [how, given] of [
  ['in plain text', {}],
  ['sealed', { own: [`--encrypt=${KEY}`], flags: [`-encrypt=${KEY}`] }],
  ['without compression', { own: ['--disable-compression'], flags: ['-disable-compression'] }],
] as const)
  either(`joins, tags, events and queries cross, ${how}`, () =>
    withMixed(given, async (pool) => {
      const [first, second, third] = pool.ours
      const [serf1, , serf3] = pool.stock
      if (!first || !second || !third || !serf1 || !serf3) throw new Error('six were started')
      await serf3.rpc('tags', '-set', 'role=new', '-set', 'zone=z1')
      await pool.ctl(first, 'tags', '--set=role=newer', '--set=color=red')
      await within(20_000, async () => {
        const roster = await agree(pool, {})
        return roster.includes('[role,new zone,z1]') && roster.includes('[color,red role,newer]')
      })
      await serf1.rpc('event', '-coalesce=false', 'deploy', 'v1')
      await pool.ctl(second, 'event', 'restart', 'now')
      const heard = (node: SwimnodeProcess) => pool.ctl(node, 'events')
      await within(10_000, async () => {
        const all = await Promise.all(pool.ours.map(heard))
        return all.every(
          (text) => text.includes('] deploy v1\n') && text.includes('] restart now\n'),
        )
      })
      const ours = await pool.ctl(third, 'query', 'uptime', 'hello', '--timeout=3s')
      const theirs = await serf3.rpc('query', '-timeout=3s', '-relay-factor=1', 'uptime', 'hello')
      for (const text of [ours, theirs]) {
        for (const name of NAMES) assert.match(text, `Ack from '${name}'`)
        assert.match(text, "Response from 'our-1': our-1 says hello")
        assert.match(text, "Response from 'serf-2': serf-2 says hello")
        assert.match(text, 'Total Responses: 2')
      }
      assert.match(await serf1.rpc('reachability'), 'Successfully contacted all live nodes')
      assert.match(await pool.ctl(first, 'reachability'), 'Successfully contacted all live nodes')
      await within(15_000, async () => {
        const there = await serf1.rpc('rtt', 'our-1')
        const here = await run(pool.home, ['swimctl', 'rtt', 'serf-1', `--node=${first.address}`])
        return /rtt: [\d.]+ ms/.test(there) && /rtt: [\d.]+ ms/.test(here.stdout)
      })
      await agree(pool, {})
    }),
  )

either('leaves, kills, force-leaves and refutations are seen alike by both sides', () =>
  withMixed({}, async (pool) => {
    const [first, second, third] = pool.ours
    const [serf1, serf2, serf3] = pool.stock
    if (!first || !second || !third || !serf1 || !serf2 || !serf3)
      throw new Error('six were started')
    for (const frozen of [third, serf3]) {
      const pid = 'child' in frozen ? frozen.child.pid : frozen.pid
      process.kill(pid ?? 0, 'SIGSTOP')
      try {
        const watching = ['wait', `${frozen.name}=suspect`, '--timeout=10s']
        await Promise.any([pool.ctl(first, ...watching), pool.ctl(second, ...watching)])
      } finally {
        process.kill(pid ?? 0, 'SIGCONT')
      }
      await pool.ctl(first, 'wait', `${frozen.name}=alive`, '--timeout=10s')
      await agree(pool, {})
    }
    await pool.ctl(second, 'leave')
    pool.gone.add('our-2')
    await agree(pool, { 'our-2': 'left' })
    await serf1.rpc('leave')
    pool.gone.add('serf-1')
    await agree(pool, { 'our-2': 'left', 'serf-1': 'left' })
    pool.gone.add('serf-2')
    await serf2.kill('SIGKILL')
    await agree(pool, { 'our-2': 'left', 'serf-1': 'left', 'serf-2': 'failed' })
    pool.gone.add('our-3')
    await third.end('SIGKILL')
    const both = { 'our-2': 'left', 'serf-1': 'left' }
    await agree(pool, { ...both, 'serf-2': 'failed', 'our-3': 'failed' })
    await serf3.rpc('force-leave', 'our-3')
    await agree(pool, { ...both, 'serf-2': 'failed', 'our-3': 'left' })
    await pool.ctl(first, 'force-leave', 'serf-2')
    await agree(pool, { ...both, 'serf-2': 'left', 'our-3': 'left' })
  }),
)

either('keys are exchanged by each side, and who comes later needs the new one', () =>
  withMixed({ own: [`--encrypt=${KEY}`], flags: [`-encrypt=${KEY}`] }, async (pool) => {
    const [first] = pool.ours
    const [serf1] = pool.stock
    if (!first || !serf1) throw new Error('six were started')
    await pool.ctl(first, 'keys', `--install=${NEW_KEY}`)
    await serf1.rpc('keys', `-use=${NEW_KEY}`)
    await pool.ctl(first, 'keys', `--remove=${KEY}`)
    assert.match(await serf1.rpc('keys', '-list'), `${NEW_KEY}  [6/6]`)
    assert.match(await pool.ctl(first, 'keys', '--list'), `${NEW_KEY}  [6/6]`)
    await agree(pool, {})
    const join = `--join=${first.address}`
    const late = await pool.start({
      name: 'late',
      args: ['--profile=lan', join, `--encrypt=${NEW_KEY}`],
    })
    await pool.ctl(late, 'wait', 'members=7', '--timeout=10s')
    const old = await pool.start({ name: 'old', args: ['--profile=lan', join, `--encrypt=${KEY}`] })
    await pool.ctl(old, 'wait', 'members=1', '--timeout=5s')
    await agree(pool, {}, ['late', ...NAMES])
  }),
)

if (hasGo)
  either('two members of memberlist alone are members for all, and their ends are seen', () =>
    withListPeers((peers) =>
      withMixed({}, async (pool) => {
        const [first] = pool.ours
        const [serf1] = pool.stock
        if (!first || !serf1) throw new Error('six were started')
        const flags = ['-delegate-versions=2,5,5']
        const go1 = await startListPeer(peers, { name: 'go-1', flags })
        const go2 = await startListPeer(peers, { name: 'go-2', flags })
        await go1.post('/join', { addrs: [first.address] })
        await pool.ctl(first, 'join', `${go2.address.ip}:${go2.address.port}`)
        const all = ['go-1', 'go-2', ...NAMES]
        await agree(pool, {}, all)
        await within(10_000, async () => `${await namesOf(go1)}` === `${all}`)
        await within(10_000, async () => `${await namesOf(go2)}` === `${all}`)
        go1.child.kill('SIGKILL')
        await agree(pool, { 'go-1': 'failed' }, all)
        await within(20_000, async () => !(await namesOf(go2)).includes('go-1'))
        await pool.ctl(first, 'leave')
        pool.gone.add('our-1')
        await agree(pool, { 'go-1': 'failed', 'our-1': 'left' }, all)
        await within(20_000, async () => !(await namesOf(go2)).includes('our-1'))
      }),
    ),
  )

const namesOf = async (peer: ListPeer): Promise<string[]> =>
  ((await peer.get('/members')) as { members: { name: string }[] }).members // as its README says
    .map(({ name }) => name)
    .sort()

if (!hasSerf) mixed.skip('serf is not here')
mixed.run()
