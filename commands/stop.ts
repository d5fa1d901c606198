// lictor stop: ends a daemon in order, and waits until it has gone.
import { EXIT } from '../core/errors.ts'
import { formatDuration } from '../core/time.ts'
import { findDaemon, titleOf } from './kit/daemons.ts'
import { type Answer, boolean, defineCommand, duration, type Flags } from './kit/declare.ts'
import { Failure, reasonOf } from './kit/failure.ts'
import type { DaemonRecord } from './kit/launch.ts'
import { pause } from './kit/pause.ts'

const FLAGS = {
  timeout: duration('how long to wait for its end (default 20s)'),
  kill: boolean('end it at once (SIGKILL), without waiting for what it has to do'),
} as const satisfies Flags

/** Longer than an agent takes at most to end in order. */
const TIMEOUT_MS = 20_000
const POLL_MS = 20

export const command = defineCommand({
  id: 'stop',
  summary: 'Stop a daemon that runs here',
  description: [
    'DAEMON is the name of its node, its process id or one of its addresses. Without it there ' +
      'must be one only, or one that was started in this folder.',
  ],
  examples: [
    { does: 'The only one', command: 'stop' },
    { does: 'The one that answers on a port', command: 'stop 8500' },
  ],
  args: [{ name: 'DAEMON', about: 'name, process id, address or port', completes: 'daemon' }],
  flags: FLAGS,
  run: async ({ args, env, id, out, flags }): Promise<Answer> => {
    const record = await findDaemon({ named: args[0], id, env, out })
    const limitMs = flags.timeout ?? TIMEOUT_MS
    signal(record.pid, flags.kill ? 'SIGKILL' : 'SIGTERM')
    const deadline = performance.now() + limitMs
    while (isAlive(record.pid)) {
      if (performance.now() >= deadline) throw stillRuns(record, limitMs)
      await pause(POLL_MS)
    }
    return { json: record, text: `stopped ${titleOf(record)}\n` }
  },
})

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    const why = reasonOf(error)
    throw new Failure({ code: 'refused', what: `cannot stop ${pid}`, why, exit: EXIT.permission })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const stillRuns = (record: DaemonRecord, ms: number): Failure =>
  new Failure({
    code: 'timeout',
    what: `${titleOf(record)} still runs after ${formatDuration(ms)}`,
    next: [`lictor stop -kill ${record.pid}`],
    exit: EXIT.timeout,
  })
