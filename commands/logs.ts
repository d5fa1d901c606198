// lictor logs: the log of a daemon that runs here: the end of its file, or what it writes from now
// on.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { socketEndpoint } from './kit/address.ts'
import { clientFor } from './kit/client.ts'
import { findDaemon, titleOf } from './kit/daemons.ts'
import { type Answer, boolean, count, defineCommand, type Flags } from './kit/declare.ts'
import { answerIsNo, reasonOf } from './kit/failure.ts'
import { followLog, LEVEL_SHOWN } from './kit/follow.ts'
import type { DaemonRecord } from './kit/launch.ts'

const FLAGS = {
  follow: boolean('show what comes, until interrupted'),
  f: boolean('as -follow'),
  lines: count('how many of the last lines of the file', 50),
  'log-level': { ...LEVEL_SHOWN, about: `with -follow: ${LEVEL_SHOWN.about}` },
} as const satisfies Flags

/** No more of a log file is read. */
const TAIL_BYTES_MAX = 1 << 20
const ANSWER_MS = 10_000

export const command = defineCommand({
  id: 'logs',
  summary: 'Show the log of a daemon that runs here',
  description: [
    'DAEMON as in lictor stop. Without -follow prints the end of its log file; a daemon ' +
      'without one can only be followed.',
  ],
  examples: [
    { does: 'The last lines', command: 'logs -lines=20' },
    { does: 'From now on', command: 'logs -follow' },
  ],
  args: [{ name: 'DAEMON', about: 'name, process id, address or port', completes: 'daemon' }],
  flags: FLAGS,
  run: async ({ args, env, id, out, flags }): Promise<Answer> => {
    const record = await findDaemon({ named: args[0], id, env, out })
    if (!flags.follow && !flags.f) return tailAnswer(record, flags.lines)
    const client = clientFor(socketEndpoint(record.socket), { query: {}, timeoutMs: ANSWER_MS })
    return followLog(client, { level: flags['log-level'], json: flags.json }, out)
  },
})

function tailAnswer(record: DaemonRecord, count: number): Answer {
  const { logFile } = record
  if (logFile === undefined) {
    throw answerIsNo('no_log_file', `${titleOf(record)} writes no log file`, {
      next: [`lictor logs -follow ${record.pid}`, 'lictor agent -log-file=PATH   next time'],
    })
  }
  const lines = lastLines(logFile, count)
  return { json: lines, text: lines.map((line) => `${line}\n`).join('') }
}

function lastLines(path: string, count: number): readonly string[] {
  const lines = tailOf(path).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return count === 0 ? [] : lines.slice(-count)
}

/** A log file is named after its beginning, in nanoseconds: the newest has the greatest number. */
function newestOf(path: string): string {
  const end = extname(path)
  const stem = `${basename(path, end)}-`
  const isOne = (name: string) =>
    name.startsWith(stem) &&
    name.endsWith(end) &&
    /^\d+$/.test(name.slice(stem.length, name.length - end.length))
  const newest = readdirSync(dirname(path)).filter(isOne).sort().at(-1)
  return newest === undefined ? path : join(dirname(path), newest)
}

function tailOf(path: string): string {
  try {
    const file = openSync(newestOf(path), 'r')
    const { size } = fstatSync(file)
    const from = Math.max(0, size - TAIL_BYTES_MAX)
    const tail = Buffer.alloc(size - from)
    const read = readSync(file, tail, 0, tail.length, from)
    closeSync(file)
    return tail.toString('utf8', 0, read)
  } catch (error) {
    throw answerIsNo('no_log_file', `cannot read ${path}`, { why: reasonOf(error) })
  }
}
