// Two leaders. A node that somebody has promoted tells all others so, again and again until they
// follow it. One that leads as well answers with its own history: now both know where they parted,
// and what has become different since. Which of the two is right, nobody can say: a person has to.

import type { RequestId } from '../ids.ts'
import { crc32 } from '../wire/crc32.ts'
import { followInstead } from './follower.ts'
import type { Claim, Message, Reply, Told } from './messages.ts'
import { call, type Leader, type Replica, reply, say } from './node.ts'
import {
  type Address,
  ANNOUNCE_MS,
  ANSWER_MS,
  type Change,
  TOLD_BYTES_MAX,
  TOLD_CHANGES_MAX,
} from './records.ts'
import type { Conflict } from './status.ts'
import { changesAfter, epochOf, forkOf } from './store.ts'

/** Speaks to everybody who does not follow. Of a leader that nobody has promoted: to rivals. */
export function announce(node: Replica, leader: Leader): void {
  if (node.now < leader.announceAt) return
  leader.announceAt = node.now + ANNOUNCE_MS
  const underWay = new Set(
    [...node.calls.values()].flatMap((one) => (one.type === 'announce' ? [one.to] : [])),
  )
  for (const to of new Set([...node.peers, ...leader.rivals.keys()])) {
    if (underWay.has(to) || leader.followers.has(to)) continue
    const since = leader.rivals.get(to)?.fork ?? ownBegin(node)
    const message = { type: 'announce', from: node.self, ...claimOf(node, leader, since) } as const
    call(node, { to, message, withinMs: ANSWER_MS, purpose: { type: 'announce', to } })
  }
}

/** The last write that our own reign has found. */
const ownBegin = ({ store }: Replica): number => (store.history.at(-1)?.from ?? 1) - 1

function claimOf({ store }: Replica, { epoch }: Leader, since: number): Claim {
  const { history, last } = store
  const all = changesAfter(store, since)
  const changes = [...(all?.values() ?? [])].slice(-TOLD_CHANGES_MAX).map(toldOf)
  return { epoch, history, last, since, changes, complete: changes.length === all?.size }
}

const toldOf = ({ key, value }: Change): Told => ({
  key,
  shown: value?.subarray(0, TOLD_BYTES_MAX),
  sum: value === undefined ? 0 : crc32(value),
})

/** Somebody says that he leads. */
export function onAnnounce(
  node: Replica,
  { id, message }: { id: RequestId; message: Extract<Message, { type: 'announce' }> },
): void {
  const { role } = node
  if (role.type === 'leader') {
    meet(node, role, { from: message.from, claim: message })
    const fork = forkOf(node.store, message)
    reply(node, id, { type: 'leads', ...claimOf(node, role, fork) })
    return
  }
  if (message.epoch > epochOf(node.store)) followInstead(node, role, message.from)
  reply(node, id, { type: 'follows', leader: role.leader })
}

export function onAnnounced(
  node: Replica,
  leader: Leader,
  given: { to: Address; answer: Reply },
): void {
  const { to, answer } = given
  if (answer.type === 'leads') meet(node, leader, { from: to, claim: answer })
  else leader.rivals.delete(to)
}

function meet(
  node: Replica,
  leader: Leader,
  { from, claim }: { from: Address; claim: Claim },
): void {
  const fork = forkOf(node.store, claim)
  if (!leader.rivals.has(from)) {
    say(node, 'error', {
      message: `two leaders, ${partedWords(fork)}`,
      fields: { other: from, epoch: claim.epoch },
    })
  }
  leader.rivals.set(from, { claim, fork })
}

const partedWords = (fork: number): string =>
  fork === 0 ? 'parted before the first write' : `parted after write ${fork}`

/** What a person must know to choose. */
export function conflictsOf(node: Replica, leader: Leader): readonly Conflict[] {
  return [...leader.rivals].map(([other, { claim, fork }]) => {
    const ours = changesAfter(node.store, fork) ?? new Map<string, Change>()
    const theirs = new Map(claim.changes.map((told) => [told.key, told]))
    const both = [...ours.keys()].filter((key) => theirs.has(key)).sort()
    const keys = both.flatMap((key) => {
      const here = toldOf(ours.get(key) ?? { key, value: undefined })
      const there = theirs.get(key)
      if (there === undefined || isSame(here, there)) return []
      return [{ key, here: here.shown, there: there.shown }]
    })
    return {
      leader: other,
      epoch: claim.epoch,
      since: fork,
      keys: keys.slice(0, TOLD_CHANGES_MAX),
      onlyHere: without(ours, theirs),
      onlyThere: without(theirs, ours),
      complete:
        claim.complete && claim.since <= fork && changesAfter(node.store, fork) !== undefined,
    }
  })
}

const isSame = (a: Told, b: Told): boolean =>
  a.sum === b.sum && (a.shown === undefined) === (b.shown === undefined)

const without = (
  some: ReadonlyMap<string, unknown>,
  others: ReadonlyMap<string, unknown>,
): readonly string[] =>
  [...some.keys()]
    .filter((key) => !others.has(key))
    .sort()
    .slice(0, TOLD_CHANGES_MAX)
