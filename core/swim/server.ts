// The doors of a member: everything that can happen to it. Each opens and does one thing; effects
// are drained by the owner afterwards (drainSwim).
import { EMPTY } from '../bytes.ts'
import type { Instant } from '../time.ts'
import { unpackPacket } from '../wire/gossip-packet.ts'
import { packStream, unpackStream } from '../wire/gossip-stream.ts'
import type { Address, Message, StreamMessage } from '../wire/memberlist.ts'
import { decodeSerf, encodeTags, type Tags } from '../wire/serf.ts'
import { onUserEvent, type Sent, sendEvent } from './events.ts'
import { mergeExchange, onExchange } from './exchange.ts'
import { announceLeave, onJoinIntent, onLeaveIntent } from './intents.ts'
import { type JoinOrder, onJoinAnswer, onJoinFailed, startJoin } from './join.ts'
import { type KeyOperation, keyQueryOf } from './keys.ts'
import { startLeave } from './leave.ts'
import { addressText, META_BYTES_MAX } from './member.ts'
import { announceSelf, onAlive, onDead, onSuspect, raiseIncarnation } from './merge.ts'
import { spreadSerf } from './outbox.ts'
import { onIndirectPing, onPing } from './pings.ts'
import { onNack, onAck as onProbeAck, onRefused, onStreamAck } from './probe.ts'
import {
  type Asked,
  type Asking,
  answerQuestion,
  onQuery,
  onQueryResponse,
  onRelay,
  startQuery,
} from './query.ts'
import { onMemberUpdated } from './roster.ts'
import { note, refusePacket, type Swim, selfOf } from './swim.ts'
import { runTimers } from './timers.ts'

export function tick(swim: Swim, now: Instant): void {
  swim.now = now
  runTimers(swim)
}

/** A datagram, not sealed any more. */
export function receivePacket(
  swim: Swim,
  { from, bytes }: { from: Address; bytes: Uint8Array },
  now: Instant,
): void {
  swim.now = now
  swim.tally.packetsIn += 1
  swim.tally.bytesIn += bytes.length
  const { messages, faults } = unpackPacket(bytes)
  for (const message of messages) onMessage(swim, message, from)
  for (const why of faults) refusePacket(swim, addressText(from), why)
}

function onMessage(swim: Swim, message: Message, from: Address): void {
  switch (message.type) {
    case 'ping':
      onPing(swim, message, from)
      break
    case 'indirectPing':
      onIndirectPing(swim, message, from)
      break
    case 'ack':
      onProbeAck(swim, message)
      break
    case 'nack':
      onNack(swim, message)
      break
    case 'suspect':
      onSuspect(swim, message)
      break
    case 'alive':
      onAlive(swim, message)
      break
    case 'dead':
      onDead(swim, message)
      break
    default:
      onSerf(swim, message.body, addressText(from))
  }
}

function onSerf(swim: Swim, body: Uint8Array, from: string): void {
  const read = decodeSerf(body)
  if (!read.ok) {
    refusePacket(swim, from, read.why)
    return
  }
  const message = read.value
  switch (message.type) {
    case 'join':
      if (onJoinIntent(swim, message)) spreadSerf(swim.queues.intents, body)
      break
    case 'leave':
      if (onLeaveIntent(swim, message)) spreadSerf(swim.queues.intents, body)
      break
    case 'userEvent':
      onUserEvent(swim, message, body)
      break
    case 'query':
      onQuery(swim, message, body)
      break
    case 'queryResponse':
      onQueryResponse(swim, message)
      break
    default:
      onRelay(swim, message)
  }
}

/**
 * Somebody opened a stream and said this. It is answered and closed by the effect `close-stream`.
 */
export function receiveStream(
  swim: Swim,
  { stream, bytes }: { stream: number; bytes: Uint8Array },
  now: Instant,
): void {
  swim.now = now
  const read = unpackStream(bytes)
  if (!read.ok) {
    refusePacket(swim, 'a stream', read.why)
    closeStream(swim, stream, { type: 'error', error: read.why })
    return
  }
  const message = read.value
  switch (message.type) {
    case 'pushPull':
      onExchange(swim, stream, message)
      break
    case 'ping':
      if (message.node !== '' && message.node !== swim.name) closeStream(swim, stream)
      else closeStream(swim, stream, { type: 'ack', seqNo: message.seqNo, payload: null })
      break
    case 'user':
      closeStream(swim, stream)
      onSerf(swim, message.body, 'a stream')
      break
    default:
      closeStream(swim, stream)
  }
}

function closeStream(swim: Swim, stream: number, last?: StreamMessage): void {
  const bytes = last === undefined ? undefined : packStream(last, swim.options.isCompressed)
  swim.effects.push({ type: 'close-stream', stream, bytes })
}

/** The answer on a stream of ours. */
export function receiveAnswer(
  swim: Swim,
  { stream, bytes }: { stream: number; bytes: Uint8Array },
  now: Instant,
): void {
  const read = unpackStream(bytes)
  if (read.ok && read.value.type !== 'error') onAnswer(swim, { stream, answer: read.value }, now)
  else failStream(swim, { stream, why: read.ok ? errorText(read.value) : read.why }, now)
}

const errorText = (message: StreamMessage) => (message.type === 'error' ? message.error : '')

function onAnswer(
  swim: Swim,
  { stream, answer }: { stream: number; answer: StreamMessage },
  now: Instant,
): void {
  swim.now = now
  const use = swim.streams.get(stream)
  swim.streams.delete(stream)
  if (use === undefined) return
  if (use.type === 'ping') {
    if (answer.type === 'ack' && answer.seqNo === use.seqNo) onStreamAck(swim, use.seqNo)
    return
  }
  if (answer.type !== 'pushPull') {
    failUse(swim, { use, stream, why: 'the answer is no state' })
    return
  }
  if (use.type === 'join') {
    onJoinAnswer(swim, { id: use.join, stream, from: use.with }, answer)
    return
  }
  const why = mergeExchange(swim, answer, false)
  if (why === undefined)
    note(swim, { what: 'exchange', with: use.with, members: answer.states.length })
  else refusePacket(swim, use.with, why)
}

/**
 * A stream of ours came to nothing: refused, timed out, closed, or its answer could not be read.
 */
export function failStream(
  swim: Swim,
  { stream, why }: { stream: number; why: string },
  now: Instant,
): void {
  swim.now = now
  const use = swim.streams.get(stream)
  swim.streams.delete(stream)
  if (use !== undefined) failUse(swim, { use, stream, why })
}

type Use = NonNullable<ReturnType<Swim['streams']['get']>>

function failUse(
  swim: Swim,
  { use, stream, why }: { use: Use; stream: number; why: string },
): void {
  note(swim, { what: 'stream-failed', with: use.with, why })
  if (use.type === 'join') onJoinFailed(swim, { id: use.join, stream, from: use.with }, why)
}

/** A watched packet of ours came to a port that refuses: its host lives, its process does not. */
export function receiveRefusal(swim: Swim, to: Address, now: Instant): void {
  swim.now = now
  onRefused(swim, to)
}

/** Ends with the effect `joined`. */
export function join(swim: Swim, order: JoinOrder, now: Instant): void {
  swim.now = now
  startJoin(swim, order)
}

/** Ends with the effect `left`. */
export function leave(swim: Swim, now: Instant): void {
  swim.now = now
  startLeave(swim)
}

/** Somebody who failed is not expected back. False: nobody knows it. */
export function forceLeave(
  swim: Swim,
  { name, prune }: { name: string; prune: boolean },
  now: Instant,
): boolean {
  swim.now = now
  if (!swim.roster.has(name) || name === swim.name) return false
  announceLeave(swim, { node: name, prune })
  return true
}

/** Says why not, if they are too long, or we are about to go. */
export function setTags(swim: Swim, tags: Tags, now: Instant): string | undefined {
  swim.now = now
  if (swim.leaving.type !== 'no') return 'this member is leaving its pool'
  const meta = encodeTags(tags)
  if (meta.length > META_BYTES_MAX) return `tags of ${meta.length} bytes, at most ${META_BYTES_MAX}`
  const self = selfOf(swim)
  self.meta = meta
  raiseIncarnation(self)
  announceSelf(swim)
  onMemberUpdated(swim, self)
  return undefined
}

/** Told to everybody, by the effect `event` also to ourselves. */
export function send(
  swim: Swim,
  event: { name: string; payload: Uint8Array; coalesce: boolean },
  now: Instant,
): Sent {
  swim.now = now
  return sendEvent(swim, event)
}

/** Answers come by the effects `query-ack` and `query-answer`, until `query-end`. */
export function query(swim: Swim, asking: Asking, now: Instant): Asked {
  swim.now = now
  return startQuery(swim, asking)
}

/** Changes the ring of keys everywhere, ours included. Each member answers as to a query. */
export function queryKeys(
  swim: Swim,
  { operation, key = EMPTY }: { operation: KeyOperation; key?: Uint8Array },
  now: Instant,
): Asked {
  swim.now = now
  return startQuery(swim, keyQueryOf(operation, key))
}

/** To the effect `question` with this id. Says why not, if the answer is not sent. */
export function answer(
  swim: Swim,
  { id, payload }: { id: number; payload: Uint8Array },
  now: Instant,
): string | undefined {
  swim.now = now
  return answerQuestion(swim, id, payload)
}
