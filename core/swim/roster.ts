// Members as people see them (Serf's view, memberlist-wire §4): somebody whom the failure detector
// has lost has left if it said so, else it has failed.
import { assert } from '../assert.ts'
import { decodeTags, type Tags } from '../wire/serf.ts'
import { tellMember } from './coalesce.ts'
import { forgetLatency } from './coordinate.ts'
import type { MemberChange } from './effects.ts'
import type { LTime } from './lamport.ts'
import { addressText, type Member, type PoolMember } from './member.ts'
import type { Swim } from './swim.ts'

/** Metadata that cannot be read are those of a member without tags. */
export function tagsOf(meta: Uint8Array): Tags {
  const tags = decodeTags(meta)
  return tags.ok ? tags.value : new Map()
}

/** Somebody is there, for the first time or again. */
export function onMemberUp(swim: Swim, member: Member): void {
  const known = swim.roster.get(member.name)
  const { status, statusLTime } = known ?? statusByIntent(swim, member.name)
  const seen: PoolMember = {
    ...rosterFields(member),
    // Somebody unknown whose leave we have heard of already is about to go.
    status: known === undefined ? status : 'alive',
    statusLTime,
    isHearsay: false,
    goneAt: undefined,
    isPruned: false,
  }
  swim.intents.delete(member.name)
  setMember(swim, 'join', seen)
  swim.memory.lines.push(`alive: ${member.name} ${addressText(member.address)}`)
  swim.timers.remember = swim.now // whoever is killed a moment later still knows whom to ask
}

const rosterFields = ({ name, address, meta, versions }: Member) => ({
  name,
  address,
  tags: tagsOf(meta),
  versions,
})

function statusByIntent(
  swim: Swim,
  name: string,
): { status: 'alive' | 'leaving'; statusLTime: LTime } {
  const intent = swim.intents.get(name)
  if (intent === undefined) return { status: 'alive', statusLTime: 0 }
  return { status: intent.type === 'leave' ? 'leaving' : 'alive', statusLTime: intent.lTime }
}

/** Somebody is not there any more, by its own word or by that of others. */
export function onMemberGone(swim: Swim, member: Member): void {
  const known = swim.roster.get(member.name)
  if (known === undefined || known.goneAt !== undefined) return
  const status = known.status === 'leaving' ? 'left' : 'failed'
  const change = status === 'left' ? 'leave' : 'failed'
  const gone: PoolMember = { ...known, status, goneAt: swim.now }
  setMember(swim, change, gone)
  swim.memory.lines.push(`not-alive: ${member.name}`)
  if (gone.isPruned) eraseMember(swim, gone)
}

export function onMemberUpdated(swim: Swim, member: Member): void {
  const known = swim.roster.get(member.name)
  if (known === undefined) return
  setMember(swim, 'update', { ...known, ...rosterFields(member) })
}

export function setMember(swim: Swim, change: MemberChange | undefined, member: PoolMember): void {
  const isGone = member.status === 'left' || member.status === 'failed'
  assert(isGone === (member.goneAt !== undefined), 'who is gone has gone at some time')
  swim.roster.set(member.name, member)
  if (change !== undefined) tellMember(swim, change, member)
}

/** Forgets somebody who is gone. */
export function eraseMember(swim: Swim, member: PoolMember): void {
  assert(member.name !== swim.name, 'nobody forgets itself')
  swim.roster.delete(member.name)
  forgetLatency(swim.vivaldi, member.name)
  tellMember(swim, 'reap', member)
}
