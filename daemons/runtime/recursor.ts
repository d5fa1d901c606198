// Asks other DNS servers about names that are not ours: each question from a port and with an id
// that nobody can guess (RFC 5452 §9), one server after the other, until one knows or says that
// there is nothing.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { DnsConfig, ListenAddress } from '../../core/config/agent-config.ts'
import type { Name } from '../../core/dns/name.ts'
import { RCODE, type ResourceRecord } from '../../core/dns/record.ts'
import { encodeAddressQuery, isAnswerTo, rcodeOf, readAddresses } from '../../core/dns/response.ts'
import { isAnyIp } from '../../core/ip.ts'
import { frame, takeFrame } from './dns-frame.ts'

/** Questions on their way at once; more are answered with a failure. */
const UNDER_WAY_MAX = 512

type Server = DnsConfig['recursors'][number]

export interface Recursor {
  /** Changes with a reload. */
  config: Pick<DnsConfig, 'recursors' | 'recursorTimeoutMs' | 'recursorStrategy'>
  /** Ends what is under way. */
  readonly cancels: Set<() => void>
  /** Where we listen ourselves: whoever asks himself waits for himself. */
  readonly own: ListenAddress[]
}

export const createRecursor = (config: Recursor['config']): Recursor => ({
  config,
  cancels: new Set(),
  own: [],
})

export function closeRecursor({ cancels }: Recursor): void {
  for (const cancel of cancels) cancel()
}

/** The answer of the first server that has one, with the id of the query. Never rejects. */
export async function forward(
  recursor: Recursor,
  packet: Uint8Array,
  transport: 'udp' | 'tcp',
): Promise<Uint8Array | undefined> {
  if (recursor.cancels.size >= UNDER_WAY_MAX) return undefined
  for (const server of inOrder(recursor)) {
    const query = Uint8Array.from(packet)
    setId(query, randomInt(65_536))
    const response = await exchange(recursor, { server, query, transport })
    const rcode = response && rcodeOf(response)
    if (response === undefined || (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN)) continue
    response[0] = packet[0] ?? 0
    response[1] = packet[1] ?? 0
    return response
  }
  return undefined
}

/** What a name outside stands for; nothing if nobody says. */
export async function addressesOf(recursor: Recursor, name: Name): Promise<ResourceRecord[]> {
  const response = await forward(recursor, encodeAddressQuery(0, name), 'udp')
  return response === undefined ? [] : readAddresses(response)
}

function inOrder({ config, own }: Recursor): readonly Server[] {
  const others = config.recursors.filter((server) => !own.some((one) => leadsTo(one, server)))
  if (config.recursorStrategy === 'sequential' || others.length === 0) return others
  const first = randomInt(others.length)
  return [...others.slice(first), ...others.slice(0, first)]
}

function leadsTo(listener: ListenAddress, { host, port }: Server): boolean {
  if (listener.type !== 'tcp' || listener.port !== port) return false
  if (!isAnyIp(listener.host)) return listener.host === host
  const here = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return here.some(({ address }) => address === host)
}

function setId(packet: Uint8Array, id: number): void {
  packet[0] = id >> 8
  packet[1] = id & 255
}

interface Exchange {
  readonly server: Server
  readonly query: Uint8Array
  readonly transport: 'udp' | 'tcp'
}

/** Undefined: no answer in time, or none that is one. */
function exchange(recursor: Recursor, asked: Exchange): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const done = (response: Uint8Array | undefined) => {
      clearTimeout(timer)
      recursor.cancels.delete(cancel)
      stop()
      resolve(response)
    }
    const cancel = () => done(undefined)
    const timer = setTimeout(cancel, recursor.config.recursorTimeoutMs)
    recursor.cancels.add(cancel)
    const stop = asked.transport === 'udp' ? overUdp(asked, done) : overTcp(asked, done)
  })
}

type Done = (response: Uint8Array | undefined) => void

function overUdp({ server, query }: Exchange, done: Done): () => void {
  const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4')
  let isOpen = true
  socket.on('error', () => done(undefined))
  // Connected, so that the kernel hands over what comes from this server alone.
  socket.connect(server.port, server.host, () => {
    if (isOpen) socket.send(query)
  })
  socket.on('message', (response) => {
    if (isAnswerTo(query, response)) done(response)
  })
  return () => {
    if (isOpen) socket.close()
    isOpen = false
  }
}

function overTcp({ server, query }: Exchange, done: Done): () => void {
  const socket = connect(server.port, server.host, () => socket.write(frame(query)))
  let seen: Buffer = Buffer.alloc(0)
  socket.on('error', () => done(undefined))
  socket.on('close', () => done(undefined))
  socket.on('data', (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    const taken = takeFrame(seen)
    if (taken !== undefined) done(isAnswerTo(query, taken.message) ? taken.message : undefined)
  })
  return () => socket.destroy()
}
