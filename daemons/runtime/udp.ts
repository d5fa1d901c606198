// Datagrams of gossip: one socket that hears and speaks, and for what is watched a socket of its
// own that is connected to the other end. Only on a connected one the kernel tells that nobody
// listens there (ICMP port unreachable): that a member's process is gone while its machine lives.
//
// A datagram that cannot be sent is a datagram that was lost: gossip copes with that.
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { withoutMapping } from '../../core/wire/ip.ts'
import type { Address } from '../../core/wire/memberlist.ts'

export interface DatagramEvents {
  readonly onPacket: (from: Address, bytes: Uint8Array) => void
  /** Nobody listens where something watched was sent. */
  readonly onRefused: (to: Address) => void
  /** What the system says about a datagram that did not leave. */
  readonly onLost: (to: Address, error: Error) => void
}

export interface Datagrams {
  readonly address: Address
  send(to: Address, bytes: Uint8Array): void
  /** The same, and tells if it is refused. */
  sendWatched(to: Address, bytes: Uint8Array): void
  close(): Promise<void>
}

/** A busy pool sends bursts: what the kernel may keep for us until we read. */
const RECEIVE_BUFFER_BYTES = 2 << 20
/** A refusal comes within a round trip. */
const WATCH_MS = 1_000
/** Watched at once; more are sent without. */
const WATCHED_MAX = 64

/** Binds the socket; rejects with the error of the system. */
export async function openDatagrams(bind: Address, events: DatagramEvents): Promise<Datagrams> {
  const main = await boundSocket(bind, { recvBufferSize: RECEIVE_BUFFER_BYTES })
  const watched = new Set<Socket>()
  const hear = hearingOf(events)
  main.on('message', hear)
  main.on('error', (error) => events.onLost(bind, error))
  const send = (to: Address, bytes: Uint8Array) =>
    main.send(bytes, to.port, reachable(bind, to), (error) => {
      if (error !== null) events.onLost(to, error)
    })
  return {
    address: { ip: bind.ip, port: main.address().port },
    send,
    sendWatched: (to, bytes) => {
      if (watched.size >= WATCHED_MAX) send(to, bytes)
      else watch({ bind, to, bytes, watched, events, hear })
    },
    close: async () => {
      const sockets = [main, ...watched]
      watched.clear()
      await Promise.all(sockets.map(closed))
    },
  }
}

const typeOf = ({ ip }: Address) => (isIPv6(ip) ? 'udp6' : 'udp4')

function boundSocket(bind: Address, options: { recvBufferSize?: number }): Promise<Socket> {
  const socket = createSocket({ type: typeOf(bind), ...options })
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind({ address: bind.ip, port: bind.port, exclusive: true }, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.close(() => resolve())
  })

/** A socket of both families speaks to IPv4 by mapped addresses only. */
const reachable = (bind: Address, { ip }: Address): string =>
  typeOf(bind) === 'udp6' && !ip.includes(':') ? `::ffff:${ip}` : ip

type Hearing = (bytes: Buffer, info: { address: string; port: number }) => void

/** A copy: what arrives in one buffer of the kernel shall not be kept alive together. */
const hearingOf =
  ({ onPacket }: DatagramEvents): Hearing =>
  (bytes, { address, port }) =>
    onPacket({ ip: withoutMapping(address), port }, new Uint8Array(bytes))

interface Watch {
  readonly bind: Address
  readonly to: Address
  readonly bytes: Uint8Array
  readonly watched: Set<Socket>
  readonly events: DatagramEvents
  readonly hear: Hearing
}

/** The answer goes to the main socket, which the ping names; that of an old peer comes here. */
function watch({ bind, to, bytes, watched, events, hear }: Watch): void {
  const socket = createSocket({ type: typeOf(bind) })
  const timer = setTimeout(() => end(), WATCH_MS)
  timer.unref()
  socket.unref()
  watched.add(socket)
  const end = () => {
    clearTimeout(timer)
    if (watched.delete(socket)) socket.close()
  }
  socket.on('message', hear)
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end()
    if (error.code === 'ECONNREFUSED') events.onRefused(to)
    else events.onLost(to, error)
  })
  socket.bind({ address: bind.ip, port: 0 }, () => {
    if (!watched.has(socket)) return
    socket.connect(to.port, reachable(bind, to), () => {
      if (watched.has(socket)) socket.send(bytes)
    })
  })
}
