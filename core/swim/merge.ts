// What becomes of what is said about members: alive, suspect, dead (SWIM §4.2; memberlist-wire
// §3.5). A higher incarnation beats a lower one, dead beats suspect beats alive at the same one,
// and only the member itself raises its own: so an old word never undoes a newer one.
import { assert } from '../assert.ts'
import { EMPTY, equalBytes } from '../bytes.ts'
import { nameFault } from '../names.ts'
import type { Address, Alive, Dead, NodeState, Suspect, Versions } from '../wire/memberlist.ts'
import { STATES } from '../wire/memberlist.ts'
import { adjustAwareness } from './awareness.ts'
import { onConflict } from './conflict.ts'
import {
  ALIVE,
  addressText,
  DEAD,
  LEFT,
  META_BYTES_MAX,
  type Member,
  type MemberState,
  sameAddress,
} from './member.ts'
import { spreadMember } from './outbox.ts'
import { onMemberGone, onMemberUp, onMemberUpdated, tagsOf } from './roster.ts'
import { confirmSuspicion, type Suspicion, startSuspicion, suspicionBounds } from './suspicion.ts'
import { insertMember, note, type Swim, selfOf } from './swim.ts'

/** 32 bits on the wire. Who is accused at the last one cannot refute any more. */
export const INCARNATION_MAX = 0xffff_ffff

/** Whether we have said to all that we leave. What is said of us from then on is left alone. */
const hasLeft = ({ leaving }: Swim) => leaving.type !== 'no' && leaving.type !== 'intent'

export function onAlive(swim: Swim, said: Alive): void {
  if (said.node === swim.name && hasLeft(swim)) return
  // memberlist-wire §2: no port means the one that all of an old pool share.
  const alive = said.port === 0 ? { ...said, port: selfOf(swim).address.port } : said
  if (isOld(swim, alive)) return
  const fault = aliveFault(swim, alive)
  if (fault !== undefined) {
    note(swim, { what: 'not-admitted', node: alive.node, why: fault })
    swim.tally.refused += 1
    return
  }
  const known = swim.members.get(alive.node)
  if (known === undefined) welcome(swim, alive)
  else if (sameAddress(known.address, addressOf(alive))) hearAlive(swim, known, alive)
  else if (isReclaimable(swim, known)) adopt(swim, known, alive)
  else onConflict(swim, known, addressOf(alive))
}

/** What we knew of another already. It is what is heard most: nothing else of it is looked at. */
function isOld(swim: Swim, { node, incarnation, addr, port }: Alive): boolean {
  const known = swim.members.get(node)
  if (known === undefined || node === swim.name) return false
  if (known.address.port !== port || known.address.ip !== addr) return false
  return incarnation <= known.incarnation
}

const addressOf = ({ addr, port }: Alive): Address => ({ ip: addr, port })

function aliveFault(swim: Swim, { node, addr, port, meta, vsn }: Alive): string | undefined {
  const fault = nameFault(node) ?? versionFault(vsn)
  if (fault !== undefined) return fault
  if (addr === '') return 'its address is none'
  if (meta !== null && meta.length > META_BYTES_MAX) return 'its metadata are too long'
  if (node === swim.name) return undefined
  if (!swim.members.has(node) && swim.members.size >= swim.settings.membersMax)
    return 'the pool is full'
  return swim.options.admit({
    name: node,
    address: { ip: addr, port },
    tags: tagsOf(meta ?? EMPTY),
    versions: vsn,
  })
}

const versionFault = ({ protocolMin, protocolMax }: Versions): string | undefined =>
  protocolMin === 0 || protocolMax === 0 || protocolMin > protocolMax
    ? 'its protocol versions are none'
    : undefined

/** A name that has left may come back from elsewhere; a dead one only after a while, if at all. */
function isReclaimable({ settings, now }: Swim, { state, since }: Member): boolean {
  if (state.type === 'left') return true
  const { deadNodeReclaimMs } = settings
  return state.type === 'dead' && deadNodeReclaimMs > 0 && now - since > deadNodeReclaimMs
}

/** Somebody new. Its place in the order of probing is random, so that it is probed soon. */
function welcome(swim: Swim, alive: Alive): void {
  const { node: name, addr, port, meta, vsn, incarnation } = alive
  const member: Member = {
    name,
    address: { ip: addr, port },
    meta: meta ?? EMPTY,
    versions: vsn,
    incarnation,
    state: DEAD, // until the next line
    since: swim.now,
  }
  swim.members.set(name, member)
  insertMember(swim.prng, swim.order, member)
  insertMember(swim.prng, swim.audience, member)
  adopt(swim, member, alive)
}

function hearAlive(swim: Swim, member: Member, alive: Alive): void {
  if (member.name === swim.name) hearOfSelf(swim, member, alive)
  else adopt(swim, member, alive)
}

/** An echo of what we said is fine; anything else is refuted by a higher incarnation. */
function hearOfSelf(swim: Swim, self: Member, alive: Alive): void {
  if (alive.incarnation < self.incarnation) return
  const isEcho =
    alive.incarnation === self.incarnation &&
    equalBytes(alive.meta ?? EMPTY, self.meta) &&
    sameVersions(alive.vsn, self.versions)
  if (!isEcho) refute(swim, alive.incarnation, 'another self')
}

const sameVersions = (a: Versions, b: Versions) =>
  a.protocolMin === b.protocolMin &&
  a.protocolMax === b.protocolMax &&
  a.protocolCur === b.protocolCur &&
  a.delegateMin === b.delegateMin &&
  a.delegateMax === b.delegateMax &&
  a.delegateCur === b.delegateCur

/** Takes what a member says of itself for true, and passes it on. */
function adopt(swim: Swim, member: Member, alive: Alive): void {
  const before = member.state.type
  const meta = alive.meta ?? EMPTY
  const isUpdated = !equalBytes(member.meta, meta)
  member.address = addressOf(alive)
  member.meta = meta
  member.versions = alive.vsn
  member.incarnation = alive.incarnation
  enterState(swim, member, ALIVE)
  spreadMember(swim, alive)
  if (before === 'suspect')
    note(swim, { what: 'cleared', node: member.name, incarnation: member.incarnation })
  if (before === 'dead' || before === 'left') {
    note(swim, { what: 'alive', node: member.name, address: addressText(member.address) })
    onMemberUp(swim, member)
  } else if (isUpdated) onMemberUpdated(swim, member)
}

/** The only place where a member's state changes. */
function enterState(swim: Swim, member: Member, state: MemberState): void {
  swim.suspects.delete(member)
  if (state.type === 'suspect') swim.suspects.add(member)
  if (member.state.type === state.type) return
  member.state = state
  member.since = swim.now
}

export function onSuspect(swim: Swim, suspect: Suspect): void {
  const member = swim.members.get(suspect.node)
  if (member === undefined || suspect.incarnation < member.incarnation) return
  if (member.state.type === 'suspect') {
    confirm(swim, member.state.suspicion, suspect)
    return
  }
  if (member.state.type !== 'alive') return
  if (member.name === swim.name) {
    if (!hasLeft(swim)) refute(swim, suspect.incarnation, `suspected by ${suspect.from}`)
    return
  }
  spreadMember(swim, suspect)
  member.incarnation = suspect.incarnation
  const bounds = suspicionBounds(swim.settings, swim.members.size)
  const suspicion = startSuspicion(bounds, suspect.from, swim.now)
  enterState(swim, member, { type: 'suspect', suspicion })
  note(swim, { what: 'suspect', node: member.name, from: suspect.from })
}

/** Only what is news is passed on: the number of accusations stays bounded. */
function confirm(swim: Swim, suspicion: Suspicion, suspect: Suspect): void {
  if (!confirmSuspicion(suspicion, suspect.from)) return
  spreadMember(swim, suspect)
  note(swim, { what: 'confirm', node: suspect.node, from: suspect.from })
}

/** Our own word against a member. */
export const accuse = (swim: Swim, { name, incarnation }: Member): void =>
  onSuspect(swim, { type: 'suspect', incarnation, node: name, from: swim.name })

/** Our own verdict on a member. */
export const bury = (swim: Swim, { name, incarnation }: Member): void =>
  onDead(swim, { type: 'dead', incarnation, node: name, from: swim.name })

export function onDead(swim: Swim, dead: Dead): void {
  const member = swim.members.get(dead.node)
  if (member === undefined || dead.incarnation < member.incarnation) return
  if (member.state.type === 'dead' || member.state.type === 'left') return
  if (member.name === swim.name && !hasLeft(swim)) {
    refute(swim, dead.incarnation, `declared dead by ${dead.from}`)
    return
  }
  spreadMember(swim, dead)
  member.incarnation = dead.incarnation
  // Who speaks of its own end leaves.
  const hasGone = dead.node === dead.from
  enterState(swim, member, hasGone ? LEFT : DEAD)
  if (hasGone) note(swim, { what: 'left', node: member.name })
  else note(swim, { what: 'dead', node: member.name, from: dead.from })
  onMemberGone(swim, member)
}

/** We are there, whatever is said: with an incarnation above the accusation's. */
function refute(swim: Swim, accused: number, accusation: string): void {
  const self = selfOf(swim)
  assert(self.state.type === 'alive', 'who refutes is alive')
  self.incarnation = Math.min(INCARNATION_MAX, Math.max(self.incarnation, accused) + 1)
  adjustAwareness(swim.awareness, 1)
  note(swim, { what: 'refute', incarnation: self.incarnation, accusation })
  announceSelf(swim)
}

/** What we say from now on beats what we said before. */
export function raiseIncarnation(self: Member): void {
  self.incarnation = Math.min(INCARNATION_MAX, self.incarnation + 1)
}

/** Tells the pool what we are. Who has said that it goes must not: it would be there again. */
export function announceSelf(swim: Swim): void {
  assert(!hasLeft(swim), 'who has left says nothing of itself')
  const { name, address, meta, versions, incarnation } = selfOf(swim)
  const { ip: addr, port } = address
  spreadMember(swim, { type: 'alive', incarnation, node: name, addr, port, meta, vsn: versions })
}

/**
 * The state that another member has of the pool. Whom it takes for dead is only suspected: somebody
 * who lives gets the chance to say so.
 */
export function mergeStates(swim: Swim, states: readonly NodeState[]): void {
  for (const remote of states) {
    const { name: node, incarnation } = remote
    switch (STATES[remote.state]) {
      case 'alive': {
        const { addr, port, meta, vsn } = remote
        onAlive(swim, { type: 'alive', incarnation, node, addr, port, meta, vsn })
        break
      }
      case 'left':
        onDead(swim, { type: 'dead', incarnation, node, from: node })
        break
      case 'suspect':
      case 'dead':
        onSuspect(swim, { type: 'suspect', incarnation, node, from: swim.name })
        break
      default: // a state of a version after ours
    }
  }
}
