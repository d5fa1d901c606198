import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, EMPTY, equalBytes, hex, utf8 } from '../../../core/bytes.ts'
import { decodeConsulEvent, encodeConsulEvent } from '../../../core/wire/consul-event.ts'
import type { Dialect } from '../../../core/wire/msgpack-write.ts'
import {
  type Coordinate,
  decodeAs,
  decodeCoordinate,
  decodeFilter,
  decodeSerf,
  decodeTags,
  encodeCoordinate,
  encodeFilter,
  encodeSerf,
  encodeShortCoordinate,
  encodeTags,
  type QueryFilter,
} from '../../../core/wire/serf.ts'
import { bytesFrom, type Vector, vectors } from './gossip-golden.ts'
import { oursOf } from './gossip-values.ts'

const golden = suite('serf golden vectors')
const all = vectors('serf-golden.ndjson')
const of = (...types: string[]) => all.filter(({ type }) => types.includes(type))

const dialectsOf = ({ codecs }: Vector): Dialect[] =>
  (['v055', 'v2'] as const).filter((dialect) => codecs.includes(dialect))

const same = (actual: Uint8Array, expected: Uint8Array, name: string) => {
  if (!equalBytes(actual, expected)) assert.is(hex(actual), hex(expected), name)
}

const TYPES = {
  'serf.leave': 'leave',
  'serf.join': 'join',
  'serf.pushPull': 'pushPull',
  'serf.userEvent': 'userEvent',
  'serf.query': 'query',
  'serf.queryResponse': 'queryResponse',
  'serf.member': 'member',
  'serf.keyRequest': 'keyRequest',
  'serf.keyResponse': 'keyResponse',
} as const

type Schema = keyof typeof TYPES

golden('every message is written as Go writes it, and read to its value', () => {
  let count = 0
  for (const schema of Object.keys(TYPES) as Schema[])
    for (const vector of of(schema)) {
      const message = { ...(oursOf(schema, vector.value) as object), type: TYPES[schema] }
      for (const dialect of dialectsOf(vector))
        same(encodeSerf(message as never, dialect), vector.bytes, vector.name)
      assert.equal(decodeAs(TYPES[schema], vector.bytes), { ok: true, value: message }, vector.name)
      count += 1
    }
  assert.is(count, 21)
})

golden('relays, both ways; the message behind the head is kept as it is', () => {
  const relays = of('serf.relayHeader')
  assert.is(relays.length, 6)
  for (const vector of relays) {
    const header = oursOf(vector.type, vector.value) as {
      destAddr: { ip: string; port: number }
      destName: string
    }
    const { ip, port } = header.destAddr
    const read = decodeSerf(vector.bytes)
    assert.ok(read.ok && read.value.type === 'relay', vector.name)
    if (!read.ok || read.value.type !== 'relay') continue
    const { message } = read.value
    assert.equal(read.value, { type: 'relay', ip, port, node: header.destName, message })
    for (const dialect of dialectsOf(vector))
      same(encodeSerf(read.value, dialect), vector.bytes, vector.name)
    if (message.length > 0) assert.ok(decodeSerf(message).ok, vector.name)
  }
})

golden('filters, both ways', () => {
  const nodes = of('[]str')
  const tags = of('serf.filterTag')
  assert.is(nodes.length + tags.length, 2)
  const cases: [Vector, QueryFilter][] = [
    ...nodes.map((v): [Vector, QueryFilter] => [
      v,
      { type: 'nodes', names: v.value as unknown as string[] },
    ]),
    ...tags.map((v): [Vector, QueryFilter] => [
      v,
      { type: 'tag', tag: v.value['Tag'] as string, expr: v.value['Expr'] as string },
    ]),
  ]
  for (const [vector, filter] of cases) {
    same(encodeFilter(filter), vector.bytes, vector.name)
    assert.equal(decodeFilter(vector.bytes), { ok: true, value: filter }, vector.name)
  }
})

golden('tags, both ways', () => {
  const tags = of('map[str]str')
  assert.is(tags.length, 4)
  for (const { name, value, bytes } of tags) {
    const values = new Map(Object.entries(value).map(([key, text]) => [key, textOf(text)]))
    same(encodeTags(values), bytes, name)
    assert.equal(decodeTags(bytes), { ok: true, value: values }, name)
  }
})

const textOf = (json: unknown): string => {
  if (typeof json === 'string') return json
  const [text, count] = (json as { $repeat: [string, number] }).$repeat
  return text.repeat(count)
}

golden('coordinates, alone and as the payload of an ack, both ways', () => {
  const coordinates = of('serf.coordinate')
  assert.is(coordinates.length, 3)
  for (const { name, value, bytes } of coordinates) {
    const point = oursOf('serf.coordinate', value) as Coordinate
    const payload = name === 'serf/ackPayload' ? bytes : concatBytes([Uint8Array.of(1), bytes])
    same(encodeCoordinate(point), payload, name)
    assert.equal(decodeCoordinate(payload), { ok: true, value: point }, name)
  }
})

golden("payloads of Consul's user events, both ways", () => {
  const events = of('consul.userEvent')
  assert.is(events.length, 2)
  for (const { name, value, bytes } of events) {
    const event = {
      id: value['ID'] as string,
      name: value['n'] as string,
      payload: bytesFrom(value['p']),
      nodeFilter: value['nf'] as string,
      serviceFilter: value['sf'] as string,
      tagFilter: value['tf'] as string,
      version: Number(value['v']),
    }
    same(encodeConsulEvent(event), bytes, name)
    assert.equal(decodeConsulEvent(bytes), { ok: true, value: event }, name)
  }
})

golden('each vector of the file is used by a test', () => {
  const used = of(
    ...Object.keys(TYPES),
    'serf.relayHeader',
    '[]str',
    'serf.filterTag',
    'map[str]str',
    'serf.coordinate',
    'consul.userEvent',
    'memberlist.ackResp', // a whole ack: see the recordings
  )
  assert.is(used.length, all.length)
})

golden.run()

const serf = suite('serf messages')

serf('metadata without the mark are the role', () => {
  assert.equal(decodeTags(utf8('web')), { ok: true, value: new Map([['role', 'web']]) })
  assert.equal(decodeTags(EMPTY), { ok: true, value: new Map([['role', '']]) })
  assert.not.ok(decodeTags(Uint8Array.of(0xc3, 0x28)).ok)
})

serf('a relay to no port is refused', () => {
  const relay = { type: 'relay', ip: '10.0.0.1', node: 'a', message: EMPTY } as const
  assert.ok(decodeSerf(encodeSerf({ ...relay, port: 65_535 })).ok)
  for (const port of [0, 65_536, -1]) assert.not.ok(decodeSerf(encodeSerf({ ...relay, port })).ok)
})

serf('a message of one type is not read as another', () => {
  const leave = encodeSerf({ type: 'leave', lTime: 1, node: 'a', prune: false })
  assert.not.ok(decodeAs('keyRequest', leave).ok)
  assert.not.ok(decodeSerf(Uint8Array.of(2, 0x80)).ok, 'a state is no message of gossip')
  assert.not.ok(decodeSerf(EMPTY).ok)
})

serf('a point in single precision is shorter, and the same to a millionth', () => {
  const point = {
    vec: [0.1, -0.2, 0, 0, 0, 0, 0, 3.25],
    error: 0.3,
    adjustment: -1e-4,
    height: 1e-5,
  }
  const short = encodeShortCoordinate(point)
  assert.is(encodeCoordinate(point).length - short.length, 44)
  const read = decodeCoordinate(short)
  if (!read.ok) throw new Error(read.why)
  const near = (a: number, b: number) => Math.abs(a - b) <= Math.abs(b) * 1e-6
  assert.ok(read.value.vec.every((value, i) => near(value, point.vec[i] ?? 0)))
  assert.ok(near(read.value.height, point.height) && near(read.value.error, point.error))
})

serf('a coordinate that is endless is refused by its count', () => {
  const endless = { vec: new Array<number>(100).fill(0), error: 0, adjustment: 0, height: 0 }
  assert.not.ok(decodeCoordinate(encodeCoordinate(endless)).ok)
})

serf.run()
