// Answering pings, and pinging for others that got no answer (SWIM §3.1; memberlist-wire §3.2).

import type { Instant } from '../time.ts'
import type { Address, IndirectPing, Message, Ping as PingMessage } from '../wire/memberlist.ts'
import { encodeShortCoordinate } from '../wire/serf.ts'
import { type Member, sameAddress } from './member.ts'
import { sendPacket } from './outbox.ts'
import { nextSeqNo, pingOf } from './own-ping.ts'
import { withdrawRefusal } from './suspects.ts'
import { note, type Swim } from './swim.ts'

/** A ping of ours besides the probe. */
export type Ping =
  /** For somebody who asked us. */
  | {
      readonly type: 'for-other'
      readonly member: Member | undefined
      readonly to: Address
      readonly seqNo: number
      readonly wantsNack: boolean
      readonly asker: Member | undefined
      readonly until: Instant
    }
  /** Whether a suspect's port still refuses. */
  | { readonly type: 'recheck'; readonly member: Member; readonly until: Instant }

/** Pings for others under way. */
const PINGS_MAX = 1024

/** Somebody probes us. Who is no member is told no more than that we are here. */
export function onPing(swim: Swim, ping: PingMessage, from: Address): void {
  if (ping.node !== '' && ping.node !== swim.name) return // meant for an earlier owner of our port
  const { asker, to } = askerOf(swim, ping, from)
  const payload = asker === undefined ? null : encodeShortCoordinate(swim.vivaldi.coordinate)
  sendPacket(swim, {
    to,
    messages: [{ type: 'ack', seqNo: ping.seqNo, payload }],
    member: asker,
  })
}

type Source = Pick<PingMessage, 'sourceAddr' | 'sourcePort' | 'sourceNode'>

/** Where the answer goes, and the member that is there, if one is. */
function askerOf(
  swim: Swim,
  { sourceAddr, sourcePort, sourceNode }: Source,
  from: Address,
): { to: Address; asker: Member | undefined } {
  const to = sourceAddr === '' || sourcePort === 0 ? from : { ip: sourceAddr, port: sourcePort }
  const member = swim.members.get(sourceNode)
  const isThere = member !== undefined && sameAddress(member.address, to)
  return { to, asker: isThere ? member : undefined }
}

/** Somebody did not reach a member and asks us to try. */
export function onIndirectPing(swim: Swim, request: IndirectPing, from: Address): void {
  if (request.target === '' || request.port === 0) return
  if (swim.pings.size >= PINGS_MAX) {
    note(swim, { what: 'full', of: 'pings for others' })
    return
  }
  const { asker, to } = askerOf(swim, request, from)
  const target = { ip: request.target, port: request.port }
  const known = swim.members.get(request.node)
  const member = known !== undefined && sameAddress(known.address, target) ? known : undefined
  const seqNo = nextSeqNo(swim)
  swim.pings.set(seqNo, {
    type: 'for-other',
    member,
    to,
    seqNo: request.seqNo,
    wantsNack: request.nack,
    asker,
    until: swim.now + swim.settings.probeTimeoutMs,
  })
  sendPacket(swim, {
    to: target,
    messages: [pingOf(swim, seqNo, request.node)],
    member,
    isWatched: member !== undefined,
  })
}

export function pingsDue({ pings }: Swim): Instant {
  let due = Number.POSITIVE_INFINITY
  for (const { until } of pings.values()) due = Math.min(due, until)
  return due
}

/**
 * No answer in time: for whom it was is told so; a port that is silent does not refuse any more.
 */
export function expirePings(swim: Swim): void {
  for (const [seqNo, ping] of swim.pings) {
    if (swim.now < ping.until) continue
    swim.pings.delete(seqNo)
    if (ping.type === 'recheck') withdrawRefusal(ping.member)
    else if (ping.wantsNack) sendNack(swim, ping)
  }
}

/** We got no answer either. */
export function sendNack(swim: Swim, ping: Extract<Ping, { type: 'for-other' }>): void {
  const messages: Message[] = [{ type: 'nack', seqNo: ping.seqNo }]
  sendPacket(swim, { to: ping.to, messages, member: ping.asker })
}
