// The client's half of DNS: questions and answers against another implementation (dns-packet).
import { decode, encode } from 'dns-packet'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ipv6Text } from '../../../commands/dns/ipv6.ts'
import { decodeReply, encodeQuestion } from '../../../commands/dns/message.ts'
import { wireName } from '../../../commands/dns/name.ts'

const message = suite('dns message')

message('a question is the one that was meant, with EDNS', () => {
  const bytes = encodeQuestion(7, wireName('web.service.consul'), 'SRV')
  assert.is((bytes[2] ?? 0) & 1, 1, 'recursion is desired')
  const packet = decode(bytes)
  assert.is(packet.id, 7)
  const [question] = packet.questions ?? []
  assert.equal([question?.name, question?.type], ['web.service.consul', 'SRV'])
  const [edns] = packet.additionals ?? []
  assert.is(edns?.type, 'OPT')
})

const REPLY = Buffer.from(
  encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'SRV', name: 'web.service.consul' }],
    answers: [
      { type: 'A', name: 'a.b', ttl: 5, data: '10.0.0.1' },
      { type: 'AAAA', name: 'a.b', ttl: 0, data: '2001:db8::1' },
      {
        type: 'SRV',
        name: 'web.service.consul',
        data: { priority: 1, weight: 2, port: 80, target: 'a.b' },
      },
      { type: 'TXT', name: 'a.b', data: ['x=1', 'say "y"'] },
      { type: 'CNAME', name: 'c.b', data: 'a.b' },
      { type: 'PTR', name: '1.0.0.10.in-addr.arpa', data: 'a.b' },
    ],
    authorities: [
      {
        type: 'SOA',
        name: 'consul',
        data: {
          mname: 'ns.consul',
          rname: 'hostmaster.consul',
          serial: 1,
          refresh: 2,
          retry: 3,
          expire: 4,
          minimum: 5,
        },
      },
    ],
    additionals: [{ type: 'NS', name: 'consul', data: 'ns.consul' }],
  }),
)

message('answers are read as zone files write them', () => {
  const reply = decodeReply(REPLY)
  assert.equal([reply?.id, reply?.rcode, reply?.truncated], [7, 'NOERROR', false])
  assert.equal(
    reply?.answer.map(({ name, ttl, type, data }) => `${name} ${ttl} ${type} ${data}`),
    [
      'a.b. 5 A 10.0.0.1',
      'a.b. 0 AAAA 2001:db8::1',
      'web.service.consul. 0 SRV 1 2 80 a.b.',
      'a.b. 0 TXT "x=1" "say \\"y\\""',
      'c.b. 0 CNAME a.b.',
      '1.0.0.10.in-addr.arpa. 0 PTR a.b.',
    ],
  )
  assert.is(reply?.authority[0]?.data, 'ns.consul. hostmaster.consul. 1 2 3 4 5')
  assert.is(reply?.additional[0]?.data, 'ns.consul.')
})

message('what is cut off or has a byte changed does no harm', () => {
  for (let length = 0; length < REPLY.length; length++) decodeReply(REPLY.subarray(0, length))
  assert.is(decodeReply(REPLY.subarray(0, REPLY.length - 1)), undefined)
  for (let at = 0; at < REPLY.length; at++) {
    for (const value of [0, 1, 0x3f, 0x40, 0xc0, 0xff]) {
      const changed = Buffer.from(REPLY)
      changed[at] = value
      decodeReply(changed)
    }
  }
})

message('a name that points at itself is no name', () => {
  const loop = Buffer.from(REPLY.subarray(0, 40))
  loop.writeUInt16BE(0xc00c, 12)
  assert.is(decodeReply(loop), undefined)
})

message('IPv6 is written the short way (RFC 5952)', () => {
  const cases: [number[], string][] = [
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
    [[1, 2, 3, 4, 5, 6, 0, 0], '1:2:3:4:5:6::'],
  ]
  for (const [groups, text] of cases) {
    const bytes = Buffer.alloc(16)
    for (const [i, group] of groups.entries()) bytes.writeUInt16BE(group, 2 * i)
    assert.is(ipv6Text(bytes), text)
  }
})

message.run()
