// lictor agent: runs an agent in the foreground. Its flags are core/config's table; what they mean
// is decided there.
import { AGENT_FLAGS, type AgentFlag } from '../core/config/flags.ts'
import {
  type Answer,
  boolean,
  type Call,
  count,
  defineCommand,
  type Flag,
  type Flags,
  optional,
  text,
} from './kit/declare.ts'
import { launchAgent } from './kit/launch.ts'

/** Ours alone: they concern the process, not the agent. */
const OWN = {
  'ready-fd': count('write a line to this file descriptor when the agent is ready', 0, {
    only: 'lictor',
  }),
  socket: optional('the control socket, instead of one in the runtime folder', {
    only: 'lictor',
    placeholder: 'PATH',
    completes: 'file',
  }),
} as const satisfies Flags

const FLAGS = { ...Object.fromEntries(AGENT_FLAGS.map((one) => [one.name, declare(one)])), ...OWN }

function declare({ type, help, takes, own }: AgentFlag): Flag {
  const more = own ? ({ only: 'lictor' } as const) : {}
  if (type === 'bool') return boolean(help, more)
  const placeholder = takes.includes('|') ? takes : takes.toUpperCase()
  const made = text(help, '', { ...more, placeholder, ...completionOf(takes) })
  if (type === 'int') return { ...made, fallback: undefined, read: readInteger }
  const kind = type === 'list' || type === 'pairs' ? 'list' : 'single'
  return { ...made, kind, fallback: kind === 'list' ? [] : undefined }
}

function completionOf(takes: string): Partial<Flag> {
  return takes === 'file' || takes === 'dir' || takes === 'path' ? { completes: 'file' } : {}
}

/** As Go's strconv.Atoi, and in its words. */
function readInteger(given: string): ReturnType<Flag['read']> {
  const problem = (why: string) =>
    ({ ok: false, why: `strconv.Atoi: parsing ${JSON.stringify(given)}: ${why}` }) as const
  if (!/^[+-]?\d+$/.test(given)) return problem('invalid syntax')
  const value = Number(given)
  return Number.isSafeInteger(value) ? { ok: true, value } : problem('value out of range')
}

export const command = defineCommand({
  id: 'agent',
  summary: 'Run an agent',
  description: [
    'Runs in the foreground until it gets SIGINT or SIGTERM; SIGHUP reads the configuration ' +
      'again. One line on standard error says when it is ready, and where it listens.',
    'With -dev nothing is kept on disk and nothing needs to be configured.',
  ],
  examples: [
    { does: 'For development, in memory', command: 'agent -dev' },
    {
      does: 'A server of its own that keeps its data',
      command: 'agent -server -bootstrap -data-dir=./data',
    },
    { does: 'From files', command: 'agent -config-dir=/etc/lictor.d' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'agent [options]' },
  run: async (call): Promise<Answer> => ({
    exit: await launchAgent({
      program: call.program.name,
      profile: call.program.profile,
      argv: agentArgv(call),
      env: call.env,
      ...ownSettings(call),
    }),
  }),
})

/**
 * The line again, without what is not the agent's, in its order: later settings win, files are read
 * as named.
 */
const agentArgv = ({ uses, args }: Call<typeof FLAGS>): string[] => {
  const known = new Set(AGENT_FLAGS.map((flag) => flag.name))
  const flags = uses.filter(({ name }) => known.has(name))
  return [...flags.map(({ name, text: given }) => `-${name}=${given}`), ...args]
}

function ownSettings({ flags, given }: Call<typeof OWN>): { readyFd?: number; socket?: string } {
  return {
    ...(given.has('ready-fd') ? { readyFd: flags['ready-fd'] } : {}),
    ...(flags.socket === undefined ? {} : { socket: flags.socket }),
  }
}
