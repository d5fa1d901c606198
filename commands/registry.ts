// lictor registry: the service registry of the lesson, in the foreground.
import {
  type Answer,
  boolean,
  choice,
  count,
  defineCommand,
  type Flags,
  text,
} from './kit/declare.ts'
import { launchRegistry } from './kit/launch.ts'
import { checkedBind, checkedPort, DAEMON_FLAGS, daemonSettings } from './kit/lesson-flags.ts'

const FLAGS = {
  port: count('where HTTP listens (default 8500)', 8500, { placeholder: 'PORT' }),
  bind: text('the address that HTTP listens on; empty: localhost', '', { placeholder: 'ADDR' }),
  dialect: choice('the shapes of the lesson, or those of an agent', ['lesson', 'consul']),
  'enable-script-checks': boolean('allow checks that run a program of this machine'),
  ...DAEMON_FLAGS,
} as const satisfies Flags

export const command = defineCommand({
  id: 'registry',
  summary: 'Run a service registry',
  description: [
    'Services register over HTTP, their checks run, and whoever asks is told where the healthy ' +
      'ones are. Runs in the foreground until it gets SIGINT or SIGTERM; its state and its log ' +
      'lie in .lictor below the current folder, and a restart there goes on with them.',
    'PUT /v1/agent/leave takes out everything that was registered here, and ends it.',
  ],
  examples: [
    { does: 'On port 8500', command: 'registry --port=8500' },
    { does: 'With checks that are programs', command: 'registry --enable-script-checks' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => ({
    exit: await launchRegistry({
      ...daemonSettings(call),
      port: checkedPort(call.flags.port),
      bind: checkedBind(call.flags.bind),
      dialect: call.flags.dialect,
      scriptChecks: call.flags['enable-script-checks'],
    }),
  }),
})
