// Makes a reply fit its way to the client. What cannot go is cut from the end of the answers; the
// additional records that stay are those of the answers that stay.
//
// As Consul does it: without EDNS few answers leave, and they are measured as if no name were
// pointed to, for the sake of resolvers that write names out; a reply that was cut says so (TC)
// only where that is switched on, because many clients have TCP closed; and it carries no OPT.
import { encodeReply, plainSize, type Reply, type Room } from './message.ts'
import { foldName, type Name } from './name.ts'
import { type Query, type ResourceRecord, type Sections, TYPE } from './record.ts'

/** What fits every way (RFC 1035 §4.2.1). */
const PLAIN_BYTES_MAX = 512
/** A datagram of 65,535 bytes with the headers of IP and UDP, and room for options of IP. */
const DATAGRAM_BYTES_MAX = 65_467
/** The header of UDP, which clients count or do not. */
const UDP_HEADER_BYTES = 8
/** The most answers in a datagram to a client without EDNS, whatever is configured. */
const PLAIN_ANSWERS_MAX = 8
/** The length before a message over TCP has 16 bits (RFC 1035 §4.2.2); a header has room. */
const STREAM_BYTES_MAX = 65_523
/** More records than this cannot fit, however short. */
const STREAM_ANSWERS_MAX = 4_096
const STREAM_SRV_MAX = 1_024

export interface Fit {
  readonly transport: 'udp' | 'tcp'
  /** For clients without EDNS. */
  readonly udpAnswerLimit: number
  /** Whether a cut is told. */
  readonly tellsCut: boolean
  /** Of a datagram, whatever the client takes; then a cut is always told. */
  readonly bytesMax?: number | undefined
  readonly room?: Room
}

/** How many answers are worth to be made: one more than can go, so that a cut is seen. */
export function answersWanted({ edns }: Query, { transport, udpAnswerLimit }: Fit): number {
  if (transport === 'tcp' || (edns?.size ?? 0) > PLAIN_BYTES_MAX) return STREAM_ANSWERS_MAX + 1
  return Math.min(udpAnswerLimit, PLAIN_ANSWERS_MAX) + 1
}

export function encodeFitting(reply: Reply, fit: Fit): Uint8Array {
  return fit.transport === 'tcp' ? fitStream(reply, fit) : fitDatagram(reply, fit)
}

function fitDatagram(reply: Reply, fit: Fit): Uint8Array {
  const { edns } = reply.query
  const taken = Math.min(Math.max(edns?.size ?? 0, PLAIN_BYTES_MAX), DATAGRAM_BYTES_MAX)
  const whole = Math.min(taken, fit.bytesMax ?? taken)
  const { answer } = reply.sections
  const answersMax = Math.min(fit.udpAnswerLimit, PLAIN_ANSWERS_MAX)
  const isPlain = taken === PLAIN_BYTES_MAX && answer.length > answersMax
  const bytesMax = whole - UDP_HEADER_BYTES
  if (!isPlain && plainSize(reply) <= bytesMax) return encodeReply(reply, fit.room)
  const first = isPlain ? cutTo(reply, answersMax) : reply
  const sizeOf = isPlain ? plainSize : packedSize
  const cut = cutToSize(reply, first, { bytesMax, roomMax: whole, sizeOf })
  const isCut = cut.sections.answer.length < answer.length
  const kept = isCut ? { ...cut, truncated: fit.tellsCut || fit.bytesMax !== undefined } : cut
  if (plainSize(kept) <= whole) return encodeReply(kept, fit.room)
  return lastResort(kept, whole)
}

function fitStream(reply: Reply, fit: Fit): Uint8Array {
  const { answer } = reply.sections
  const most = reply.query.question.type === TYPE.SRV ? STREAM_SRV_MAX : STREAM_ANSWERS_MAX
  const few =
    answer.length <= most
      ? reply
      : { ...reply, sections: { ...reply.sections, answer: answer.slice(0, most) } }
  if (plainSize(few) <= STREAM_BYTES_MAX) return encodeReply(few)
  const [bytesMax, roomMax] = [STREAM_BYTES_MAX, STREAM_BYTES_MAX]
  const cut = cutToSize(few, few, { bytesMax, roomMax, sizeOf: packedSize })
  const isCut = cut.sections.answer.length < few.sections.answer.length
  return lastResort(isCut ? { ...cut, truncated: fit.tellsCut } : cut, STREAM_BYTES_MAX)
}

const packedSize = (reply: Reply): number => encodeReply(reply).length

interface Measure {
  readonly bytesMax: number
  /** What a search may fill, before the last bytes are seen to. */
  readonly roomMax: number
  readonly sizeOf: (reply: Reply) => number
}

/** By so much too long, and the answers are searched for how many fit; else the last one goes. */
const FAR_TOO_LONG = 100
/** With less than this left, no further answer fits. */
const RECORD_BYTES_MIN = 10

/**
 * `cut` with as many answers as fit, but one in any case. What is only additional goes together
 * with the first answer: Consul does not look whether it would have done alone.
 */
function cutToSize(reply: Reply, cut: Reply, measure: Measure): Reply {
  const { bytesMax, roomMax, sizeOf } = measure
  const { length } = cut.sections.answer
  const excess = sizeOf(cut) - roomMax
  if (length <= 1 || excess + roomMax <= bytesMax) return cut
  const kept = excess > FAR_TOO_LONG ? mostWithin(reply, length, measure) : length - 1
  return cutToSize(reply, cutTo(reply, Math.max(kept, 1)), measure)
}

function mostWithin(reply: Reply, length: number, { roomMax, sizeOf }: Measure): number {
  let [good, bad] = [0, length + 1]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    const left = roomMax - sizeOf(cutTo(reply, middle))
    if (left >= 0 && left < RECORD_BYTES_MIN) return middle
    if (left >= 0) good = middle
    else bad = middle
  }
  return good
}

/** One answer, or none, and still too long: what is only additional goes, then the answer. */
function lastResort(reply: Reply, bytesMax: number): Uint8Array {
  const bytes = encodeReply(reply)
  if (bytes.length <= bytesMax) return bytes
  const { answer, authority } = reply.sections
  const bare = encodeReply({ ...reply, sections: { answer, authority, additional: [] } })
  if (bare.length <= bytesMax) return bare
  // RFC 2181 §9: what was asked for is not there, and that is said whatever is configured.
  const sections: Sections = { answer: [], authority: [], additional: [] }
  return encodeReply({ ...reply, truncated: true, sections })
}

function cutTo(reply: Reply, answers: number): Reply {
  const answer = reply.sections.answer.slice(0, answers)
  const additional = glueOf(answer, reply.sections.additional)
  return { ...reply, edns: undefined, sections: { answer, authority: [], additional } }
}

/** For each target one record, and where that is an alias one for what it leads to. */
function glueOf(
  answers: readonly ResourceRecord[],
  additional: readonly ResourceRecord[],
): ResourceRecord[] {
  if (additional.length === 0) return []
  const byName = new Map<Name, ResourceRecord>()
  for (const record of additional) {
    const name = foldName(record.name)
    if (!byName.has(name)) byName.set(name, record)
  }
  const glue: ResourceRecord[] = []
  for (const { content } of answers) {
    let target = content.type === 'SRV' ? foldName(content.target) : undefined
    while (target !== undefined) {
      const record = byName.get(target)
      byName.delete(target)
      if (record !== undefined) glue.push(record)
      target = record?.content.type === 'CNAME' ? foldName(record.content.target) : undefined
    }
  }
  return glue
}
