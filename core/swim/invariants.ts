// What must hold of a member after every step, whatever it was told. Run in tests and in the
// simulator.
import { assert } from '../assert.ts'
import { nameFault } from '../names.ts'
import type { BroadcastQueue } from './broadcast.ts'
import { isUp, META_BYTES_MAX, type Member } from './member.ts'
import { INCARNATION_MAX } from './merge.ts'
import { RING_TIMES, type Ring } from './ring.ts'
import { type Swim, selfOf } from './swim.ts'

export function checkSwim(swim: Swim): void {
  checkMembers(swim)
  checkSelf(swim)
  checkSuspects(swim)
  checkRoster(swim)
  checkProbe(swim)
  for (const queue of Object.values(swim.queues)) checkQueue(queue)
  checkClocks(swim)
  const { score, max } = swim.awareness
  assert(score >= 0, 'health is never better than good')
  assert(score < max, 'health is never worse than its bound')
}

function checkMembers(swim: Swim): void {
  const { members, order, audience, settings } = swim
  assert(order.length === members.size, 'the order of probing holds every member once')
  assert(audience.length === members.size, 'the order of gossip holds every member once')
  assert(members.size <= settings.membersMax, 'members are bounded')
  for (const member of order) {
    assert(members.get(member.name) === member, 'who is in the order is known by its name')
    checkMember(member)
  }
}

function checkMember({ name, incarnation, meta, address, state, versions }: Member): void {
  assert(nameFault(name) === undefined, 'a member has a name that can be shown')
  assert(Number.isInteger(incarnation), 'an incarnation is a whole number')
  assert(incarnation >= 0 && incarnation <= INCARNATION_MAX, 'an incarnation has 32 bits')
  assert(meta.length <= META_BYTES_MAX, 'metadata are bounded')
  assert(address.ip !== '', 'a member has an address')
  assert(address.port > 0, 'a member has a port')
  assert(versions.protocolMin <= versions.protocolMax, 'a member speaks some protocol')
  if (state.type !== 'suspect') return
  const { accusers, startedAt, deadline, minMs, maxMs } = state.suspicion
  assert(accusers.size > 0, 'a suspicion has an accuser')
  const ms = Math.round(deadline - startedAt) // both are moved when we stand still: sums of floats
  assert(ms >= Math.floor(minMs), 'silence never shortens a suspicion below its minimum')
  assert(ms <= Math.ceil(maxMs), 'a suspicion ends')
}

function checkSelf(swim: Swim): void {
  const self = selfOf(swim)
  const { type } = swim.leaving
  const isGone = type === 'dead' || type === 'linger' || type === 'done'
  assert(self.state.type === (isGone ? 'left' : 'alive'), 'a member knows whether it is there')
  const seen = swim.roster.get(swim.name)
  assert(seen !== undefined, 'a member is on its own roster')
  assert(seen.statusLTime < swim.clocks.members.time, 'our own word is behind our clock')
}

function checkSuspects({ order, suspects }: Swim): void {
  const count = order.filter(({ state }) => state.type === 'suspect').length
  assert(suspects.size === count, 'every suspect is among the suspects')
  for (const { state } of suspects)
    assert(state.type === 'suspect', 'only suspects are among the suspects')
}

function checkRoster({ members, roster }: Swim): void {
  for (const member of members.values()) {
    const seen = roster.get(member.name)
    if (isUp(member)) {
      assert(seen !== undefined, 'who is there is on the roster')
      assert(seen.goneAt === undefined, 'who is there is not gone')
    }
  }
  for (const { name, status, goneAt } of roster.values()) {
    const isGone = status === 'left' || status === 'failed'
    assert(isGone === (goneAt !== undefined), 'who is gone went at some time')
    if (isGone) continue
    const member = members.get(name)
    assert(member !== undefined && isUp(member), 'who is on the roster as present is there')
  }
}

function checkProbe({ probe, name }: Swim): void {
  if (probe === undefined) return
  assert(probe.member.name !== name, 'nobody probes itself')
  assert(probe.nacks <= probe.nacksWanted, 'no more helpers give up than were asked')
}

function checkQueue({ waiting, bySubject }: BroadcastQueue): void {
  let subjects = 0
  for (const [i, broadcast] of waiting.entries()) {
    const next = waiting[i + 1]
    assert(next === undefined || next.sent >= broadcast.sent, 'what was sent least goes first')
    if (broadcast.subject === undefined) continue
    subjects += 1
    assert(bySubject.get(broadcast.subject) === broadcast, 'one message waits for a subject')
  }
  assert(subjects === bySubject.size, 'what waits for a subject waits')
}

function checkClocks({ clocks, events, questions }: Swim): void {
  for (const { time } of Object.values(clocks)) {
    assert(time >= 1, 'a clock has begun')
    assert(Number.isSafeInteger(time), 'a clock is exact')
  }
  checkRing(events, clocks.events.time)
  checkRing(questions, clocks.queries.time)
}

function checkRing({ slots }: Ring<unknown>, clock: number): void {
  assert(slots.size <= RING_TIMES, 'what was seen is bounded')
  for (const { lTime } of slots.values()) assert(lTime < clock, 'what was seen is in the past')
}
