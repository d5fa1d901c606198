// watch against an agent of ours: records, ends, children and their signals.
import { type ChildProcess, spawn } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { before, within } from '../kit/within.ts'

interface Context {
  home: Home
  agent: AgentProcess
  lictor(...words: string[]): ReturnType<typeof run>
}

const watch = suite<Context>('watch')

watch.before(async (context) => {
  context.home = await openHome()
  context.agent = await startAgent(context.home)
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr }
  context.lictor = (...words) => run(context.home, ['lictor', ...words], { env })
})
watch.after(async ({ home, agent }) => {
  await agent?.stop()
  await home.close()
})

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<number | string>
  out(): string
  err(): string
  lines(): Record<string, unknown>[]
}

/** A watch that runs on beside the test. */
function start({ home, agent }: Context, words: readonly string[], program = 'lictor'): Started {
  const child = spawn(home.program(program), ['watch', ...words], {
    cwd: home.work,
    env: { ...home.env, CONSUL_HTTP_ADDR: agent.httpAddr },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk))
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
  )
  const lines = () =>
    said.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { child, ended, out: () => said.out, err: () => said.err, lines }
}

const put = async ({ agent }: Context, key: string, value: string) => {
  await fetch(agent.url(`/v1/kv/${key}`), { method: 'PUT', body: value })
}
const remove = async ({ agent }: Context, key: string) => {
  await fetch(agent.url(`/v1/kv/${key}`), { method: 'DELETE' })
}

const end = async ({ child, ended }: Started, signal: NodeJS.Signals = 'SIGTERM') => {
  child.kill(signal)
  return before(10_000, () => ended, `the end after ${signal}`)
}

watch('a stream begins with a snapshot, then says what changed', async (context) => {
  await put(context, 'stream/a', '1')
  const stream = start(context, ['-type=keyprefix', '-prefix=stream/'])
  await within(10_000, () => stream.lines().length === 1, 'the snapshot')
  await put(context, 'stream/b', '2')
  await within(10_000, () => stream.lines().length === 2, 'the creation')
  await put(context, 'stream/a', '3')
  await within(10_000, () => stream.lines().length === 3, 'the update')
  await remove(context, 'stream/b')
  await within(10_000, () => stream.lines().length === 4, 'the deletion')
  await end(stream)
  const shown = stream.lines().map(({ seq, op, key, topic }) => [seq, op, key, topic])
  assert.equal(shown, [
    [1, 'snapshot', undefined, 'kv'],
    [2, 'create', 'stream/b', 'kv'],
    [3, 'update', 'stream/a', 'kv'],
    [4, 'delete', 'stream/b', 'kv'],
  ])
  for (const { ts } of stream.lines()) assert.match(String(ts), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

watch('a key that is not there yet is a snapshot of nothing, then a creation', async (context) => {
  const stream = start(context, ['-type=key', '-key=later', '-count=2'])
  await within(10_000, () => stream.lines().length === 1, 'the snapshot')
  await put(context, 'later', 'x')
  assert.is(await before(10_000, () => stream.ended, 'the end'), 0)
  assert.equal(
    stream.lines().map(({ op, data }) => [op, data === null]),
    [
      ['snapshot', true],
      ['create', false],
    ],
  )
})

watch('-until ends with the record that has the field', async (context) => {
  await put(context, 'until/a', '1')
  const stream = start(context, ['-type=keyprefix', '-prefix=until/', '-until', 'op=delete'])
  await within(10_000, () => stream.lines().length === 1, 'the snapshot')
  await put(context, 'until/b', '1')
  await within(10_000, () => stream.lines().length === 2, 'the creation')
  await remove(context, 'until/a')
  assert.is(await before(10_000, () => stream.ended, 'the end'), 0)
  assert.is(stream.lines().length, 3)
  const { exit } = await context.lictor('watch', '-type=key', '-key=a', '-until=nonsense')
  assert.is(exit, 2)
})

watch('-heartbeat speaks when nothing happens', async (context) => {
  const words = ['-type=key', '-key=silent', '-heartbeat=50ms', '-count=3']
  const stream = start(context, words)
  assert.is(await before(10_000, () => stream.ended, 'the end'), 0)
  assert.equal(
    stream.lines().map(({ op }) => op),
    ['snapshot', 'heartbeat', 'heartbeat'],
  )
})

watch('the first record is the snapshot, however quick the heart beats', async (context) => {
  const { stdout } = await context.lictor(
    'watch',
    '-type=key',
    '-key=silent',
    '-heartbeat=1ms',
    '-count=2',
  )
  const ops = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).op)
  assert.equal(ops, ['snapshot', 'heartbeat'])
})

watch('a service of the agent is followed by its hash, through its end', async (context) => {
  const { agent } = context
  const change = async (path: string, body = '') =>
    assert.ok((await fetch(agent.url(`/v1/agent/service/${path}`), { method: 'PUT', body })).ok)
  const register = (port: number) =>
    change('register', JSON.stringify({ ID: 'web-1', Name: 'web', Port: port }))
  const stream = start(context, ['-type=agent_service', '-service-id=web-1', '-count=5'])
  const comes = (count: number) =>
    within(10_000, () => stream.lines().length === count, `record ${count}`)
  await comes(1)
  await register(80)
  await comes(2)
  await register(81)
  await comes(3)
  await change('deregister/web-1')
  await comes(4)
  await register(81)
  assert.is(await before(10_000, () => stream.ended, 'the end'), 0)
  const shown = stream.out().trim().split('\n')
  const read = '[.op, .topic, .data.Port, .hash == (.data.ContentHash // ""), has("index")]'
  const rows = await Promise.all(
    shown.map((line) => jq(line, `${read} | map(tostring) | join(" ")`)),
  )
  assert.equal(rows, [
    'snapshot agent_service null true false',
    'create agent_service 80 true false',
    'update agent_service 81 true false',
    'delete agent_service null true false',
    'create agent_service 81 true false',
  ])
})

watch('a child learns the hash of what has no index', async (context) => {
  const body = JSON.stringify({ Name: 'hashed', Port: 80 })
  const url = context.agent.url('/v1/agent/service/register')
  assert.ok((await fetch(url, { method: 'PUT', body })).ok)
  const words = ['-type=agent_service', '-service-id=hashed']
  const said = 'cat; echo "$CONSUL_INDEX $CONSUL_HASH"'
  const { stdout } = await context.lictor('watch', ...words, '-count=1', said)
  const [json = '', hash] = stdout.split('\n')
  assert.is(hash, `0 ${await jq(json, '.ContentHash')}`)
  const once = start(context, words, 'consul')
  assert.is(await before(10_000, () => once.ended, 'the end'), 0)
  assert.is(JSON.stringify(JSON.parse(once.out())), json)
  assert.match(once.out(), /^\{\n {4}"ID": "hashed",\n {4}"Service": "hashed",/)
})

watch('as consul the present state is printed once', async (context) => {
  await put(context, 'once', 'x')
  const once = start(context, ['-type=key', '-key=once'], 'consul')
  assert.is(await before(10_000, () => once.ended, 'the end'), 0)
  assert.match(once.out(), /^\{\n {4}"Key": "once",\n {4}"CreateIndex": \d+,/)
})

watch('a child gets the state on its input and the index in its environment', async (context) => {
  await put(context, 'child', 'x')
  const script = 'cat; echo "index $CONSUL_INDEX"; test -e second && exit 3; touch second'
  const watching = start(context, ['-type=key', '-key=child', script])
  await within(10_000, () => /index \d+\n/.test(watching.out()), 'the first run')
  await put(context, 'child', 'y')
  assert.is(await before(10_000, () => watching.ended, 'the end'), 3)
  const indexes = [...watching.out().matchAll(/index (\d+)/g)].map((match) => Number(match[1]))
  assert.is(indexes.length, 2)
  assert.ok((indexes[1] ?? 0) > (indexes[0] ?? 0))
  assert.match(watching.out(), '"Value":"eQ=="')
  assert.match(watching.err(), 'the handler failed: exit 3')
})

watch('as consul a failing handler is exit 1, and words are one script', async (context) => {
  const words = ['-type=key', '-key=child', 'exit', '3']
  const watching = start(context, words, 'consul')
  assert.is(await before(10_000, () => watching.ended, 'the end'), 1)
  assert.is(watching.err(), 'Error executing handler: exit status 3\n')
})

watch('several words are a program and its arguments, not a script', async (context) => {
  const words = ['-type=key', '-key=child', '--', 'sh', '-c', 'echo "$0"; exit 4', '$HOME a']
  const watching = start(context, words)
  assert.is(await before(10_000, () => watching.ended, 'the end'), 4)
  assert.is(watching.out(), '$HOME a\n')
  const missing = await context.lictor('watch', '-type=key', '-key=child', '--', './none', 'x')
  assert.is(missing.exit, 1)
  assert.match(missing.stderr, 'cannot start ./none')
})

watch('-count ends after so many runs of the child', async (context) => {
  const once = await context.lictor('watch', '-type=key', '-key=child', '-count=1', '--', 'cat')
  assert.is(once.exit, 0)
  assert.is(once.stdout.split('\n').length, 2)
  const twice = start(context, ['-type=key', '-key=child', '-count=2', 'echo "$CONSUL_INDEX"'])
  await within(10_000, () => /\d\n/.test(twice.out()), 'the first run')
  await put(context, 'child', 'counted')
  assert.is(await before(10_000, () => twice.ended, 'the end'), 0)
  assert.is(new Set(twice.lines()).size, 2)
})

watch('what only records have is refused beside a child', async ({ lictor }) => {
  for (const flag of ['-until=op=delete', '-heartbeat=1s']) {
    const { exit, stderr } = await lictor('watch', '-type=key', '-key=child', flag, '--', 'cat')
    assert.is(exit, 2, flag)
    assert.match(stderr, 'goes with records')
  }
})

watch('a child that does not read its input does no harm', async (context) => {
  await put(context, 'large', 'x'.repeat(500_000))
  const watching = start(context, ['-type=key', '-key=large', 'exec <&-; echo done; exit 5'])
  assert.is(await before(10_000, () => watching.ended, 'the end'), 5)
  assert.is(watching.out(), 'done\n')
})

watch(
  'signals reach the child and all it has started, and decide the exit code',
  async (context) => {
    const script = 'trap "echo told; exit 0" INT; sleep 1000 & echo "pid $!"; wait'
    const watching = start(context, ['-type=key', '-key=child', script])
    await within(10_000, () => /pid \d+\n/.test(watching.out()), 'the child')
    const grandchild = Number(/pid (\d+)/.exec(watching.out())?.[1])
    assert.is(await end(watching, 'SIGINT'), 130)
    assert.match(watching.out(), 'told\n')
    await within(10_000, () => !isAlive(grandchild), 'the end of the grandchild')
  },
)

watch('a signal that is the first thing the child does finds us listening', async (context) => {
  const script = 'trap "echo told; exit 0" INT; kill -INT $PPID; sleep 1000 & wait'
  for (let round = 0; round < 5; round++) {
    const watching = start(context, ['-type=key', '-key=child', script])
    assert.is(await before(10_000, () => watching.ended, 'the end'), 130)
    assert.is(watching.out(), 'told\n')
  }
})

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

watch('an agent that goes away is waited for', async (context) => {
  const other = await startAgent(context.home)
  const stream = start({ ...context, agent: other }, ['-type=key', '-key=a'])
  await within(10_000, () => stream.lines().length === 1, 'the snapshot')
  await other.end('SIGKILL')
  await within(10_000, () => /trying again in/.test(stream.err()), 'the note')
  await end(stream)
})

watch('what cannot be watched is wrong use', async ({ lictor }) => {
  const cases: [string[], string][] = [
    [['-type=bogus'], 'Unsupported watch type: bogus\n  why: the types are key, keyprefix, '],
    [['-type=agent_service'], 'Must specify a single service-id to watch'],
    [['-type=agent_service', '-service-id=a', '-tag=b'], 'Invalid parameters: [tag]'],
    [['-type=key'], 'Must specify a single key to watch'],
    [['-type=key', '-key=a', '-prefix=b'], 'Invalid parameters: [prefix]'],
    [[], '-type is missing'],
  ]
  for (const [words, said] of cases) {
    const { exit, stderr } = await lictor('watch', ...words)
    assert.is(exit, 2, said)
    assert.match(stderr, said)
  }
})

watch(
  'as consul what cannot be watched, asked or started is said in its words',
  async (context) => {
    const { home, agent } = context
    const refused = (method: string) =>
      `Error querying Consul agent: ${method} "http://127.0.0.1:1/v1/status/leader": ` +
      'dial tcp 127.0.0.1:1: connect: connection refused'
    const cases: [string[], string][] = [
      [['-type=connect_roots'], 'Type connect_roots is not supported in the CLI tool'],
      [['-type=services', '-http-addr=127.0.0.1:1'], refused('Get')],
      [
        ['-type=services', '-shell=false', 'no-such-program'],
        'Error starting handler: exec: "no-such-program": executable file not found in $PATH',
      ],
    ]
    const env = { CONSUL_HTTP_ADDR: agent.httpAddr }
    for (const [words, said] of cases) {
      const answer = await run(home, ['consul', 'watch', ...words], { env })
      assert.equal(answer, { exit: 1, stdout: '', stderr: `${said}\n` })
    }
  },
)

watch('-tag may be given more than once, and an instance has all of them', async (context) => {
  const { agent, home } = context
  const register = (id: string, tags: string[]) =>
    fetch(agent.url('/v1/agent/service/register'), {
      method: 'PUT',
      body: JSON.stringify({ ID: id, Name: 'tagged', Tags: tags }),
    })
  await register('one', ['a'])
  await register('both', ['a', 'b'])
  const ids = async (...tags: string[]) => {
    const words = ['consul', 'watch', '-type=service', '-service=tagged', ...tags]
    const { stdout } = await run(home, words, { env: { CONSUL_HTTP_ADDR: agent.httpAddr } })
    return jq(stdout, '[.[].Service.ID] | sort | join(" ")')
  }
  await within(10_000, async () => (await ids('-tag=a')) === 'both one', 'both in the catalog')
  assert.is(await ids('-tag=a', '-tag=b'), 'both')
})

watch.run()
