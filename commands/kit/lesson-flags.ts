// What every lesson daemon takes besides its own: flags that concern the process.
import { isIP } from 'node:net'
import { LOG_LEVELS } from '../../core/log.ts'
import { type Call, choice, count, type Flags, optional, typedAs } from './declare.ts'
import { misuse } from './failure.ts'

export const DAEMON_FLAGS = {
  'ready-fd': count('write a line to this file descriptor when it is ready', 0),
  socket: optional('the control socket, instead of one in the runtime folder', {
    placeholder: 'PATH',
    completes: 'file',
  }),
} as const satisfies Flags

export const LEVEL_LOGGED = choice('what goes to the log file', [
  'info', // unless another is given
  ...LOG_LEVELS.filter((level) => level !== 'info'),
])

export const daemonSettings = ({ program, id, env, flags, given }: Call<typeof DAEMON_FLAGS>) => ({
  typed: typedAs(program, id),
  env,
  socket: flags.socket,
  readyFd: given.has('ready-fd') ? flags['ready-fd'] : undefined,
})

/** The address if it is one; empty: localhost. */
export function checkedBind(bind: string): string {
  if (bind === 'localhost') return ''
  if (bind === '' || isIP(bind) !== 0) return bind
  throw misuse(`--bind: no IP address: ${bind}`, {
    next: ['localhost, an address of this machine, or 0.0.0.0 for all of them'],
  })
}

const PORT_MAX = 65_535

/** The port if it is one; 0 takes any free one. */
export function checkedPort(port: number): number {
  if (port <= PORT_MAX) return port
  throw misuse(`--port: no port: ${port}`, {
    next: [`ports go from 0 (any free one) to ${PORT_MAX}`],
  })
}
