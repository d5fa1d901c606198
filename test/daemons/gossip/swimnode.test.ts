// How the built swimnode, Serf's agents and members of memberlist see each other's lives: leaves,
// kills, refutations, keys. Skipped, and said so, where there is no serf.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../../kit/within.ts'
import { isHere, type ListPeer, listPeersBuild, startListPeer, withListPeers } from './stock.ts'
import { agree, KEY, NAMES, NEW_KEY, withMixed } from './swimnode-kit.ts'

const mixed = suite('swimnode among serf')
const hasSerf = isHere(
  'serf',
  ['version'],
  'a pool mixed with serf needs serf (apt-get install serf)',
)
const hasGo = listPeersBuild()
const either = (name: string, work: () => Promise<void>) => {
  if (hasSerf) mixed(name, work)
}

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
        const watching = ['wait', `${frozen.name}=suspect`, '--timeout=20s']
        await Promise.any([pool.ctl(first, ...watching), pool.ctl(second, ...watching)])
      } finally {
        process.kill(pid ?? 0, 'SIGCONT')
      }
      await pool.ctl(first, 'wait', `${frozen.name}=alive`, '--timeout=20s')
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
    await pool.ctl(late, 'wait', 'members=7', '--timeout=20s')
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
        await within(30_000, async () => `${await namesOf(go1)}` === `${all}`)
        await within(30_000, async () => `${await namesOf(go2)}` === `${all}`)
        go1.child.kill('SIGKILL')
        await agree(pool, { 'go-1': 'failed' }, all)
        await within(30_000, async () => !(await namesOf(go2)).includes('go-1'))
        await pool.ctl(first, 'leave')
        pool.gone.add('our-1')
        await agree(pool, { 'go-1': 'failed', 'our-1': 'left' }, all)
        await within(30_000, async () => !(await namesOf(go2)).includes('our-1'))
      }),
    ),
  )

const namesOf = async (peer: ListPeer): Promise<string[]> =>
  ((await peer.get('/members')) as { members: { name: string }[] }).members // as its README says
    .map(({ name }) => name)
    .sort()

if (!hasSerf) mixed.skip('serf is not here')
mixed.run()
