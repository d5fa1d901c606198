// What leaves in datagrams: one or two messages with a purpose, and with them whatever waits to be
// spread, as far as there is room (SWIM §4.1: infection-style dissemination).
import { assert } from '../assert.ts'
import {
  COMPOUND_HEAD_BYTES,
  COMPOUND_PART_BYTES,
  COMPOUND_PARTS_MAX,
  packPacket,
} from '../wire/gossip-packet.ts'
import {
  type Address,
  type Alive,
  type Dead,
  encodeMessage,
  type Message,
  type Suspect,
} from '../wire/memberlist.ts'
import { encodeSerf, type SerfMessage } from '../wire/serf.ts'
import { addBroadcast, type BroadcastQueue, sendingsMax, takeBroadcasts } from './broadcast.ts'
import { type Member, sameAddress } from './member.ts'
import type { Swim } from './swim.ts'

/** From this protocol on a member understands checksums. */
const CRC_PROTOCOL = 5

export interface Sending {
  readonly to: Address
  readonly messages: readonly Message[]
  /** Who is there, if we know: what waits to be spread rides along to members only. */
  readonly member: Member | undefined
  /** Guarded by a checksum if the member knows how to read one. */
  readonly isChecked?: boolean
  /** Tell us if the port refuses it. */
  readonly isWatched?: boolean
}

export function sendPacket(swim: Swim, sending: Sending): void {
  const own = sending.messages.map((message) => encodeMessage(message))
  const member = memberAt(sending)
  const riding = member === undefined ? [] : takeRiding(swim, own, true)
  emit(swim, sending, [...own, ...riding])
}

/** Others than members get what they asked for and no more: nobody is flooded in our name. */
const memberAt = ({ to, member }: Sending): Member | undefined =>
  member !== undefined && sameAddress(member.address, to) ? member : undefined

/** A message without company. */
export function sendAlone(swim: Swim, sending: Sending): void {
  const own = sending.messages.map((message) => encodeMessage(message))
  emit(swim, sending, own)
}

/** Only what waits to be spread; false if nothing does. */
export function sendGossip(swim: Swim, member: Member, isCounted: boolean): boolean {
  const riding = takeRiding(swim, [], isCounted)
  if (riding.length === 0) return false
  emit(swim, { to: member.address, messages: [], member, isChecked: true }, riding)
  return true
}

function emit(swim: Swim, sending: Sending, messages: readonly Uint8Array[]): void {
  const { to, member, isWatched = false, isChecked = false } = sending
  const { isCompressed, isSealed } = swim.options
  const canCheck = member !== undefined && member.versions.protocolMax >= CRC_PROTOCOL
  const bytes = packPacket(messages, {
    compress: isCompressed,
    crc: isChecked && canCheck && !isSealed,
  })
  swim.tally.packetsOut += 1
  swim.tally.bytesOut += bytes.length + swim.options.packetOverheadBytes
  swim.effects.push({ type: 'packet', to, bytes, watched: isWatched })
}

/** A checksum's size; it is left free for. */
const CHECK_BYTES = 5

/** Fills the room beside `own` from the queues, in their order. */
function takeRiding(swim: Swim, own: readonly Uint8Array[], isCounted: boolean): Uint8Array[] {
  const { packetBytesMax, retransmitMult } = swim.settings
  const used = own.reduce((sum, { length }) => sum + length + COMPOUND_PART_BYTES, 0)
  let left =
    packetBytesMax - swim.options.packetOverheadBytes - COMPOUND_HEAD_BYTES - CHECK_BYTES - used
  const sentMax = sendingsMax(retransmitMult, swim.members.size)
  const riding: Uint8Array[] = []
  const { members, intents, queries, events } = swim.queues
  for (const queue of [members, intents, queries, events]) {
    if (queue.waiting.length === 0) continue
    const room = {
      bytesMax: left,
      partBytes: COMPOUND_PART_BYTES,
      partsMax: COMPOUND_PARTS_MAX - own.length - riding.length,
    }
    const taken = takeBroadcasts(queue, room, { sentMax, counted: isCounted })
    for (const message of taken) left -= message.length + COMPOUND_PART_BYTES
    riding.push(...taken)
  }
  assert(riding.length === 0 || left >= 0, 'what rides along fits')
  return riding
}

/** News of a member; what was said of it before is not spread any more. */
export function spreadMember(swim: Swim, message: Alive | Suspect | Dead): number {
  return addBroadcast(swim.queues.members, encodeMessage(message), message.node)
}

/** A message of Serf, to be spread by gossip. Returns its id in the queue. */
export function spreadSerf(queue: BroadcastQueue, message: SerfMessage | Uint8Array): number {
  const body = message instanceof Uint8Array ? message : encodeSerf(message)
  return addBroadcast(queue, encodeMessage({ type: 'user', body }))
}
