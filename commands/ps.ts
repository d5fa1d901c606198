// lictor ps: the daemons that run here.
import { formatDuration } from '../core/time.ts'
import { addressesOf, runningDaemons } from './kit/daemons.ts'
import { type Answer, boolean, defineCommand, type Flags } from './kit/declare.ts'
import type { DaemonRecord } from './kit/launch.ts'
import { columns, tabbed } from './kit/output.ts'

const FLAGS = {
  plain: boolean('separated by tabs, without a header', { group: 'output' }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'ps',
  summary: 'List the daemons that run here',
  description: [
    'Those of this user on this machine, found by their control sockets. No daemon needs to ' +
      'be named.',
  ],
  examples: [
    { does: 'All', command: 'ps' },
    { does: 'Where they listen', command: 'ps -json', pipe: '| jq ".[].addresses"' },
  ],
  args: [],
  flags: FLAGS,
  run: async ({ env, out, flags }): Promise<Answer> => {
    const records = await runningDaemons(env, out)
    const rows = [['KIND', 'NAME', 'PID', 'AGE', 'ADDRESS', 'FOLDER'], ...records.map(rowOf)]
    if (records.length === 0 && !flags.plain)
      return { json: [], note: 'no daemon of yours is running' }
    return { json: records, text: flags.plain ? tabbed(rows) : columns(rows) }
  },
})

function rowOf({ kind, name, pid, startedAt, addresses, cwd }: DaemonRecord): string[] {
  const address = addressesOf(addresses).join(',') || '-'
  return [kind, name, String(pid), ageOf(startedAt, Date.now()), address, cwd]
}

/** Whole seconds. */
const ageOf = (startedAt: string, now: number): string =>
  formatDuration(Math.max(0, Math.round((now - Date.parse(startedAt)) / 1_000)) * 1_000)
