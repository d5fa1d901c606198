// lictor swim node, swimnode: runs a member of a gossip pool in the foreground.
import { hostname } from 'node:os'
import {
  type Answer,
  boolean,
  choice,
  count,
  defineCommand,
  type Flags,
  list,
  optional,
  text,
} from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { launchSwimnode } from '../kit/launch.ts'
import { checkedPort, DAEMON_FLAGS, daemonSettings, LEVEL_LOGGED } from '../kit/lesson-flags.ts'

const PORT_DEFAULT = 7946

const FLAGS = {
  name: optional("the name of this member, one of its kind in the pool (default: the host's)", {
    placeholder: 'NAME',
  }),
  port: count('the port for datagrams and streams; 0: any', PORT_DEFAULT),
  bind: text('listen on this address', '0.0.0.0', { placeholder: 'IP' }),
  advertise: optional('the address that others are told', { placeholder: 'IP' }),
  join: list('a member to join; tried again until one answers', { placeholder: 'HOST:PORT' }),
  tag: list('a tag that the others see', { placeholder: 'NAME=VALUE' }),
  encrypt: optional('a key of 16, 24 or 32 bytes in base64, the same for all', {
    placeholder: 'KEY',
    env: ['CONSUL_SWIM_ENCRYPT'],
  }),
  label: text('packets of pools with another label are dropped', '', { placeholder: 'LABEL' }),
  profile: choice('timing; lan, wan and local are as in serf', ['lesson', 'lan', 'wan', 'local']),
  'event-handler': list('a script for events: TYPE=SCRIPT, user:NAME=SCRIPT, query:NAME=SCRIPT', {
    placeholder: 'HANDLER',
  }),
  'disable-compression': boolean('send messages as they are'),
  ephemeral: boolean('keep nothing on the disk'),
  rejoin: boolean('join whom the last run knew, although it has left'),
  'log-level': LEVEL_LOGGED,
  ...DAEMON_FLAGS,
} as const satisfies Flags

export const command = defineCommand({
  id: 'swim node',
  summary: 'Run a member of a gossip pool',
  description: [
    'Runs in the foreground. Members find each other by --join, probe each other, and spread ' +
      'what they hear: lictor-swim(7). Agents of serf and programs on memberlist are members as ' +
      'well.',
    'SIGINT leaves the pool politely; SIGTERM ends the member at once, so that the others ' +
      'declare it dead. Whom it knew, its keys and its log lie in .lictor of the current ' +
      'folder.',
  ],
  examples: [
    { does: 'The first member', command: 'swim node --name=node1 --port=7001' },
    {
      does: 'Another one',
      command: 'swim node --name=node2 --port=7002 --join=localhost:7001',
    },
    {
      does: 'With tags, and an answer to a query',
      command: "swim node --tag=role=web --event-handler='query:load=uptime'",
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags, env } = call
    return {
      exit: await launchSwimnode({
        ...daemonSettings(call),
        name: flags.name ?? hostname(),
        bind: { host: flags.bind, port: checkedPort(flags.port) },
        advertise: flags.advertise,
        join: flags.join,
        tags: flags.tag.map((tag) => splitTag(tag)),
        encrypt: flags.encrypt ?? env['LICTOR_SWIM_ENCRYPT'],
        label: flags.label,
        profile: flags.profile,
        isCompressed: !flags['disable-compression'],
        handlers: flags['event-handler'],
        ephemeral: flags.ephemeral,
        rejoin: flags.rejoin,
        logLevel: flags['log-level'],
      }),
    }
  },
})

/** `role=web`; a value may be empty, and may hold more of them. */
function splitTag(tag: string): readonly [string, string] {
  const at = tag.indexOf('=')
  if (at <= 0) throw misuse(`--tag=${tag}: NAME=VALUE`)
  return [tag.slice(0, at), tag.slice(at + 1)]
}
