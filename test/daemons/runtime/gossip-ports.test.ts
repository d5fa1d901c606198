// Datagrams, streams and seals of gossip on real sockets.
import { createSocket } from 'node:dgram'
import { connect, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, hex, utf8 } from '../../../core/bytes.ts'
import { packStream } from '../../../core/wire/gossip-stream.ts'
import type { Address, NodeState } from '../../../core/wire/memberlist.ts'
import {
  openStreams,
  type StreamEvents,
  type Streams,
} from '../../../daemons/runtime/gossip-tcp.ts'
import { createGossipCipher } from '../../../daemons/runtime/seal.ts'
import { type Datagrams, openDatagrams } from '../../../daemons/runtime/udp.ts'
import { freePort } from '../../kit/ports.ts'
import { within } from '../../kit/within.ts'

const LOOPBACKS = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')
  ? ['127.0.0.1', '::1']
  : ['127.0.0.1']

interface Heard {
  readonly packets: { from: Address; text: string }[]
  readonly refused: Address[]
  readonly lost: Address[]
}

async function datagramsOf(
  ip: string,
  work: (port: Datagrams, heard: Heard) => Promise<void>,
): Promise<void> {
  const heard: Heard = { packets: [], refused: [], lost: [] }
  const port = await openDatagrams(
    { ip, port: 0 },
    {
      onPacket: (from, bytes) => heard.packets.push({ from, text: Buffer.from(bytes).toString() }),
      onRefused: (to) => heard.refused.push(to),
      onLost: (to) => heard.lost.push(to),
    },
  )
  try {
    await work(port, heard)
  } finally {
    await port.close()
  }
}

/** Where nobody listens. */
const nobodyAt = async (ip: string): Promise<Address> => ({ ip, port: await freePort() })

const datagrams = suite('gossip datagrams')

for (const ip of LOOPBACKS) {
  datagrams(`they go there and back on ${ip}`, () =>
    datagramsOf(ip, (a, heardByA) =>
      datagramsOf(ip, async (b, heardByB) => {
        a.send(b.address, utf8('one'))
        a.sendWatched(b.address, utf8('two'))
        await within(2_000, () => heardByB.packets.length === 2)
        assert.equal(heardByB.packets.map(({ text }) => text).sort(), ['one', 'two'])
        const main = heardByB.packets.find(({ text }) => text === 'one')
        assert.equal(main?.from, a.address)
        b.send(a.address, utf8('back'))
        await within(2_000, () => heardByA.packets.length === 1)
      }),
    ),
  )

  datagrams(`a port that refuses is told of on ${ip}, if it was watched`, () =>
    datagramsOf(ip, async (port, heard) => {
      const nobody = await nobodyAt(ip)
      port.send(nobody, utf8('unwatched'))
      port.sendWatched(nobody, utf8('watched'))
      await within(2_000, () => heard.refused.length > 0)
      assert.equal(heard.refused, [nobody])
    }),
  )
}

datagrams('an answer to the socket that watched is heard, too', () =>
  datagramsOf('127.0.0.1', async (port, heard) => {
    const peer = createSocket('udp4')
    await new Promise<void>((resolve) => peer.bind({ address: '127.0.0.1', port: 0 }, resolve))
    peer.on('message', (_, info) => peer.send('ack', info.port, info.address))
    port.sendWatched({ ip: '127.0.0.1', port: peer.address().port }, utf8('ping'))
    await within(2_000, () => heard.packets.some(({ text }) => text === 'ack'))
    await new Promise<void>((resolve) => peer.close(resolve))
  }),
)

datagrams('a socket of both families speaks to IPv4, and names it so', async () => {
  if (LOOPBACKS.length === 1) return
  await datagramsOf('::', (both, heardByBoth) =>
    datagramsOf('127.0.0.1', async (four, heardByFour) => {
      both.send(four.address, utf8('x'))
      await within(2_000, () => heardByFour.packets.length === 1)
      four.send({ ip: '127.0.0.1', port: both.address.port }, utf8('y'))
      await within(2_000, () => heardByBoth.packets.length === 1)
      assert.equal(heardByBoth.packets[0]?.from, four.address)
      const nobody = await nobodyAt('127.0.0.1')
      both.sendWatched(nobody, utf8('z'))
      await within(2_000, () => heardByBoth.refused.length === 1)
    }),
  )
})

datagrams('what cannot be sent is lost, and nothing else', () =>
  datagramsOf('127.0.0.1', async (port, heard) => {
    port.send({ ip: '127.0.0.1', port: 9 }, new Uint8Array(70_000))
    await within(2_000, () => heard.lost.length === 1)
    for (let i = 0; i < 200; i++)
      port.sendWatched({ ip: '127.0.0.1', port: port.address.port }, utf8('x'))
    await within(2_000, () => heard.packets.length === 200)
  }),
)

datagrams('a port that is taken is refused', () =>
  datagramsOf('127.0.0.1', async (port) => {
    const deaf = () => undefined
    const events = { onPacket: deaf, onRefused: deaf, onLost: deaf }
    const second = await openDatagrams(port.address, events).catch((error) => error)
    assert.is(second.code, 'EADDRINUSE')
  }),
)

datagrams.run()

interface Said {
  readonly requests: { stream: number; bytes: Uint8Array }[]
  readonly answers: { stream: number; bytes: Uint8Array }[]
  readonly failures: { stream: number; why: string }[]
  readonly dropped: string[]
}

async function streamsOf(
  work: (port: Streams, said: Said) => Promise<void>,
  {
    ip = '127.0.0.1',
    limitMs = 60_000,
    onRequest,
  }: Partial<StreamEvents> & { ip?: string; limitMs?: number } = {},
): Promise<void> {
  const said: Said = { requests: [], answers: [], failures: [], dropped: [] }
  const port = await openStreams(
    { bind: { ip, port: 0 }, limitMs },
    {
      onRequest: (stream, bytes) => {
        said.requests.push({ stream, bytes })
        onRequest?.(stream, bytes)
      },
      onAnswer: (stream, bytes) => said.answers.push({ stream, bytes }),
      onFailed: (stream, why) => said.failures.push({ stream, why }),
      onDropped: (_, why) => said.dropped.push(why),
    },
  )
  try {
    await work(port, said)
  } finally {
    await port.shut()
  }
}

const state = (i: number): NodeState => ({
  name: `node-${i}`,
  addr: '10.0.0.1',
  port: 7946,
  meta: new Uint8Array(100),
  incarnation: 1,
  state: 0,
  vsn: {
    protocolMin: 1,
    protocolMax: 5,
    protocolCur: 2,
    delegateMin: 2,
    delegateMax: 5,
    delegateCur: 5,
  },
})

const message = (count: number) =>
  packStream(
    {
      type: 'pushPull',
      join: true,
      states: Array.from({ length: count }, (_, i) => state(i)),
      userState: new Uint8Array(10),
    },
    false,
  )

const streams = suite('gossip streams')

for (const ip of LOOPBACKS)
  streams(`a message of any size comes whole, and so does the answer, on ${ip}`, () =>
    streamsOf(
      async (a, saidToA) =>
        streamsOf(
          async (b, saidToB) => {
            for (const [stream, count] of [
              [1, 1],
              [2, 5_000],
            ] as const) {
              const bytes = message(count)
              a.dial({ stream, to: b.address, bytes, awaited: true, timeoutMs: 60_000 })
              await within(2_000, () => saidToB.requests.length === stream)
              const request = saidToB.requests[stream - 1]
              assert.is(Buffer.compare(request?.bytes ?? new Uint8Array(), bytes), 0)
              b.close(request?.stream ?? 0, message(count + 1))
              await within(2_000, () => saidToA.answers.length === stream)
              assert.is(
                Buffer.compare(
                  saidToA.answers[stream - 1]?.bytes ?? new Uint8Array(),
                  message(count + 1),
                ),
                0,
              )
            }
            assert.equal(saidToA.failures, [])
          },
          { ip },
        ),
      { ip },
    ),
  )

streams('bytes that come one by one are put together', () =>
  streamsOf(async (port, said) => {
    const bytes = message(2)
    const socket = connect({ host: '127.0.0.1', port: port.address.port, noDelay: true })
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    for (const byte of bytes) socket.write(Uint8Array.of(byte))
    await within(2_000, () => said.requests.length === 1)
    assert.is(hex(said.requests[0]?.bytes ?? new Uint8Array()), hex(bytes))
    port.close(said.requests[0]?.stream ?? 0, undefined)
    await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  }),
)

streams('what follows a message is not read', () =>
  streamsOf(async (port, said) => {
    const socket = connect({ host: '127.0.0.1', port: port.address.port })
    socket.on('error', () => socket.destroy())
    socket.write(concatBytes([message(1), message(1)]))
    await within(2_000, () => said.requests.length === 1)
    assert.is(said.requests[0]?.bytes.length, message(1).length)
    socket.destroy()
  }),
)

streams('nobody there, nobody who answers, and one who hangs up are told apart', () =>
  streamsOf(async (port, said) => {
    const silent = createServer()
    const rude = createServer((socket) => socket.end())
    const held = new Set<Socket>()
    silent.on('connection', (socket) => held.add(socket))
    const portOf = (server: typeof silent) =>
      new Promise<Address>((resolve) =>
        server.listen(0, '127.0.0.1', () => {
          const bound = server.address()
          resolve({ ip: '127.0.0.1', port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 })
        }),
      )
    const dial = (stream: number, to: Address, timeoutMs = 60_000) =>
      port.dial({ stream, to, bytes: message(1), awaited: true, timeoutMs })
    const nobody = await nobodyAt('127.0.0.1')
    dial(1, nobody)
    dial(2, await portOf(silent), 300)
    dial(3, await portOf(rude))
    await within(3_000, () => said.failures.length === 3)
    assert.equal(
      [...said.failures].sort((a, b) => a.stream - b.stream).map(({ why }) => why),
      ['refused', 'no answer in time', 'closed without an answer'],
    )
    for (const socket of held) socket.destroy()
    for (const server of [silent, rude]) server.close()
  }),
)

const closedBy = (socket: Socket): Promise<void> => {
  socket.on('error', () => socket.destroy())
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

streams('somebody slow is not waited for', () =>
  streamsOf(
    async (port, said) => {
      const slow = connect({ host: '127.0.0.1', port: port.address.port })
      slow.write(message(100).subarray(0, 50))
      await closedBy(slow)
      assert.equal(said.requests, [])
    },
    { limitMs: 300 },
  ),
)

streams('somebody lying is not heard out', () =>
  streamsOf(async (port, said) => {
    const liar = connect({ host: '127.0.0.1', port: port.address.port })
    liar.write(Uint8Array.of(10, 0xff, 0xff, 0xff, 0xff))
    await closedBy(liar)
    assert.equal(said.requests, [])
    assert.equal(said.dropped, ['an envelope longer than allowed'])
  }),
)

streams('one peer may not take all streams', () =>
  streamsOf(async (port, said) => {
    const sockets = Array.from({ length: 80 }, () =>
      connect({ host: '127.0.0.1', port: port.address.port }),
    )
    for (const socket of sockets) {
      socket.on('error', () => socket.destroy())
      socket.resume()
    }
    await within(2_000, () => said.dropped.length === 16)
    for (const socket of sockets) socket.destroy()
  }),
)

streams.run()

const seal = suite('gossip seal')

seal('no nonce comes twice in a hundred thousand packets', () => {
  const cipher = createGossipCipher([new Uint8Array(16)])
  const seen = new Set<string>()
  for (let i = 0; i < 100_000; i++)
    seen.add(hex(cipher.encrypt(new Uint8Array(0), new Uint8Array(0)).nonce))
  assert.is(seen.size, 100_000)
})

seal('the first key seals, every key of the ring opens, a removed one does not', () => {
  const [k1, k2] = [new Uint8Array(32).fill(1), new Uint8Array(24).fill(2)]
  const [plain, additional] = [utf8('text'), utf8('label')]
  const ring = createGossipCipher([k1, k2])
  const by2 = createGossipCipher([k2]).encrypt(plain, additional)
  const by1 = createGossipCipher([k1]).encrypt(plain, additional)
  assert.equal([...(ring.decrypt(by2, additional) ?? [])], [...plain])
  ring.useKeys([k2])
  assert.is(ring.decrypt(by1, additional), undefined)
  assert.equal([...(ring.decrypt(ring.encrypt(plain, additional), additional) ?? [])], [...plain])
  assert.is(ring.decrypt(by2, utf8('other')), undefined)
})

seal('a key of another size is refused', () => {
  for (const size of [0, 15, 17, 31, 33])
    assert.throws(() => createGossipCipher([new Uint8Array(size)]), /16, 24 or 32/)
})

seal.run()
