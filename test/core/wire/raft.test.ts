import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes } from '../../../core/bytes.ts'
import { type Codec, decode, encode } from '../../../core/wire/msgpack.ts'
import type { Dialect } from '../../../core/wire/msgpack-write.ts'
import {
  type Answer,
  configurationRecord,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  kindOfByte,
  logRecord,
  MESSAGE_ITEMS_MAX,
  peerList,
  type RpcKind,
  type RpcRequest,
} from '../../../core/wire/raft.ts'
import {
  createRaftStream,
  feed,
  type Next,
  nextAnswer,
  nextRequest,
  type RaftStream,
  takeRaw,
  unread,
} from '../../../core/wire/raft-stream.ts'
import { fc } from '../../kit/property.ts'
import { type Vector, vectors } from './gossip-golden.ts'
import { type Frame, framesOf, inUtc, kindOfType, structOf } from './raft-golden.ts'

const SPOKEN: readonly string[] = ['v055', 'v2', 'v2time']
const all = vectors('raft-golden.ndjson')

/** Each vector once for every dialect that it stands for and that we speak. */
const golden = (type: RegExp): [Vector, Dialect][] =>
  all
    .filter((each) => type.test(each.type))
    .flatMap((each) =>
      each.codecs
        .filter((codec) => SPOKEN.includes(codec))
        .map((codec): [Vector, Dialect] => [each, codec as Dialect]),
    )

const vector = suite('raft golden vectors')

for (const [type, codec] of [
  ['raft.Log', logRecord],
  ['raft.Configuration', configurationRecord],
  ['[]bytes', peerList],
] as const)
  vector(`${type} is read and written as Go does`, () => {
    const found = golden(new RegExp(`^${type.replace(/[[\]]/g, '\\$&')}$`))
    assert.ok(found.length > 0)
    for (const [{ name, value, bytes }, dialect] of found) {
      const expected = structOf(type, value, dialect)
      const read = decode(codec as Codec<unknown>, bytes)
      assert.equal(read, { ok: true, value: expected, used: bytes.length }, name)
      assert.equal(encode(codec as Codec<unknown>, expected, dialect), bytes, name)
    }
  })

vector('every request is read and written as Go does', () => {
  const found = golden(/Request$/).filter(([{ name }]) => name.startsWith('raft/request/'))
  assert.ok(found.length > 30)
  for (const [{ name, type, value, bytes }, dialect] of found) {
    const kind = kindOfType(type)?.kind as RpcKind
    const request = { kind, body: structOf(type, value, dialect) } as RpcRequest
    const content = name.endsWith('/stream') ? 'hello world'.length : 0
    const message = bytes.subarray(0, bytes.length - content)
    assert.equal(encodeRequest(request, dialect), message, name)
    assert.is(kindOfByte(bytes[0] ?? 99), kind, name)
    const read = decodeRequest(kind, bytes.subarray(1))
    assert.equal(read, { ok: true, value: request, used: message.length - 1 }, name)
  }
})

vector('every answer is read and written as Go does', () => {
  const found = golden(/Response$/).filter(([{ name }]) => name.startsWith('raft/response/'))
  assert.ok(found.length > 10)
  for (const [{ name, type, value, bytes }, dialect] of found) {
    const kind = kindOfType(type)?.kind as RpcKind
    const body = structOf(type, value, dialect)
    const answer = { ok: true, response: { kind, body } } as Answer
    assert.equal(encodeAnswer(answer, dialect), bytes, name)
    assert.equal(decodeAnswer(kind, bytes), { ok: true, value: answer, used: bytes.length }, name)
  }
})

vector('an error is a text and nil', () => {
  const found = golden(/^nil$/)
  assert.is(found.length, 6)
  for (const [{ name, bytes }, dialect] of found) {
    const read = decodeAnswer('appendEntries', bytes)
    assert.ok(read.ok && !read.value.ok && read.value.error.length > 10, name)
    if (read.ok) assert.equal(encodeAnswer(read.value, dialect), bytes, name)
  }
})

vector('an error without a text is a bug of ours', () => {
  assert.throws(() => encodeAnswer({ ok: false, error: '' }), /has a text/)
})

vector.run()

const replay = suite('raft recordings')

/** The stream of each connection and direction, as its frames in order. */
function streamsOf(file: string): Map<string, Frame[]> {
  const streams = new Map<string, Frame[]>()
  for (const frame of framesOf(file)) {
    const key = `${frame.conn} ${frame.dir}`
    streams.set(key, [...(streams.get(key) ?? []), frame])
  }
  return streams
}

const FILES = ['raft-cluster.ndjson', 'raft-deposed-leader.ndjson']

for (const file of FILES)
  replay(`${file}: every frame is read as Go reads it, and written as Go wrote it`, () => {
    let count = 0
    for (const { bytes, decoded, dir } of framesOf(file)) {
      if (decoded === undefined) continue
      const kind = kindOfType(decoded.type)?.kind as RpcKind
      const body = inUtc(structOf(decoded.type, decoded.value, 'v2'))
      count++
      if (dir === 'request') {
        const read = decodeRequest(kind, bytes.subarray(1))
        assert.ok(read.ok)
        if (!read.ok) continue
        assert.equal(inUtc(read.value.body), body)
        const written = encodeRequest(read.value)
        assert.equal(written, bytes.slice(0, bytes.length - contentOf(decoded)))
      } else {
        const answer = { ok: true, response: { kind, body } } as Answer
        assert.equal(encodeAnswer(answer), bytes)
        assert.equal(decodeAnswer(kind, bytes), { ok: true, value: answer, used: bytes.length })
      }
    }
    assert.ok(count > 10)
  })

/** Reads a whole stream in pieces, and gives back the bytes of each message. */
function readAll(stream: RaftStream, pieces: readonly Uint8Array[], next: NextMessage): number[] {
  const sizes: number[] = []
  let snapshot = 0
  for (const piece of pieces) {
    feed(stream, piece)
    for (;;) {
      if (snapshot > 0) {
        snapshot -= takeRaw(stream, snapshot).length
        if (snapshot > 0) break
      }
      const before = unread(stream)
      const found = next(stream, sizes.length)
      if (found.type === 'fault') throw new Error(found.why)
      if (found.type === 'more') break
      sizes.push(before - unread(stream))
      if (found.size !== undefined) snapshot = found.size
    }
  }
  return sizes
}

type Found = { type: 'message'; size?: number } | { type: 'more' } | { type: 'fault'; why: string }
type NextMessage = (stream: RaftStream, number: number) => Found

const requests: NextMessage = (stream) => {
  const next = nextRequest(stream)
  if (next.type !== 'message') return next
  const { kind, body } = next.value
  return kind === 'installSnapshot'
    ? { type: 'message', size: Number(body.Size) }
    : { type: 'message' }
}

const answersTo =
  (kinds: readonly RpcKind[]): NextMessage =>
  (stream, number) => {
    const kind = kinds[number]
    return kind === undefined ? { type: 'more' } : nextAnswer(stream, kind)
  }

/** Cuts bytes into pieces of these sizes, round and round. */
function piecesOf(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

for (const file of FILES)
  replay(`${file}: the connections can be read in pieces of any size`, () => {
    const streams = streamsOf(file)
    for (const [key, frames] of streams) {
      const whole = frames.filter(({ decoded }) => decoded !== undefined)
      const bytes = concatBytes(whole.map((frame) => frame.bytes))
      const asked = streams.get(key.replace('response', 'request')) ?? []
      const kinds = asked.flatMap(({ decoded }) => kindOfType(decoded?.type ?? '')?.kind ?? [])
      const next = key.endsWith('request') ? requests : answersTo(kinds)
      for (const sizes of [[bytes.length], [1], [7, 1, 300], [4096, 3]]) {
        const found = readAll(createRaftStream(), piecesOf(bytes, sizes), next)
        const expected = whole.map(({ bytes: frame, decoded }) => frame.length - contentOf(decoded))
        assert.equal(found, expected, `${key} in pieces of ${sizes}`)
      }
    }
  })

const contentOf = (decoded: Frame['decoded']): number => {
  if (decoded?.type !== 'raft.InstallSnapshotRequest') return 0
  return Number((decoded.value as { Size: string }).Size)
}

replay.run()

const hostile = suite('raft hostile bytes')

const samples: readonly Uint8Array[] = [
  ...golden(/Request$/)
    .filter(([{ name, bytes }]) => name.startsWith('raft/request/') && bytes.length < 1_000)
    .map(([{ bytes }]) => bytes),
]

hostile('a request that is cut anywhere waits for the rest, and then is whole', () => {
  for (const bytes of samples) {
    for (let at = 0; at < bytes.length; at++) {
      const stream = createRaftStream()
      feed(stream, bytes.subarray(0, at))
      const first = nextRequest(stream)
      if (first.type === 'message') continue // the rest is the content of a snapshot
      assert.is(first.type, 'more', `cut at ${at}`)
      feed(stream, bytes.subarray(at))
      assert.is(nextRequest(stream).type, 'message', `cut at ${at}`)
    }
  }
})

hostile('with any bit flipped a request is another one, is refused, or waits', () => {
  for (const bytes of samples.slice(0, 12)) {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const stream = createRaftStream()
      feed(stream, flipped)
      const next: Next<RpcRequest> = nextRequest(stream)
      assert.ok(['message', 'more', 'fault'].includes(next.type))
    }
  }
})

hostile('an unknown type byte is refused at once', () => {
  for (const byte of [5, 0x10, 0x7f, 0x80, 0xff]) {
    const stream = createRaftStream()
    feed(stream, Uint8Array.of(byte))
    assert.is(nextRequest(stream).type, 'fault')
  }
})

hostile('a fault sticks: nothing behind it is read', () => {
  const stream = createRaftStream()
  feed(stream, Uint8Array.of(0xff))
  nextRequest(stream)
  feed(stream, samples[0] ?? new Uint8Array(0))
  assert.is(nextRequest(stream).type, 'fault')
  assert.is(nextAnswer(stream, 'appendEntries').type, 'fault')
})

hostile('a length beyond all bounds is refused before anything is kept for it', () => {
  const heads = [
    [0, 0xdb, 0xff, 0xff, 0xff, 0xff],
    [0, 0xdd, 0xff, 0xff, 0xff, 0xff],
    [0, 0xdf, 0xff, 0xff, 0xff, 0xff],
    [0, 0xc6, 0xff, 0xff, 0xff, 0xff],
    [0, 0x81, 0xa1, 0x61, 0xdb, 0x7f, 0xff, 0xff, 0xff],
  ]
  for (const head of heads) {
    const stream = createRaftStream()
    feed(stream, Uint8Array.from(head))
    assert.is(nextRequest(stream).type, 'fault', String(head))
  }
})

hostile('too many items are refused while they come', () => {
  const stream = createRaftStream()
  feed(stream, Uint8Array.of(0, 0xdc, 0xff, 0xff))
  const nested = new Uint8Array(3 * MESSAGE_ITEMS_MAX).fill(0x91)
  feed(stream, nested)
  assert.is(nextRequest(stream).type, 'fault')
})

hostile('deep nesting is refused by the decoder, not by the stack', () => {
  const stream = createRaftStream()
  const deep = new Uint8Array(10_000).fill(0x91)
  deep[0] = 0
  deep[deep.length - 1] = 0xc0
  feed(stream, deep)
  assert.is(nextRequest(stream).type, 'fault')
})

hostile('any bytes at all are read without harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), (bytes) => {
      const stream = createRaftStream()
      feed(stream, bytes)
      for (let i = 0; i < 500; i++) if (nextRequest(stream).type !== 'message') return
      assert.unreachable('more messages than bytes')
    }),
    { numRuns: 3_000 },
  )
})

/** What every append has, and nothing else. */
const BASE = {
  ProtocolVersion: 3,
  ID: null,
  Addr: null,
  Term: 1,
  Leader: null,
  PrevLogEntry: 0,
  PrevLogTerm: 0,
  LeaderCommitIndex: 0,
}

hostile('a large message in small pieces costs no more than at once', () => {
  const entry = new Uint8Array(1 << 20)
  const body = {
    ...BASE,
    Entries: Array.from({ length: 16 }, (_, at) => ({
      Index: at + 1,
      Term: 1,
      Type: 0,
      Data: entry,
      Extensions: null,
      AppendedAt: Uint8Array.of(0xc0),
    })),
  }
  const message = encodeRequest({ kind: 'appendEntries', body })
  const stream = createRaftStream()
  const buffers = new Set<Uint8Array>()
  let walked = 0
  for (const piece of piecesOf(message, [16 << 10])) {
    feed(stream, piece)
    buffers.add(stream.buffer)
    if (nextRequest(stream).type === 'message') break
    assert.ok((stream.walked ?? 0) >= walked, 'the walk goes on where it stopped')
    walked = stream.walked ?? 0
  }
  assert.ok(walked > message.length / 2, `${walked} of ${message.length} bytes`)
  assert.ok(buffers.size <= Math.log2(message.length), `copied ${buffers.size} times`)
  assert.is(unread(stream), 0)
  assert.ok(stream.buffer.length < message.length, 'the room is given back')
})

hostile.run()
