// A run for people: one line for each transition, one column for each node. For programs: the same
// as records. The trace only looks on; a run with it is the same run.
import type { RaftNote } from '../raft/raft.ts'
import type { HostEffect, HostEvent } from './host.ts'
import type { SimNode, Watcher, World } from './world.ts'

export interface TraceLine {
  /** Virtual milliseconds since the start. */
  readonly ms: number
  /** Undefined: it happens to the world. */
  readonly node: string | undefined
  readonly column: number
  readonly kind: 'fault' | 'life' | 'raft' | 'message' | 'client'
  readonly text: string
}

export interface TraceOptions {
  readonly clock: Pick<World, 'now'>
  readonly onLine: (line: TraceLine) => void
  /** Messages and requests as well. */
  readonly messages: boolean
}

export function createTrace(options: TraceOptions): Watcher {
  const say = (node: SimNode | undefined, kind: TraceLine['kind'], text: string) =>
    options.onLine({
      ms: options.clock.now,
      node: node?.peer.id,
      column: node?.index ?? -1,
      kind,
      text,
    })
  return {
    onStart: (node, { entries, snapshot, vote }) =>
      say(
        node,
        'life',
        `starts: term ${vote.term}, log to ${entries.at(-1)?.index ?? snapshot?.index ?? 0}`,
      ),
    onStep: (node, event) => {
      const text = options.messages ? eventText(event) : undefined
      if (text !== undefined) say(node, event.type === 'request' ? 'client' : 'message', text)
    },
    onEffect: (node, effect) => {
      if (effect.type === 'note') {
        const text = noteText(effect.note)
        if (text !== undefined) say(node, 'raft', text)
        return
      }
      const text = options.messages ? effectText(effect) : undefined
      if (text !== undefined) say(node, 'message', text)
    },
    onPersisted: () => undefined,
    onDown: (node, how) => say(node, 'life', how === 'crash' ? 'crashes' : `down: ${how}`),
    onWiped: (node, what) => say(node, 'life', WIPED[what]),
    onFault: (text, node) => say(node, 'fault', text),
  }
}

/** Undefined: no transition that a reader needs. */
const WIPED = { all: 'its disk is wiped', 'a part': 'its log is damaged' } as const

function noteText(note: RaftNote): string | undefined {
  switch (note.what) {
    case 'became': {
      const phase = note.phase === undefined ? '' : ` (${note.phase})`
      return note.role === 'leader'
        ? `LEADER of term ${note.term}`
        : `${note.role}${phase}, term ${note.term}`
    }
    case 'leader':
      return `follows ${note.id} in term ${note.term}`
    case 'voted':
      return `votes for ${note.for} in term ${note.term}`
    case 'refused-vote':
      return `no vote for ${note.to} in term ${note.term}: ${note.why}`
    case 'commit':
      return `commits ${note.index} of term ${note.term}`
    case 'truncated':
      return `cuts its log at ${note.from}`
    case 'configuration':
      return `configuration ${note.index}: ${note.servers.join(' ')}`
    case 'stepped-down':
      return `steps down from term ${note.term}: ${note.why}`
    case 'snapshot':
      return `goes on from a snapshot at ${note.index}`
    case 'quarantine-over':
      return `has everything again, up to ${note.index}`
    case 'disk-full':
      return 'its disk is full'
    default:
      return 'its disk has room again'
  }
}

function eventText(event: HostEvent): string | undefined {
  switch (event.type) {
    case 'call':
      return `← ${event.from.id}: ${messageText(event.request)}`
    case 'reply':
      return `← ${messageText(event.reply)} (${event.call})`
    case 'request':
      return `? ${JSON.stringify(event.request)}`
    case 'persisted':
      return `disk has ${event.token}`
    case 'tick':
      return undefined
    default:
      return event.type
  }
}

function effectText(effect: HostEffect): string | undefined {
  switch (effect.type) {
    case 'call':
      return `→ ${effect.to.id}: ${messageText(effect.request)} (${effect.call})`
    case 'respond':
      return `! ${JSON.stringify(effect.outcome)}`
    case 'persist': {
      const { token, vote, truncateFrom, restartBehind, entries } = effect.persist
      const parts = [
        vote && `vote ${vote.term} ${vote.votedFor}`,
        truncateFrom && `cut ${truncateFrom}`,
        restartBehind && `restart ${restartBehind}`,
        entries.length > 0 && `${entries[0]?.index}…${entries.at(-1)?.index}`,
      ]
      return `saves ${token}: ${parts.filter((part) => part).join(', ')}`
    }
    case 'save-snapshot':
      return `saves a snapshot at ${effect.image.meta.index}`
    default:
      return undefined
  }
}

/** Short, without what is long: entries become a span. */
function messageText(message: object): string {
  const parts = Object.entries(message).map(([name, value]) => {
    if (name === 'type') return String(value)
    if (!Array.isArray(value)) return `${name} ${shown(value)}`
    return `${value.length} entries`
  })
  return parts.join(', ')
}

const shown = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'index' in value
    ? `at ${value.index}`
    : String(value)

/** Of a column. */
const WIDTH = 26

/** A head line with the names of nodes. */
export const traceHead = (nodes: readonly string[]): string =>
  `${'time'.padStart(10)}  ${nodes.map((name) => name.padEnd(WIDTH)).join('')}`.trimEnd()

/**
 * What happens to a node stands in its column; what happens to the world, or is a fault, at the
 * left.
 */
export function traceText({ ms, column, kind, text }: TraceLine): string {
  const time = `${(ms / 1000).toFixed(3)}s`.padStart(10)
  if (kind === 'fault') return `${time}  ** ${text}`
  return `${time}  ${' '.repeat(Math.max(0, column) * WIDTH)}${text}`
}
