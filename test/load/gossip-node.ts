// What one member can do by itself: pings that it answers per second on real sockets, from outside,
// and the memory that each known member takes.
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createPrng } from '../../core/prng.ts'
import { receivePacket } from '../../core/swim/server.ts'
import { PROFILES } from '../../core/swim/settings.ts'
import { createSwim, drainSwim } from '../../core/swim/swim.ts'
import { encodeMessage, type Versions } from '../../core/wire/memberlist.ts'
import { encodeTags } from '../../core/wire/serf.ts'

const ENDING = extname(import.meta.filename)
const MEMBER = join(import.meta.dirname, `../daemons/gossip/member-process${ENDING}`)
const SECONDS = 4
/** Pings under way: enough to keep it busy, few enough for the kernel's buffer. */
const WINDOW = 256
const TICKS_PER_SECOND = 100 // of /proc/PID/stat, on every Linux of today
const MEMBERS = 10_000

export interface NodeFigures {
  readonly packetsPerSecond: number
  /** The same for a whole second of its processor. */
  readonly packetsPerCpuSecond: number
  readonly bytesPerMember: number
}

export async function measureNode(ip: string): Promise<NodeFigures> {
  const bind = { ip, port: 7946 }
  const args = [...process.execArgv, MEMBER, JSON.stringify({ name: 'm', bind, join: [] })]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    await once(createInterface({ input: child.stdout }), 'line')
    return { ...(await flood(child, bind)), bytesPerMember: measureMemory() }
  } finally {
    child.kill('SIGKILL')
  }
}

/** Each packet in brings one out: an answered ping is two packets handled. */
async function flood(child: ChildProcess, to: { ip: string; port: number }) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  socket.bind(0, to.ip)
  await once(socket, 'listening')
  const ping = Buffer.from(encodeMessage(pingTo('m')))
  const cpuFrom = cpuSeconds(child)
  const from = performance.now()
  let answered = 0
  const send = () => socket.send(ping, to.port, to.ip)
  socket.on('message', () => {
    answered += 1
    send()
  })
  for (let i = 0; i < WINDOW; i++) send()
  // What was lost on the way leaves the window smaller: it is filled up now and then.
  let seen = 0
  const refill = setInterval(() => {
    if (answered === seen) for (let i = 0; i < WINDOW; i++) send()
    seen = answered
  }, 50)
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000))
  clearInterval(refill)
  const seconds = (performance.now() - from) / 1_000
  const cpu = cpuSeconds(child) - cpuFrom
  socket.close()
  return { packetsPerSecond: answered / seconds, packetsPerCpuSecond: answered / cpu }
}

const pingTo = (node: string) =>
  ({
    type: 'ping',
    seqNo: 7,
    node,
    sourceAddr: '',
    sourcePort: 0,
    sourceNode: '',
  }) as const

function cpuSeconds({ pid }: ChildProcess): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const fields = rest.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

const VERSIONS: Versions = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 5,
}

/** Members with the tags of one of Consul's clients, heard of by gossip. */
function measureMemory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // what the flag makes
  const now = 0
  const swim = createSwim(
    {
      name: 'self',
      address: { ip: '10.255.0.1', port: 7946 },
      tags: new Map(),
      settings: PROFILES.lan,
      prng: createPrng(1),
      versions: VERSIONS,
      isCompressed: true,
      packetOverheadBytes: 0,
      isSealed: false,
      keys: [],
      admit: () => undefined,
      resolvesConflicts: false,
      isCoalescing: false,
      remembered: undefined,
    },
    now,
  )
  collect()
  const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  for (let n = 0; n < MEMBERS; n++) {
    const ip = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
    const tags = { dc: 'dc1', role: 'node', segment: '', vsn: '2', vsn_min: '2', vsn_max: '3' }
    const id = `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`
    const meta = encodeTags(new Map(Object.entries({ ...tags, id, build: '1.21.4:' })))
    const alive = {
      type: 'alive',
      incarnation: 1,
      node: `node-${n}`,
      addr: ip,
      port: 8301,
      meta,
      vsn: VERSIONS,
    } as const
    const bytes = encodeMessage(alive)
    receivePacket(swim, { from: { ip, port: 8301 }, bytes }, now)
    drainSwim(swim)
  }
  swim.memory.lines = []
  for (const queue of Object.values(swim.queues)) {
    queue.waiting.length = 0
    queue.bySubject.clear()
  }
  collect()
  const after = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  if (swim.roster.size !== MEMBERS + 1) throw new Error(`${swim.roster.size} are known`)
  return (after - before) / MEMBERS
}
