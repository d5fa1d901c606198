// The life of members as swimnode and swimctl show it: killed, stopped, told to leave, back again.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { type SwimnodeProcess, withSwimnodes } from '../kit/swimnode.ts'
import { within } from '../kit/within.ts'

const swim = suite<{ home: Home }>('life of members')
const KEY = Buffer.alloc(32, 7).toString('base64')

swim.before(async (context) => {
  context.home = await openHome()
})
swim.after(({ home }) => home.close())

swim(
  'a killed member is dead, one told to leave has left, one force-left too',
  async ({ home }) => {
    await withSwimnodes(home, async (start) => {
      const first = await start({ name: 'a' })
      const join = [`--join=${first.address}`]
      const [b, c, d] = [
        await start({ name: 'b', args: join }),
        await start({ name: 'c', args: join }),
        await start({ name: 'd', args: join }),
      ]
      const ctl = (...words: string[]) =>
        run(home, ['swimctl', ...words, `--node=${first.address}`])
      assert.is((await ctl('wait', 'members=4', '--timeout=120s')).exit, 0)
      await b.end('SIGTERM')
      assert.is((await ctl('wait', 'b=dead', '--timeout=120s')).exit, 0, 'its port refuses')
      assert.match((await ctl('members')).stdout, /^b dead \S+ \(detected: \d+\.\ds ago\)$/m)
      const left = await run(home, ['swimctl', 'leave', '--json', `--node=${c.address}`])
      assert.is(await jq(left.stdout, '.left'), 'c')
      assert.is((await ctl('wait', 'c=left', '--timeout=120s')).exit, 0)
      assert.is(await d.end('SIGINT'), 0)
      assert.is((await ctl('wait', 'd=left', '--timeout=120s')).exit, 0)
      assert.is((await ctl('force-leave', 'b')).exit, 0)
      assert.is((await ctl('wait', 'b=left', '--timeout=120s')).exit, 0)
      const pruned = await ctl('force-leave', '--prune', 'b', '--json')
      assert.is(await jq(pruned.stdout, '.name'), 'b')
      const names = await jq(
        (await ctl('members', '--json')).stdout,
        '[.members[].name] | join(" ")',
      )
      assert.is(names, 'a c d')
      assert.is((await ctl('force-leave', 'nobody')).exit, 1)
    })
  },
)

swim('a member that stands still is suspected, refutes, and is never dead', async ({ home }) => {
  await withSwimnodes(home, async (start) => {
    const first = await start({ name: 'a' })
    const join = [`--join=${first.address}`]
    await start({ name: 'b', args: join })
    const frozen = await start({ name: 'c', args: join })
    const ctl = (...words: string[]) => run(home, ['swimctl', ...words, `--node=${first.address}`])
    assert.is((await ctl('wait', 'members=3', '--timeout=120s')).exit, 0)
    frozen.signal('SIGSTOP')
    // As soon as it shows: four seconds later it would be dead.
    const suspect = /^c suspect \S+ \(suspected: \d\.\ds ago\)$/m
    await within(30_000, async () => suspect.test((await ctl('members')).stdout), 'the suspicion')
    frozen.signal('SIGCONT')
    assert.is((await ctl('wait', 'c=alive', '--timeout=120s')).exit, 0)
    const { stdout } = await ctl('trace', '--once', '--about=c')
    assert.match(stdout, /suspect +c +accused by [ab]\n(?:.*\n)*?.*cleared +c +it refuted the susp/)
    assert.not.match(stdout, /dead +c /)
    const own = await run(home, [
      'swimctl',
      'trace',
      '--once',
      '--only=refute',
      `--node=${frozen.address}`,
    ])
    assert.match(own.stdout, /refute +c +we were called suspected by [ab]; incarnation \d+ says no/)
  })
})

swim(
  'what a member keeps lets it come back to its pool, and its events are not heard twice',
  async ({ home }) => {
    await withSwimnodes(home, async (start) => {
      const first = await start({ name: 'a' })
      const args = [`--join=${first.address}`, `--encrypt=${KEY}`]
      const ctl = (...words: string[]) =>
        run(home, ['swimctl', ...words, `--node=${first.address}`])
      const refused = await start({ name: 'stranger', args })
      await within(5_000, () => refused.output().includes('ready'))
      await refused.stop()
      const kept = await start({ name: 'kept', keeps: true, args: [`--join=${first.address}`] })
      assert.is((await ctl('wait', 'kept=alive', '--timeout=120s')).exit, 0)
      await ctl('event', 'before')
      const heard = async (node: SwimnodeProcess) =>
        (await run(home, ['swimctl', 'events', '--json', `--node=${node.address}`])).stdout
      await within(5_000, async () => (await jq(await heard(kept), 'length')) === '1')
      const snapshot = join(home.work, '.lictor/swimnode-kept.snapshot')
      await within(5_000, () => readFileSync(snapshot, 'utf8').includes('event-clock: 1'))
      await kept.end('SIGTERM')
      assert.is((await ctl('wait', 'kept=failed', '--timeout=30s')).exit, 0)
      const again = await start({ name: 'kept', keeps: true })
      const back = `--node=${again.address}`
      const waited = await run(home, ['swimctl', 'wait', 'a=alive', '--timeout=120s', back])
      assert.is(waited.exit, 0, waited.stderr)
      assert.is(await jq(await heard(again), 'length'), '0')
      const files = readdirSync(join(home.work, '.lictor'))
      assert.ok(files.some((name) => /^swimnode-kept-\d+\.log$/.test(name)))
      assert.is(statSync(snapshot).mode & 0o077, 0)
    })
  },
)

swim('scripts hear of members and events, with the variables of serf', async ({ home }) => {
  await withSwimnodes(home, async (start) => {
    const file = join(home.work, 'heard')
    const first = await start({
      name: 'a',
      args: [
        '--tag=role=db',
        `--event-handler=user:deploy=echo $SERF_EVENT $SERF_USER_EVENT $SERF_TAG_ROLE $(cat) ` +
          `>>${file}`,
        `--event-handler=member-join,member-failed=cut -f1,3 | sed "s/^/$SERF_EVENT /" >>${file}`,
      ],
    })
    const other = await start({ name: 'b', args: ['--tag=role=web', `--join=${first.address}`] })
    const ctl = (...words: string[]) => run(home, ['swimctl', ...words, `--node=${first.address}`])
    const heard = () => readFileSync(file, 'utf8').split('\n')
    await within(10_000, () => heard().includes('member-join b\tweb'))
    await ctl('event', 'ignored')
    await ctl('event', 'deploy', 'v7')
    await within(10_000, () => heard().includes('user deploy db v7'))
    await other.end('SIGTERM')
    await within(20_000, () => heard().includes('member-failed b\tweb'))
    assert.not.ok(heard().some((line) => line.includes('ignored')))
  })
})

swim.run()
