// The commands of the replicated store, with nodes as they run in a terminal.
import { spawn } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type StoreNode, startStoreNode } from '../daemons/kvstore-nodes.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { before, within } from '../kit/within.ts'

interface Context {
  home: Home
  leader: StoreNode
  follower: StoreNode
  kvstore(line: string): ReturnType<typeof run>
}

const commands = suite<Context>('kvstore commands')

commands.before.each(async (context) => {
  context.home = await openHome()
  context.leader = await startStoreNode(context.home, [])
  const args = ['--role=follower', `--leader=${context.leader.address}`]
  context.follower = await startStoreNode(context.home, args)
  context.kvstore = (line) => run(context.home, ['kvstore', ...line.split(' ')])
})
commands.after.each(async ({ home, leader, follower }) => {
  await leader?.end('SIGKILL')
  await follower?.end('SIGKILL')
  await home.close()
})

commands('status shows the nodes that run here, or those that one knows of', async (context) => {
  const { kvstore, leader, follower } = context
  await leader.put('a', '1')
  for (const line of ['status', `status --node=${follower.address}`]) {
    const { exit, stdout } = await kvstore(line)
    assert.is(exit, 0, stdout)
    assert.match(stdout, /^NODE +ROLE +EPOCH +INDEX +KEYS +BEHIND +STATE\n/)
    const lead = new RegExp(`^${leader.address} +leader +1 +1 +1 +- +sync all, 1 of 1 `, 'm')
    assert.match(stdout, lead)
    const copy = new RegExp(
      `^${follower.address} +follower +1 +1 +1 +0 +follows ${leader.address}$`,
      'm',
    )
    assert.match(stdout, copy)
  }
  const { stdout } = await kvstore('status --json')
  assert.is(await jq(stdout, '[.[] | select(.role == "leader")][0].followers[0].live'), 'true')
  assert.is(await jq(stdout, '[.[].index] == [1, 1]'), 'true')
})

commands('without a leader status ends with 4, and promote makes one', async (context) => {
  const { kvstore, leader, follower } = context
  await leader.end('SIGTERM')
  await within(5_000, async () => (await follower.status()).state === 'no-leader', 'no leader')
  assert.is((await kvstore('status')).exit, 4)
  const { exit, stdout } = await kvstore('promote --json')
  assert.is(exit, 0)
  assert.is(await jq(stdout, '[.success, .role, .epoch]'), '[true,"leader",2]')
  assert.match((await kvstore('promote')).stdout, / is the leader\n$/)
  assert.is((await kvstore('status')).exit, 0)
})

commands('follow makes the leader a follower, and what it had is not mixed in', async (context) => {
  const { kvstore, leader, follower } = context
  const line = `follow ${follower.address} --node=${leader.address} --json`
  assert.is((await kvstore(`promote --node=${follower.address}`)).exit, 0)
  const { exit, stdout } = await kvstore(line)
  assert.is(exit, 0)
  assert.is(await jq(stdout, '.leader'), follower.address)
  const itself = await kvstore(`follow ${leader.address} --node=${leader.address}`)
  assert.equal([itself.exit, itself.stdout], [1, ''])
  assert.match(itself.stderr, 'a node cannot follow itself')
})

commands('several nodes have to be told apart, and a missing one is told', async (context) => {
  const { kvstore, leader, follower } = context
  const several = await kvstore('promote')
  assert.is(several.exit, 2)
  assert.match(several.stderr, '2 nodes run here: say which')
  await leader.end('SIGKILL')
  await follower.end('SIGKILL')
  for (const line of ['status', 'promote', `status --node=${leader.address}`]) {
    const { exit, stdout, stderr } = await kvstore(line)
    assert.equal([exit, stdout], [3, ''], line)
    assert.match(stderr, /^ {2}next: kvstore --role=leader --port=8000/m)
  }
  const { stderr } = await kvstore('status --json')
  assert.is(await jq(stderr, '.error.code'), 'nobody_there')
})

commands('a wrong line says what is wrong, and the right one', async ({ kvstore }) => {
  const cases: [string, RegExp][] = [
    ['--role=follower', /^kvstore: a follower needs --leader=HOST:PORT\n {2}next: kvstore --role=/],
    ['--leader=localhost:1', /^kvstore: --leader is for a follower\n/],
    ['--role=follower --leader=localhost:65536', /^kvstore: "localhost:65536" is no HOST:PORT\n/],
    ['--engine=raft --port=65000', /nodes speak raft on their port \+ 1000, so 64535 at most/],
    ['--role=follower --leader=nowhere', /^kvstore: "nowhere" is no HOST:PORT\n/],
    ['--peers=localhost:1', /^kvstore: --peers goes with --engine=raft\n/],
    ['--engine=raft --sync=one', /^kvstore: --sync is for nodes that copy by hand\n/],
    [
      '--engine=raft --peers=localhost:1',
      /^kvstore: --peers: localhost:8000, this node, is not among /,
    ],
    ['--port=65536', /^kvstore: --port: no port: 65536\n/],
    ['--sync=two', /^kvstore: invalid value "two" for flag -sync: must be one of all, one, none\n/],
    ['nonsense', /^kvstore: too many words: 0 expected, 1 given\n {2}next: kvstore --help\n$/],
  ]
  for (const [line, expected] of cases) {
    const { exit, stdout, stderr } = await kvstore(line)
    assert.equal([exit, stdout], [2, ''], line)
    assert.match(stderr, expected)
  }
})

commands('a port that is taken: who has it, and what can be done', async ({ kvstore, leader }) => {
  const port = leader.address.split(':')[1]
  const { exit, stderr } = await kvstore(`--port=${port}`)
  assert.is(exit, 1)
  const lines = stderr.split('\n')
  assert.is(lines[0], `kvstore: cannot listen on localhost:${port}: address already in use`)
  assert.match(lines[1] ?? '', new RegExp(`^ {2}held by pid ${leader.pid} {2}.*kvstore`))
  assert.match(lines[2] ?? '', /^ {2}next: kvstore status +it may be the node that you want$/)
  assert.match(stderr, /kvstore \.\.\. --port=\d+ +use another port/)
})

commands('ps knows the node, logs shows its log, and stop ends it', async (context) => {
  const { home, leader } = context
  const ps = await run(home, ['lictor', 'ps', '--json'])
  assert.is(await jq(ps.stdout, 'map(select(.kind == "kvstore")) | length'), '2')
  const logs = await run(home, ['lictor', 'logs', leader.address])
  assert.match(logs.stdout, 'serving: address=localhost:')
  assert.is((await run(home, ['lictor', 'stop', leader.address])).exit, 0)
  assert.is(await before(10_000, () => leader.ended, 'the end'), 0)
})

commands('a line on the given descriptor says that it is ready', async ({ home }) => {
  const child = spawn(home.program('lictor'), ['kvstore', '--port=0', '--ready-fd=3'], {
    cwd: home.work,
    env: home.env,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  try {
    await within(10_000, () => said.endsWith('\n'), 'the line')
    assert.match(said, /^lictor kvstore ready: leader, http localhost:\d+ \(pid \d+\)\n$/)
  } finally {
    child.kill('SIGKILL')
  }
})

commands.run()
