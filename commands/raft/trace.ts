// raftctl trace: every transition of every server as it happens, a column for each server.
import type { IncomingMessage } from 'node:http'
import type { RaftNote } from '../../core/raft/raft.ts'
import { type Answer, boolean, count, defineCommand, type Flags } from '../kit/declare.ts'
import type { Output } from '../kit/output.ts'
import { pause } from '../kit/pause.ts'
import { linesOf } from '../swim/member.ts'
import { answerIn, byId, CLUSTER_FLAGS, findCluster, type Target } from './cluster.ts'

const FLAGS = {
  ...CLUSTER_FLAGS,
  once: boolean('end with what there was, instead of waiting for more'),
  commits: boolean('also each step of the commit index'),
  count: count('end after so many lines', 0),
} as const satisfies Flags

interface TraceLine {
  readonly seq: number
  readonly ts: string
  readonly op: string
  readonly node: string
  readonly data: RaftNote & { readonly text: string; readonly dropped?: number }
}

interface Watch {
  readonly out: Output
  readonly json: boolean
  readonly commits: boolean
  /** 0: no end. */
  readonly count: number
  /** In the order of their columns. */
  readonly ids: string[]
  /** The last line that was shown of each, by server and feed. */
  readonly seen: Map<string, string>
  readonly following: Set<string>
  shown: number
}

export const command = defineCommand({
  id: 'raft trace',
  summary: 'Watch a raft cluster at work',
  description: [
    'One line for each transition, in the column of its server: campaigns, votes given and ' +
      'refused, who leads, who steps down and why, cuts of the log, snapshots, changes of the ' +
      'servers. First what there was, then what comes; a server that starts later gets a column. ' +
      'lictor-raft(7) reads one with you.',
  ],
  examples: [
    { does: 'What there was', command: 'raft trace --once' },
    {
      does: 'Who became what, for programs',
      command: 'raft trace --once --json',
      pipe: '| jq -c \'select(.data.what == "became") | [.node, .data.role, .data.term]\'',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags, out } = call
    const watch: Watch = {
      out,
      json: flags.json,
      commits: flags.commits,
      count: flags.count,
      ids: [],
      seen: new Map(),
      following: new Set(),
      shown: 0,
    }
    const { targets } = await findCluster(call)
    const past = (await Promise.all(targets.map((target) => pastOf(target, flags.commits)))).flat()
    addColumns(watch, targets)
    for (const line of past.toSorted((a, b) => (a.ts < b.ts ? -1 : 1)))
      await show(watch, line, line.data.what === 'commit' ? 'commits' : 'trace')
    if (!flags.once) await followAll(call, watch)
    return {}
  },
})

async function pastOf({ client }: Target, commits: boolean): Promise<readonly TraceLine[]> {
  const ask = { method: 'GET', path: '/v1/trace' } as const
  const lines = answerIn<readonly TraceLine[]>(await client.ask(ask))
  if (!commits) return lines
  const more = await client.ask({ ...ask, query: { commits: '' } })
  return [...lines, ...answerIn<readonly TraceLine[]>(more)]
}

function addColumns(watch: Watch, targets: readonly Target[]): void {
  const fresh = targets.toSorted(byId).filter(({ id }) => !watch.ids.includes(id))
  watch.ids.push(...fresh.map(({ id }) => id))
  if (fresh.length > 0 && !watch.json) void watch.out.print(headText(watch))
}

const TIME_WIDTH = 12
const COLUMN_WIDTH = 20

function headText({ ids, out }: Watch): string {
  const names = ids.map((id) => `node ${id}`.padEnd(COLUMN_WIDTH)).join('')
  return `${out.paint('bold', `${' '.repeat(TIME_WIDTH)}  ${names}`.trimEnd())}\n`
}

/** Servers come and go: who is new is followed, too. */
async function followAll(call: Parameters<typeof findCluster>[0], watch: Watch): Promise<void> {
  while (!isOver(watch)) {
    const { targets } = await findCluster(call).catch(() => ({ targets: [] }))
    addColumns(watch, targets)
    for (const target of targets) {
      await followOnce(watch, target, 'trace')
      if (watch.commits) await followOnce(watch, target, 'commits')
    }
    await pause(RESCAN_MS)
  }
}

const RESCAN_MS = 200

const isOver = ({ out, count: most, shown }: Watch): boolean =>
  out.gone.aborted || (most > 0 && shown >= most)

type FeedName = 'trace' | 'commits'

/** Begins to follow, unless that is so already. */
async function followOnce(watch: Watch, target: Target, feed: FeedName): Promise<void> {
  const name = `${target.id} ${feed}`
  if (watch.following.has(name)) return
  const query = { follow: '', ...(feed === 'commits' ? { commits: '' } : {}) }
  const ask = { method: 'GET', path: '/v1/trace', query } as const
  const stream = await target.client.open(ask).catch(() => undefined) // it is about to go
  if (stream === undefined) return
  watch.following.add(name)
  copyLines(watch, { stream, feed }).finally(() => watch.following.delete(name))
}

async function copyLines(
  watch: Watch,
  { stream, feed }: { stream: IncomingMessage; feed: FeedName },
): Promise<void> {
  for await (const line of linesOf(stream, watch.out)) {
    if (isOver(watch)) stream.destroy()
    else await show(watch, JSON.parse(line) as TraceLine, feed) // our own daemon's words
  }
}

/** A feed begins with what was shown before. */
async function show(watch: Watch, line: TraceLine, feed: FeedName): Promise<void> {
  const { node, ts, seq, data, op } = line
  const source = `${node} ${feed}`
  const place = `${ts} ${String(seq).padStart(12, '0')}`
  if (place <= (watch.seen.get(source) ?? '') || isOver(watch)) return
  watch.seen.set(source, place)
  watch.shown++
  if (watch.json) await watch.out.print(`${JSON.stringify(line)}\n`)
  else await watch.out.print(lineText(watch, { ...line, text: op === 'gap' ? '…' : data.text }))
}

/** `10:23:45.120                            LEADER term 6` */
function lineText({ ids }: Watch, { ts, node, text }: TraceLine & { text: string }): string {
  const before = ' '.repeat(COLUMN_WIDTH * Math.max(0, ids.indexOf(node)))
  return `${ts.slice(11, 23)}  ${before}${text}\n`
}
