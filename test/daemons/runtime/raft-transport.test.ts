import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logIndex, term } from '../../../core/ids.ts'
import type {
  IncomingCall,
  Peer,
  RaftReply,
  RaftRequest,
  SnapshotMeta,
} from '../../../core/raft/messages.ts'
import type { Settings } from '../../../core/raft/raft.ts'
import { toAnswer, toRpc } from '../../../core/raft/wire.ts'
import { encodeAnswer, encodeRequest } from '../../../core/wire/raft.ts'
import { createRaftStream, feed, nextAnswer } from '../../../core/wire/raft-stream.ts'
import {
  AHEAD_MAX,
  acceptFrom,
  closeAcceptor,
  createAcceptor,
  giveUpServer,
  type SnapshotSink,
} from '../../../daemons/runtime/raft-acceptor.ts'
import { addressOf } from '../../../daemons/runtime/raft-lane.ts'
import {
  answerPeer,
  callPeer,
  closeTransport,
  createTransport,
  keepPeers,
  listenForPeers,
  type RaftTransport,
  type SnapshotSource,
  sweepTransport,
} from '../../../daemons/runtime/raft-transport.ts'
import { before, within } from '../../kit/within.ts'

const LIMIT_MS = 5_000
const HOST = '127.0.0.1'

const SETTINGS: Settings = {
  heartbeatMs: 1_000,
  electionMs: 1_000,
  leaseMs: 500,
  commitMs: 50,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 2,
  trailingEntries: 1_000,
  leaseDrift: undefined,
}

/** A transport with what has happened at it. */
interface Station {
  readonly peer: Peer
  readonly transport: RaftTransport
  readonly calls: IncomingCall[]
  readonly replies: { call: number; reply: RaftReply }[]
  readonly failed: number[]
  readonly gone: string[]
  readonly received: Map<number, Uint8Array>
  readonly aborted: number[]
  /** Snapshots of which something has come. */
  receiving: number
  readonly logged: string[]
  now: number
  source: SnapshotSource | undefined
  /** How slowly the content of a snapshot is taken. */
  sinkMs: number
}

async function openStation(id: string): Promise<Station> {
  const server = await listenForPeers({ host: HOST, port: 0 })
  const { port } = server.address() as { port: number } // a server on TCP
  const station: Station = {
    peer: { id, address: `${HOST}:${port}` },
    transport: undefined as never, // set below
    calls: [],
    replies: [],
    failed: [],
    gone: [],
    received: new Map(),
    aborted: [],
    receiving: 0,
    logged: [],
    now: 0,
    source: undefined,
    sinkMs: 0,
  }
  const transport = createTransport({
    self: station.peer,
    server,
    settings: SETTINGS,
    ports: {
      onCall: (call) => station.calls.push(call),
      onReply: (answer) => station.replies.push(answer),
      onCallFailed: (call) => station.failed.push(call),
      onGone: (peer) => station.gone.push(peer.id),
      receive: (call, _meta, size) => sinkOf(station, call, size),
      open: async () => station.source,
      log: ({ message, fields }) => station.logged.push(`${message}: ${fields?.['why']}`),
      now: () => station.now,
    },
  })
  Object.assign(station, { transport })
  return station
}

function sinkOf(station: Station, call: number, size: number): SnapshotSink {
  const whole = new Uint8Array(size)
  let at = 0
  return {
    async write(chunk) {
      if (station.sinkMs > 0) await new Promise((done) => setTimeout(done, station.sinkMs))
      station.receiving++
      whole.set(chunk, at)
      at += chunk.length
    },
    async finish() {
      station.received.set(call, whole)
    },
    abort() {
      station.aborted.push(call)
    },
  }
}

/** Runs with stations that are closed in the end, whatever happens. */
async function withStations(
  ids: readonly string[],
  work: (...stations: Station[]) => Promise<void>,
): Promise<void> {
  const stations = await Promise.all(ids.map(openStation))
  try {
    await before(LIMIT_MS, () => work(...stations), 'the test')
  } finally {
    await Promise.all(stations.map(({ transport }) => closeTransport(transport)))
  }
}

const heartbeat = (inTerm: number): RaftRequest => ({ type: 'heartbeat', term: term(inTerm) })

const append = (prevIndex: number, bytes = 1): RaftRequest => ({
  type: 'append',
  term: term(1),
  prevIndex: logIndex(prevIndex),
  prevTerm: term(1),
  entries: [
    { index: logIndex(prevIndex + 1), term: term(1), type: 0, data: new Uint8Array(bytes).fill(7) },
  ],
  commit: logIndex(0),
})

const yes = (inTerm: number): RaftReply => ({
  type: 'append-reply',
  term: term(inTerm),
  success: true,
  lastLog: logIndex(0),
  noRetryBackoff: false,
})

const SNAPSHOT: SnapshotMeta = {
  index: logIndex(9),
  term: term(1),
  configuration: { servers: [{ id: 'a', address: 'h:1', suffrage: 'voter' }] },
  configurationIndex: logIndex(1),
}

const install: RaftRequest = { type: 'install-snapshot', term: term(1), snapshot: SNAPSHOT }

const transport = suite('raft transport')

transport('a call arrives with its sender, and its answer comes back', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: append(5) })
    const call = await within(LIMIT_MS, () => b.calls[0], 'the call')
    assert.equal(call.from, a.peer)
    assert.equal(call.request, append(5))
    answerPeer(b.transport, call.id, yes(7))
    await within(LIMIT_MS, () => a.replies.length > 0, 'the answer')
    assert.equal(a.replies, [{ call: 1, reply: yes(7) }])
  }),
)

transport('answers leave in the order of the requests, however they are given', () =>
  withStations(['a', 'b'], async (a, b) => {
    for (const call of [1, 2, 3]) callPeer(a.transport, { call, to: b.peer, request: append(call) })
    await within(LIMIT_MS, () => b.calls.length === 3, 'three calls')
    const ids = b.calls.map(({ id }) => id)
    for (const at of [2, 1, 0]) answerPeer(b.transport, ids[at] ?? 0, yes(at + 1))
    await within(LIMIT_MS, () => a.replies.length === 3, 'three answers')
    assert.equal(
      a.replies.map(({ call, reply }) => [call, 'term' in reply ? reply.term : 0]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    )
  }),
)

transport('heartbeats do not wait behind appends, nor votes behind either', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: append(1, 4 << 20) })
    callPeer(a.transport, { call: 2, to: b.peer, request: heartbeat(1) })
    const vote: RaftRequest = {
      type: 'vote',
      term: term(2),
      lastIndex: logIndex(1),
      lastTerm: term(1),
      transfer: false,
    }
    callPeer(a.transport, { call: 3, to: b.peer, request: vote })
    const of = (type: string) => b.calls.find(({ request }) => request.type === type)
    const beat = await within(LIMIT_MS, () => of('heartbeat'), 'the heartbeat')
    answerPeer(b.transport, beat.id, yes(1))
    await within(LIMIT_MS, () => a.replies.length === 1, 'its answer')
    assert.is(a.replies[0]?.call, 2)
    const asked = await within(LIMIT_MS, () => of('vote'), 'the vote')
    answerPeer(b.transport, asked.id, { type: 'vote-reply', term: term(2), granted: true })
    await within(LIMIT_MS, () => a.replies.length === 2, 'its answer')
  }),
)

transport('a peer that answers nothing does not hold up another', () =>
  withStations(['a', 'b', 'c'], async (a, b, c) => {
    for (let call = 1; call <= 20; call++)
      callPeer(a.transport, { call, to: b.peer, request: append(call, 1 << 18) })
    callPeer(a.transport, { call: 99, to: c.peer, request: append(1) })
    const call = await within(LIMIT_MS, () => c.calls[0], 'the call')
    answerPeer(c.transport, call.id, yes(1))
    await within(LIMIT_MS, () => a.replies.some((each) => each.call === 99), 'the answer')
    await within(LIMIT_MS, () => b.calls.length > 0, 'the silent one was called')
  }),
)

transport('a call to where nobody listens fails, says that the peer is gone, and pauses', () =>
  withStations(['a', 'b'], async (a, b) => {
    await closeTransport(b.transport)
    callPeer(a.transport, { call: 1, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => a.failed.includes(1), 'the failure')
    assert.equal(a.gone, ['b'])
    callPeer(a.transport, { call: 2, to: b.peer, request: heartbeat(1) })
    assert.not(a.failed.includes(2), 'it does not fail within the call')
    await within(LIMIT_MS, () => a.failed.includes(2), 'the second failure')
    assert.equal(a.gone, ['b'], 'nothing was tried during the pause')
    a.now += 11
    callPeer(a.transport, { call: 3, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => a.gone.length === 2, 'another try')
  }),
)

transport('when a peer dies its calls fail, and both ends hear that it is gone', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: append(1) })
    callPeer(a.transport, { call: 2, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => b.calls.length === 2, 'two calls')
    await closeTransport(a.transport)
    await within(LIMIT_MS, () => b.gone.length > 0, 'the hint')
    assert.equal(b.gone, ['a'], 'once, when the last connection has ended')
    assert.equal(a.failed, [], 'who closes is told nothing any more')
  }),
)

transport('an acceptor that dies takes the calls with it', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: append(1) })
    await within(LIMIT_MS, () => b.calls.length === 1, 'the call')
    await closeTransport(b.transport)
    await within(LIMIT_MS, () => a.failed.length === 1, 'the failure')
    await within(LIMIT_MS, () => a.gone.includes('b'), 'the hint')
  }),
)

transport('a call whose time is up fails with its connection, and the next makes a new one', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => b.calls.length === 1, 'the call')
    a.now = 999
    sweepTransport(a.transport)
    assert.equal(a.failed, [])
    a.now = 1_000
    sweepTransport(a.transport)
    assert.equal(a.failed, [1])
    a.now += 1_000
    callPeer(a.transport, { call: 2, to: b.peer, request: heartbeat(2) })
    const call = await within(LIMIT_MS, () => b.calls[1], 'the call')
    answerPeer(b.transport, b.calls[0]?.id ?? 0, yes(1))
    answerPeer(b.transport, call.id, yes(2))
    await within(LIMIT_MS, () => a.replies.length === 1, 'the answer')
    assert.is(a.replies[0]?.call, 2, 'the late answer is nobody’s')
  }),
)

transport('a peer that has moved is called at its new address', () =>
  withStations(['a', 'b', 'c'], async (a, b, c) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => b.calls.length === 1, 'the call')
    const moved: Peer = { id: 'b', address: c.peer.address }
    callPeer(a.transport, { call: 2, to: moved, request: heartbeat(1) })
    await within(LIMIT_MS, () => c.calls.length === 1, 'the call at the new address')
    assert.equal(a.failed, [1])
  }),
)

transport('who is in no configuration any more has no connection', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => b.calls.length === 1, 'the call')
    keepPeers(a.transport, new Set(['b']))
    assert.equal(a.failed, [])
    keepPeers(a.transport, new Set())
    assert.equal(a.failed, [1])
    await within(LIMIT_MS, () => b.gone.length === 1, 'its end')
  }),
)

transport('a snapshot comes with its content, no faster than it is taken', () =>
  withStations(['a', 'b'], async (a, b) => {
    const content = Uint8Array.from({ length: 3 << 20 }, (_, at) => at % 251)
    b.sinkMs = 1
    a.source = { size: content.length, chunks: piecesOf(content, 100_000) }
    callPeer(a.transport, { call: 1, to: b.peer, request: install })
    const call = await within(LIMIT_MS, () => b.calls[0], 'the call')
    assert.equal(call.request, install)
    assert.equal(b.received.get(call.id), content)
    answerPeer(b.transport, call.id, {
      type: 'install-snapshot-reply',
      term: term(1),
      success: true,
    })
    await within(LIMIT_MS, () => a.replies.length === 1, 'the answer')
  }),
)

function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

transport('a snapshot that is gone, or has another size, fails the call', () =>
  withStations(['a', 'b'], async (a, b) => {
    callPeer(a.transport, { call: 1, to: b.peer, request: install })
    await within(LIMIT_MS, () => a.failed.includes(1), 'the failure')
    a.source = { size: 10, chunks: tooFew(b) }
    callPeer(a.transport, { call: 2, to: b.peer, request: install })
    await within(LIMIT_MS, () => a.failed.includes(2), 'the failure')
    await within(LIMIT_MS, () => b.aborted.length === 1, 'the end of what came')
    assert.equal(b.calls, [])
    assert.match(a.logged.join('\n'), /has 4/)
  }),
)

async function* tooFew(to: Station): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(4)
  await within(LIMIT_MS, () => to.receiving > 0, 'its arrival')
}

transport('a snapshot to a peer that takes nothing of it fails after a while', () =>
  withStations(['a'], async (a) => {
    const sockets: Socket[] = []
    const silent: Server = createServer((socket) => {
      socket.pause()
      sockets.push(socket)
    }).listen(0, HOST)
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number } // a server on TCP
    try {
      const size = 64 << 20
      a.source = { size, chunks: piecesOf(new Uint8Array(size), 1 << 20) }
      const to = { id: 'b', address: `${HOST}:${port}` }
      callPeer(a.transport, { call: 1, to, request: install })
      await within(LIMIT_MS, () => sockets.length > 0, 'the connection')
      await within(LIMIT_MS, () => {
        a.now += 20_000
        sweepTransport(a.transport)
        return a.failed.includes(1)
      })
    } finally {
      for (const socket of sockets) socket.destroy()
      silent.close()
      await once(silent, 'close')
    }
  }),
)

transport('a snapshot of which nothing comes any more is given up after a while', () =>
  withStations(['a'], async (a) => {
    const { socket } = await dial(a)
    const ended = once(socket, 'close')
    socket.write(encodeRequest(toRpc(stranger, install, 1 << 20)))
    socket.write(new Uint8Array(1))
    await within(LIMIT_MS, () => a.receiving > 0, 'the beginning')
    a.now += 9_000
    sweepTransport(a.transport)
    assert.equal(a.aborted, [])
    a.now += 1_000
    sweepTransport(a.transport)
    await ended
    await within(LIMIT_MS, () => a.aborted.length === 1, 'the end of what came')
    assert.equal(a.calls, [])
  }),
)

transport('who has come and gone before anybody accepts is not counted', async () => {
  const server = await listenForPeers({ host: HOST, port: 0 })
  const { port } = server.address() as { port: number } // a server on TCP
  const [gone, here] = [connect({ host: HOST, port }), connect({ host: HOST, port })]
  const acceptor = createAcceptor(stranger, {
    onCall: () => undefined,
    receive: () => {
      throw new Error('nobody sends a snapshot')
    },
    onGone: () => undefined,
    log: () => undefined,
    now: () => 0,
  })
  try {
    await within(LIMIT_MS, () => server.early.length === 2, 'both connections')
    gone.resetAndDestroy()
    await within(LIMIT_MS, () => server.early.some(({ destroyed }) => destroyed), 'the end of one')
    acceptFrom(acceptor, server)
    assert.is(acceptor.inbound.size, 1)
  } finally {
    here.destroy()
    giveUpServer(server)
    closeAcceptor(acceptor)
    await before(LIMIT_MS, () => once(server, 'close'), 'the end of the server')
  }
})

/** A peer made by hand: writes what it is told, and keeps what comes. */
async function dial(station: Station): Promise<{ socket: Socket; came: () => Uint8Array }> {
  const socket = connect(addressOf(station.peer.address))
  let came = new Uint8Array(0)
  socket.on('data', (chunk: Uint8Array) => {
    came = Uint8Array.from([...came, ...chunk])
  })
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  return { socket, came: () => came }
}

const stranger: Peer = { id: 'x', address: 'h:9' }

transport('a request in pieces of one byte is a request', () =>
  withStations(['a'], async (a) => {
    const { socket } = await dial(a)
    for (const byte of encodeRequest(toRpc(stranger, append(3)))) {
      socket.write(Uint8Array.of(byte))
      await new Promise((done) => setImmediate(done))
    }
    const call = await within(LIMIT_MS, () => a.calls[0], 'the call')
    assert.equal(call.from, stranger)
    socket.destroy()
  }),
)

transport('what is no raft ends the connection, and only that', () =>
  withStations(['a', 'b'], async (a, b) => {
    const { socket } = await dial(b)
    const ended = once(socket, 'close')
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await ended
    assert.match(b.logged.join('\n'), /no request of type 71/)
    callPeer(a.transport, { call: 1, to: b.peer, request: heartbeat(1) })
    await within(LIMIT_MS, () => b.calls.length === 1, 'the call of another')
  }),
)

transport(
  'a request of a version that we do not speak is answered with an error, in its place',
  () =>
    withStations(['a'], async (a) => {
      const { socket, came } = await dial(a)
      const strange = toRpc(stranger, heartbeat(1))
      const body = { ...strange.body, ProtocolVersion: 9 }
      socket.write(encodeRequest(toRpc(stranger, append(1))))
      socket.write(encodeRequest({ ...strange, body } as typeof strange))
      const call = await within(LIMIT_MS, () => a.calls[0], 'the good one')
      assert.is(came().length, 0, 'the error waits for its turn')
      answerPeer(a.transport, call.id, yes(1))
      const first = encodeAnswer(toAnswer(a.peer, yes(1)))
      const stream = createRaftStream()
      await within(LIMIT_MS, () => came().length > first.length + 50, 'both answers')
      feed(stream, came())
      assert.is(nextAnswer(stream, 'appendEntries').type, 'message')
      const second = nextAnswer(stream, 'appendEntries')
      assert.equal(second, {
        type: 'message',
        value: { ok: false, error: 'operation not supported with current protocol version' },
      })
      socket.destroy()
    }),
)

transport('the content of a snapshot that is refused is read to its end', () =>
  withStations(['a'], async (a) => {
    const { socket, came } = await dial(a)
    const rpc = toRpc(stranger, install, 1 << 20)
    const body = { ...rpc.body, SnapshotVersion: 7 }
    socket.write(encodeRequest({ ...rpc, body } as typeof rpc))
    socket.write(new Uint8Array(1 << 20).fill(0xff))
    socket.write(encodeRequest(toRpc(stranger, heartbeat(4))))
    const call = await within(LIMIT_MS, () => a.calls[0], 'the request behind it')
    assert.equal(call.request, heartbeat(4))
    const said = () => /snapshot version 7/.test(new TextDecoder().decode(came()))
    await within(LIMIT_MS, said, 'the refusal')
    socket.destroy()
  }),
)

transport('a peer that is far ahead of its answers is not read, and then is', () =>
  withStations(['a'], async (a) => {
    const { socket } = await dial(a)
    const request = encodeRequest(toRpc(stranger, heartbeat(1)))
    for (let i = 0; i < AHEAD_MAX + 50; i++) socket.write(request)
    await within(LIMIT_MS, () => a.calls.length === AHEAD_MAX, 'so many')
    for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done))
    assert.is(a.calls.length, AHEAD_MAX)
    for (const { id } of a.calls.slice()) answerPeer(a.transport, id, yes(1))
    await within(LIMIT_MS, () => a.calls.length === AHEAD_MAX + 50, 'the rest')
    socket.destroy()
  }),
)

transport('an answer of nonsense ends the connection, and the call fails', () =>
  withStations(['a'], async (a) => {
    const fake = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.on('data', () => socket.write(Uint8Array.of(0xc1, 0xc1, 0xc1)))
    }).listen(0, HOST)
    await once(fake, 'listening')
    const { port } = fake.address() as { port: number } // a server on TCP
    try {
      const to = { id: 'b', address: `${HOST}:${port}` }
      callPeer(a.transport, { call: 1, to, request: heartbeat(1) })
      await within(LIMIT_MS, () => a.failed.includes(1), 'the failure')
    } finally {
      fake.close()
    }
  }),
)

transport('addresses are read as Go writes them', () => {
  assert.equal(addressOf('10.0.0.1:8300'), { host: '10.0.0.1', port: 8300 })
  assert.equal(addressOf('[2001:db8::1]:8300'), { host: '2001:db8::1', port: 8300 })
  assert.equal(addressOf('server-1.example:1'), { host: 'server-1.example', port: 1 })
})

transport.run()
