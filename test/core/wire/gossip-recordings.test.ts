// Recorded pools of stock members: every packet and stream is opened layer by layer, compared with
// what Go made of it, and made again.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EMPTY, equalBytes, hex } from '../../../core/bytes.ts'
import {
  checkCrc,
  compound,
  compress,
  expand,
  splitCompound,
  unpackPacket,
  withCrc,
} from '../../../core/wire/gossip-packet.ts'
import {
  openPacket,
  openStream,
  type SealRules,
  sealPacket,
  sealStream,
  splitLabel,
} from '../../../core/wire/gossip-seal.ts'
import { createStreamScan, scanStream, unpackStream } from '../../../core/wire/gossip-stream.ts'
import {
  decodeMessage,
  decodeStreamMessage,
  encodeMessage,
  encodeStreamMessage,
  type Message,
  type StreamMessage,
} from '../../../core/wire/memberlist.ts'
import {
  decodeAs,
  decodeCoordinate,
  decodeFilter,
  decodeSerf,
  decodeTags,
  encodeCoordinate,
  encodeSerf,
  type SerfMessage,
} from '../../../core/wire/serf.ts'
import { createGossipCipher } from '../../../daemons/runtime/seal.ts'
import { unhex } from './gossip-golden.ts'
import { oursOf, type Recorded, type Recording, recording } from './gossip-values.ts'

type Tree = Record<string, unknown> & { readonly type: string }

const same = (actual: Uint8Array, expected: Uint8Array, what: string) => {
  if (!equalBytes(actual, expected)) assert.is(hex(actual), hex(expected), what)
}

const mustOpen = <T>(
  read: { ok: true; value: T } | { ok: false; why: string },
  what: string,
): T => {
  if (read.ok) return read.value
  throw new Error(`${what}: ${read.why}`)
}

/** Written by one of the two generations of Go's codec. */
const madeAgain = (
  write: (dialect: 'v055' | 'v2') => Uint8Array,
  whole: Uint8Array,
  what: string,
) => same(equalBytes(write('v055'), whole) ? whole : write('v2'), whole, what)

const rulesOf = ({ keys, label }: Recording, key?: Uint8Array, nonce?: Uint8Array): SealRules => ({
  label,
  skipLabelCheck: false,
  cipher:
    keys.length === 0
      ? undefined
      : nonce === undefined
        ? createGossipCipher(keys)
        : createGossipCipher([key ?? EMPTY], () => nonce),
  version: 1,
  verifyIncoming: true,
  verifyOutgoing: true,
})

/** The plain bytes that a record sealed, and the rest of its tree. */
function unsealed(capture: Recording, record: Recorded): { plain: Uint8Array; tree: Tree } {
  const whole = unhex(record.hex)
  let tree = record.decoded as Tree
  const isLabelled = tree.type === 'label'
  if (isLabelled) {
    const split = mustOpen(splitLabel(whole), record.note)
    assert.is(Buffer.from(split.label).toString(), tree['label'])
    tree = tree['inner'] as Tree
  }
  const label = isLabelled || record.dir === 'response' ? capture.label : ''
  const isSealed = tree.type === 'encrypt'
  const rules = rulesOf({ ...capture, label, keys: isSealed ? capture.keys : [] })
  const plain =
    record.proto === 'udp'
      ? mustOpen(openPacket(whole, rules), record.note)
      : mustOpen(openStream(whole, record.dir ?? 'request', rules), record.note)
  if (!isSealed) return { plain, tree }
  same(plain, unhex(tree['plain'] as string), record.note)
  const nonce = unhex(tree['nonce'] as string)
  const again = capture.keys.map((key) => {
    const sealing = rulesOf({ ...capture, label }, key, nonce)
    return record.proto === 'udp'
      ? sealPacket(plain, sealing)
      : sealStream(plain, record.dir ?? 'request', sealing)
  })
  assert.ok(
    again.some((sealed) => equalBytes(sealed, whole)),
    `${record.note}: sealed again`,
  )
  return { plain, tree: tree['inner'] as Tree }
}

/** Opens every layer, compares, makes it again; returns the messages in it. */
function checkPacket(whole: Uint8Array, tree: Tree): Message[] {
  switch (tree.type) {
    case 'crc': {
      const inner = mustOpen(checkCrc(whole), 'crc')
      same(withCrc(inner), whole, 'crc')
      return checkPacket(inner, tree['inner'] as Tree)
    }
    case 'compress': {
      const inner = mustOpen(expand(whole, 1 << 20), 'compress')
      same(compress(inner), whole, 'compress')
      return checkPacket(inner, tree['inner'] as Tree)
    }
    case 'compound': {
      const { parts, lost } = mustOpen(splitCompound(whole), 'compound')
      assert.is(lost, 0)
      same(compound(parts), whole, 'compound')
      const trees = tree['parts'] as Tree[]
      assert.is(parts.length, trees.length)
      return parts.flatMap((part, i) => checkPacket(part, trees[i] as Tree))
    }
    default:
      return [checkMessage(whole, tree)]
  }
}

const SCHEMAS: Readonly<Record<string, string>> = {
  ping: 'memberlist.ping',
  indirectPing: 'memberlist.indirectPing',
  ack: 'memberlist.ackResp',
  nack: 'memberlist.nackResp',
  suspect: 'memberlist.suspect',
  alive: 'memberlist.alive',
  dead: 'memberlist.dead',
  err: 'memberlist.errResp',
}

function checkMessage(whole: Uint8Array, tree: Tree): Message {
  const message = mustOpen(decodeMessage(whole), tree.type)
  if (message.type === 'user') {
    same(message.body, unhex(tree['payload'] as string), 'user')
    const serf = tree['serf'] as Tree | null | undefined
    if (serf) checkSerf(message.body, serf)
  } else {
    const expected = oursOf(SCHEMAS[tree.type] ?? '', tree['value']) as object
    assert.equal(message, { ...expected, type: tree.type })
    if (message.type === 'ack') checkCoordinate(message.payload, tree)
    if (message.type === 'alive' && tree['tags'] !== undefined)
      assert.equal(
        mustOpen(decodeTags(message.meta ?? EMPTY), 'tags'),
        new Map(Object.entries(tree['tags'] as object)),
      )
  }
  madeAgain((dialect) => encodeMessage(message, dialect), whole, tree.type)
  return message
}

function checkCoordinate(payload: Uint8Array | null, tree: Tree): void {
  if (tree['coordinate'] === undefined) return
  const point = mustOpen(decodeCoordinate(payload ?? EMPTY), 'coordinate')
  assert.equal(point, oursOf('serf.coordinate', tree['coordinate']))
  same(encodeCoordinate(point), payload ?? EMPTY, 'coordinate')
}

function checkSerf(body: Uint8Array, tree: Tree): void {
  const message: SerfMessage = mustOpen(decodeSerf(body), tree.type)
  if (message.type === 'relay') checkSerf(message.message, tree['inner'] as Tree)
  else
    assert.equal(message, {
      ...(oursOf(`serf.${tree.type}`, tree['value']) as object),
      type: tree.type,
    })
  if (message.type === 'query') checkQuery(message, tree)
  if (message.type === 'queryResponse') checkResponse(message.payload, tree)
  madeAgain((dialect) => encodeSerf(message, dialect), body, tree.type)
}

function checkQuery(message: Extract<SerfMessage, { type: 'query' }>, tree: Tree): void {
  const filters = (tree['filters'] ?? []) as { type: string; value: unknown }[]
  for (const [i, { type, value }] of filters.entries()) {
    const filter = mustOpen(decodeFilter(message.filters?.[i] ?? EMPTY), 'filter')
    assert.equal(
      filter,
      type === 'node'
        ? { type: 'nodes', names: value }
        : { type: 'tag', ...(oursOf('serf.filterTag', value) as object) },
    )
  }
  const request = tree['request'] as Tree | undefined
  if (request === undefined) return
  assert.equal(mustOpen(decodeAs('keyRequest', message.payload ?? EMPTY), 'request'), {
    ...(oursOf('serf.keyRequest', request['value']) as object),
    type: 'keyRequest',
  })
}

function checkResponse(payload: Uint8Array | null, tree: Tree): void {
  const response = tree['response'] as Tree | undefined
  if (response === undefined) return
  const type = response.type === 'conflictResponse' ? 'member' : 'keyResponse'
  const record = mustOpen(decodeAs(type, payload ?? EMPTY), response.type)
  assert.equal(record, { ...(oursOf(`serf.${type}`, response['value']) as object), type })
}

function checkStream(plain: Uint8Array, tree: Tree): void {
  if (tree.type === 'compress') {
    const inner = mustOpen(expand(plain, 1 << 20), 'compress')
    same(compress(inner), plain, 'compress')
    checkStream(inner, tree['inner'] as Tree)
    return
  }
  const message = mustOpen(decodeStreamMessage(plain), tree.type)
  assert.equal(message, streamMessageOf(message, tree))
  if (message.type === 'pushPull') checkUserState(message.userState, tree)
  madeAgain((dialect) => encodeStreamMessage(message, dialect), plain, tree.type)
}

/** A whole stream, too, is found to end where it ends, and not before. */
function checkScan(whole: Uint8Array, what: string): void {
  const scan = createStreamScan()
  for (let size = 0; size < whole.length; size += Math.max(1, whole.length >> 5))
    assert.is(scanStream(scan, whole.subarray(0, size)).type, 'more', what)
  assert.equal(scanStream(scan, whole), { type: 'whole', end: whole.length }, what)
}

function streamMessageOf(read: StreamMessage, tree: Tree): object {
  switch (read.type) {
    case 'pushPull':
      return {
        type: 'pushPull',
        join: (tree['header'] as { Join: boolean }).Join,
        states: (tree['states'] as unknown[]).map((state) =>
          oursOf('memberlist.pushNodeState', state),
        ),
        userState: unhex((tree['userStateHex'] as string | undefined) ?? hex(read.userState)),
      }
    case 'user':
      return { type: 'user', body: unhex(tree['payload'] as string) }
    default:
      return { ...(oursOf(SCHEMAS[tree.type] ?? '', tree['value']) as object), type: read.type }
  }
}

function checkUserState(userState: Uint8Array, tree: Tree): void {
  const state = tree['userState'] as Tree | undefined
  if (state?.type !== 'pushPull') return
  const read = mustOpen(decodeAs('pushPull', userState), 'user state')
  const value = state['value'] as Record<string, unknown>
  const { slots, filled } = value['Events'] as { slots: number; filled: Record<string, unknown> }
  const { events, ...rest } = read
  const { events: _, ...expected } = oursOf('serf.pushPull', { ...value, Events: null }) as {
    events: null
  }
  assert.equal(rest, { ...expected, type: 'pushPull' })
  assert.is(events?.length, slots)
  for (const [i, slot] of (events ?? []).entries())
    assert.equal(slot, oursOf('*serf.userEvents', filled[String(i)] ?? null), `slot ${i}`)
}

const recordings = suite('gossip recordings')

for (const [file, count] of [
  ['serf-plain', 315],
  ['serf-encrypted', 324],
  ['serf-mixed', 308],
  ['memberlist-labelled', 200],
  ['memberlist-ipv6', 174],
] as const)
  recordings(`${file}: each packet and stream is read as Go read it, and made again`, () => {
    const capture = recording(`${file}.ndjson`)
    let messages = 0
    for (const record of capture.records) {
      if (record.decoded === undefined) continue
      const { plain, tree } = unsealed(capture, record)
      if (record.proto === 'tcp') {
        checkStream(plain, tree)
        checkScan(unhex(record.hex), record.note)
        assert.ok(unpackStream(plain).ok, record.note)
      } else {
        const expected = checkPacket(plain, tree)
        assert.equal(unpackPacket(plain), { messages: expected, faults: [] }, record.note)
      }
      messages += 1
    }
    assert.is(messages, count)
  })

recordings('a joiner without a key, with a wrong key or without the label is refused', () => {
  const capture = recording('memberlist-labelled.ndjson')
  const rules = { ...rulesOf(capture), cipher: createGossipCipher([capture.keys[0] ?? EMPTY]) }
  const refusals = capture.records
    .filter(({ proto, dir }) => proto === 'tcp' && dir === 'request')
    .map(({ hex: text }) => openStream(unhex(text), 'request', rules))
    .filter(({ ok }) => !ok)
  assert.equal(refusals, [
    { ok: false, why: 'Encryption is configured but remote state is not encrypted' },
    { ok: false, why: 'No installed keys could decrypt the message' },
    { ok: false, why: 'the label of another pool' },
  ])
})

recordings.run()
