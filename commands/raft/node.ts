// lictor raft node, raftnode: runs a server of a raft cluster in the foreground.
import { readFileSync } from 'node:fs'
import { parseDuration } from '../../core/time.ts'
import {
  type Answer,
  boolean,
  count,
  defineCommand,
  duration,
  type Flags,
  optional,
} from '../kit/declare.ts'
import { misuse, reasonOf } from '../kit/failure.ts'
import { launchRaftnode } from '../kit/launch.ts'
import { DAEMON_FLAGS, daemonSettings, LEVEL_LOGGED } from '../kit/lesson-flags.ts'

const ELECTION_MS = parseDuration('150ms') ?? 0
const ELECTION_MS_MIN = 20

const FLAGS = {
  id: optional('the name of this server; a number is a place among the peers', {
    placeholder: 'ID',
  }),
  peers: optional('all servers, this one among them; `...`: those of last time', {
    placeholder: 'HOST:PORT,…',
  }),
  address: optional('where this server listens, if it is none of the peers', {
    placeholder: 'HOST:PORT',
  }),
  join: boolean('wait to be added (raftctl add) instead of making a cluster'),
  'data-dir': optional('log, votes and snapshots, instead of ./.lictor/raftnode-ID', {
    placeholder: 'DIR',
    completes: 'file',
  }),
  ephemeral: boolean('keep nothing: a server that is started again has to be given all anew'),
  'election-timeout': duration('campaign after this long, up to twice, without a leader (150ms)'),
  'snapshot-entries': count('save a snapshot after so many entries', 65_536),
  'trailing-entries': count('keep so many entries behind a snapshot', 10_240),
  control: optional('also answer raftctl on this address, to whoever has the token', {
    placeholder: 'HOST:PORT',
  }),
  'control-token-file': optional('the token that -control demands', {
    placeholder: 'FILE',
    completes: 'file',
  }),
  'log-level': LEVEL_LOGGED,
  ...DAEMON_FLAGS,
} as const satisfies Flags

export const command = defineCommand({
  id: 'raft node',
  summary: 'Run a server of a raft cluster',
  description: [
    'Runs in the foreground. Servers elect a leader, agree on a log, and keep names and values: ' +
      'lictor-raft(7). A server of --id=N listens where the Nth of the peers says. Programs on ' +
      'hashicorp/raft can be servers of the same cluster.',
    'What was acknowledged is on the disks of a majority. Log, votes and snapshots lie in ' +
      '.lictor of the current folder; a server that is started again there goes on where it was.',
    'SIGTERM hands the leadership over before the end, if this server has it.',
  ],
  examples: [
    {
      does: 'One of three',
      command: 'raft node --id=1 --peers=localhost:8001,localhost:8002,localhost:8003',
    },
    { does: 'Again, with the peers of last time', command: 'raft node --id=1 --peers=...' },
    {
      does: 'One more, to be added with raftctl add 4 localhost:8004',
      command: 'raft node --id=4 --address=localhost:8004 --peers=localhost:8001 --join',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags, program } = call
    const { id } = flags
    if (id === undefined) throw misuse('--id is missing', { next: [`${program.name} --help`] })
    if (!/^[\w.-]{1,100}$/.test(id)) throw misuse(`--id=${id}: letters, digits, dots and dashes`)
    const electionMs = flags['election-timeout'] ?? ELECTION_MS
    if (electionMs < ELECTION_MS_MIN)
      throw misuse(`--election-timeout: at least ${ELECTION_MS_MIN}ms`)
    return {
      exit: await launchRaftnode({
        ...daemonSettings(call),
        id,
        peers: flags.peers,
        address: flags.address,
        join: flags.join,
        dataDir: flags['data-dir'],
        ephemeral: isEphemeral(flags),
        control: flags.control,
        controlToken: tokenOf(flags),
        electionMs,
        snapshotEntries: flags['snapshot-entries'],
        trailingEntries: flags['trailing-entries'],
        logLevel: flags['log-level'],
      }),
    }
  },
})

function isEphemeral(flags: { ephemeral: boolean; 'data-dir': string | undefined }): boolean {
  if (flags.ephemeral && flags['data-dir'] !== undefined)
    throw misuse('-ephemeral keeps nothing, and -data-dir says where')
  return flags.ephemeral
}

interface TokenFlags {
  readonly control: string | undefined
  readonly 'control-token-file': string | undefined
}

/** Who can reach the port could write to the cluster: no port without a token. */
function tokenOf(flags: TokenFlags): string | undefined {
  const file = flags['control-token-file']
  if (flags.control === undefined) return undefined
  if (file === undefined) throw misuse('-control needs a token: -control-token-file=FILE')
  try {
    const token = readFileSync(file, 'utf8').trim()
    if (token !== '') return token
  } catch (error) {
    throw misuse(`cannot read ${file}`, { why: reasonOf(error) })
  }
  throw misuse(`${file} is empty`)
}
