// Replies that are ready: they differ from those made anew in the order of the addresses alone, and
// stand for as long as nothing has changed.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { check, drop, node, put, registration, service } from '../catalog/bench.ts'
import { type Asked, createDnsBench, type DnsBench, decode, packetOf, shown } from './kit.ts'

const ready = suite('dns/ready')

function withWeb(count: number, dns: Parameters<typeof createDnsBench>[0] = {}): DnsBench {
  const bench = createDnsBench(dns)
  for (let i = 1; i <= count; i++) {
    const spec = node(`n${i}`, { address: `10.0.0.${i}` })
    const tags = i % 2 === 0 ? ['even'] : null
    put(bench, registration(spec, { service: service('web', { port: 8000 + i, tags }) }))
  }
  return bench
}

const sorted = (bench: DnsBench, question: string, asked: Asked = {}) =>
  shown(bench.ask(question, asked).answers).sort()

ready('a reply that is ready has all that one made anew has', () => {
  const questions: [string, Asked][] = [
    ['web.service.consul A', { edns: 1232 }],
    ['web.service.consul A', { transport: 'tcp' }],
    ['WEB.service.consul A', { edns: 4096 }],
    ['even.web.service.consul A', { edns: 1232 }],
    ['_web._tcp.service.consul A', { edns: 1232 }],
    ['web.service.dc1.consul A', { edns: 1232 }],
  ]
  for (const [question, asked] of questions) {
    const bench = withWeb(20)
    const first = bench.ask(question, asked)
    const again = bench.ask(question, asked)
    assert.equal(shown(again.answers).sort(), shown(first.answers).sort(), question)
    const { answers: _, ...header } = again
    const { answers: __, ...expected } = first
    assert.equal(header, expected)
  }
})

ready('of more than go, each is told as often as any other', () => {
  for (const count of [5, 20]) {
    const bench = withWeb(count)
    const told = new Map<string, number>()
    const first = new Map<string, number>()
    const rounds = 4_000
    for (let i = 0; i < rounds; i++) {
      const answers = shown(bench.ask('web.service.consul').answers)
      assert.is(new Set(answers).size, 3, 'no address twice')
      for (const one of answers) told.set(one, (told.get(one) ?? 0) + 1)
      first.set(answers[0] ?? '', (first.get(answers[0] ?? '') ?? 0) + 1)
    }
    assert.ok(chiSquare(told, count, rounds * 3) < 60, 'told as often')
    assert.ok(chiSquare(first, count, rounds) < 60, 'first as often')
  }
})

/** With 19 degrees of freedom more than 60 has a chance of 4 in a million. */
function chiSquare(seen: ReadonlyMap<string, number>, kinds: number, all: number): number {
  const expected = all / kinds
  const sum = [...seen.values()].reduce((found, n) => found + (n - expected) ** 2 / expected, 0)
  return sum + (kinds - seen.size) * expected
}

ready('every change of the service shows at once', () => {
  const bench = withWeb(3)
  const edns = { edns: 1232 }
  const all = () => sorted(bench, 'web.service.consul', edns)
  const asked = () => [all(), all()].map(({ length }) => length)
  assert.equal(asked(), [3, 3])
  const spec = node('n1', { address: '10.0.0.1' })
  put(bench, registration(spec, { checks: [check('c', { status: 'critical' })] }))
  assert.equal(asked(), [2, 2])
  put(bench, registration(spec, { checks: [check('c', { status: 'passing' })] }))
  assert.equal(asked(), [3, 3])
  put(bench, registration(node('n1', { address: '10.0.0.99' })))
  assert.ok(all().includes('A web.service.consul 10.0.0.99'))
  put(bench, registration(node('n4', { address: '10.0.0.4' }), { service: service('web') }))
  assert.equal(asked(), [4, 4])
  drop(bench, 'n2')
  assert.equal(asked(), [3, 3])
  for (const name of ['n1', 'n3', 'n4']) drop(bench, name)
  assert.is(bench.ask('web.service.consul', edns).rcode, 'NXDOMAIN')
})

ready('a change of another service leaves it standing', () => {
  const bench = withWeb(3)
  const before = sorted(bench, 'web.service.consul')
  put(bench, registration(node('x', { address: '10.9.9.9' }), { service: service('db') }))
  assert.equal(sorted(bench, 'web.service.consul'), before)
})

ready('it carries the id of who asks, and is his alone', () => {
  const bench = withWeb(3)
  const ask = (id: number) => {
    const packet = packetOf('web.service.consul', { edns: 1232 })
    packet[0] = id >> 8
    packet[1] = id & 255
    const answer = bench.answer(packet)
    assert.is(answer.type, 'reply')
    return answer.type === 'reply' ? answer.bytes : new Uint8Array()
  }
  const replies = [1, 2, 40_000, 65_535].map((id) => ({ id, bytes: ask(id) }))
  for (const { id, bytes } of replies) assert.is(decode(bytes).id, id)
})

ready('what is more than addresses is made anew', () => {
  const bench = createDnsBench()
  const spec = node('n1', { address: 'host.example' })
  put(bench, registration(spec, { service: service('web') }))
  for (const question of ['web.service.consul A', 'web.service.consul ANY', 'n1.node.consul A']) {
    assert.equal(sorted(bench, question), sorted(bench, question), question)
  }
  const loose = withWeb(3, { disableCompression: true })
  assert.is(sorted(loose, 'web.service.consul', { edns: 1232 }).length, 3)
  assert.is(sorted(loose, 'web.service.consul', { edns: 1232 }).length, 3)
})

ready.run()
