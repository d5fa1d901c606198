// Replies of every shape, read by another library: pointers change nothing but the size, and what
// is cut fits and is a part of the whole.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeFitting } from '../../../core/dns/fit.ts'
import { encodeReply, plainSize, type Reply } from '../../../core/dns/message.ts'
import { type Name, nameOf } from '../../../core/dns/name.ts'
import { RCODE, type ResourceRecord, TYPE } from '../../../core/dns/record.ts'
import { fc } from '../../kit/property.ts'
import { decode } from './kit.ts'

const message = suite('dns/message')

const label = fc.constantFrom(
  'a',
  'B',
  'web',
  'node',
  'service',
  'x'.repeat(63),
  'consul',
  'CONSUL',
)
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels): Name => {
  const made = nameOf(labels)
  assert.ok(made !== undefined)
  return made
})
const small = fc.integer({ min: 0, max: 65_535 })
const bytes = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength: length, maxLength: length })

const content: fc.Arbitrary<ResourceRecord['content']> = fc.oneof(
  fc.record({ type: fc.constant('address' as const), ip: fc.oneof(bytes(4), bytes(16)) }),
  fc.record({
    type: fc.constantFrom('CNAME' as const, 'NS' as const, 'PTR' as const),
    target: name,
  }),
  fc.record({
    type: fc.constant('SRV' as const),
    priority: small,
    weight: small,
    port: small,
    target: name,
  }),
  fc.record({ type: fc.constant('TXT' as const), text: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({
    type: fc.constant('SOA' as const),
    soa: fc.record({
      mname: name,
      rname: name,
      serial: small,
      refresh: small,
      retry: small,
      expire: small,
      minimum: small,
    }),
  }),
)
const record = fc.record({ name, ttl: fc.integer({ min: 0, max: 0x7fffffff }), content })
const records = fc.array(record, { maxLength: 8 })
const edns = fc.option(
  fc.record({ size: small, version: fc.constant(0), subnet: fc.constant(undefined) }),
  { nil: undefined },
)

const replies: fc.Arbitrary<Reply> = fc
  .record({
    name,
    answer: records,
    authority: records,
    additional: records,
    edns,
    compress: fc.boolean(),
  })
  .map(({ name, answer, authority, additional, edns, compress }) => ({
    query: {
      id: 1,
      question: { name, type: TYPE.A },
      rclass: 1,
      recursionDesired: true,
      checkingDisabled: false,
      edns,
    },
    rcode: RCODE.NOERROR,
    authoritative: true,
    recursionAvailable: false,
    truncated: false,
    sections: { answer, authority, additional },
    edns,
    compress,
  }))

message('a reply with pointers says the same as one without, and is not longer', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      const plain = encodeReply({ ...reply, compress: false })
      const packed = encodeReply({ ...reply, compress: true })
      assert.ok(packed.length <= plain.length)
      assert.is(plain.length, plainSize(reply))
      assert.equal(decode(packed), decode(plain))
    }),
    { numRuns: 300 },
  )
})

message('what goes out fits, and its answers are the first of all', () => {
  fc.assert(
    fc.property(replies, fc.integer({ min: 0, max: 8 }), (reply, udpAnswerLimit) => {
      const fit = { transport: 'udp' as const, udpAnswerLimit, tellsCut: true }
      const sent = encodeFitting(reply, fit)
      assert.ok(sent.length <= Math.max(512, reply.edns?.size ?? 0))
      const [some, all] = [decode(sent), decode(encodeReply(reply))]
      assert.equal(some.answers, all.answers.slice(0, some.answers.length))
      if (some.answers.length < all.answers.length) assert.ok(some.flag_tc)
      if ((reply.edns?.size ?? 0) <= 512 && all.answers.length > udpAnswerLimit)
        assert.ok(some.answers.length <= Math.max(udpAnswerLimit, 1))
    }),
    { numRuns: 300 },
  )
})

message('an answer that was cut to size would not fit with one more', () => {
  const made = nameOf(['web', 'service', 'consul'])
  assert.ok(made !== undefined)
  const answer = Array.from(
    { length: 500 },
    (_, i): ResourceRecord => ({
      name: made,
      ttl: 0,
      content: { type: 'address', ip: [10, 0, i >> 8, i & 255] },
    }),
  )
  for (const size of [513, 600, 1232, 4096]) {
    const edns = { size, version: 0, subnet: undefined }
    const query = {
      id: 1,
      question: { name: made, type: TYPE.A },
      rclass: 1,
      recursionDesired: true,
      checkingDisabled: false,
      edns,
    }
    const sent = encodeFitting(
      {
        query,
        rcode: RCODE.NOERROR,
        authoritative: true,
        recursionAvailable: false,
        truncated: false,
        sections: { answer, authority: [], additional: [] },
        edns,
        compress: true,
      },
      { transport: 'udp', udpAnswerLimit: 3, tellsCut: false },
    )
    assert.ok(sent.length <= size - 8 && sent.length + 16 > size - 8, `${size}: ${sent.length}`)
    assert.not.ok(decode(sent).flag_tc)
  }
})

message.run()
