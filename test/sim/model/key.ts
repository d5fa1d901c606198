// Two states with one key are the same state: what happens in one can happen in the other. Numbers
// of calls and tokens only rise, and tell nothing but which answers belong to them.
import { createHash } from 'node:crypto'
import type { OutgoingCall, Raft } from '../../../core/raft/raft.ts'
import { type Flight, type Node, SERVERS, type State } from './world.ts'

const keys = new WeakMap<Node, string>()

export function keyOf({ nodes, flights, proposed, doubled, lost }: State): string {
  const under = flights.map((flight) => keyOfFlight(nodes, flight)).sort()
  const text = [proposed, doubled, lost, ...nodes.map(keyOfNode), ...under].join('\n')
  return createHash('md5').update(text).digest('base64')
}

function keyOfNode(node: Node): string {
  const known = keys.get(node)
  if (known !== undefined) return known
  const { raft, vote, entries, writing, crashes } = node
  const disk = [vote, entries.map(({ term }) => term), crashes, writing && writeOf(writing)]
  const key = json([disk, raft && stateOf(raft)])
  keys.set(node, key)
  return key
}

const writeOf = ({ vote, truncateFrom, entries }: NonNullable<Node['writing']>) => [
  vote,
  truncateFrom,
  entries.map(({ index, term }) => [index, term]),
]

function stateOf(raft: Raft): unknown {
  const { vote, votes, log, commit, role, leader, held } = raft
  const waits = [votes.noted - votes.handedOver, votes.noted - votes.saved]
  const logged = [log.entries.map(({ term }) => term), log.durable, log.handedOver, log.disk]
  const says = held.map(({ effect, ...rest }) => ({
    ...rest,
    vote: rest.vote - votes.saved,
    effect,
  }))
  const calls = [...raft.calls.values()].map((sent) => json(standingOf(raft, sent))).sort()
  return [vote, waits, logged, commit, leader?.id, roleOf(raft, role), says, calls]
}

function roleOf({ votes }: Raft, role: Raft['role']): unknown {
  if (role.type === 'follower') return 'follower'
  if (role.type === 'candidate')
    return [
      role.phase,
      [...role.votes].sort(),
      [...role.refusals].sort(),
      role.ownVote - votes.saved,
    ]
  const followers = [...role.followers].map(
    ([id, { state, next, match, inflight, commitTold }]) => [
      id,
      state,
      next,
      match,
      inflight,
      commitTold,
    ],
  )
  return ['leader', followers]
}

function keyOfFlight(nodes: readonly Node[], flight: Flight): string {
  const { from, to, call } = flight
  const isReply = 'reply' in flight
  const caller = nodes[isReply ? to : from]?.raft
  const sent = caller?.calls.get(call)
  const body = isReply ? flight.reply : flight.request
  return json([from, to, body, caller && sent && standingOf(caller, sent)])
}

/** Whether the answer will count, and as what. */
function standingOf({ role }: Raft, { to, term, epoch, request }: OutgoingCall): unknown {
  const progress = role.type === 'leader' ? role.followers.get(to.id) : undefined
  return [to.id, term, progress?.epoch === epoch, request]
}

const json = (value: unknown): string =>
  JSON.stringify(value, (key, one: unknown) => {
    if (key === 'id' && typeof one === 'number') return one % SERVERS
    return one instanceof Uint8Array ? one.length : one
  })
