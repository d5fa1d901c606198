// `node test/load/gossip.ts [MEMBERS]`: our members beside Serf's agents, so many processes of each
// on addresses of the loopback, one pool after the other. Prints how soon a killed member is known
// to have failed, by the median of the others and by the last of them, and what a member sends per
// second when nothing happens. Needs serf and tcpdump (root).
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { loopbackNet } from '../daemons/gossip/stock.ts'

const run = promisify(execFile)
const PORT = 7946
const MEMBERS = Number(process.argv[2] ?? 20)
const KILLS = 5
/** Two rounds of exchanges. */
const IDLE_SECONDS = 60
const SETTLE_MS = 15_000
const DETECT_MS_MAX = 40_000
const ENDING = extname(import.meta.filename)
const MEMBER = join(import.meta.dirname, `../daemons/gossip/member-process${ENDING}`)

interface Process {
  readonly name: string
  readonly child: ChildProcess
  /** When it told that a member has failed, by name. */
  readonly failed: Map<string, number>
}

type Launch = (n: number, first: string) => ChildProcess

interface Side {
  readonly label: string
  readonly ip: (n: number) => string
  readonly launch: Launch
  /** The name of a member that failed, out of a line of output. */
  readonly failedIn: (line: string) => string | undefined
}

const ours = (ip: (n: number) => string): Side => ({
  label: 'ours',
  ip,
  launch: (n, first) => {
    const joined = n === 1 ? [] : [{ ip: first, port: PORT }]
    const order = { name: `m${n}`, bind: { ip: ip(n), port: PORT }, join: joined }
    const args = [...process.execArgv, MEMBER, JSON.stringify(order)]
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  },
  failedIn: (line) => /^failed (\S+)/.exec(line)?.[1],
})

const serf = (ip: (n: number) => string): Side => ({
  label: 'serf',
  ip,
  launch: (n, first) => {
    const bind = [`-bind=${ip(n)}:${PORT}`, `-rpc-addr=${ip(n)}:7373`]
    const joined = n === 1 ? [] : [`-retry-join=${first}`, '-retry-interval=1s']
    const args = ['agent', `-node=m${n}`, ...bind, ...joined, '-log-level=info']
    return spawn('serf', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  },
  failedIn: (line) => /EventMemberFailed: (\S+)/.exec(line)?.[1],
})

function start(side: Side, n: number): Process {
  const child = side.launch(n, side.ip(1))
  const failed = new Map<string, number>()
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const name = side.failedIn(line)
      if (name !== undefined && !failed.has(name)) failed.set(name, performance.now())
    })
  return { name: `m${n}`, child, failed }
}

interface Figures {
  readonly median: number
  readonly last: number
  readonly bytesPerSecond: number
  readonly packetsPerSecond: number
}

async function measure(side: Side): Promise<Figures> {
  const processes: Process[] = []
  try {
    for (let n = 1; n <= MEMBERS; n++) {
      processes.push(start(side, n))
      await pause(200)
    }
    await pause(SETTLE_MS)
    const idle = await traffic(side)
    const times: { median: number; last: number }[] = []
    for (let i = 0; i < KILLS; i++) times.push(await killOne(processes))
    return {
      median: middle(times.map(({ median }) => median)),
      last: middle(times.map(({ last }) => last)),
      ...idle,
    }
  } finally {
    for (const { child } of processes) child.kill('SIGKILL')
  }
}

async function killOne(processes: Process[]): Promise<{ median: number; last: number }> {
  const victim = processes.splice(1 + Math.floor(processes.length / 2), 1)[0]
  if (victim === undefined) throw new Error('nobody is left')
  await pause(Math.random() * 1_000)
  victim.child.kill('SIGKILL')
  const at = performance.now()
  while (
    performance.now() - at < DETECT_MS_MAX &&
    !processes.every(({ failed }) => failed.has(victim.name))
  )
    await pause(20)
  const times = processes.map(({ failed }) => (failed.get(victim.name) ?? Number.NaN) - at)
  await pause(3_000)
  return { median: middle(times), last: Math.max(...times) }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** What one member sends, seen from outside: payloads of UDP and TCP on the loopback. */
async function traffic(side: Side): Promise<{ bytesPerSecond: number; packetsPerSecond: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'l-'))
  const file = join(dir, 'idle.pcap')
  const net = side.ip(0).replace(/\.0$/, '.0/24')
  const dump = spawn(
    'tcpdump',
    ['-i', 'lo', '-s', '96', '-w', file, `src net ${net} and port ${PORT}`],
    {
      stdio: 'ignore',
    },
  )
  await pause(IDLE_SECONDS * 1_000 + 500)
  dump.kill('SIGINT')
  await pause(1_000)
  try {
    const { stdout } = await run('tcpdump', ['-nn', '-q', '-r', file], { maxBuffer: 1 << 28 })
    const lengths = [...stdout.matchAll(/(?:UDP, length|tcp) (\d+)/g)].map(([, length]) =>
      Number(length),
    )
    const per = MEMBERS * IDLE_SECONDS
    const bytes = lengths.reduce((sum, length) => sum + length, 0)
    return { bytesPerSecond: bytes / per, packetsPerSecond: lengths.length / per }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const show = ({ label }: Side, { median, last, bytesPerSecond, packetsPerSecond }: Figures) =>
  console.log(
    [
      label.padEnd(6),
      `median ${median.toFixed(0)} ms`,
      `last ${last.toFixed(0)} ms`,
      `${bytesPerSecond.toFixed(0)} B/s`,
      `${packetsPerSecond.toFixed(2)} packets/s`,
    ].join('  '),
  )

for (const side of [ours(loopbackNet()), serf(loopbackNet())]) show(side, await measure(side))
