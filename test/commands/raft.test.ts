// raftnode and raftctl: a real cluster, asked by the built program, its JSON read by the real jq.
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadAll } from '../../commands/kit/table.ts'
import { TABLE } from '../../commands/table.ts'
import { type Ran, run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { freePort } from '../kit/ports.ts'
import {
  killNode,
  leaderOf,
  type RaftCluster,
  startCluster,
  startNode,
  stopCluster,
} from '../kit/raftnodes.ts'
import { within } from '../kit/within.ts'

interface Context {
  home: Home
  cluster: RaftCluster
  ctl(...words: string[]): Promise<Ran>
  /** What jq makes of it. */
  query(filter: string, ...words: string[]): Promise<string>
}

const raft = suite<Context>('raftctl')

raft.before(async (context) => {
  const home = await openHome()
  context.home = home
  context.cluster = await startCluster(home)
  context.ctl = (...words) => run(home, ['raftctl', ...words])
  context.query = async (filter, ...words) => {
    const ran = await run(home, ['raftctl', ...words, '--json'])
    assert.is(ran.exit, 0, ran.stderr)
    const { stdout } = await run(home, ['jq', '-r', filter], { input: ran.stdout })
    return stdout.trim()
  }
})

raft.after(async ({ home, cluster }) => {
  await stopCluster(cluster)
  await home.close()
})

raft('status has a line for each server, and all of it as JSON', async ({ ctl, query }) => {
  const { stdout, exit } = await ctl('status')
  assert.is(exit, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.is(lines.length, 3)
  for (const [at, line] of lines.entries())
    assert.match(
      line,
      new RegExp(`^Node ${at + 1}: (LEADER|FOLLOWER) \\(term \\d+, commit index \\d+\\)$`),
    )
  assert.is(await query('[.nodes[] | select(.role == "leader")] | length', 'status'), '1')
  assert.is(await query('.nodes[0].servers[2].suffrage', 'status'), 'voter')
})

raft(
  'a command is applied whichever server is asked, and read from all',
  async ({ ctl, query, cluster }) => {
    for (const id of cluster.nodes.keys()) {
      const applied = await ctl('apply', `SET k${id} = ${id}0`, `--node=${id}`)
      assert.match(applied.stdout, /^Applied at index \d+\n$/)
      assert.is((await ctl('get', `k${id}`, `--node=${id}`)).stdout, `${id}0\n`)
    }
    assert.is(await query('.value', 'apply', 'DEL k1'), '10')
    assert.is(await query('.key', 'get', 'k2', '--stale'), 'k2')
    const missing = await ctl('get', 'k1')
    assert.is(missing.exit, 1)
    assert.is(missing.stdout, '')
    const wrong = await ctl('apply', 'FROB x')
    assert.is(wrong.exit, 2)
    assert.match(wrong.stderr, /none of SET NAME = VALUE, GET NAME, DEL NAME/)
  },
)

raft('the log is decoded, by the server and from its folder', async ({ ctl, query, home }) => {
  await ctl('apply', 'SET in the log')
  const { stdout } = await ctl('log', '--from', '1', '--decode')
  assert.match(stdout, /1 +1 +configuration 1, 2, 3\n/)
  assert.match(stdout, /SET in the log/)
  const texts = await query('[.[].command | select(. != null)] | last', 'log', '--from', '1')
  assert.is(texts, 'SET in the log')
  const offline = await ctl('log', '--data-dir=.lictor/raftnode-1', '--plain')
  assert.match(offline.stdout, /\tconfiguration 1, 2, 3\n/)
  assert.is((await ctl('log', '--data-dir=nowhere')).exit, 1)
  assert.is(
    JSON.parse(await readFile(join(home.work, '.lictor/raftnode-1.json'), 'utf8')).self.id,
    '1',
  )
})

raft('the leadership goes where it is told to go, and back', async ({ ctl, query, cluster }) => {
  const { id } = await leaderOf(cluster)
  const other = [...cluster.nodes.keys()].find((one) => one !== id) ?? ''
  assert.is(await query('.to', 'transfer', other), other)
  assert.is(await query('.id', 'wait', `leader=${other}`, '--timeout=120s'), other)
  assert.match((await ctl('transfer')).stdout, /^Leadership handed over to node \d\n$/)
  const nobody = await ctl('transfer', 'nobody')
  assert.is(nobody.exit, 1)
  assert.match(nobody.stderr, /no other voter has the id nobody/)
  await leaderOf(cluster)
})

raft(
  'a fourth server is added, gets its vote, loses it, and goes',
  async ({ ctl, query, cluster }) => {
    const address = `localhost:${await freePort()}`
    await startNode(cluster, '4', [`--address=${address}`, '--join'])
    assert.match((await ctl('add', '4', address)).stdout, /^Node 4 added at index \d+\n$/)
    await within(10_000, async () => {
      const { stdout } = await ctl('status')
      return /^Node 4: FOLLOWER \(term \d+, commit index [1-9]\d*, no vote\)$/m.test(stdout)
    })
    assert.match((await ctl('promote', '4')).stdout, /^Node 4 has a vote from index \d+ on\n$/)
    assert.is(
      await query('[.nodes[0].servers[] | select(.suffrage == "voter")] | length', 'status'),
      '4',
    )
    assert.match(await query('.index', 'promote', '4', '--demote'), /^\d+$/)
    assert.match((await ctl('remove', '4')).stdout, /^Node 4 removed at index \d+\n$/)
    await killNode(cluster, '4')
    assert.is((await ctl('promote', '4')).exit, 1)
  },
)

raft('snapshots are saved when asked for, everywhere or at one', async ({ ctl, query }) => {
  assert.match((await ctl('snapshot')).stdout, /^(Node \d: snapshot up to index \d+\n){3}$/)
  assert.match(await query('.[0].index', 'snapshot', '--node=2'), /^\d+$/)
})

raft('a trace shows what there was, and what comes', async ({ ctl, home, cluster }) => {
  const { stdout } = await ctl('trace', '--once')
  assert.match(stdout, /node 1 +node 2 +node 3/)
  assert.match(stdout, /LEADER term \d+/)
  const child = spawn(home.program('raftctl'), ['trace', '--json', '--commits'], {
    cwd: home.work,
    env: home.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const seen: string[] = []
  child.stdout.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
  try {
    await within(10_000, () => seen.join('').includes('"what":"became"'))
    const { stdout: applied } = await ctl('apply', 'SET traced = 1')
    const index = applied.trim().split(' ').at(-1)
    await within(10_000, () => seen.join('').includes(`"commit","index":${index}`))
  } finally {
    child.kill('SIGKILL')
  }
  await leaderOf(cluster)
})

raft(
  'commits alone leave nobody waiting: wait says when, or that it was too late',
  async ({ ctl, query }) => {
    assert.is(await query('length', 'wait', 'nodes=3'), '3')
    assert.is((await ctl('wait', 'applied=1')).exit, 0)
    const late = await ctl('wait', 'nodes=9', '--timeout=100ms')
    assert.is(late.exit, 6)
    assert.is((await ctl('wait', 'for godot')).exit, 2)
  },
)

raft(
  'without a majority nothing is applied: exit 4, and nothing on stdout',
  async ({ ctl, cluster }) => {
    const { id } = await leaderOf(cluster)
    const others = [...cluster.nodes.keys()].filter((one) => one !== id)
    await Promise.all(others.map((other) => killNode(cluster, other)))
    const applied = await ctl('apply', 'SET alone = 1', '--timeout=1500ms')
    assert.is(applied.exit, 4, applied.stderr)
    assert.is(applied.stdout, '')
    const again = await ctl('apply', 'SET alone = 2', '--timeout=500ms')
    assert.match(again.stderr, /no leader in cluster localhost:/)
    assert.match(again.stderr, /1 of 3 nodes answers \(2 needed\): node \d is \w+, term \d+/)
    const status = await ctl('status')
    assert.is(status.exit, 4)
    assert.match(status.stderr, /2 of 3 nodes did not answer: /)
    assert.match((await ctl('status', '--all')).stdout, /Node \d: no answer \(localhost:\d+\)/)
    await Promise.all(others.map((other) => startNode(cluster, other)))
    await leaderOf(cluster)
  },
)

raft(
  'over the control port: with the token, and not without it',
  async ({ ctl, cluster, home }) => {
    const node = await leaderOf(cluster)
    const at = `--node=127.0.0.1:${node.port}`
    const env = { LICTOR_RUNTIME_DIR: join(home.path, 'empty') }
    const remote = (...words: string[]) => run(home, ['raftctl', ...words], { env })
    assert.match(
      (await remote('apply', 'SET far = 1', at, '--token-file=token')).stdout,
      /^Applied/,
    )
    const stranger = await remote('get', 'far', at)
    assert.is(stranger.exit, 3)
    assert.match(stranger.stderr, /takes a token: -token-file/)
    const env2 = { ...env, LICTOR_RAFT_TOKEN: 'wrong' }
    assert.is((await run(home, ['raftctl', 'get', 'far', at], { env: env2 })).exit, 5)
    assert.is((await ctl('get', 'far')).stdout, '1\n')
  },
)

raft('a port that is taken: by whom, and what to do', async ({ home, cluster }) => {
  const peers = cluster.addresses.get('1') ?? ''
  const args = ['--id=1', `--peers=${peers}`, '--data-dir=elsewhere']
  const { exit, stderr } = await run(home, ['raftnode', ...args])
  assert.is(exit, 1)
  assert.match(stderr, `raftnode: cannot listen on ${peers}: address already in use\n`)
  assert.match(stderr, /\n {2}held by pid \d+ .*raftnode --id=1/)
  assert.match(stderr, /\n {2}next: raftctl status +it may be the node that you want\n/)
  assert.match(stderr, /\n +raftnode --id=1 --peers=localhost:\d+,\.\.\. +use another port/)
})

raft('an address that cannot be is refused wherever it is given', async ({ home, ctl }) => {
  const cases = [
    [['--peers=localhost:99999'], /--peers: "localhost:99999" is no HOST:PORT\n/],
    [['--peers='], /--peers: "" is no HOST:PORT\n/],
    [['--peers=localhost:1', '--address=nowhere'], /--address: "nowhere" is no HOST:PORT\n/],
  ] as const
  for (const [words, shown] of cases) {
    const { exit, stderr } = await run(home, ['raftnode', '--id=1', ...words, '--data-dir=nowhere'])
    assert.is(exit, 2, words.join(' '))
    assert.match(stderr, shown)
  }
  await writeFile(join(home.work, 'any-token'), 'any')
  const control = ['--control=nowhere', '--control-token-file=any-token', '--ephemeral']
  const peers = `--peers=localhost:${await freePort()}`
  const door = await run(home, ['raftnode', '--id=1', peers, ...control])
  assert.is(door.exit, 2)
  const added = await ctl('add', '9', 'localhost:99999')
  assert.is(added.exit, 2)
  assert.match(added.stderr, /"localhost:99999" is no HOST:PORT/)
  const asked = ['--node=localhost:99999', '--token-file=any-token']
  assert.is((await run(home, ['raftctl', 'status', ...asked])).exit, 2)
})

/** Those that run on, or need servers that are not there. */
const ELSEWHERE = [/^raft node/, /^raft add/, /^raft remove/, /^raft promote/]

raft('every example of a command runs as it stands', async ({ home, cluster, ctl }) => {
  await ctl('apply', 'SET x = 10')
  await leaderOf(cluster)
  for (const declared of await loadAll(TABLE, 'lictor')) {
    if (!declared.id.startsWith('raft ')) continue
    for (const { command, pipe = '' } of declared.examples) {
      if (ELSEWHERE.some((one) => one.test(command))) continue
      await ctl('apply', 'SET x = 10')
      const line = `lictor ${command} ${pipe}`
      const ran = await run(home, ['bash', '-o', 'pipefail', '-c', line])
      assert.is(ran.exit, 0, `${line}\n${ran.stderr}`)
    }
  }
})

raft.run()
