// lictor lock: runs a child while holding a lock, or a seat in a semaphore.
import { EXIT } from '../core/errors.ts'
import {
  CHILD_FLAGS,
  type ChildEnd,
  childLine,
  goStart,
  goStatus,
  runChild,
  signalExit,
} from './kit/child.ts'
import { type Client, connect } from './kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  defineCommand,
  duration,
  type Flag,
  type Flags,
  text,
} from './kit/declare.ts'
import { type Ending, listenForEnding } from './kit/ending.ts'
import { answerIsNo, Failure, isFailure, misuse, reasonOf } from './kit/failure.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import type { Held, Wish } from './lock/hold.ts'
import { acquireMutex } from './lock/mutex.ts'
import { acquireSeat } from './lock/semaphore.ts'
import { type Keeper, keepSession, MARGIN_MS } from './lock/session.ts'

/** A whole number that may be too small: commands complain of that themselves. */
const integer = (about: string, fallback: number): Flag<number> => ({
  kind: 'single',
  about,
  placeholder: 'N',
  fallback,
  read: (given) =>
    /^[+-]?\d{1,9}$/.test(given)
      ? { ok: true, value: Number(given) }
      : { ok: false, why: 'parse error' },
})

const FLAGS = {
  ...HTTP_FLAGS,
  'child-exit-code': boolean('exit with 2 when CHILD fails', { only: 'consul' }),
  'monitor-retry': integer('failed questions after which the lock counts as lost, 1s apart', 3),
  n: integer('so many may hold it at once; more than 1 makes it a semaphore', 1),
  name: text('the name of the session, for people', '', { placeholder: 'TEXT' }),
  'pass-stdin': boolean('CHILD reads our standard input; otherwise it reads nothing'),
  ...CHILD_FLAGS,
  timeout: duration('give up when it is not ours in this time (default: wait for ever)'),
  try: duration('the old name of -timeout'),
  verbose: boolean('say what happens'),
} as const satisfies Flags

type Lock = Call<typeof FLAGS>

const MISSING = 'Key prefix and child command must be specified'

export const command = defineCommand({
  id: 'lock',
  summary: 'Run something while holding a lock',
  description: [
    'Waits until it holds PREFIX/.lock, runs CHILD, and gives the lock back. Whoever uses the ' +
      'same prefix waits meanwhile. With -n it is a semaphore: so many run at once.',
    'When the lock is lost, because the agent or the network is gone for too long, CHILD and all ' +
      'it has started is told to end (SIGTERM), and killed 2.5 seconds later. See lictor-lock(7) ' +
      'for what a lock promises and what not, and for LICTOR_LOCK_FENCE, a number that lets ' +
      'others refuse who comes too late.',
    'The exit code is that of CHILD; 1 when the lock was lost, 6 when it could not be had in ' +
      'time. Signals are passed on to CHILD.',
  ],
  examples: [
    { does: 'One at a time', command: 'lock deploy echo "it is my turn"' },
    { does: 'Not at all, if somebody is at it', command: 'lock -timeout=1s deploy true' },
    { does: 'Three at a time', command: 'lock -n=3 backups sh -c "echo one of three"' },
  ],
  args: [
    { name: 'PREFIX', about: 'the lock is PREFIX/.lock', required: true, completes: 'key' },
    { name: 'CHILD', about: 'what to run', required: true, many: true },
  ],
  flags: FLAGS,
  passthrough: true,
  consul: {
    usage: 'lock [options] prefix child...',
    complain: (args) => (args.length < 2 ? MISSING : undefined),
  },
  run: async (call): Promise<Answer> => {
    checkNumbers(call)
    const [prefix = '', ...words] = call.args
    const argv = words[0] === '--' && call.program.profile === 'lictor' ? words.slice(1) : words
    if (argv.length === 0) throw misuse('CHILD is missing')
    const client = connectFor(call)
    // Consul's command begins with a question, whose refusal scripts know.
    if (call.program.profile === 'consul') await client.call('GET /v1/agent/self', {})
    return lockAndRun({ call, client, prefix, argv })
  },
})

interface Order {
  readonly call: Lock
  readonly client: Client
  readonly prefix: string
  readonly argv: readonly string[]
}

/** -timeout is about the lock here, not about the answers of the agent. */
const connectFor = (call: Lock): Client =>
  connect({ ...call, flags: { ...call.flags, timeout: undefined } })

function checkNumbers({ flags }: Lock): void {
  const wrong = (what: string, consul: string) => misuse(what, { consul })
  if (flags.n < 1) throw wrong('-n is 1 or more', 'Lock holder limit must be positive')
  if ((flags.timeout ?? flags.try ?? 0) < 0)
    throw wrong('-timeout is 0 or more', 'Timeout must be positive')
  if (flags['monitor-retry'] >= 0) return
  throw wrong('-monitor-retry is 0 or more', "Number for 'monitor-retry' must be >= 0")
}

async function lockAndRun(order: Order): Promise<Answer> {
  const ending = listenForEnding()
  const behavior = order.call.flags.n === 1 ? 'release' : 'delete'
  const keeper = await keepSession(order.client, { name: nameOf(order), behavior })
  try {
    await say(order, setupLine(order))
    await say(order, 'Attempting lock acquisition')
    const held = await acquire(order, keeper, ending)
    if (held === undefined) throw notHeld(order, ending)
    if (ending.asked.aborted) {
      await giveBack(order, held)
      throw notHeld(order, ending)
    }
    const end = await runHolding(order, held, ending)
    return await answerFor(order, held, end)
  } finally {
    await keeper.end()
    ending.close()
  }
}

const nameOf = ({ call, prefix, argv }: Order): string =>
  call.flags.name || `Consul lock for '${argv.join(' ')}' at '${prefix}'`

const setupLine = ({ call, prefix }: Order): string =>
  call.flags.n === 1
    ? `Setting up lock at path: ${prefix.replace(/\/+$/, '')}/.lock`
    : `Setting up semaphore (limit ${call.flags.n}) at prefix: ${prefix}`

async function say({ call }: Order, line: string): Promise<void> {
  if (!call.flags.verbose) return
  if (call.program.profile === 'consul') await call.out.print(`${line}\n`)
  else call.out.talk(line)
}

function acquire(order: Order, session: Keeper, { asked }: Ending): Promise<Held | undefined> {
  const { client, prefix } = order
  const { flags } = order.call
  const waitMs = flags.timeout ?? flags.try ?? 0
  const wish: Wish = {
    client,
    session,
    prefix,
    limit: flags.n,
    deadline: waitMs > 0 ? performance.now() + waitMs : undefined,
    stop: asked,
    retries: retriesOf(order.call),
  }
  return flags.n === 1 ? acquireMutex(wish) : acquireSeat(wish)
}

/** Under our name the TTL decides: a leader may change in less. */
const retriesOf = ({ flags, given, program }: Lock): number =>
  program.profile === 'consul' || given.has('monitor-retry')
    ? flags['monitor-retry']
    : Number.POSITIVE_INFINITY

function notHeld({ call, prefix }: Order, ending: Ending): Failure {
  const consul = 'Shutdown triggered or timeout during lock acquisition'
  const signal = ending.first()
  if (signal !== undefined) {
    const what = `${signal} while waiting for the lock`
    return new Failure({ code: 'interrupted', what, exit: signalExit(signal), consul })
  }
  return new Failure({
    code: 'lock_held',
    what: `${prefix} could not be had in time`,
    why: call.flags.n === 1 ? 'somebody else holds it' : 'all seats are taken',
    next: [`lictor kv get -recurse -detailed ${prefix}   who holds it`],
    exit: EXIT.timeout,
    consul,
  })
}

async function runHolding(order: Order, held: Held, ending: Ending): Promise<ChildEnd> {
  await say(order, 'Starting handler')
  const { call, argv, prefix } = order
  const env = {
    ...call.env,
    CONSUL_LOCK_HELD: 'true',
    LICTOR_LOCK_PREFIX: prefix,
    LICTOR_LOCK_FENCE: String(held.fence),
  }
  const input = call.flags['pass-stdin'] ? 'ours' : 'nothing'
  const onLost = () => call.out.talk('Lock lost, killing child')
  held.lost.addEventListener('abort', onLost)
  const run = childLine(call, argv)
  const stop = AbortSignal.any([held.lost, ending.asked])
  // From here on it is the child that signals are for.
  const running = runChild({ run, input, env, stop, stopGraceMs: MARGIN_MS })
  ending.close()
  const end = await running
  held.lost.removeEventListener('abort', onLost)
  return end
}

async function answerFor(order: Order, held: Held, end: ChildEnd): Promise<Answer> {
  const ending = listenForEnding() // to give the lock back is worth one signal
  const lost = held.lost.aborted
  try {
    if (order.call.program.profile === 'consul') reportAsConsul(order, end)
    await say(order, 'Child terminated, releasing lock')
    await giveBack(order, held)
  } catch (error) {
    if (!lost || order.call.program.profile === 'consul' || !isFailure(error)) throw error
  } finally {
    ending.close()
  }
  if (order.call.program.profile === 'consul') return { exit: consulExit(order, end) }
  if (lost) throw lockLost()
  return ownAnswer(order, held, end)
}

async function giveBack(order: Order, held: Held): Promise<void> {
  await held.release()
  const cleaned = await held.cleanup()
  const line = { removed: 'Cleanup succeeded', 'in-use': 'Cleanup aborted, lock in use' }
  await say(order, line[cleaned])
}

function reportAsConsul({ call }: Order, end: ChildEnd): void {
  if (end.type === 'not-started') call.out.talk(`Error starting handler: ${goStart(end)}`)
  if (end.type === 'ended' && end.exit !== 0) {
    call.out.talk(`Error running handler: ${goStatus(end)}`)
  }
}

/** Of a child that failed, where it was asked for. */
const CHILD_FAILED = 2

const consulExit = ({ call }: Order, end: ChildEnd): number =>
  call.flags['child-exit-code'] && end.type === 'ended' && end.exit !== 0 ? CHILD_FAILED : 0

const lockLost = (): Failure =>
  answerIsNo('lock_lost', 'the lock was lost while CHILD ran', {
    why: 'its session has ended, or the agent did not answer for too long',
  })

function ownAnswer({ argv, prefix }: Order, held: Held, end: ChildEnd): Answer {
  if (end.type === 'not-started') {
    throw answerIsNo('handler_failed', `cannot start ${argv[0]}`, { why: reasonOf(end.error) })
  }
  // What it answers to a signal that was passed on is its own; killed late it ends as it was told.
  const isKilled = end.signal !== undefined && end.killedBy !== undefined
  const exit = isKilled ? signalExit(end.signal) : end.exit
  return { json: { prefix, fence: held.fence, exit }, text: '', exit }
}
