// Intents to join and to leave (Serf, memberlist-wire §4). They travel apart from the failure
// detector's messages and may overtake them; Lamport times put them in order. A leave about
// somebody failed is how operators remove it: that is force-leave.
import { unreachable } from '../assert.ts'
import type { U64 } from '../u64.ts'
import type { JoinIntent, LeaveIntent } from '../wire/serf.ts'
import { believableTime, type LTime, stamp, witness } from './lamport.ts'
import type { PoolMember } from './member.ts'
import { spreadSerf } from './outbox.ts'
import { eraseMember, setMember } from './roster.ts'
import { hasOthersUp, note, type Swim } from './swim.ts'

/** About a member of whom nobody has told us yet. */
export interface Intent {
  readonly type: 'join' | 'leave'
  readonly lTime: LTime
  readonly heardAt: number
}

/** Intents about unknown members that are kept. */
const INTENTS_MAX = 4096

/** Whether it was news, to be passed on. */
export const onJoinIntent = (swim: Swim, { node, lTime }: JoinIntent): boolean =>
  hearJoin(swim, node, { said: lTime, isHearsay: false })

/**
 * Another member's state has this time for somebody who is not among those who left. That is taken
 * for a join. But stock members say it of those, too, who are about to leave; so a leave of just
 * this time is news still.
 */
export function hearTime(swim: Swim, node: string, said: U64): void {
  hearJoin(swim, node, { said, isHearsay: true })
}

function hearJoin(
  swim: Swim,
  node: string,
  { said, isHearsay }: { said: U64; isHearsay: boolean },
): boolean {
  const lTime = believableTime(said)
  if (lTime === undefined) return false
  witness(swim.clocks.members, lTime)
  const member = swim.roster.get(node)
  if (member === undefined) return keepIntent(swim, node, { type: 'join', lTime })
  if (lTime <= member.statusLTime) return false
  const status = member.status === 'leaving' ? 'alive' : member.status
  setMember(swim, undefined, { ...member, status, statusLTime: lTime, isHearsay })
  return true
}

/** Whether it was news, to be passed on. */
export function onLeaveIntent(swim: Swim, intent: LeaveIntent): boolean {
  const lTime = believableTime(intent.lTime)
  if (lTime === undefined) return false
  witness(swim.clocks.members, lTime)
  const member = swim.roster.get(intent.node)
  if (member === undefined) return keepIntent(swim, intent.node, { type: 'leave', lTime })
  if (intent.node === swim.name && swim.leaving.type === 'no') {
    // Somebody has taken an old word of ours, or another's, for news. At the time of our own last
    // word some have taken the one for the last, some the other.
    if (lTime >= member.statusLTime) announceJoin(swim)
    return false
  }
  if (member.isHearsay ? lTime < member.statusLTime : lTime <= member.statusLTime) return false
  applyLeave(swim, { ...member, statusLTime: lTime, isPruned: intent.prune })
  return true
}

/**
 * Another member's state has somebody among those who left, or are about to. Of the leave itself it
 * tells the time only, so it never ends a stay that began at that time.
 */
export function hearLeft(swim: Swim, node: string, said: U64): void {
  const lTime = believableTime(said)
  const member = swim.roster.get(node)
  if (lTime === undefined || node === swim.name) return
  if (member === undefined) keepIntent(swim, node, { type: 'leave', lTime })
  else if (member.status === 'failed' && lTime >= member.statusLTime)
    applyLeave(swim, { ...member, statusLTime: lTime })
  else if (member.status === 'alive' && lTime > member.statusLTime)
    applyLeave(swim, { ...member, statusLTime: lTime })
}

function applyLeave(swim: Swim, told: PoolMember): void {
  const member = { ...told, isHearsay: false }
  switch (member.status) {
    case 'alive':
      setMember(swim, undefined, { ...member, status: 'leaving' })
      break
    case 'failed':
      setMember(swim, 'leave', { ...member, status: 'left', goneAt: swim.now })
      break
    case 'leaving':
    case 'left':
      setMember(swim, undefined, member)
      break
    default:
      unreachable(member.status)
  }
  if (member.isPruned && member.goneAt !== undefined) eraseMember(swim, member)
}

function keepIntent(
  swim: Swim,
  node: string,
  { type, lTime }: { type: Intent['type']; lTime: LTime },
): boolean {
  const known = swim.intents.get(node)
  if (known !== undefined && lTime <= known.lTime) return false
  if (known === undefined && swim.intents.size >= INTENTS_MAX) {
    note(swim, { what: 'full', of: 'intents' })
    return false
  }
  swim.intents.set(node, { type, lTime, heardAt: swim.now })
  return true
}

/**
 * Another member knows a later intent of ours than we do: of an earlier life, or one to leave that
 * came to it late. We are here, and say so. Heard in exchanges only, so that two members of one
 * name do not talk each other into a storm.
 */
export function hearOwnTime(swim: Swim, said: U64): void {
  const lTime = believableTime(said)
  const own = swim.roster.get(swim.name)?.statusLTime ?? 0
  if (lTime === undefined || lTime <= own || swim.leaving.type !== 'no') return
  witness(swim.clocks.members, lTime)
  announceJoin(swim)
}

/** Tells the pool that we are in it: after a join, and when somebody says that we leave. */
export function announceJoin(swim: Swim): void {
  const lTime = stamp(swim.clocks.members)
  const intent: JoinIntent = { type: 'join', lTime, node: swim.name }
  onJoinIntent(swim, intent)
  spreadSerf(swim.queues.intents, intent)
}

/** That we leave, or that somebody who failed is not expected back. Its id, if it is spread. */
export function announceLeave(
  swim: Swim,
  { node, prune }: { node: string; prune: boolean },
): number | undefined {
  const lTime = stamp(swim.clocks.members)
  const intent: LeaveIntent = { type: 'leave', lTime, node, prune }
  onLeaveIntent(swim, intent)
  return hasOthersUp(swim) ? spreadSerf(swim.queues.intents, intent) : undefined
}
