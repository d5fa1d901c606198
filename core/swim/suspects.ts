// Suspects and their end: who does not refute in time is buried, and so is, sooner, whose port
// refuses twice while another member suspects it, too.
import { assert } from '../assert.ts'
import type { Instant } from '../time.ts'
import type { Member } from './member.ts'
import { accuse, bury } from './merge.ts'
import { sendPacket } from './outbox.ts'
import { nextSeqNo, pingOf } from './own-ping.ts'
import { refusalDue, type Suspicion } from './suspicion.ts'
import type { Swim } from './swim.ts'

/** Accuses a member whose port has refused us. */
export function accuseRefused(swim: Swim, member: Member): void {
  accuse(swim, member)
  if (member.state.type === 'suspect') member.state.suspicion.isRefused = true
}

/**
 * Its port has been silent, or has answered: there is no sign any more that its process is gone.
 */
export function withdrawRefusal({ state }: Member): void {
  if (state.type === 'suspect') state.suspicion.isRefused = false
}

/** When a suspect is to be buried, or its port asked once more. */
export function suspicionsDue(swim: Swim): Instant {
  let due = Number.POSITIVE_INFINITY
  for (const { state } of swim.suspects) {
    if (state.type !== 'suspect') continue
    const { deadline } = state.suspicion
    due = Math.min(due, deadline, recheckDue(swim, state.suspicion) ?? deadline)
  }
  return due
}

/** Undefined while one is under way, too. */
function recheckDue(swim: Swim, suspicion: Suspicion): Instant | undefined {
  for (const ping of swim.pings.values()) {
    const isUnderWay =
      ping.type === 'recheck' &&
      ping.member.state.type === 'suspect' &&
      ping.member.state.suspicion === suspicion
    if (isUnderWay) return undefined
  }
  return refusalDue(suspicion, { settings: swim.settings, size: swim.members.size })
}

/** Buries suspects whose time has passed, and asks the ports of those that refused. */
export function judgeSuspects(swim: Swim): void {
  for (const member of [...swim.suspects]) {
    const { state } = member
    assert(state.type === 'suspect', 'only suspects are among the suspects')
    const { suspicion } = state
    const recheckAt = recheckDue(swim, suspicion)
    if (swim.now >= suspicion.deadline) bury(swim, member)
    else if (recheckAt !== undefined && swim.now >= recheckAt) recheck(swim, member)
  }
}

function recheck(swim: Swim, member: Member): void {
  const seqNo = nextSeqNo(swim)
  const until = swim.now + swim.settings.probeTimeoutMs
  swim.pings.set(seqNo, { type: 'recheck', member, until })
  sendPacket(swim, {
    to: member.address,
    messages: [pingOf(swim, seqNo, member.name)],
    member,
    isWatched: true,
  })
}
