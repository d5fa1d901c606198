// DNS over real sockets: datagrams, streams, slow and silent clients, recursors that answer, lie or
// say nothing. The agent is a resolver over a catalog; the clock is moved by hand.
import { spawnSync } from 'node:child_process'
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encode } from 'dns-packet'
import { execa } from 'execa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DnsConfig, ListenAddress } from '../../../core/config/agent-config.ts'
import {
  answerDns,
  closeDns,
  createDns,
  type Dns,
  openDns,
  sweepDns,
} from '../../../daemons/runtime/dns.ts'
import { frame, takeFrame } from '../../../daemons/runtime/dns-frame.ts'
import { node, put, registration, service } from '../../core/catalog/bench.ts'
import { createDnsBench, decode, packetOf, shown } from '../../core/dns/kit.ts'
import { testConfig } from '../../kit/config.ts'
import { before, patient, within } from '../../kit/within.ts'

const dns = suite('runtime/dns')

const MS = 10_000

interface Running {
  readonly dns: Dns
  readonly port: number
  /** Moves the clock and sweeps. */
  pass(ms: number): void
}

type Work = (running: Running) => Promise<void>

/** With 400 instances of `web`: an answer over TCP is 24 KB. */
async function serving(changed: Partial<DnsConfig>, work: Work): Promise<void> {
  const listen: ListenAddress[] = [{ type: 'tcp', host: '127.0.0.1', port: 0 }]
  const config = { ...testConfig().dns, recursorTimeoutMs: 10_000, listen, ...changed }
  const bench = createDnsBench(config)
  for (let i = 0; i < 400; i++) {
    const spec = node(`n${i}`, { address: `10.0.${i >> 8}.${i & 255}` })
    put(bench, registration(spec, { service: service('web') }))
  }
  put(bench, registration(node('alias', { address: 'www.example.com' })))
  let now = 0
  const running = createDns({
    config,
    now: () => now,
    streamsMax: 100,
    ask: (id, asking) => answerDns(running, id, bench.answer(asking.packet, asking)),
  })
  try {
    const [bound] = await openDns(running)
    assert.ok(bound?.type === 'tcp')
    const pass = (ms: number) => {
      now += ms
      sweepDns(running, now)
    }
    await before(MS, () => work({ dns: running, port: bound.port, pass }), 'the test')
  } finally {
    await before(MS, () => closeDns(running), 'closing')
  }
}

async function askUdp(port: number, question: string): Promise<ReturnType<typeof decode>> {
  const socket = createSocket('udp4')
  try {
    socket.send(packetOf(question), port, '127.0.0.1')
    const [bytes] = (await once(socket, 'message')) as [Buffer]
    return decode(bytes)
  } finally {
    socket.close()
  }
}

interface Client {
  readonly socket: Socket
  readonly messages: ReturnType<typeof decode>[]
}

async function openClient(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  const client: Client = { socket, messages: [] }
  let seen: Buffer = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    for (let taken = takeFrame(seen); taken !== undefined; taken = takeFrame(seen)) {
      client.messages.push(decode(taken.message))
      seen = taken.rest
    }
  })
  await once(socket, 'connect')
  return client
}

dns('answers datagrams and streams on one port', () =>
  serving({}, async ({ port }) => {
    const told = await askUdp(port, 'n1.node.consul')
    assert.equal(shown(told.answers), ['A n1.node.consul 10.0.0.1'])
    const { socket, messages } = await openClient(port)
    socket.write(frame(packetOf('web.service.consul')))
    await within(MS, () => messages.length === 1)
    assert.is(messages[0]?.answers.length, 400)
    socket.destroy()
  }),
)

dns('many questions on one stream, in pieces of any size, are all answered', () =>
  serving({}, async ({ port }) => {
    const { socket, messages } = await openClient(port)
    const questions = Array.from({ length: 300 }, () => frame(packetOf('n7.node.consul')))
    const all = Buffer.concat(questions)
    for (let at = 0; at < all.length; at += 777) socket.write(all.subarray(at, at + 777))
    await within(MS, () => messages.length === 300)
    // Half-closed: the answers still come, then the end.
    socket.end(frame(packetOf('n8.node.consul')))
    await once(socket, 'close')
    assert.is(messages.length, 301)
  }),
)

dns('a client that asks without reading is not read, and let go', () =>
  serving({}, async ({ dns, port, pass }) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.pause()
    const many = Buffer.concat(
      Array.from({ length: 2_000 }, () => frame(packetOf('web.service.consul'))),
    )
    socket.write(many)
    await within(MS, () => [...dns.streams].some((stream) => stream.socket.isPaused()))
    const [stream] = dns.streams
    assert.ok((stream?.socket.writableLength ?? 0) < 1 << 20, 'what waits is bounded')
    pass(10_001)
    await within(MS, () => dns.streams.size === 0)
    socket.destroy()
  }),
)

dns('an idle stream, and one with half a question, is closed', () =>
  serving({}, async ({ dns, port, pass }) => {
    const idle = await openClient(port)
    const half = await openClient(port)
    half.socket.write(frame(packetOf('n1.node.consul')).subarray(0, 9))
    await within(MS, () => dns.streams.size === 2)
    pass(9_000)
    assert.is(dns.streams.size, 2)
    pass(2_000)
    await within(MS, () => dns.streams.size === 0)
    for (const { socket } of [idle, half]) socket.destroy()
  }),
)

dns('junk is passed over or refused, and the next question is answered', () =>
  serving({}, async ({ port }) => {
    const socket = createSocket('udp4')
    for (let length = 0; length < 64; length++) socket.send(Buffer.alloc(length, length), port)
    socket.close()
    assert.is((await askUdp(port, 'n1.node.consul')).rcode, 'NOERROR')
  }),
)

/** A server that answers as the test says. */
async function recursor(
  answer: (query: Buffer, reply: (bytes: Uint8Array) => void) => void,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const socket: Datagrams = createSocket('udp4')
  socket.on('message', (query, from) =>
    answer(query, (bytes) => socket.send(bytes, from.port, from.address)),
  )
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  try {
    await work(socket.address().port)
  } finally {
    socket.close()
  }
}

const says = (query: Buffer, rcode = 0): Uint8Array => {
  const { id, questions } = decode(query)
  const [{ name } = { name: '' }] = questions
  const answers = rcode === 0 ? [{ name, type: 'A', data: '192.0.2.1', ttl: 5 }] : []
  return encode({ id, type: 'response', flags: 0x180 | rcode, questions, answers })
}

const at = (...ports: number[]) => ({
  recursors: ports.map((port) => ({ host: '127.0.0.1', port })),
})

dns('other names are asked elsewhere, aliases followed there', () =>
  recursor(
    (query, reply) => reply(says(query)),
    (port) =>
      serving(at(port), async (running) => {
        const told = await askUdp(running.port, 'www.example.com')
        assert.equal([told.id, ...shown(told.answers)], [4711, 'A www.example.com 192.0.2.1'])
        const alias = await askUdp(running.port, 'alias.node.consul')
        assert.equal(shown(alias.answers), [
          'CNAME alias.node.consul www.example.com',
          'A www.example.com 192.0.2.1',
        ])
      }),
  ),
)

dns('a recursor that fails, lies or is silent is passed over for the next', () =>
  recursor(
    (query, reply) => {
      const forged = Buffer.from(says(query))
      forged.writeUInt16BE((forged.readUInt16BE(0) + 1) & 0xffff)
      reply(forged)
      reply(encode({ ...decode(query), type: 'response', questions: [{ name: 'x.y', type: 'A' }] }))
    },
    (liar) =>
      recursor(
        (query, reply) => reply(says(query, 2)),
        (failing) =>
          recursor(
            (query, reply) => reply(says(query)),
            (good) =>
              serving(
                { ...at(liar, failing, good), recursorTimeoutMs: 2_000 },
                async ({ port }) => {
                  assert.is((await askUdp(port, 'www.example.com')).answers.length, 1)
                },
              ),
          ),
      ),
  ),
)

dns('if no recursor answers, that is said', () =>
  recursor(
    () => undefined,
    (silent) =>
      serving({ ...at(silent), recursorTimeoutMs: 300 }, async ({ port }) => {
        assert.is((await askUdp(port, 'www.example.com')).rcode, 'SERVFAIL')
        const alias = await askUdp(port, 'alias.node.consul')
        assert.equal(shown(alias.answers), ['CNAME alias.node.consul www.example.com'])
      }),
  ),
)

dns('a recursor that is this very server is not asked: it would wait for itself', () => {
  const self = { host: '127.0.0.1', port: 0 }
  return serving({ recursors: [self], recursorTimeoutMs: 60_000 }, async ({ port }) => {
    self.port = port
    assert.is((await askUdp(port, 'www.example.com')).rcode, 'SERVFAIL')
  })
})

const hasDig = spawnSync('dig', ['-v']).error === undefined
const withDig = hasDig ? dns : dns.skip

withDig('dig understands what it is told', () =>
  serving({}, async ({ port }) => {
    const dig = async (...words: string[]) => {
      const server = ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=30']
      return (await execa('dig', [...server, ...words], { timeout: patient(MS) })).stdout
    }
    assert.is(await dig('+short', 'n3.node.consul'), '10.0.0.3')
    assert.is(await dig('+short', '-x', '10.0.0.3'), 'n3.node.dc1.consul.')
    const srv = (await dig('+tcp', '+short', '_web._tcp.service.consul', 'SRV')).split('\n')
    assert.is(srv.length, 400)
    assert.match(srv[0] ?? '', /^1 1 80 n\d+\.node\.dc1\.consul\.$/)
    const missing = await dig('missing.service.consul')
    assert.match(missing, /status: NXDOMAIN/)
    assert.match(missing, /consul\.\s+0\s+IN\s+SOA\s+ns\.consul\. hostmaster\.consul\./)
    assert.match(await dig('example.com'), /status: REFUSED/)
    for (const words of [
      ['web.service.consul'],
      ['+tcp', 'web.service.consul', 'SRV'],
      ['+subnet=198.51.100.7/32', 'n3.node.consul'],
    ])
      assert.not.match(
        await dig(...words),
        /malformed|WARNING: (?!recursion)|Got bad/i,
        words.join(' '),
      )
  }),
)

dns.run()
