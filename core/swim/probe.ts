// Finding out who is there (SWIM §3.1, §4.3; Lifeguard, LHA-Probe; memberlist-wire §3.2). One
// member at a time, each once per round, in an order that is shuffled anew: first by a ping; if
// that is not answered in time, by others that are asked to ping, and by a stream; if nothing came
// of all that, the member is suspected.
//
// A port that refuses is told by the runtime (onRefused). Then nobody waits for the time to pass:
// helpers are asked at once, and the verdict is due as soon as they have answered.
import { assert } from '../assert.ts'
import type { Instant } from '../time.ts'
import type { Ack, Address, IndirectPing, Message, Nack } from '../wire/memberlist.ts'
import { decodeCoordinate } from '../wire/serf.ts'
import { adjustAwareness, stretched } from './awareness.ts'
import { learnRoundTrip } from './coordinate.ts'
import type { AckWay } from './effects.ts'
import { isUp, type Member, sameAddress } from './member.ts'
import { accuse, bury } from './merge.ts'
import { sendPacket } from './outbox.ts'
import { nextSeqNo, pingOf } from './own-ping.ts'
import { sendNack } from './pings.ts'
import { openStream } from './streams.ts'
import { accuseRefused, withdrawRefusal } from './suspects.ts'
import { note, pickMembers, type Swim, selfOf } from './swim.ts'

/** From these protocols on a member answers pings on streams, and says that a helper failed. */
const STREAM_PING_PROTOCOL = 3
const NACK_PROTOCOL = 4

export interface Probe {
  readonly member: Member
  readonly seqNo: number
  readonly startedAt: Instant
  /** When others are asked, if there was no answer. */
  helpersAt: Instant
  /** When the verdict is due. */
  endsAt: Instant
  stage: 'direct' | 'indirect'
  /** Helpers that say so when they get no answer either. Silence of theirs is our own problem. */
  nacksWanted: number
  nacks: number
  isRefused: boolean
}

function startProbe(swim: Swim): void {
  assert(swim.probe === undefined, 'one probe at a time')
  const { settings, now } = swim
  swim.timers.probe = now + settings.probeIntervalMs
  const member = nextInOrder(swim)
  if (member === undefined) return
  const seqNo = nextSeqNo(swim)
  swim.probe = {
    member,
    seqNo,
    startedAt: now,
    helpersAt: now + settings.probeTimeoutMs,
    endsAt: now + stretched(swim.awareness, settings.probeIntervalMs),
    stage: 'direct',
    nacksWanted: 0,
    nacks: 0,
    isRefused: false,
  }
  note(swim, { what: 'probe', node: member.name, seqNo })
  const messages: Message[] = [pingOf(swim, seqNo, member.name)]
  // Lifeguard's buddy system: who is accused shall learn it from the first one that speaks to it.
  const isSuspect = member.state.type === 'suspect'
  if (isSuspect)
    messages.push({
      type: 'suspect',
      incarnation: member.incarnation,
      node: member.name,
      from: swim.name,
    })
  sendPacket(swim, {
    to: member.address,
    messages,
    member,
    isChecked: isSuspect,
    isWatched: true,
  })
}

/**
 * The next one that is up. At the end of the order the long dead are dropped, and it is shuffled.
 */
function nextInOrder(swim: Swim): Member | undefined {
  for (let looked = 0; looked <= swim.order.length; looked++) {
    if (swim.orderAt >= swim.order.length) {
      dropLongDead(swim)
      swim.prng.shuffle(swim.order)
      swim.orderAt = 0
    }
    const member = swim.order[swim.orderAt]
    swim.orderAt += 1
    if (member !== undefined && member.name !== swim.name && isUp(member)) return member
  }
  return undefined
}

function dropLongDead(swim: Swim): void {
  const { order, audience, members, now, settings } = swim
  const isKept = (member: Member) =>
    isUp(member) || now - member.since <= settings.gossipToTheDeadMs || member.name === swim.name
  const dropped = order.filter((member) => !isKept(member))
  if (dropped.length === 0) return
  for (const { name } of dropped) members.delete(name)
  for (const held of [order, audience]) held.splice(0, held.length, ...held.filter(isKept))
}

/** What the probe is due for by now. */
export function advanceProbe(swim: Swim): void {
  const { probe, now } = swim
  if (probe === undefined) {
    if (now >= swim.timers.probe) startProbe(swim)
    return
  }
  if (probe.stage === 'direct' && now >= probe.helpersAt) askHelpers(swim, probe)
  if (now >= probe.endsAt) judge(swim, probe)
}

export const probeDue = ({ probe, timers }: Swim): Instant => {
  if (probe === undefined) return timers.probe
  return probe.stage === 'direct' ? Math.min(probe.helpersAt, probe.endsAt) : probe.endsAt
}

function askHelpers(swim: Swim, probe: Probe): void {
  const { member, seqNo } = probe
  const helpers = pickMembers(
    swim,
    swim.settings.indirectChecks,
    (each) => each.state.type === 'alive' && each !== member,
  )
  probe.stage = 'indirect'
  note(swim, { what: 'ask-helpers', node: member.name, helpers: helpers.map(({ name }) => name) })
  for (const helper of helpers) {
    const nack = helper.versions.protocolMax >= NACK_PROTOCOL
    if (nack) probe.nacksWanted += 1
    const message = indirectPingOf(swim, { seqNo, member, nack })
    sendPacket(swim, { to: helper.address, messages: [message], member: helper })
  }
  if (!probe.isRefused) pingByStream(swim, probe)
}

function indirectPingOf(
  swim: Swim,
  { seqNo, member, nack }: { seqNo: number; member: Member; nack: boolean },
): IndirectPing {
  const { ip: target, port } = member.address
  const { ip: sourceAddr, port: sourcePort } = selfOf(swim).address
  const source = { sourceAddr, sourcePort, sourceNode: swim.name }
  return { type: 'indirectPing', seqNo, target, port, node: member.name, nack, ...source }
}

/** Where datagrams are blocked a stream may pass. */
function pingByStream(swim: Swim, { member, seqNo, endsAt }: Probe): void {
  if (!swim.settings.streamPings || member.versions.protocolMax < STREAM_PING_PROTOCOL) return
  openStream(swim, {
    to: member.address,
    message: pingOf(swim, seqNo, member.name),
    use: { type: 'ping', seqNo, with: member.name },
    timeoutMs: Math.max(1, endsAt - swim.now),
  })
}

/** Nobody reached it. Silence of helpers speaks against ourselves; a refusal does not. */
function judge(swim: Swim, probe: Probe): void {
  const { member, nacksWanted, nacks, isRefused } = probe
  endProbe(swim, probe)
  if (!isRefused) adjustAwareness(swim.awareness, nacksWanted > 0 ? nacksWanted - nacks : 1)
  note(swim, { what: 'no-answer', node: member.name, health: swim.awareness.score })
  if (isRefused) accuseRefused(swim, member)
  else accuse(swim, member)
}

function endProbe(swim: Swim, { startedAt }: Probe): void {
  swim.probe = undefined
  swim.timers.probe = Math.max(startedAt + swim.settings.probeIntervalMs, swim.now)
}

/** We stood still: what we did not hear in the meantime proves nothing. */
export function voidProbe(swim: Swim): void {
  const { probe } = swim
  swim.pings.clear()
  if (probe === undefined) return
  note(swim, { what: 'void-probe', node: probe.member.name })
  swim.probe = undefined
  swim.timers.probe = swim.now + swim.settings.probeIntervalMs
}

export function onAck(swim: Swim, ack: Ack): void {
  const { probe } = swim
  if (probe?.seqNo === ack.seqNo) {
    const hasCome = probe.stage === 'direct' || ack.payload !== null
    if (ack.payload !== null) learnPoint(swim, probe, ack.payload)
    pass(swim, probe, hasCome ? 'packet' : 'helper')
    return
  }
  const ping = swim.pings.get(ack.seqNo)
  if (ping === undefined) return // too late, or of somebody else's invention
  swim.pings.delete(ack.seqNo)
  if (ping.type === 'recheck') withdrawRefusal(ping.member)
  else
    sendPacket(swim, {
      to: ping.to,
      messages: [{ type: 'ack', seqNo: ping.seqNo, payload: null }],
      member: ping.asker,
    })
}

function pass(swim: Swim, probe: Probe, by: AckWay): void {
  const { member, startedAt } = probe
  endProbe(swim, probe)
  adjustAwareness(swim.awareness, -1)
  note(swim, { what: 'ack', node: member.name, ms: swim.now - startedAt, by })
}

/** Only the member itself sends its point: the way to it is what was measured. */
function learnPoint(swim: Swim, { member, startedAt }: Probe, payload: Uint8Array): void {
  const point = decodeCoordinate(payload)
  if (!point.ok) return
  const seconds = (swim.now - startedAt) / 1000
  learnRoundTrip(swim.vivaldi, { name: member.name, other: point.value, seconds }, swim.prng)
}

export function onNack(swim: Swim, { seqNo }: Nack): void {
  const { probe } = swim
  if (probe?.seqNo !== seqNo || probe.stage !== 'indirect') return
  if (probe.nacks >= probe.nacksWanted) return
  probe.nacks += 1
  note(swim, { what: 'nack', node: probe.member.name })
  judgeEarly(swim, probe)
}

/** A refusal and the word of every helper leave nothing to wait for. */
function judgeEarly(swim: Swim, probe: Probe): void {
  if (probe.isRefused && probe.nacks >= probe.nacksWanted) judge(swim, probe)
}

/** An answer on the stream of a probe. */
export function onStreamAck(swim: Swim, seqNo: number): void {
  const { probe } = swim
  if (probe?.seqNo !== seqNo) return
  note(swim, { what: 'udp-blocked', node: probe.member.name })
  pass(swim, probe, 'stream')
}

/** A packet of ours came to a port where nobody listens, on a host that is there to say so. */
export function onRefused(swim: Swim, to: Address): void {
  const { probe } = swim
  if (probe !== undefined && !probe.isRefused && sameAddress(probe.member.address, to))
    refuseProbe(swim, probe)
  for (const [seqNo, ping] of swim.pings) {
    if (ping.member === undefined || !sameAddress(ping.member.address, to)) continue
    swim.pings.delete(seqNo)
    if (ping.type === 'recheck') buryRefused(swim, ping.member)
    else {
      if (ping.wantsNack) sendNack(swim, ping)
      accuseRefused(swim, ping.member)
    }
  }
}

function refuseProbe(swim: Swim, probe: Probe): void {
  probe.isRefused = true
  probe.endsAt = Math.min(probe.endsAt, swim.now + swim.settings.probeTimeoutMs)
  note(swim, { what: 'refused', node: probe.member.name })
  if (probe.stage === 'direct') askHelpers(swim, probe)
  judgeEarly(swim, probe)
}

function buryRefused(swim: Swim, member: Member): void {
  if (member.state.type === 'suspect') bury(swim, member)
}
