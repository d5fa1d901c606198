// What nobody honest sends: cut, flipped, endless, expanding and lying packets. They are refused,
// and what reading them takes is bounded.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, EMPTY, utf8 } from '../../../core/bytes.ts'
import { createPrng } from '../../../core/prng.ts'
import {
  compound,
  compress,
  expand,
  packPacket,
  unpackPacket,
  withCrc,
} from '../../../core/wire/gossip-packet.ts'
import {
  openPacket,
  openStream,
  type SealRules,
  sealPacket,
  sealStream,
} from '../../../core/wire/gossip-seal.ts'
import {
  createStreamScan,
  packStream,
  STREAM_BYTES_MAX,
  scanStream,
  unpackStream,
} from '../../../core/wire/gossip-stream.ts'
import {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  type Message,
  NODES_MAX,
  type NodeState,
} from '../../../core/wire/memberlist.ts'
import { encode, int } from '../../../core/wire/msgpack.ts'
import { goName, struct } from '../../../core/wire/msgpack-struct.ts'
import {
  decodeAs,
  decodeCoordinate,
  decodeFilter,
  decodeSerf,
  decodeTags,
  encodeSerf,
  encodeTags,
} from '../../../core/wire/serf.ts'
import { createGossipCipher } from '../../../daemons/runtime/seal.ts'
import { unhex } from './gossip-golden.ts'
import { recording } from './gossip-values.ts'

const VSN = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 5,
}
const alive: Message = {
  type: 'alive',
  incarnation: 3,
  node: 'node-a',
  addr: '10.0.0.1',
  port: 7946,
  meta: encodeTags(new Map([['role', 'web']])),
  vsn: VSN,
}
const ping: Message = {
  type: 'ping',
  seqNo: 7,
  node: 'node-b',
  sourceAddr: '10.0.0.1',
  sourcePort: 7946,
  sourceNode: 'node-a',
}
const event = encodeSerf({ type: 'userEvent', lTime: 9, name: 'deploy', payload: EMPTY, cc: true })
const messages = [ping, alive, { type: 'user', body: event } as const].map((message) =>
  encodeMessage(message),
)
const packet = packPacket(messages, { compress: true, crc: true })
const bare = packPacket(messages, { compress: false, crc: false })

const hostile = suite('hostile gossip')

hostile(
  'a packet with a checksum, cut at any byte or with any bit flipped, gives no message',
  () => {
    for (let size = 0; size < packet.length; size++)
      assert.equal(unpackPacket(packet.subarray(0, size)).messages, [], `cut at ${size}`)
    // The first byte says that there is a checksum. Without it a packet is taken for what it says.
    for (let bit = 8; bit < packet.length * 8; bit++)
      assert.equal(unpackPacket(flipped(packet, bit)).messages, [], `bit ${bit}`)
  },
)

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const wrong = bytes.slice()
  wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return wrong
}

hostile('without a checksum it is read or refused, but never more than was sent', () => {
  for (let size = 0; size < bare.length; size++)
    assert.ok(unpackPacket(bare.subarray(0, size)).messages.length < messages.length)
  for (let bit = 0; bit < bare.length * 8; bit++)
    assert.ok(unpackPacket(flipped(bare, bit)).messages.length <= messages.length)
})

hostile('recorded packets, cut and flipped at random, are read or refused', () => {
  const prng = createPrng(3)
  for (const { hex, proto } of recording('serf-plain.ndjson').records) {
    const whole = unhex(hex)
    for (let i = 0; i < 40; i++) {
      const wrong = flipped(whole, prng.range(0, whole.length * 8 - 1))
      const cut = wrong.subarray(0, prng.range(0, wrong.length))
      for (const bytes of [wrong, cut]) {
        if (proto === 'udp') readAll(bytes)
        else {
          scanStream(createStreamScan(), bytes)
          unpackStream(bytes)
        }
      }
    }
  }
})

function readAll(bytes: Uint8Array): void {
  for (const message of unpackPacket(bytes).messages) {
    if (message.type === 'user') decodeSerf(message.body)
    if (message.type === 'ack' && message.payload !== null) decodeCoordinate(message.payload)
    if (message.type === 'alive' && message.meta !== null) decodeTags(message.meta)
  }
}

hostile('random bytes behind any first byte are refused or read', () => {
  const prng = createPrng(4)
  for (let first = 0; first < 256; first++)
    for (let i = 0; i < 60; i++) {
      const bytes = Uint8Array.from({ length: prng.range(1, 200) }, () => prng.range(0, 255))
      bytes[0] = first
      readAll(bytes)
      decodeSerf(bytes)
      decodeAs('pushPull', bytes)
      decodeFilter(bytes)
      scanStream(createStreamScan(), bytes)
      unpackStream(bytes)
    }
})

/** As many zeros as a stream must not hold, in 34 kB. */
const bomb = compress(encodeMessage({ type: 'user', body: new Uint8Array(44 << 20) }))

hostile('a bomb in a packet stops at 64 KiB, alone and as one of many parts', () => {
  assert.ok(bomb.length < 65_000)
  const before = process.memoryUsage().arrayBuffers
  assert.equal(unpackPacket(bomb).faults, ['compressed bytes expand to more than allowed'])
  const small = compress(encodeMessage({ type: 'user', body: new Uint8Array(40_000) }))
  const { messages: taken, faults } = unpackPacket(compound(new Array(200).fill(small)))
  assert.is(taken.length, 1, 'one fits into what all parts may expand to')
  assert.is(faults.length, 199)
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 << 20)
})

hostile('a bomb on a stream stops at 40 MiB', () => {
  assert.equal(unpackStream(bomb), {
    ok: false,
    why: 'compressed bytes expand to more than allowed',
  })
  assert.not.ok(expand(bomb, 1000).ok)
})

const HEADER = struct({ nodes: int, userStateLen: int, join: int }, goName)

const stateOf = (nodes: number, userStateLen: number) =>
  concatBytes([
    Uint8Array.of(MESSAGE.pushPull),
    encode(HEADER, { nodes, userStateLen, join: 0 }),
    new Uint8Array(64).fill(0xc0),
  ])

hostile('a state that announces too much, or less than nothing, is refused by its head', () => {
  for (const [nodes, userStateLen] of [
    [2 ** 31, 0],
    [NODES_MAX + 1, 0],
    [-1, 0],
    [0, -1],
    [0, (20 << 20) + 1],
    [1, 2 ** 40],
  ] as const) {
    const whole = stateOf(nodes, userStateLen)
    assert.is(scanStream(createStreamScan(), whole).type, 'refused', `${nodes} ${userStateLen}`)
    assert.not.ok(unpackStream(whole).ok)
  }
  assert.is(scanStream(createStreamScan(), stateOf(NODES_MAX, 0)).type, 'more')
})

hostile('a state is never waited for beyond its bound', () => {
  const [text, many] = [
    [MESSAGE.pushPull, 0x81, 0xa5, ...utf8('Nodes'), 0xdb, 0x7f, 0xff, 0xff, 0xff],
    [MESSAGE.pushPull, 0xdf, 0x7f, 0xff, 0xff, 0xff],
  ]
  const ack = [MESSAGE.ack, 0x81, 0xa7, ...utf8('Payload'), 0xdb, 0x00, 0x20, 0x00, 0x00]
  const packed = [MESSAGE.compress, 0x81, 0xa3, ...utf8('Buf'), 0xdb, 0x10, 0x00, 0x00, 0x00]
  const sealed = [MESSAGE.encrypt, 0x01, 0x40, 0x00, 0x01]
  for (const head of [text, many, ack, packed, sealed])
    assert.is(scanStream(createStreamScan(), Uint8Array.from(head ?? [])).type, 'refused')
  assert.ok(STREAM_BYTES_MAX <= 64 << 20)
})

const member = (i: number): NodeState => ({
  name: `node-${i}`,
  addr: '10.0.0.1',
  port: 7946,
  meta: EMPTY,
  incarnation: 1,
  state: 0,
  vsn: VSN,
})

hostile('a state in one-byte pieces is found to end where it ends, in linear time', () => {
  const states = Array.from({ length: 3000 }, (_, i) => member(i))
  const userState = new Uint8Array(500)
  for (const isCompressed of [false, true]) {
    const whole = packStream({ type: 'pushPull', join: true, states, userState }, isCompressed)
    const scan = createStreamScan()
    let verdict = scanStream(scan, EMPTY)
    for (let size = 1; size <= whole.length; size++) {
      assert.is(verdict.type, 'more')
      verdict = scanStream(scan, whole.subarray(0, size))
    }
    assert.equal(verdict, { type: 'whole', end: whole.length })
    const read = unpackStream(whole)
    assert.ok(read.ok && read.value.type === 'pushPull')
    if (read.ok && read.value.type === 'pushPull') assert.is(read.value.states.length, 3000)
  }
})

hostile('a state cut at any byte is refused', () => {
  const states = [member(1), member(2)]
  const message = { type: 'pushPull', join: true, states, userState: utf8('state') } as const
  for (const isCompressed of [false, true]) {
    const whole = packStream(message, isCompressed)
    for (let size = 0; size < whole.length; size++)
      assert.not.ok(unpackStream(whole.subarray(0, size)).ok, String(size))
  }
})

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)
const rules: SealRules = {
  label: 'lab',
  skipLabelCheck: false,
  cipher: createGossipCipher([KEY]),
  version: 1,
  verifyIncoming: true,
  verifyOutgoing: true,
}

hostile('a sealed packet, cut at any byte or with any bit flipped, is refused', () => {
  for (const version of [0, 1] as const) {
    const sealed = sealPacket(bare, { ...rules, version })
    assert.ok(openPacket(sealed, rules).ok)
    for (let size = 0; size < sealed.length; size++)
      assert.not.ok(openPacket(sealed.subarray(0, size), rules).ok, `cut at ${size}`)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const wrong = openPacket(flipped(sealed, bit), rules)
      // The version is not sealed: version 1 leaves the padding, which is no message, in place.
      if (wrong.ok) assert.is(bit, 40, `bit ${bit} of version ${version}`)
    }
  }
})

hostile('a sealed stream, cut or flipped anywhere, is refused', () => {
  const sealed = sealStream(bare, 'request', rules)
  assert.ok(openStream(sealed, 'request', rules).ok)
  for (let size = 0; size < sealed.length; size++)
    assert.not.ok(openStream(sealed.subarray(0, size), 'request', rules).ok, `cut at ${size}`)
  for (let bit = 0; bit < sealed.length * 8; bit++)
    if (bit >> 3 !== 10) assert.not.ok(openStream(flipped(sealed, bit), 'request', rules).ok)
})

hostile('plain text, another key, another label and a newer envelope are refused', () => {
  const other = { ...rules, cipher: createGossipCipher([KEY.subarray(0, 16)]) }
  assert.not.ok(openPacket(sealPacket(bare, { ...rules, cipher: undefined }), rules).ok)
  assert.not.ok(openPacket(sealPacket(bare, other), rules).ok)
  assert.not.ok(openPacket(sealPacket(bare, { ...rules, label: 'lob' }), rules).ok)
  const newer = sealPacket(bare, rules)
  newer[5] = 2
  assert.equal(openPacket(newer, rules), { ok: false, why: 'an envelope of an unknown version' })
})

hostile('while keys are rolled out plain packets are taken, and sealed ones, too', () => {
  const lenient = { ...rules, verifyIncoming: false }
  assert.ok(openPacket(sealPacket(bare, { ...rules, verifyOutgoing: false }), lenient).ok)
  assert.ok(openPacket(sealPacket(bare, rules), lenient).ok)
  assert.ok(openStream(sealStream(bare, 'request', rules), 'request', lenient).ok)
})

hostile('a label is no label where somebody else has checked it', () => {
  const skipping = { ...rules, skipLabelCheck: true }
  const sealed = sealPacket(bare, rules)
  assert.not.ok(openPacket(sealed, skipping).ok)
  assert.ok(openPacket(sealed.subarray(5), skipping).ok, 'the label is still sealed along')
})

hostile('names and addresses of odd forms are read as what they are', () => {
  const odd = decodeMessage(encodeMessage({ ...alive, addr: 'none' }))
  assert.ok(odd.ok && odd.value.type === 'alive' && odd.value.addr === '')
  assert.not.ok(decodeMessage(Uint8Array.of(4, 0x81, 0xa4, ...utf8('Node'), 0xa2, 0xc3, 0x28)).ok)
  assert.is(unpackPacket(withCrc(EMPTY)).messages.length, 0)
})

hostile.run()
