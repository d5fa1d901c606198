import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, EMPTY, equalBytes, hex } from '../../../core/bytes.ts'
import {
  checkCrc,
  compound,
  compress,
  expand,
  packPacket,
  splitCompound,
  unpackPacket,
  withCrc,
} from '../../../core/wire/gossip-packet.ts'
import {
  openPacket,
  openStream,
  type SealRules,
  sealBytes,
  sealPacket,
  sealStream,
  splitLabel,
} from '../../../core/wire/gossip-seal.ts'
import { unpackStream } from '../../../core/wire/gossip-stream.ts'
import {
  decodeMessage,
  decodeStreamMessage,
  type ErrorReply,
  encodeMessage,
  encodeStreamMessage,
  type Message,
  type NodeState,
  type StreamMessage,
} from '../../../core/wire/memberlist.ts'
import type { Dialect } from '../../../core/wire/msgpack-write.ts'
import { createGossipCipher } from '../../../daemons/runtime/seal.ts'
import { bytesFrom, type Vector, vectors } from './gossip-golden.ts'
import { oursOf } from './gossip-values.ts'

const golden = suite('memberlist golden vectors')
const all = vectors('memberlist-golden.ndjson')
const of = (...types: string[]) => all.filter(({ type }) => types.includes(type))

const dialectsOf = ({ codecs }: Vector): Dialect[] =>
  (['v055', 'v2'] as const).filter((dialect) => codecs.includes(dialect))

const same = (actual: Uint8Array, expected: Uint8Array, name: string) => {
  if (!equalBytes(actual, expected)) assert.is(hex(actual), hex(expected), name)
}

/** By the name of the fixtures' schema. */
const TYPES: Readonly<Record<string, Message['type'] | 'error'>> = {
  'memberlist.ping': 'ping',
  'memberlist.indirectPing': 'indirectPing',
  'memberlist.ackResp': 'ack',
  'memberlist.nackResp': 'nack',
  'memberlist.errResp': 'error',
  'memberlist.suspect': 'suspect',
  'memberlist.alive': 'alive',
  'memberlist.dead': 'dead',
}

const messageOf = ({ type, value }: Vector) =>
  ({ ...(oursOf(type, value) as object), type: TYPES[type] }) as Message | ErrorReply

golden('every message is written as Go writes it', () => {
  const messages = of(...Object.keys(TYPES))
  assert.is(messages.length, 18)
  for (const vector of messages)
    for (const dialect of dialectsOf(vector))
      same(encodeMessage(messageOf(vector), dialect), vector.bytes, vector.name)
})

golden('every message is read to its value', () => {
  for (const vector of of(...Object.keys(TYPES))) {
    const read =
      vector.type === 'memberlist.errResp'
        ? decodeStreamMessage(vector.bytes)
        : decodeMessage(vector.bytes)
    assert.equal(read, { ok: true, value: messageOf(vector) }, vector.name)
  }
})

golden('a user message in a datagram is a byte and what follows', () => {
  const [vector] = of('frame.user')
  const body = bytesFrom(vector?.value['payload']) ?? EMPTY
  same(encodeMessage({ type: 'user', body }), vector?.bytes ?? EMPTY, 'user')
  assert.equal(decodeMessage(vector?.bytes ?? EMPTY), { ok: true, value: { type: 'user', body } })
})

golden('heads of streams are written as Go writes them', () => {
  for (const vector of of('memberlist.userMsgHeader'))
    for (const dialect of dialectsOf(vector)) {
      const body = new Uint8Array(300)
      const whole = encodeStreamMessage({ type: 'user', body }, dialect)
      same(whole, concatBytes([vector.bytes, body]), vector.name)
    }
  const [nobody] = of('memberlist.pushPullHeader').filter(({ name }) => name.endsWith('Empty'))
  const empty: StreamMessage = { type: 'pushPull', join: false, states: [], userState: EMPTY }
  same(encodeStreamMessage(empty), nobody?.bytes ?? EMPTY, 'headerEmpty')
})

const statesOf = (values: unknown) =>
  (values as unknown[]).map((value) => oursOf('memberlist.pushNodeState', value) as NodeState)

golden('states of members, each in an exchange of its own, are as Go writes them', () => {
  const vectorsOfStates = of('memberlist.pushNodeState')
  assert.is(vectorsOfStates.length, 4)
  for (const { name, value, bytes } of vectorsOfStates) {
    const state: StreamMessage = {
      type: 'pushPull',
      join: true,
      states: statesOf([value]),
      userState: EMPTY,
    }
    const whole = encodeStreamMessage(state)
    same(whole.subarray(whole.length - bytes.length), bytes, name)
    assert.equal(decodeStreamMessage(whole), { ok: true, value: state }, name)
  }
})

golden('a whole exchange of states, both ways', () => {
  const exchanges = of('frame.pushPull')
  assert.ok(exchanges.length > 0)
  for (const vector of exchanges) {
    const header = vector.value['header'] as { Join: boolean }
    const message: StreamMessage = {
      type: 'pushPull',
      join: header.Join,
      states: statesOf(vector.value['states']),
      userState: bytesFrom(vector.value['userState']) ?? EMPTY,
    }
    for (const dialect of dialectsOf(vector))
      same(encodeStreamMessage(message, dialect), vector.bytes, vector.name)
    assert.equal(decodeStreamMessage(vector.bytes), { ok: true, value: message }, vector.name)
  }
})

const partsOf = ({ value }: Vector) =>
  (value['parts'] as unknown[]).map((part) => bytesFrom(part) ?? EMPTY)

golden('compounds, both ways; of a cut one the parts that are there', () => {
  const compounds = of('frame.compound')
  assert.is(compounds.length, 5)
  for (const vector of compounds) {
    const parts = partsOf(vector)
    const lost = Number(vector.value['truncated'] ?? 0)
    if (lost === 0) same(compound(parts), vector.bytes, vector.name)
    const split = splitCompound(vector.bytes)
    assert.ok(split.ok, vector.name)
    if (!split.ok) continue
    assert.is(split.value.lost, lost, vector.name)
    assert.equal(split.value.parts.map(hex), parts.map(hex), vector.name)
  }
})

const innerOf = ({ value }: Vector) => bytesFrom(value['inner']) ?? EMPTY

golden('checksums, both ways; a wrong one is refused', () => {
  const sums = of('frame.crc')
  assert.is(sums.length, 3)
  for (const vector of sums) {
    const checked = checkCrc(vector.bytes)
    if (vector.value['error'] !== undefined) {
      assert.equal(checked, { ok: false, why: 'a checksum that does not match' })
      continue
    }
    same(withCrc(innerOf(vector)), vector.bytes, vector.name)
    assert.ok(checked.ok, vector.name)
    if (checked.ok) same(checked.value, innerOf(vector), vector.name)
  }
})

golden('compressed messages, both ways', () => {
  const frames = of('frame.compress', 'memberlist.compress')
  assert.is(frames.length, 3)
  for (const vector of frames) {
    same(compress(innerOf(vector)), vector.bytes, vector.name)
    const expanded = expand(vector.bytes, 1 << 20)
    assert.ok(expanded.ok, vector.name)
    if (expanded.ok) same(expanded.value, innerOf(vector), vector.name)
  }
})

const NO_SEAL: SealRules = {
  label: '',
  skipLabelCheck: false,
  cipher: undefined,
  version: 1,
  verifyIncoming: true,
  verifyOutgoing: true,
}

const rulesOf = ({ value }: Vector): SealRules => {
  const key = bytesFrom(value['key']) ?? EMPTY
  const nonce = bytesFrom(value['nonce']) ?? EMPTY
  return {
    ...NO_SEAL,
    label: value['label'] as string,
    version: value['version'] === 0 ? 0 : 1,
    cipher: createGossipCipher([key], () => nonce),
  }
}

golden('labels, both ways; that of another pool is refused', () => {
  const labels = of('frame.label')
  assert.is(labels.length, 3)
  for (const vector of labels) {
    const rules = { ...NO_SEAL, label: vector.value['label'] as string }
    same(sealPacket(innerOf(vector), rules), vector.bytes, vector.name)
    const opened = openPacket(vector.bytes, rules)
    assert.ok(opened.ok, vector.name)
    if (opened.ok) same(opened.value, innerOf(vector), vector.name)
    for (const label of ['', 'another'])
      assert.equal(openPacket(vector.bytes, { ...NO_SEAL, label }), {
        ok: false,
        why: 'the label of another pool',
      })
  }
})

golden('sealed datagrams of each key size, version and label, both ways', () => {
  const packets = of('frame.encryptPacket')
  assert.is(packets.length, 20)
  for (const vector of packets) {
    const rules = rulesOf(vector)
    const plain = innerOf(vector)
    same(sealPacket(plain, rules), vector.bytes, vector.name)
    assert.ok(vector.bytes.length - plain.length <= sealBytes(rules), vector.name)
    const opened = openPacket(vector.bytes, rules)
    assert.ok(opened.ok, vector.name)
    if (opened.ok) same(opened.value, plain, vector.name)
  }
})

golden('sealed streams of each key size, version and label, both ways', () => {
  const streams = of('frame.encryptStream')
  assert.is(streams.length, 19)
  for (const vector of streams) {
    const rules = rulesOf(vector)
    const plain = innerOf(vector)
    same(sealStream(plain, 'request', rules), vector.bytes, vector.name)
    const opened = openStream(vector.bytes, 'request', rules)
    assert.ok(opened.ok, vector.name)
    if (opened.ok) same(opened.value, plain, vector.name)
    const answer = sealStream(plain, 'response', rules)
    const split = splitLabel(vector.bytes)
    if (split.ok) same(answer, split.value.rest, `${vector.name}: an answer says no label`)
    assert.ok(openStream(answer, 'response', rules).ok, vector.name)
  }
})

golden('every layer at once: what is packed and sealed is what Go made', () => {
  const [vector] = of('frame.encryptPacket').filter(({ name }) => name === 'memberlist/all/packet')
  assert.ok(vector)
  if (vector === undefined) return
  const opened = openPacket(vector.bytes, rulesOf(vector))
  assert.ok(opened.ok)
  if (!opened.ok) return
  const { messages, faults } = unpackPacket(opened.value)
  assert.equal(faults, [])
  assert.ok(messages.length > 1)
  const again = packPacket(
    messages.map((message) => encodeMessage(message)),
    { compress: true, crc: true },
  )
  same(sealPacket(again, rulesOf(vector)), vector.bytes, vector.name)
})

golden('each vector of the file is used by a test', () => {
  const used = of(
    ...Object.keys(TYPES),
    'frame.user',
    'memberlist.userMsgHeader',
    'memberlist.pushPullHeader',
    'memberlist.pushNodeState',
    'frame.pushPull',
    'frame.compound',
    'frame.crc',
    'frame.compress',
    'memberlist.compress',
    'frame.label',
    'frame.encryptPacket',
    'frame.encryptStream',
    'lzw',
  )
  assert.is(used.length, all.length)
})

golden.run()

const packets = suite('gossip packets')
const ping: Message = {
  type: 'ping',
  seqNo: 7,
  node: 'b',
  sourceAddr: '10.0.0.1',
  sourcePort: 7946,
  sourceNode: 'a',
}
const encodedPing = encodeMessage(ping)

packets('one message is not wrapped in a compound', () => {
  same(packPacket([encodedPing], { compress: true, crc: false }), encodedPing, 'ping')
})

packets('compression is kept only if it makes the packet shorter', () => {
  const noise = Uint8Array.from({ length: 200 }, (_, i) => (i * 73 + (i >> 3) * 29) & 255)
  const user = (body: Uint8Array) => encodeMessage({ type: 'user', body })
  same(packPacket([user(noise)], { compress: true, crc: false }), user(noise), 'noise')
  const zeros = packPacket([user(new Uint8Array(200))], { compress: true, crc: false })
  assert.is(zeros[0], 9)
  assert.ok(zeros.length < 60)
})

packets('good messages count although another of the same packet is bad', () => {
  const { messages, faults } = unpackPacket(compound([encodedPing, Uint8Array.of(99), encodedPing]))
  assert.equal(messages, [ping, ping])
  assert.equal(faults, ['a message of an unknown type'])
})

packets('a compound inside a compound is refused', () => {
  const { messages, faults } = unpackPacket(compound([compound([encodedPing]), encodedPing]))
  assert.equal(messages, [ping])
  assert.equal(faults, ['a compound inside a compound'])
})

packets('wrapping has a depth', () => {
  let whole = encodedPing
  for (let i = 0; i < 4; i++) whole = withCrc(whole)
  assert.is(unpackPacket(whole).messages.length, 1)
  assert.equal(unpackPacket(withCrc(whole)), {
    messages: [],
    faults: ['a packet is wrapped too often'],
  })
})

packets('an error belongs on a stream', () => {
  const whole = encodeMessage({ type: 'error', error: 'x' })
  assert.equal(unpackPacket(whole).faults, ['an error outside a stream'])
  assert.ok(unpackStream(whole).ok)
})

packets.run()
