// swimnode and swimctl: real members, asked by the built program, its JSON read by the real jq.
import { spawn } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Ran, run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { type SwimnodeProcess, startSwimnode } from '../kit/swimnode.ts'
import { before, within } from '../kit/within.ts'

interface Context {
  home: Home
  nodes: SwimnodeProcess[]
  /** Asks the first member. */
  ctl(...words: string[]): Promise<Ran>
}

/** Who answers a question has so long and no longer: on a busy machine it is asked again. */
const eventually = (ask: () => Promise<Ran>, holds: (ran: Ran) => boolean): Promise<Ran> =>
  within(30_000, async () => {
    const ran = await ask()
    if (!holds(ran)) throw new Error(`exit ${ran.exit}\n${ran.stdout}${ran.stderr}`)
    return ran
  })

const wentWell = ({ exit }: Ran) => exit === 0

const swim = suite<Context>('swimctl')
const KEY = Buffer.alloc(32, 7).toString('base64')
const OTHER_KEY = Buffer.alloc(16, 9).toString('base64')

swim.before(async (context) => {
  const home = await openHome()
  const args = [`--encrypt=${KEY}`, '--tag=role=web', '--tag=zone=z1']
  const first = await startSwimnode(home, { name: 'node1', args })
  const joins = [`--encrypt=${KEY}`, `--join=${first.address}`]
  const answers = '--event-handler=query:load=echo $SERF_SELF_NAME is idle'
  const second = await startSwimnode(home, { name: 'node2', args: [...joins, answers] })
  context.home = home
  context.nodes = [first, second]
  context.ctl = (...words) => run(home, ['swimctl', ...words, `--node=${first.address}`])
  const { exit, stderr } = await context.ctl('wait', 'members=2', '--timeout=120s')
  assert.is(exit, 0, stderr)
})
swim.after(async ({ home, nodes }) => {
  await Promise.all(nodes.map((node) => node.stop()))
  await home.close()
})

swim('members shows name, state and address, and serf’s keys as JSON', async ({ ctl, nodes }) => {
  const { stdout } = await ctl('members')
  const [first, second] = nodes
  assert.is(stdout, `node1 alive ${first?.address}\nnode2 alive ${second?.address}\n`)
  const filter = '.members[0] | [.name, .status, .tags.role, .protocol.version, .state] | join(" ")'
  for (const how of [['--json'], ['-format=json']])
    assert.is(await jq((await ctl('members', ...how)).stdout, filter), 'node1 alive web 5 alive')
  const detailed = (await ctl('members', '-detailed')).stdout
  assert.match(detailed, /^node1 {2}\S+ {2}alive {2}role=web,zone=z1 {2}Protocol Version: 5 {2}A/)
})

swim('members are filtered by name, status and tags, from start to end', async ({ ctl }) => {
  const names = async (...words: string[]) =>
    jq((await ctl('members', '--json', ...words)).stdout, '[.members[].name] | join(" ")')
  assert.is(await names('--name=node[12]'), 'node1 node2')
  assert.is(await names('--name=node'), '')
  assert.is(await names('--status=alive', '--tag=role=w.*'), 'node1')
  assert.is(await names('--role=web'), 'node1')
  assert.is(await names('--status=failed'), '')
  const wrong = await ctl('members', '--name=(')
  assert.is(wrong.exit, 2)
})

swim('an event reaches all, once, and says how many', async ({ home, ctl, nodes }) => {
  const sent = await ctl('event', 'deploy:v1.2.3')
  assert.equal(
    [sent.exit, sent.stdout, sent.stderr],
    [0, 'Event broadcast to 2 nodes\n', '2 alive\n'],
  )
  const json = (await ctl('event', 'restart', 'now', '--json')).stdout
  assert.is(
    await jq(json, '[.name, .payload, .members, .alive] | map(tostring) | join(" ")'),
    'restart now 2 2',
  )
  const heard = await within(5_000, async () => {
    const { stdout } = await run(home, ['swimctl', 'events', `--node=${nodes[1]?.address}`])
    return stdout.includes('restart') && stdout
  })
  assert.match(
    heard,
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] deploy:v1\.2\.3\n\[[^\]]+\] restart now\n$/,
  )
  const records = (await ctl('events', '--json')).stdout
  assert.is(await jq(records, '[.[].data.name] | join(" ")'), 'deploy:v1.2.3 restart')
  assert.is((await ctl('event', 'x'.repeat(600))).exit, 2)
  assert.is((await ctl('event', '')).exit, 2)
})

swim('events -f follows, as one object a line with --json', async ({ home, ctl, nodes }) => {
  const words = ['events', '-f', '--json', '--count=3', `--node=${nodes[0]?.address}`]
  const child = spawn(home.program('swimctl'), words, {
    env: home.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await within(5_000, () => said.includes('restart'))
  await ctl('event', 'last')
  assert.is(await before(10_000, () => ended, 'its end'), 0)
  assert.is(await jq(said, 'select(.data.name == "last") | .topic + " " + .op'), 'event create')
})

swim('a query brings acks of all, and answers of those who have one', async ({ ctl }) => {
  const all = /Total Acks: 2\nTotal Responses: 1\n$/
  const asked = await eventually(
    () => ctl('query', 'load', '--timeout=2s'),
    ({ stdout }) => all.test(stdout),
  )
  assert.match(asked.stdout, /^Query 'load' dispatched\n/)
  assert.match(asked.stdout, "Ack from 'node1'\n")
  assert.match(asked.stdout, "Response from 'node2': node2 is idle\n")
  const { stdout: json } = await eventually(
    () => ctl('query', 'load', '--timeout=2s', '--only=node2', '--json'),
    ({ stdout }) => stdout.includes('is idle'),
  )
  assert.is(await jq(json, '.Responses.node2 | rtrimstr("\n")'), 'node2 is idle')
  assert.is(await jq(json, '.Acks | join(" ")'), 'node2')
  const none = (await ctl('query', 'load', '--timeout=1s', '--tag=role=web', '--no-ack', '--json'))
    .stdout
  assert.is(
    await jq(none, '[(.Acks | length), (.Responses | length)] | map(tostring) | join(" ")'),
    '0 0',
  )
})

swim('reachability names nobody while all are well', async ({ ctl }) => {
  const { exit, stdout } = await eventually(() => ctl('reachability'), wentWell)
  assert.equal(
    [exit, stdout],
    [0, 'Total members: 2, live members: 2\nSuccessfully contacted all live nodes\n'],
  )
  const json = await eventually(() => ctl('reachability', '--json'), wentWell)
  assert.is(await jq(json.stdout, '.silent | length'), '0')
})

swim('tags are set and removed, and the others see it', async ({ home, ctl, nodes }) => {
  assert.is((await ctl('tags', '--set=role=db', '--delete=zone')).exit, 0)
  assert.is(await jq((await ctl('tags', '--json')).stdout, 'tojson'), '{"role":"db"}')
  assert.is((await ctl('tags')).stdout, 'role=db\n')
  const other = `--node=${nodes[1]?.address}`
  await within(5_000, async () => {
    const { stdout } = await run(home, ['swimctl', 'members', '--tag=role=db', '--json', other])
    return (await jq(stdout, '.members[0].name')) === 'node1'
  })
  const long = await ctl('tags', `--set=a=${'x'.repeat(600)}`)
  assert.equal([long.exit, /at most 512/.test(long.stderr)], [1, true])
})

swim('keys are installed, used and removed while the pool runs', async ({ home, ctl, nodes }) => {
  const all = await eventually(() => ctl('keys', '--list'), wentWell)
  assert.is(all.stdout, `Primary:\n  ${KEY}  [2/2]\nAll:\n  ${KEY}  [2/2]\n`)
  assert.is(
    (await eventually(() => ctl('keys', `--install=${OTHER_KEY}`), wentWell)).stdout,
    'Successfully installed new key\n',
  )
  await eventually(() => ctl('keys', `--use=${OTHER_KEY}`), wentWell)
  const primary = await ctl('keys', `--remove=${OTHER_KEY}`)
  assert.is(primary.exit, 1)
  assert.match(primary.stderr, /failed: node[12]: .*primary key/)
  await eventually(() => ctl('keys', `--remove=${KEY}`), wentWell)
  const json = (await eventually(() => ctl('keys', '--list', '--json'), wentWell)).stdout
  assert.is(await jq(json, '.keys | tojson'), `{"${OTHER_KEY}":2}`)
  const input = { input: `${KEY}\n` }
  const node = `--node=${nodes[0]?.address}`
  const again = () => run(home, ['swimctl', 'keys', '--install=-', node], input)
  await eventually(again, wentWell)
  await eventually(() => ctl('keys', `--use=${KEY}`), wentWell)
  assert.is((await ctl('keys')).exit, 2)
  assert.is((await ctl('keys', '--install=short')).exit, 2)
})

swim('rtt is estimated between any two that have been measured', async ({ ctl }) => {
  const here = await within(10_000, async () => {
    const ran = await ctl('rtt', 'node2')
    return ran.exit === 0 && ran
  })
  assert.match(here.stdout, /^Estimated node2 <-> node1 rtt: \d+\.\d{3} ms\n$/)
  assert.match(await jq((await ctl('rtt', 'node2', 'node1', '--json')).stdout, '.ms'), /^\d/)
  const strange = await ctl('rtt', 'nobody')
  assert.is(strange.exit, 1)
  assert.match(strange.stderr, 'no member nobody')
})

swim('info has serf’s groups', async ({ ctl }) => {
  const filter = '[.agent.name, .serf.members, .serf.encrypted] | join(" ")'
  assert.is(await jq((await ctl('info', '--json')).stdout, filter), 'node1 2 true')
  assert.match((await ctl('info')).stdout, /^agent:\n\tname = node1\nserf:\n/)
})

swim('monitor follows the log', async ({ home, ctl, nodes }) => {
  const words = ['monitor', '--log-level=trace', '--json', `--node=${nodes[0]?.address}`]
  const child = spawn(home.program('swimctl'), words, { env: home.env })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk))
  const ended = new Promise((resolve) => child.once('close', resolve))
  await within(10_000, () => said.includes('Pinged') && said.endsWith('\n'))
  child.kill('SIGTERM')
  await before(10_000, () => ended, 'the end')
  assert.match(await jq(said, '."@module"'), 'swim')
  assert.is((await ctl('monitor', '--log-level=loud')).exit, 2)
})

swim('trace shows pings and their answers, and can be narrowed', async ({ ctl }) => {
  const { stdout } = await ctl('trace', '--once', '--only=ping', '--about=node2')
  assert.match(stdout, /^(?:\d\d:\d\d:\d\d\.\d{3} {2}node1 {2}ping {7}node2 {9}#\d+\n)+$/)
  const json = (await ctl('trace', '--count=2', '--only=ack', '--json')).stdout
  assert.is(await jq(json, '.data.what'), 'ack\nack')
})

swim('join tells who was reached, and fails when nobody was', async ({ home, ctl, nodes }) => {
  const again = await ctl('join', nodes[1]?.address ?? '')
  assert.is(again.stdout, 'Successfully joined cluster by contacting 1 nodes.\n')
  const json = (await ctl('join', nodes[1]?.address ?? '', '127.0.0.1:1', '--json')).stdout
  assert.is(await jq(json, '[.joined, (.failures | length)] | map(tostring) | join(" ")'), '1 1')
  const nobody = await ctl('join', '127.0.0.1:1')
  assert.is(nobody.exit, 1)
  assert.match(nobody.stderr, 'refused')
  assert.is((await run(home, ['swimctl', 'join'])).exit, 2)
})

swim('wait gives up with 6, and names what it saw', async ({ ctl }) => {
  assert.is(await jq((await ctl('wait', 'node2=alive', '--json')).stdout, '.[1].name'), 'node2')
  const late = await ctl('wait', 'members=9', '--timeout=100ms')
  assert.is(late.exit, 6)
  assert.match(late.stderr, 'why: 2 alive')
  assert.is((await ctl('wait', 'nonsense')).exit, 2)
})

swim(
  'a member is found by name, process and port; a wrong one is exit 3',
  async ({ home, nodes }) => {
    const [first] = nodes
    const port = first?.address.split(':')[1]
    for (const node of ['node1', String(first?.pid), `localhost:${port}`, port])
      assert.is((await run(home, ['swimctl', 'info', `--node=${node}`])).exit, 0, node)
    assert.is((await run(home, ['swimctl', 'info', `--rpc-addr=${first?.address}`])).exit, 0)
    const wrong = await run(home, ['swimctl', 'members', '--node=localhost:1', '--json'])
    assert.is(wrong.exit, 3)
    assert.is(await jq(wrong.stderr, '.error.code'), 'nobody_there')
    const some = await run(home, ['swimctl', 'members'])
    assert.is(some.exit, 0)
    assert.match(some.stderr, /one of 2; --node names another/)
    assert.match(
      (await run(home, ['lictor', 'ps'])).stdout,
      /^swimnode +node1 +\d+ +\S+ +127\.0\.0\.1:\d+ /m,
    )
  },
)

swim('what cannot be is told with what to do next', async ({ home, nodes }) => {
  const taken = nodes[0]?.address.split(':')[1]
  const port = await run(home, ['swimnode', '--ephemeral', '--bind=127.0.0.1', `--port=${taken}`])
  assert.is(port.exit, 1)
  assert.match(
    port.stderr,
    /^swimnode: cannot listen on 127\.0\.0\.1:\d+: address already in use\n/,
  )
  assert.match(port.stderr, /next: lictor ps +it may be the member that you want\n/)
  for (const [words, look] of [
    [['swimctl'], 'swimctl members'],
    [['lictor', 'swim'], 'lictor swim members'],
  ] as const) {
    const wish = [`--node=${nodes[0]?.address}`, '--timeout=1ms']
    const late = await run(home, [...words, 'wait', 'members=20', ...wish])
    assert.is(late.exit, 6)
    assert.match(late.stderr, `members=20: not within 1ms\n  why: 2 alive\n  next: ${look}\n`)
  }
  const cases = [
    ['--encrypt=short', /--encrypt: a gossip key is 16, 24 or 32 bytes/],
    ['--name=a b', /a name has no blanks/],
    ['--port=65536', /--port: no port: 65536/],
    ['--tag=novalue', /NAME=VALUE/],
    ['--event-handler=member-jump=true', /TYPE=SCRIPT/],
    ['--profile=slow', /must be one of/],
  ] as const
  for (const [flag, shown] of cases) {
    const { exit, stderr } = await run(home, ['swimnode', '--ephemeral', '--port=0', flag])
    assert.is(exit, 2, flag)
    assert.match(stderr, shown)
  }
})

swim('a member that nobody takes in says so, and why', async ({ home, nodes }) => {
  const args = [`--encrypt=${OTHER_KEY}`, `--join=${nodes[0]?.address}`]
  const alone = await startSwimnode(home, { name: 'alone', args })
  try {
    await within(10_000, () => alone.output().includes('nobody took alone in yet, trying again: '))
    assert.match(alone.output(), 'No installed keys could decrypt the message')
  } finally {
    await alone.stop()
  }
})

swim('two of one name are told of each other at once', async ({ home }) => {
  const first = await startSwimnode(home, { name: 'twin' })
  const second = await startSwimnode(home, { name: 'twin', args: [`--join=${first.address}`] })
  try {
    const said = `another member at ${first.address} is called twin, too\n  next: stop one of them`
    await within(10_000, () => second.output().includes(said))
    assert.is(second.output().split('is called twin, too').length, 2, 'and once only')
  } finally {
    await Promise.all([first.stop(), second.stop()])
  }
})

swim.run()
