// A packet becomes a reply, or the wish to ask others first. Pure: what others say comes in as
// `chased`, and the same question is then answered once more.
//
// Three answers that are easily mixed up (consul-surface 4.6): REFUSED, the name is not ours;
// NXDOMAIN, it is ours and stands for nothing; NOERROR without records, it stands for something,
// but not of this type.
import { ownerOfIp } from '../catalog/read.ts'
import type { Prng } from '../prng.ts'
import type { View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import { answersWanted, encodeFitting } from './fit.ts'
import type { InstanceCache } from './instances.ts'
import { createRoom, encodeRefusal, type Reply, type Room } from './message.ts'
import { foldName, labelsOf, type Name, nameOfText } from './name.ts'
import { decodeQuery } from './query.ts'
import { keepReply, type ReadyReplies, readyReply } from './ready.ts'
import { NOTHING, type Query, RCODE, type ResourceRecord, TYPE } from './record.ts'
import { reverseIp } from './reverse.ts'
import type { DnsSettings } from './settings.ts'
import { farBytes } from './shorten.ts'
import {
  CHASED_PLAIN_MAX,
  type Desk,
  domainOf,
  lookUp,
  missing,
  type Outcome,
  soaFor,
  toldDatacenter,
} from './zone.ts'

export interface Resolver {
  readonly settings: DnsSettings
  readonly instances: InstanceCache
  readonly ready: ReadyReplies
  readonly prng: Prng
  readonly room: Room
}

export const createResolver = (settings: DnsSettings, prng: Prng): Resolver => ({
  settings,
  instances: new Map(),
  ready: new Map(),
  prng,
  room: createRoom(),
})

/** What is known about names outside, by folded name. */
type Chased = ReadonlyMap<Name, readonly ResourceRecord[]>

export interface Asking {
  readonly packet: Uint8Array
  readonly transport: 'udp' | 'tcp'
  readonly chased: Chased
  /** A datagram from outside of private networks: its source may be forged. */
  readonly far?: boolean
}

export type Answer =
  | { readonly type: 'reply'; readonly bytes: Uint8Array }
  /** The name is not ours: others are to be asked. `failed` is the reply if none of them knows. */
  | { readonly type: 'forward'; readonly failed: Uint8Array }
  /**
   * The answer leads to these names outside. With what others say about them it is to be asked
   * again; `partial` is the reply if nobody says anything.
   */
  | { readonly type: 'chase'; readonly names: readonly Name[]; readonly partial: Uint8Array }
  /** Nothing is to be said. */
  | { readonly type: 'silence' }

/** Local aliases followed from the name that was asked. */
const ALIASES_MAX = 3
/** How many records an alias may bring to a client with EDNS. */
const CHASED_MAX = 64

interface Seen {
  readonly view: View
  readonly wall: WallMs
}

export function answerPacket(resolver: Resolver, asking: Asking, seen: Seen): Answer {
  const { prng, ready } = resolver
  const bytes = asking.far ? undefined : readyReply(ready, asking, { view: seen.view, prng })
  return bytes === undefined ? answerAnew(resolver, asking, seen) : { type: 'reply', bytes }
}

function answerAnew(
  { settings, instances, ready, prng, room }: Resolver,
  { packet, transport, chased, far = false }: Asking,
  { view, wall }: Seen,
): Answer {
  const decoded = decodeQuery(packet)
  if (decoded.type === 'ignored') return { type: 'silence' }
  if (decoded.type === 'refused') return { type: 'reply', bytes: encodeRefusal(decoded) }
  const { query } = decoded
  const chasedMax = query.edns === undefined ? CHASED_PLAIN_MAX : CHASED_MAX
  const unknown = new Set<Name>()
  const { udpAnswerLimit, tellsCut } = settings
  const bytesMax = far ? farBytes(packet.length) : undefined
  const fit = { transport, udpAnswerLimit, tellsCut, room, bytesMax }
  const answersMax = answersWanted(query, fit)
  const limits = { chasedMax, answersMax }
  const desk: Desk = { settings, instances, prng, view, wall, chased, unknown, ...limits }
  const found = findOutcome(desk, query)
  const encode = (reply: Reply) => encodeFitting(reply, fit)
  if (found === 'foreign' || found === 'unknown-address') {
    if (settings.recurses && query.recursionDesired) {
      const failure = { rcode: RCODE.SERVFAIL, sections: NOTHING }
      return {
        type: 'forward',
        failed: encode({ ...replyTo(settings, query, failure), authoritative: false }),
      }
    }
    return { type: 'reply', bytes: encode(notForwarded(desk, query, found)) }
  }
  const bytes = encode(replyTo(settings, query, found))
  const { pool } = found
  if (pool && !far) keepReply(ready, { packet, transport, query, reply: bytes, pool, view })
  return unknown.size > 0
    ? { type: 'chase', names: [...unknown], partial: bytes }
    : { type: 'reply', bytes }
}

function replyTo(settings: DnsSettings, query: Query, { rcode, sections }: Outcome): Reply {
  return {
    query,
    rcode,
    authoritative: true,
    recursionAvailable: settings.recurses,
    truncated: false,
    sections,
    edns: query.edns,
    compress: settings.compress,
  }
}

function notForwarded(desk: Desk, query: Query, why: 'foreign' | 'unknown-address'): Reply {
  if (why === 'unknown-address') {
    const outcome = withAskedSoa(desk, query, missing(desk, query.question.name))
    return replyTo(desk.settings, query, outcome)
  }
  const refusal = { rcode: RCODE.REFUSED, sections: NOTHING }
  return { ...replyTo(desk.settings, query, refusal), authoritative: false, edns: undefined }
}

function findOutcome(desk: Desk, query: Query): Outcome | 'foreign' | 'unknown-address' {
  // RFC 6891 §6.1.3.
  if (query.edns !== undefined && query.edns.version > 0) {
    return { rcode: RCODE.BADVERS, sections: NOTHING }
  }
  const { question } = query
  // RFC 4035 §3.1.4.1: who delegated a name to us is asked for that, not we.
  if (question.type === TYPE.DS && desk.settings.recurses) return 'foreign'
  const domain = domainOf(desk.settings, question.name)
  if (domain !== undefined) {
    return lookUp(desk, { ...question, domain, aliases: ALIASES_MAX })
  }
  return isReverse(question.name) ? reverse(desk, query) : 'foreign'
}

const isReverse = (name: Name): boolean => foldName(name).endsWith('\x04arpa\0')

/** Nodes first, then services that have an address of their own; whatever type was asked for. */
function reverse(desk: Desk, query: Query): Outcome | 'unknown-address' {
  const { name } = query.question
  const ip = reverseIp(labelsOf(name))
  const owner = ip === undefined ? undefined : ownerOfIp(desk.view, ip)
  const { settings } = desk
  const suffix = owner && nameOfText(`${owner.type}.${toldDatacenter(settings)}`, settings.domain)
  const target = suffix && nameOfText(owner.name, suffix)
  if (target === undefined) return 'unknown-address'
  const answer: ResourceRecord = { name, ttl: 0, content: { type: 'PTR', target } }
  const found = { rcode: RCODE.NOERROR, sections: { ...NOTHING, answer: [answer] } }
  return withAskedSoa(desk, query, found)
}

/** Who asks for the SOA of a reverse name gets ours beside the answer. */
function withAskedSoa(desk: Desk, { question }: Query, outcome: Outcome): Outcome {
  if (question.type !== TYPE.SOA) return outcome
  const authority = [...outcome.sections.authority, soaFor(desk, question.name)]
  return { ...outcome, sections: { ...outcome.sections, authority } }
}
