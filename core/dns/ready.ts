// Replies that are ready. Who asks for the addresses of a service as somebody did before gets the
// same reply, but for its id and the order of the addresses: so it is encoded once, and after that
// only copied and filled. It is good for as long as the index stands that it was made at, which
// moves with every instance, node and check of the service.
import { assert } from '../assert.ts'
import { type IndexName, markOf } from '../catalog/indexes.ts'
import { CATALOG_INDEXES } from '../catalog/records.ts'
import type { IpBytes } from '../ip.ts'
import type { Prng } from '../prng.ts'
import { slotOf } from '../state/table.ts'
import type { View } from '../state/txn.ts'
import { HEADER_BYTES } from './query.ts'
import type { Query } from './record.ts'

/** The addresses from which an answer may be drawn, each once, all of one family. */
export interface Pool {
  readonly name: IndexName
  readonly mark: object | undefined
  readonly ips: readonly IpBytes[]
}

interface Ready {
  /** What was asked, but for the id. */
  readonly packet: Uint8Array
  readonly transport: 'udp' | 'tcp'
  readonly name: IndexName
  readonly mark: object | undefined
  /** The state of the table in which the mark was looked up last. */
  seen: unknown
  readonly reply: Uint8Array
  /** Where the first address stands, and how far the next is from it. */
  readonly first: number
  readonly stride: number
  readonly count: number
  /** Bytes of an address. */
  readonly size: number
  /** All addresses, in an order that changes with every answer. */
  readonly pool: Uint8Array
}

/** By the hash of what was asked. */
export type ReadyReplies = Map<number, Ready>

/** When there are more, all begin anew: a client that never asks the same twice gains nothing. */
const READY_MAX = 1_024
const PACKET_BYTES_MAX = 512
const QUESTION_TAIL_BYTES = 4
/** Name as a pointer, type, class, TTL, length. */
const RECORD_HEAD_BYTES = 12
const OPT_BYTES = 11
const ID_BYTES = 2

interface Asked {
  readonly packet: Uint8Array
  readonly transport: 'udp' | 'tcp'
}

/** Undefined: the question has to be looked at. */
export function readyReply(
  replies: ReadyReplies,
  { packet, transport }: Asked,
  { view, prng }: { readonly view: View; readonly prng: Prng },
): Uint8Array | undefined {
  if (packet.length > PACKET_BYTES_MAX) return undefined
  const ready = replies.get(hashOf(packet))
  if (ready === undefined || ready.transport !== transport) return undefined
  if (!isSameQuestion(ready.packet, packet) || !stands(ready, view)) return undefined
  const bytes = ready.reply.slice()
  bytes[0] = packet[0] as number // whoever asked it before had a header, too
  bytes[1] = packet[1] as number
  draw(ready, bytes, prng)
  return bytes
}

function stands(ready: Ready, view: View): boolean {
  const state = view.states[slotOf(view.schema, CATALOG_INDEXES)]
  if (ready.seen === state) return true
  if (markOf(view, ready.name) !== ready.mark) return false
  ready.seen = state
  return true
}

/** Moves so many addresses as are told, each as likely as any other, to the front. */
function draw({ pool, size, first, stride, count }: Ready, bytes: Uint8Array, prng: Prng): void {
  const all = pool.length / size
  let at = first
  for (let i = 0; i < count; i++) {
    const from = (i + Math.floor(prng.unit() * (all - i))) * size
    const to = i * size
    for (let n = 0; n < size; n++) {
      const byte = pool[from + n] as number // both within the pool
      pool[from + n] = pool[to + n] as number
      pool[to + n] = byte
      bytes[at + n] = byte
    }
    at += stride
  }
}

/** Keeps a reply if it is nothing but addresses of the pool. */
export function keepReply(
  replies: ReadyReplies,
  { packet, transport, query, reply, pool, view }: Asked & Made,
): void {
  const size = pool.ips[0]?.length ?? 0
  const count = u16(reply, 6)
  const first = HEADER_BYTES + query.question.name.length + QUESTION_TAIL_BYTES
  const end = first + count * (RECORD_HEAD_BYTES + size)
  const isPlain =
    size > 0 &&
    count > 0 &&
    count <= pool.ips.length &&
    reply.length === end + (u16(reply, 10) === 0 ? 0 : OPT_BYTES) &&
    u16(reply, 8) === 0 &&
    packet.length <= PACKET_BYTES_MAX
  if (!isPlain) return
  if (replies.size >= READY_MAX) replies.clear()
  replies.set(hashOf(packet), {
    packet: packet.slice(),
    transport,
    name: pool.name,
    mark: pool.mark,
    seen: view.states[slotOf(view.schema, CATALOG_INDEXES)],
    reply: reply.slice(),
    first: first + RECORD_HEAD_BYTES,
    stride: RECORD_HEAD_BYTES + size,
    count,
    size,
    pool: poolOf(pool.ips, size),
  })
}

interface Made {
  readonly query: Query
  readonly reply: Uint8Array
  readonly pool: Pool
  readonly view: View
}

function poolOf(ips: readonly IpBytes[], size: number): Uint8Array {
  const pool = new Uint8Array(ips.length * size)
  for (const [i, ip] of ips.entries()) {
    assert(ip.length === size, 'the addresses of a pool are of one family')
    pool.set(ip, i * size)
  }
  return pool
}

/** FNV-1a; a wrong guess costs a comparison. */
function hashOf(packet: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let at = ID_BYTES; at < packet.length; at++) {
    hash = Math.imul(hash ^ (packet[at] as number), 0x01000193) // within bounds
  }
  return hash
}

function isSameQuestion(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = ID_BYTES; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
