// lictor watch: follows a key, a prefix or a list, as lines of JSON or by running a child for each
// change.
import { parseBool } from '../core/bool.ts'
import { encodeJson, type Json } from '../core/route/json.ts'
import {
  CHILD_FLAGS,
  type ChildEnd,
  type ChildOrder,
  childLine,
  goStart,
  goStatus,
  runChild,
  signalExit,
} from './kit/child.ts'
import { type Client, connect } from './kit/client.ts'
import {
  type Answer,
  type Call,
  count,
  defineCommand,
  duration,
  type Flags,
  list,
  optional,
} from './kit/declare.ts'
import { answerIsNo, type Failure, misuse, reasonOf } from './kit/failure.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import { changesOf, isReached, isSame } from './watch/changes.ts'
import { type Place, poll, type Seen } from './watch/poll.ts'
import { type Question, questionOf, WATCH_TYPES } from './watch/question.ts'

const STREAM = { group: 'stream', only: 'lictor' } as const

const FLAGS = {
  ...HTTP_FLAGS,
  type: optional(WATCH_TYPES.join(', '), { placeholder: 'TYPE', choices: WATCH_TYPES }),
  key: optional('type key: which', { placeholder: 'KEY', completes: 'key' }),
  prefix: optional('type keyprefix: below what', { placeholder: 'PREFIX', completes: 'key' }),
  service: optional('type service, checks: of which service', {
    placeholder: 'NAME',
    completes: 'service',
  }),
  tag: list('type service: with this tag', { placeholder: 'TAG' }),
  passingonly: optional('type service: healthy instances only', { placeholder: 'true|false' }),
  state: optional('type checks: in this state', { placeholder: 'STATE' }),
  name: optional('type event: with this name', { placeholder: 'NAME' }),
  'service-id': optional('type agent_service: which, of the agent asked', { placeholder: 'ID' }),
  filter: optional('only what this expression selects', { placeholder: 'EXPRESSION' }),
  ...CHILD_FLAGS,
  count: count('end after so many records, or runs of CHILD; 0: never', 0, STREAM),
  until: optional('without CHILD: end with the record that has this: op=delete, data.Key=a', {
    ...STREAM,
    placeholder: 'FIELD=VALUE',
  }),
  heartbeat: duration('without CHILD: a record when nothing happened for so long', STREAM),
} as const satisfies Flags

type Watch = Call<typeof FLAGS>

export const command = defineCommand({
  id: 'watch',
  summary: 'Follow a key, a prefix or a list',
  description: [
    'Without a child prints one line of JSON for each change: first the present state (op ' +
      'snapshot), then create, update and delete. Changes that follow each other faster than the ' +
      'agent answers come as one.',
    'With a child runs it for the present state and after each change, with the state as JSON on ' +
      'its standard input and the index in CONSUL_INDEX, or the hash of what has none in ' +
      'CONSUL_HASH. A child that fails ends the watch with its exit code. Signals are passed on ' +
      'to it.',
  ],
  examples: [
    { does: 'A key', command: 'watch -type=key -key=config/web/port -count=1' },
    {
      does: 'Everything below a prefix',
      command: 'watch -type=keyprefix -prefix=config/ -count=1',
    },
    {
      does: 'Run something for each change',
      command: 'watch -type=keyprefix -prefix=config/ -- systemctl reload web',
    },
  ],
  args: [{ name: 'CHILD', about: 'what to run for each change', many: true }],
  flags: FLAGS,
  passthrough: true,
  consul: { usage: 'watch [options] [child...]' },
  run: async (call): Promise<Answer> => {
    const question = whatToWatch(call)
    if (call.args.length > 0) checkHandlerFlags(call)
    const client = connect(call)
    if (call.program.profile === 'consul') await client.call('GET /v1/status/leader', {})
    if (call.args.length > 0) return runHandlers(call, client, question)
    return call.program.profile === 'consul'
      ? printFirst(call, client, question)
      : printStream(call, client, question)
  },
})

function whatToWatch({ flags, program }: Watch): Question {
  const { type } = flags
  if (type === undefined) {
    throw misuse('-type is missing', { consul: 'Watch type must be specified', withUsage: 'whole' })
  }
  if (type === 'connect_roots' && program.profile === 'consul') {
    const consul = `Type ${type} is not supported in the CLI tool`
    throw misuse(`nothing to watch: ${type}`, { consul })
  }
  const { passingonly } = flags
  if (passingonly !== undefined && parseBool(passingonly) === undefined) {
    const why = `strconv.ParseBool: parsing ${JSON.stringify(passingonly)}: invalid syntax`
    const what = `Failed to parse passingonly flag: ${why}`
    throw misuse(what, { consul: what })
  }
  if (flags.until !== undefined && !flags.until.includes('=')) {
    throw misuse('-until needs FIELD=VALUE')
  }
  const { key, prefix, service, tag, state, name, filter, 'service-id': id } = flags
  const params = { key, prefix, service, tag, passingonly, state, name, filter }
  return questionOf(type, { ...params, 'service-id': id })
}

/** A child sees states, not records. */
function checkHandlerFlags({ given }: Watch): void {
  for (const name of ['until', 'heartbeat'] as const) {
    if (given.has(name)) throw misuse(`-${name} goes with records: leave it or CHILD out`)
  }
}

/** As Consul without a child: the present state, and done. */
async function printFirst(call: Watch, client: Client, question: Question): Promise<Answer> {
  const options = { signal: call.out.gone, talk: call.out.talk }
  for await (const seen of poll(client, question, options)) {
    return { text: `${encodeJson(shownAs(call, question, seen), 4)}\n` }
  }
  return {}
}

async function printStream(call: Watch, client: Client, question: Question): Promise<Answer> {
  const { out, flags } = call
  const end = new AbortController()
  const signal = AbortSignal.any([out.gone, end.signal])
  let seq = 0
  const say = async (fields: Readonly<Record<string, Json>>) => {
    const record = { seq: ++seq, ts: new Date().toISOString(), topic: question.topic, ...fields }
    await out.print(`${encodeJson(record)}\n`)
    if (seq === flags.count || isReached(flags.until, record)) end.abort()
  }
  let before: Json | undefined
  const heart = startHeart(flags.heartbeat, () => {
    if (before !== undefined) void say({ op: 'heartbeat' }) // the first record is the snapshot
  })
  for await (const seen of poll(client, question, { signal, talk: out.talk })) {
    for (const change of changesOf(before, seen.value)) {
      if (signal.aborted) break
      heart.beat()
      await say({ ...change, ...seen.at })
    }
    before = seen.value
  }
  heart.stop()
  return {}
}

/** Calls back whenever nothing was heard for so long. */
function startHeart(ms: number | undefined, call: () => void): { beat(): void; stop(): void } {
  if (ms === undefined) return { beat: () => undefined, stop: () => undefined }
  const timer = setInterval(call, ms)
  return { beat: () => timer.refresh(), stop: () => clearInterval(timer) }
}

async function runHandlers(call: Watch, client: Client, question: Question): Promise<Answer> {
  const { out, flags } = call
  let runs = 0
  let before: Json | undefined
  for await (const seen of poll(client, question, { signal: out.gone, talk: out.talk })) {
    if (before !== undefined && isSame(before, seen.value)) continue
    before = seen.value
    const end = await runChild(orderOf(call, question, seen))
    if (end.type === 'not-started') throw cannotStart(end)
    if (end.signal !== undefined) return { exit: signalExit(end.signal) }
    if (end.exit !== 0) throw handlerFailed(end)
    if (++runs === flags.count) break
  }
  return {}
}

type End<Type extends ChildEnd['type']> = Extract<ChildEnd, { type: Type }>

const handlerFailed = (end: End<'ended'>): Failure =>
  answerIsNo('handler_failed', `the handler failed: exit ${end.exit}`, {
    exit: end.exit,
    consul: `Error executing handler: ${goStatus(end)}`,
  })

const cannotStart = (end: End<'not-started'>): Failure =>
  answerIsNo('handler_failed', `cannot start ${end.file}`, {
    why: reasonOf(end.error),
    consul: `Error starting handler: ${goStart(end)}`,
  })

/** As Consul the records of its client, under our name the answer of the API. */
const shownAs = ({ program }: Watch, { asConsul }: Question, { value }: Seen): Json =>
  program.profile === 'consul' && asConsul !== undefined ? asConsul(value) : value

function orderOf(call: Watch, question: Question, seen: Seen): ChildOrder {
  return {
    run: childLine(call, call.args),
    input: { text: `${encodeJson(shownAs(call, question, seen))}\n` },
    env: { ...call.env, ...envOf(seen.at) },
  }
}

/** Consul's command says 0 for what has no index. */
const envOf = (at: Place): Readonly<Record<string, string>> =>
  'index' in at ? { CONSUL_INDEX: String(at.index) } : { CONSUL_INDEX: '0', CONSUL_HASH: at.hash }
