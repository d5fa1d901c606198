// What the built swimnode and Serf's agents tell each other: joins, tags, events, queries. Skipped,
// and said so, where there is no serf.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../../kit/cli.ts'
import type { SwimnodeProcess } from '../../kit/swimnode.ts'
import { within } from '../../kit/within.ts'
import { isHere } from './stock.ts'
import { agree, KEY, NAMES, withMixed } from './swimnode-kit.ts'

const mixed = suite('swimnode among serf')
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
      await within(30_000, async () => {
        const roster = await agree(pool, {})
        return roster.includes('[role,new zone,z1]') && roster.includes('[color,red role,newer]')
      })
      await serf1.rpc('event', '-coalesce=false', 'deploy', 'v1')
      await pool.ctl(second, 'event', 'restart', 'now')
      const heard = (node: SwimnodeProcess) => pool.ctl(node, 'events')
      await within(30_000, async () => {
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
      await within(30_000, async () => {
        const there = await serf1.rpc('rtt', 'our-1')
        const here = await run(pool.home, ['swimctl', 'rtt', 'serf-1', `--node=${first.address}`])
        return /rtt: [\d.]+ ms/.test(there) && /rtt: [\d.]+ ms/.test(here.stdout)
      })
      await agree(pool, {})
    }),
  )

if (!hasSerf) mixed.skip('serf is not here')
mixed.run()
