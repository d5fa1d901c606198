// Which DNS server is asked, and how an answer is had from it: over UDP, and over TCP when that was
// too small.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6, connect as openTcp } from 'node:net'
import type { Name } from '../../core/dns/name.ts'
import { EXIT } from '../../core/errors.ts'
import { formatDuration } from '../../core/time.ts'
import { type Client, connect } from '../kit/client.ts'
import { type Call, type Flags, optional } from '../kit/declare.ts'
import { Failure, isFailure, misuse, reasonOf } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { listDaemons } from '../kit/launch.ts'
import { type DnsReply, decodeReply, encodeQuestion, type TypeName } from './message.ts'

export const DNS_FLAGS = {
  ...HTTP_FLAGS,
  server: optional('the DNS server, HOST:PORT (default: the one of the agent)', {
    placeholder: 'ADDR',
  }),
} as const satisfies Flags

type DnsCall = Call<typeof DNS_FLAGS>

export interface Server {
  readonly host: string
  readonly port: number
}

const DEFAULT: Server = { host: '127.0.0.1', port: 8600 }
const DNS_PORT = 53
const PORT_MAX = 65_535

/** As told, or where the agent says that it answers. */
export async function serverOf(call: DnsCall, client: Client = connect(call)): Promise<Server> {
  const { server } = call.flags
  if (server !== undefined) return splitServer(server)
  try {
    const self = (await client.call('GET /v1/agent/self', {})).value()
    const { DNSAddrs } = debugOf(self)
    const udp = DNSAddrs?.find((address) => address.startsWith('udp://'))?.slice('udp://'.length)
    if (udp?.endsWith(':0')) return await recordedOf(call, client)
    return udp === undefined ? DEFAULT : reachable(splitServer(udp), client)
  } catch (error) {
    if (isFailure(error) && error.parts.code === 'nobody_there') return DEFAULT
    throw error
  }
}

/** What the agent says of its DNS. */
interface DnsDebug {
  readonly DNSAddrs?: readonly string[]
  /** `consul.` */
  readonly DNSDomain?: string
  readonly DNSOnlyPassing?: boolean
}

/** It is for debugging: Consul promises nothing of it, so any of it may be missing. */
export const debugOf = ({ DebugConfig }: { readonly DebugConfig: object }): DnsDebug =>
  DebugConfig as DnsDebug // nothing is required of it

/** An agent that was told to take any port has left a record of the one it took. */
async function recordedOf({ env }: DnsCall, { endpoint }: Client): Promise<Server> {
  const { records } = await listDaemons(env)
  const http = `${endpoint.host}:${endpoint.port}`
  const record = records.find(({ addresses }) => addresses['http']?.includes(http))
  const dns = record?.addresses['dns']?.[0]
  return dns === undefined ? DEFAULT : splitServer(dns)
}

/** One that listens everywhere, or on the loopback of another machine, is where its agent is. */
const reachable = ({ host, port }: Server, { endpoint }: Client): Server =>
  /^(?:0\.0\.0\.0|::|127\..*|::1)$/.test(host) && endpoint.socketPath === undefined
    ? { host: endpoint.host, port }
    : { host, port }

function splitServer(text: string): Server {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null)
    throw misuse(`no address of a server: ${text}`, { next: ['-server=HOST:PORT'] })
  const [, bracketed, bare = '', given] = match
  const port = given === undefined ? DNS_PORT : Number(given)
  if (port > 0 && port <= PORT_MAX) return { host: bracketed ?? bare, port }
  throw misuse(`no port of a server: ${text}`)
}

export interface Question {
  readonly name: Name
  readonly type: TypeName
}

export interface Asked {
  readonly reply: DnsReply
  readonly transport: 'udp' | 'tcp'
}

/** How long an answer may take, and how often a datagram is sent that may have been lost. */
const ANSWER_MS = 2_000
const TRIES = 2

export async function askServer(
  server: Server,
  { name, type }: Question,
  transport: 'udp' | 'tcp' = 'udp',
): Promise<Asked> {
  const id = randomInt(0x10000)
  const packet = encodeQuestion(id, name, type)
  const bytes =
    transport === 'udp' ? await overUdp(server, packet, TRIES) : await overTcp(server, packet)
  const reply = decodeReply(bytes)
  if (reply === undefined || reply.id !== id) throw noAnswer(server, 'what it sends is no answer')
  return reply.truncated && transport === 'udp'
    ? askServer(server, { name, type }, 'tcp')
    : { reply, transport }
}

export const shownServer = ({ host, port }: Server): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`

function noAnswer(server: Server, why: string, exit: number = EXIT.nobody): Failure {
  const code = exit === EXIT.timeout ? 'timeout' : 'nobody_there'
  const what = `no DNS answer from ${shownServer(server)}`
  return new Failure({ code, what, why, next: ['lictor doctor', 'another -server'], exit })
}

async function overUdp(server: Server, packet: Buffer, tries: number): Promise<Buffer> {
  for (let left = tries; left > 0; left--) {
    const answer = await datagram(server, packet)
    if (answer !== undefined) return answer
  }
  throw noAnswer(server, `none in ${formatDuration(tries * ANSWER_MS)}`, EXIT.timeout)
}

/** Undefined: nothing came in time. */
function datagram(server: Server, packet: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4')
    const end = (how: () => void) => {
      clearTimeout(timer)
      socket.close()
      how()
    }
    const timer = setTimeout(() => end(() => resolve(undefined)), ANSWER_MS)
    socket.once('error', (error) => end(() => reject(noAnswer(server, reasonOf(error)))))
    socket.on('message', (bytes) => {
      const isOurs = bytes.length > 1 && bytes.readUInt16BE(0) === packet.readUInt16BE(0)
      if (isOurs) end(() => resolve(bytes))
    })
    // Connected: a port where nobody listens is an error at once.
    socket.connect(server.port, server.host, () => socket.send(packet))
  })
}

function overTcp(server: Server, packet: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = openTcp({ host: server.host, port: server.port, timeout: ANSWER_MS * TRIES })
    const fail = (why: string, exit?: number) => {
      socket.destroy()
      reject(noAnswer(server, why, exit))
    }
    let got = Buffer.alloc(0)
    socket.once('error', (error) => fail(reasonOf(error)))
    socket.once('timeout', () => fail('it takes too long', EXIT.timeout))
    socket.once('close', () => fail('it closed the connection'))
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk])
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return
      resolve(got.subarray(2, 2 + got.readUInt16BE(0)))
      socket.destroy()
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(packet.length)
    socket.write(Buffer.concat([length, packet]))
  })
}
