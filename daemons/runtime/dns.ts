// DNS on the network: datagrams and streams become questions for the agent, its answers become
// datagrams and streams again, and what is not ours goes to the recursors. What is answered, and
// whether at all, is decided in core/dns.
import { createSocket, type Socket as Datagrams, type RemoteInfo } from 'node:dgram'
import { createServer, isIPv6, type Server } from 'node:net'
import type { DnsConfig, ListenAddress } from '../../core/config/agent-config.ts'
import type { Answer, Asking } from '../../core/dns/answer.ts'
import type { Name } from '../../core/dns/name.ts'
import type { ResourceRecord } from '../../core/dns/record.ts'
import { farBytes, shortened } from '../../core/dns/shorten.ts'
import { type RequestId, requestId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import { createFarLimit, type FarLimit, isFar, judgeFar } from './dns-limit.ts'
import { openStream, type Stream } from './dns-stream.ts'
import { listenOn } from './listen.ts'
import { addressesOf, closeRecursor, createRecursor, forward, type Recursor } from './recursor.ts'

/** A burst of questions waits here while the process does something else. */
const RECEIVE_BYTES = 4 << 20
/** Answers that the network does not take are dropped: whoever asked asks again. */
const UNSENT_BYTES_MAX = 4 << 20
/** More connections than this for DNS over TCP are nobody's use. */
export const STREAMS_MAX = 1_024
/** A free port for TCP may be taken for UDP; then another one is tried. */
const PORT_TRIES = 16
/** How often an answer may lead to further names outside, and to how many at once. */
const CHASES_MAX = 3
const CHASED_AT_ONCE_MAX = 8

export interface DnsOptions {
  /** Brings a question to the agent; `answerDns` brings the answer. */
  readonly ask: (id: RequestId, asking: Asking) => void
  readonly now: () => Instant
  /** For each address; one more is closed. */
  readonly streamsMax: number
  readonly config: DnsConfig
}

export interface Dns {
  readonly options: DnsOptions
  readonly recursor: Recursor
  readonly datagrams: Set<Datagrams>
  readonly servers: Set<Server>
  readonly streams: Set<Stream>
  /** Questions that the agent has. */
  readonly pending: Map<RequestId, Asker>
  readonly farLimit: FarLimit
  nextId: number
}

/** Who waits for an answer. */
interface Asker extends Asking {
  readonly chases: number
  /** Undefined: nothing is to be said. */
  readonly reply: (bytes: Uint8Array | undefined) => void
}

export const createDns = (options: DnsOptions): Dns => ({
  options,
  recursor: createRecursor(options.config),
  datagrams: new Set(),
  servers: new Set(),
  streams: new Set(),
  pending: new Map(),
  farLimit: createFarLimit(),
  nextId: 1,
})

/** The configuration was read again: whom to ask about other names. */
export function reconfigureDns({ recursor }: Dns, config: DnsConfig): void {
  recursor.config = config
}

/** Where it now listens, for UDP and TCP alike. Rejects with the error of the system. */
export async function openDns(dns: Dns): Promise<ListenAddress[]> {
  const bound: ListenAddress[] = []
  for (const address of dns.options.config.listen) {
    if (address.type === 'tcp') bound.push(await openBoth(dns, address))
  }
  dns.recursor.own.push(...bound)
  return bound
}

type Address = Extract<ListenAddress, { type: 'tcp' }>

async function openBoth(dns: Dns, address: Address): Promise<ListenAddress> {
  for (let tries = 1; ; tries++) {
    const server = createStreams(dns)
    const bound = await listenOn(server, address)
    try {
      if (bound.type === 'tcp') await openDatagrams(dns, bound)
      dns.servers.add(server)
      return bound
    } catch (error) {
      await closed(server)
      if (address.port !== 0 || tries === PORT_TRIES) throw error
    }
  }
}

function createStreams(dns: Dns): Server {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const stream = openStream({
      socket,
      now: dns.options.now,
      ask: (packet, reply) => ask(dns, { ...freshly(packet, 'tcp'), reply }),
    })
    dns.streams.add(stream)
    socket.on('close', () => dns.streams.delete(stream))
  })
  server.maxConnections = dns.options.streamsMax
  return server
}

function openDatagrams(dns: Dns, { host, port }: Address): Promise<void> {
  const type = isIPv6(host) ? 'udp6' : 'udp4'
  // What a datagram came from is an address: nothing is looked up for an answer.
  const lookup = (address: string, _: unknown, done: Looked) =>
    done(null, address, type === 'udp6' ? 6 : 4)
  const socket = createSocket({ type, recvBufferSize: RECEIVE_BYTES, lookup })
  socket.on('message', (packet, from) => onDatagram(dns, socket, { packet, from }))
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind({ address: host, port }, () => {
      socket.removeAllListeners('error')
      // Of a single datagram: an answer that cannot be sent is lost like one lost on the way.
      socket.on('error', () => undefined)
      dns.datagrams.add(socket)
      resolve()
    })
  })
}

type Looked = (error: null, address: string, family: number) => void

function onDatagram(
  dns: Dns,
  socket: Datagrams,
  { packet, from }: { readonly packet: Buffer; readonly from: RemoteInfo },
): void {
  const reply = (bytes: Uint8Array | undefined) => {
    const isLost = !dns.datagrams.has(socket) || socket.getSendQueueSize() > UNSENT_BYTES_MAX
    if (bytes !== undefined && !isLost) socket.send(bytes, from.port, from.address)
  }
  if (isFar(from.address)) onFarDatagram(dns, { packet, reply, address: from.address })
  else ask(dns, { ...freshly(packet, 'udp'), reply })
}

interface FarDatagram {
  readonly packet: Buffer
  readonly address: string
  readonly reply: Asker['reply']
}

function onFarDatagram(dns: Dns, { packet, address, reply }: FarDatagram): void {
  const verdict = judgeFar(dns.farLimit, address, dns.options.now())
  if (verdict === 'tcp') reply(shortened(packet))
  if (verdict !== 'answer') return
  const bytesMax = farBytes(packet.length)
  const bounded = (bytes: Uint8Array | undefined) =>
    reply(bytes !== undefined && bytes.length > bytesMax ? shortened(packet) : bytes)
  ask(dns, { ...freshly(packet, 'udp'), far: true, reply: bounded })
}

const NOTHING_CHASED: Asking['chased'] = new Map()

const freshly = (packet: Uint8Array, transport: 'udp' | 'tcp') => ({
  packet,
  transport,
  chased: NOTHING_CHASED,
  chases: 0,
})

function ask(dns: Dns, asker: Asker): void {
  const id = requestId(dns.nextId++)
  dns.pending.set(id, asker)
  dns.options.ask(id, asker)
}

/** What the agent says to a question. */
export function answerDns(dns: Dns, id: RequestId, answer: Answer): void {
  const asker = dns.pending.get(id)
  if (asker === undefined) return
  dns.pending.delete(id)
  switch (answer.type) {
    case 'reply':
      asker.reply(answer.bytes)
      break
    case 'silence':
      asker.reply(undefined)
      break
    case 'forward':
      forward(dns.recursor, asker.packet, asker.transport).then((response) =>
        asker.reply(response ?? answer.failed),
      )
      break
    default:
      chase(dns, asker, answer)
  }
}

function chase(dns: Dns, asker: Asker, answer: Extract<Answer, { type: 'chase' }>): void {
  if (asker.chases === CHASES_MAX) {
    asker.reply(answer.partial)
    return
  }
  const names = answer.names.slice(0, CHASED_AT_ONCE_MAX)
  const asked = names.map(async (name): Promise<[Name, ResourceRecord[]]> => {
    return [name, await addressesOf(dns.recursor, name)]
  })
  Promise.all(asked).then((found) => {
    const chased = new Map([...asker.chased, ...found])
    ask(dns, { ...asker, chased, chases: asker.chases + 1 })
  })
}

/** To be called with every tick: closes the connections that nobody uses. */
export function sweepDns({ streams }: Dns, now: Instant): void {
  for (const { socket, deadline } of streams) if (now > deadline) socket.destroy()
}

/** Resolves when the ports are free. Whoever waits gets no answer. */
export async function closeDns(dns: Dns): Promise<void> {
  closeRecursor(dns.recursor)
  dns.pending.clear()
  for (const socket of dns.datagrams) socket.close()
  dns.datagrams.clear()
  for (const { socket } of dns.streams) socket.destroy()
  await Promise.all([...dns.servers].map(closed))
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })
