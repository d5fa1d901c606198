// How the transcripts put things.
import { textOf } from '../../../core/bytes.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { lastIndex, lastPosition } from '../../../core/raft/log.ts'
import type { RaftRequest } from '../../../core/raft/messages.ts'
import { configurationOf, type Raft, WITHHELD } from '../../../core/raft/raft.ts'
import { type Cluster, type Message, type Node, replyText } from './cluster.ts'

function entryText({ index, term, type, data }: Entry): string {
  if (type === ENTRY.configuration) return `${index}/${term}:{}`
  return data.length === 0 ? `${index}/${term}` : `${index}/${term}:${textOf(data)}`
}

export const entriesText = (entries: readonly Entry[]): string =>
  entries.length === 0 ? 'no entries' : entries.map(entryText).join(' ')

export const messageText = (message: Message): string => {
  const { from, to } = message
  return message.kind === 'call'
    ? `${from}>${to} ${requestText(message.request)}`
    : `${from}>${to} ${replyText(message.reply)}`
}

function requestText(request: RaftRequest): string {
  switch (request.type) {
    case 'append': {
      const { term, prevIndex, prevTerm, entries, commit } = request
      const behind = `behind ${prevIndex}/${prevTerm}`
      return `append in term ${term} ${behind}: ${entriesText(entries)}; commit ${commit}`
    }
    case 'heartbeat':
      return `heartbeat in term ${request.term}`
    case 'vote':
    case 'pre-vote': {
      const how = request.type === 'vote' && request.transfer ? ', the leader wants it' : ''
      const log = `log up to ${request.lastIndex}/${request.lastTerm}`
      return `${request.type} in term ${request.term}, ${log}${how}`
    }
    case 'timeout-now':
      return 'take over now'
    default: {
      const { index, term } = request.snapshot
      return `snapshot up to ${index}/${term} in term ${request.term}`
    }
  }
}

const votedText = (votedFor: string): string => {
  if (votedFor === '') return '-'
  return votedFor === WITHHELD ? 'withheld' : (votedFor.split('@')[0] ?? '')
}

const roleText = ({ role }: Raft): string =>
  role.type === 'candidate' ? `candidate:${role.phase}` : role.type

const termsText = ({ log }: Raft): string =>
  [...(log.base.index > 0 ? [`(${log.base.index}/${log.base.term})`] : []), ...log.entries]
    .map((each) => (typeof each === 'string' ? each : String(each.term)))
    .join(',')

const serversText = (raft: Raft): string =>
  configurationOf(raft)
    .servers.map(({ id, suffrage }) => (suffrage === 'voter' ? id : `(${id})`))
    .join(',')

export function nodeText({ name, raft }: Node): string {
  if (raft === undefined) return `${name}: down`
  const { vote, commit, log } = raft
  const parts = [
    `${name}: ${roleText(raft)} in term ${vote.term}, voted ${votedText(vote.votedFor)}`,
    `log ${termsText(raft) || 'empty'}`,
    `commit ${commit}`,
  ]
  if (log.durable < lastIndex(log)) parts.push(`durable ${log.durable}`)
  if (raft.quarantine !== undefined) parts.push('in quarantine')
  return parts.join('; ')
}

/** What `expect` can ask. */
export function factsOf(cluster: Cluster, node: Node): Readonly<Record<string, string>> {
  const { raft, state, platter } = node
  const applied = state.filter(({ type }) => type === ENTRY.command)
  const common = {
    wire: String(cluster.wire.filter(({ from }) => from === node.name).length),
    applied: applied.map(({ data }) => textOf(data)).join(','),
    disk: platter.entries.map(({ term }) => term).join(','),
    diskTerm: String(platter.vote.term),
    diskVote: votedText(platter.vote.votedFor),
    snapshot: String(platter.snapshot?.meta.index ?? 0),
  }
  if (raft === undefined) return { ...common, role: 'down' }
  return {
    ...common,
    role: roleText(raft),
    term: String(raft.vote.term),
    voted: votedText(raft.vote.votedFor),
    leader: raft.leader?.id ?? '-',
    commit: String(raft.commit),
    durable: String(raft.log.durable),
    last: `${lastPosition(raft.log).index}/${lastPosition(raft.log).term}`,
    log: termsText(raft),
    base: String(raft.log.base.index),
    servers: serversText(raft),
    quarantine: raft.quarantine === undefined ? 'no' : 'yes',
    held: String(raft.held.length),
    writing: raft.underWay === undefined ? 'no' : 'yes',
  }
}

export const expectText = ({ name }: Node, key: string, found: string | undefined): string =>
  found === undefined ? `there is no fact ${key}` : `${name} has ${key}=${found}`

export function progressText(raft: Raft): string[] {
  const { role } = raft
  if (role.type !== 'leader') return ['it does not lead']
  return [...role.followers].map(([id, progress]) => {
    const { state, match, next, inflight, failures } = progress
    const trouble = failures === 0 ? '' : `, ${failures} failures`
    return `${id}: ${state}, match ${match}, next ${next}, ${inflight} under way${trouble}`
  })
}
