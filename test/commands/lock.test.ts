// lock against an agent of ours: who waits, who runs, what is left behind, and what a lost lock
// does to the child.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

const lock = suite<Context>('lock')

lock.before(async (context) => {
  context.home = await openHome()
  context.agent = await startAgent(context.home)
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr }
  context.lictor = (...words) => run(context.home, ['lictor', ...words], { env })
})
lock.after(async ({ home, agent }) => {
  for (const child of started) child.kill('SIGKILL') // those of tests that failed
  await agent?.stop()
  await home.close()
})

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<number | string>
  out(): string
  err(): string
}

const started: ChildProcess[] = []

/** A lock that runs on beside the test. */
function start({ home, agent }: Context, words: readonly string[]): Started {
  const child = spawn(home.program('lictor'), ['lock', ...words], {
    cwd: home.work,
    env: { ...home.env, CONSUL_HTTP_ADDR: agent.httpAddr },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk))
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
  )
  return { child, ended, out: () => said.out, err: () => said.err }
}

const finish = ({ ended }: Started) => before(15_000, () => ended, 'the end')
const says = (started: Started, what: RegExp) =>
  within(10_000, () => what.test(started.out()), String(what))

const keysBelow = async ({ agent }: Context, prefix: string): Promise<readonly string[]> => {
  const reply = await fetch(agent.url(`/v1/kv/${prefix}?keys`))
  return reply.status === 404 ? [] : ((await reply.json()) as string[])
}

const sessionsOf = async ({ agent }: Context): Promise<readonly { ID: string }[]> =>
  (await (await fetch(agent.url('/v1/session/list'))).json()) as { ID: string }[]

lock('the exit code is the one of the child, and nothing is left behind', async (context) => {
  for (const [words, exit] of [
    [['exit 3'], 3],
    [['true'], 0],
    [['--', 'sh', '-c', 'exit 7'], 7],
    [['kill -9 $$'], 137],
  ] as const) {
    assert.is((await context.lictor('lock', 'code', ...words)).exit, exit, words.join(' '))
  }
  assert.equal(await keysBelow(context, 'code'), [])
  assert.equal(await sessionsOf(context), [])
})

lock('what does not start says so, and gives the lock back', async (context) => {
  const { exit, stderr } = await context.lictor('lock', 'start', '--', './none', 'x')
  assert.is(exit, 1)
  assert.match(stderr, 'cannot start ./none')
  assert.equal(await keysBelow(context, 'start'), [])
})

lock(
  'several words are a program, one is a script; the child knows of its lock',
  async (context) => {
    const several = await context.lictor('lock', 'words', 'echo', '$HOME  a')
    assert.is(several.stdout, '$HOME  a\n')
    const script = 'echo $CONSUL_LOCK_HELD $LICTOR_LOCK_PREFIX; cat'
    assert.is((await context.lictor('lock', 'words', script)).stdout, 'true words\n')
    const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr }
    const piped = await run(context.home, ['lictor', 'lock', '-pass-stdin', 'words', 'cat'], {
      env,
      input: 'from outside',
    })
    assert.is(piped.stdout, 'from outside')
  },
)

lock('one runs at a time', async (context) => {
  const count = join(context.home.work, 'count')
  await writeFile(count, '0')
  const script = 'n=$(cat count); sleep 0.05; echo $((n + 1)) > count'
  const all = Array.from({ length: 5 }, () => context.lictor('lock', 'one', script))
  for (const { exit, stderr } of await Promise.all(all)) assert.is(exit, 0, stderr)
  assert.is((await readFile(count, 'utf8')).trim(), '5')
})

lock('the fence grows with every holder, also after the key was removed', async ({ lictor }) => {
  const fences: number[] = []
  for (let i = 0; i < 3; i++) {
    const { stdout } = await lictor('lock', '-json', 'fenced', 'true')
    const [prefix, fence, exit] = (await jq(stdout, '.prefix, .fence, .exit')).split('\n')
    assert.equal([prefix, exit], ['fenced', '0'])
    fences.push(Number(fence))
  }
  assert.ok((fences[0] ?? 0) > 0)
  assert.equal(
    fences,
    [...new Set(fences)].sort((a, b) => a - b),
  )
})

lock('who waits too long gives up with 6, as consul with 1', async (context) => {
  const holder = start(context, ['busy', 'echo held; sleep 1000'])
  await says(holder, /held/)
  const late = await context.lictor('lock', '-timeout=100ms', 'busy', 'echo never')
  assert.equal([late.exit, late.stdout], [6, ''])
  assert.match(late.stderr, 'could not be had in time')
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr }
  const consul = ['consul', 'lock', '-timeout=100ms', 'busy', 'echo never']
  assert.is((await run(context.home, consul, { env })).exit, 1)
  const never = await run(context.home, ['consul', 'lock', '-timeout=-1s', 'free', 'true'], { env })
  assert.equal(never, { exit: 1, stdout: '', stderr: 'Timeout must be positive\n' })
  holder.child.kill('SIGTERM')
  assert.is(await finish(holder), 143)
})

lock('a signal reaches the child, and the lock is free at once', async (context) => {
  const script = 'trap "echo told; exit 9" TERM; echo up; sleep 1000 & wait'
  const holder = start(context, ['told', script])
  await says(holder, /up/)
  holder.child.kill('SIGTERM')
  assert.is(await finish(holder), 9, 'it has ended by itself, with a code of its own')
  assert.match(holder.out(), 'told')
  const next = await context.lictor('lock', '-timeout=120s', 'told', 'echo mine')
  assert.equal([next.exit, next.stdout], [0, 'mine\n'])
})

lock('who is told to end while waiting ends, and its session with it', async (context) => {
  const holder = start(context, ['queue', 'echo held; sleep 1000'])
  await says(holder, /held/)
  const waiting = start(context, ['-verbose', 'queue', 'echo never'])
  await within(10_000, () => /Attempting/.test(waiting.err()), 'the wait')
  await within(5_000, async () => (await sessionsOf(context)).length === 2, 'two sessions')
  waiting.child.kill('SIGINT')
  assert.is(await finish(waiting), 130)
  assert.is((await sessionsOf(context)).length, 1)
  holder.child.kill('SIGTERM')
  await finish(holder)
})

lock('a lost lock ends the child, and all it has started', async (context) => {
  const script = 'trap "" TERM; sleep 1000 & echo "pid $!"; wait'
  const holder = start(context, ['lost', script])
  await says(holder, /pid \d+/)
  const reply = await fetch(context.agent.url('/v1/kv/lost/.lock'))
  const [{ Session }] = (await reply.json()) as [{ Session: string }]
  await fetch(context.agent.url(`/v1/session/destroy/${Session}`), { method: 'PUT' })
  assert.is(await finish(holder), 1)
  assert.match(holder.err(), 'the lock was lost while CHILD ran')
  const pid = Number(/pid (\d+)/.exec(holder.out())?.[1])
  await within(10_000, () => hasEnded(pid), 'the end of the grandchild')
})

/** Also of one that nobody has looked after yet. */
async function hasEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return status === '' || /\) Z /.test(status)
}

lock('Ctrl-Z stops the child, too, and fg lets both go on', async (context) => {
  // No shell that forks: caught between vfork and exec it waits for its child, and is not stopped.
  const holder = start(context, ['stopped', 'echo "pid $$"; exec sleep 1000'])
  await says(holder, /pid \d+/)
  const pids = [holder.child.pid ?? 0, Number(/pid (\d+)/.exec(holder.out())?.[1])]
  const states = async () => Promise.all(pids.map(async (pid) => stateOf(pid)))
  holder.child.kill('SIGTSTP')
  await within(15_000, async () => (await states()).every((state) => state === 'T'), 'both stopped')
  holder.child.kill('SIGCONT')
  await within(15_000, async () => (await states()).every((state) => state !== 'T'), 'both running')
  holder.child.kill('SIGTERM')
  assert.is(await finish(holder), 143)
})

const stateOf = async (pid: number): Promise<string | undefined> =>
  /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1]

lock('an agent that is gone is a lost lock', async (context) => {
  const other = await startAgent(context.home)
  const holder = start({ ...context, agent: other }, [
    '-monitor-retry=0',
    'gone',
    'echo up; sleep 1000',
  ])
  await says(holder, /up/)
  await other.end('SIGKILL')
  assert.is(await finish(holder), 1)
  assert.match(holder.err(), 'the lock was lost')
})

lock('a semaphore lets as many run as it says', async (context) => {
  const holders = [1, 2].map((n) => start(context, ['-n=2', 'seats', `echo in${n}; sleep 1000`]))
  for (const [i, holder] of holders.entries()) await says(holder, new RegExp(`in${i + 1}`))
  const third = await context.lictor('lock', '-n=2', '-timeout=200ms', 'seats', 'echo never')
  assert.is(third.exit, 6)
  const other = await context.lictor('lock', '-n=3', '-timeout=120s', 'seats', 'true')
  assert.is(other.exit, 1)
  assert.match(other.stderr, 'a limit of 2, not 3')
  const waiting = start(context, ['-n=2', 'seats', 'echo seated'])
  holders[0]?.child.kill('SIGTERM')
  assert.is(await finish(waiting), 0)
  assert.is(waiting.out(), 'seated\n')
  holders[1]?.child.kill('SIGTERM')
  for (const holder of holders) assert.is(await finish(holder), 143)
  assert.equal(await keysBelow(context, 'seats'), [])
})

lock('a seat whose holder has died is free again', async (context) => {
  const holder = start(context, ['-n=2', 'dead', 'echo in; sleep 1000'])
  await says(holder, /in/)
  const [session] = await sessionsOf(context)
  await fetch(context.agent.url(`/v1/session/destroy/${session?.ID}`), { method: 'PUT' })
  assert.is(await finish(holder), 1)
  const words = ['lock', '-n=2', '-timeout=120s', 'dead', 'echo mine']
  assert.is((await context.lictor(...words)).stdout, 'mine\n')
})

lock('a key of somebody else is no lock', async (context) => {
  await fetch(context.agent.url('/v1/kv/mine/.lock'), { method: 'PUT', body: 'x' })
  const { exit, stderr } = await context.lictor('lock', '-timeout=120s', 'mine', 'true')
  assert.is(exit, 1)
  assert.match(stderr, 'not a lock')
})

lock('wrong use is refused before anything is asked', async ({ lictor }) => {
  for (const [words, said] of [
    [['a'], 'CHILD is missing'],
    [['a', '--'], 'CHILD is missing'],
    [[], 'PREFIX is missing'],
    [['-n=0', 'a', 'true'], '-n is 1 or more'],
    [['-monitor-retry=-1', 'a', 'true'], '-monitor-retry is 0 or more'],
    [['-n=x', 'a', 'true'], 'invalid value "x"'],
  ] as const) {
    const { exit, stderr } = await lictor('lock', ...words)
    assert.is(exit, 2, words.join(' '))
    assert.match(stderr, said)
  }
})

lock.run()
