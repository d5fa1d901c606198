// lictor kvstore: runs a node of the replicated store in the foreground.
import { SYNCS } from '../core/replica/records.ts'
import {
  type Answer,
  type Call,
  choice,
  count,
  defineCommand,
  type Flags,
  list,
  optional,
  text,
} from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { launchKvstore, launchKvstoreRaft } from './kit/launch.ts'
import { checkedPort, DAEMON_FLAGS, daemonSettings } from './kit/lesson-flags.ts'
import { type Address, addressOf } from './kvstore/nodes.ts'

/** The founding text starts its leader there. */
const PORT = 8000

const FLAGS = {
  engine: choice('how copies are made: by hand, or by consensus', ['replica', 'raft']),
  peers: list('with --engine=raft: all nodes, this one among them, separated by commas', {
    placeholder: 'HOST:PORT',
  }),
  role: choice('whether it takes writes, or copies them', ['leader', 'follower']),
  leader: optional('of a follower: the node that it copies', { placeholder: 'HOST:PORT' }),
  port: count(`where it listens (default ${PORT}); 0: a free one`, PORT),
  bind: text('the address to listen on; localhost is both of its addresses', 'localhost', {
    placeholder: 'HOST',
  }),
  sync: choice(
    'of a leader: which followers that are alive a write waits for, up to half a second',
    SYNCS,
  ),
  'data-dir': optional('keep the data in this folder; without it, all is in memory', {
    placeholder: 'DIR',
    completes: 'file',
  }),
  'log-level': choice('what is logged', ['info', 'debug', 'warn', 'error']),
  ...DAEMON_FLAGS,
} as const satisfies Flags

export const command = defineCommand({
  id: 'kvstore',
  summary: 'Run a node of a replicated key-value store',
  description: [
    'The first lesson: one node, the leader, takes writes, and its followers copy them. There is ' +
      'no consensus. All data is in memory: a node that is started again has nothing, and gets ' +
      'what its leader has. Only a log is written, to .lictor in the current folder. With ' +
      '--data-dir a write is on the disk before anybody is told of it, and is there after a ' +
      'restart.',
    'curl -X PUT HOST:PORT/kv/KEY -d VALUE writes, GET reads, DELETE deletes. A follower hands ' +
      'writes on to its leader and answers reads from what it has, which may be old: kvstore ' +
      'status shows how far it is behind. It is ready after its first copy.',
    'A write is acknowledged with the number of followers that have it. With --sync=all the ' +
      'leader waits up to 500 ms for all that are alive, with one for the first, with none for ' +
      'nobody. When the leader dies, an acknowledged write that no follower has is lost.',
    'Nobody becomes the leader by itself: kvstore promote makes a follower the leader, and ' +
      'nothing keeps the old one from being one as well. Where the two have parted, status shows ' +
      'then, and with follow a person gives one of them up.',
    'With --engine=raft the nodes agree on every write, elect their leader, and keep it all on ' +
      'disk in .lictor: the store of the sixth lesson, which answers /v1/kv and /v1/txn as ' +
      'Consul does, with watches (?index=) and swaps (?cas=). Nodes speak raft on their port ' +
      '+ 1000.',
  ],
  examples: [
    { does: 'A leader', command: 'kvstore --role=leader --port=8000' },
    {
      does: 'A follower of it',
      command: 'kvstore --role=follower --leader=localhost:8000 --port=8001',
    },
    { does: 'A store of one node with watches', command: 'kvstore --engine=raft --port=8500' },
    {
      does: 'One of three that agree',
      command:
        'kvstore --engine=raft --port=8500 --peers=localhost:8500,localhost:8501,localhost:8502',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags } = call
    const shared = {
      ...daemonSettings(call),
      host: flags.bind,
      port: checkedPort(flags.port),
      logLevel: flags['log-level'],
    }
    if (flags.engine === 'raft') {
      refuseAll(call, ['role', 'leader', 'sync', 'data-dir'], 'is for nodes that copy by hand')
      return { exit: await launchKvstoreRaft({ ...shared, peers: peersOf(flags.peers) }) }
    }
    refuseAll(call, ['peers'], 'goes with --engine=raft')
    const { sync, 'data-dir': dataDir } = flags
    const leader = leaderOf(call)
    return { exit: await launchKvstore({ ...shared, leader, sync, dataDir }) }
  },
})

const peersOf = (given: readonly string[]): readonly Address[] =>
  given.flatMap((text) => text.split(',')).map((text) => addressOf(text.trim()))

function refuseAll({ given }: Call<typeof FLAGS>, names: readonly string[], why: string): void {
  const wrong = names.find((name) => given.has(name))
  if (wrong !== undefined) throw misuse(`--${wrong} ${why}`)
}

/** Undefined: this node leads. */
function leaderOf({ flags }: Call<typeof FLAGS>): Address | undefined {
  if (flags.role === 'follower') {
    if (flags.leader === undefined) {
      throw misuse('a follower needs --leader=HOST:PORT', {
        next: ['kvstore --role=follower --leader=localhost:8000 --port=8001'],
      })
    }
    return addressOf(flags.leader)
  }
  if (flags.leader === undefined) return undefined
  throw misuse('--leader is for a follower', {
    next: [`kvstore --role=follower --leader=${flags.leader}`],
  })
}
