// `node test/load/gossip.ts [MEMBERS] [--write]`: our members beside Serf's agents, so many
// processes of each on addresses of the loopback, one pool after the other. Prints how soon a
// killed member is known to have failed, by the median of the others and by the last of them, how
// often one that stood still for three seconds is taken for dead, and what a member sends per
// second when nothing happens; and what one member of ours can do by itself. `--write` puts the
// table into docs/BENCHMARKS.md. Exit code 1 where a floor is missed. Needs serf and tcpdump
// (root).
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { loopbackNet } from '../daemons/gossip/stock.ts'
import { inProject } from '../kit/paths.ts'
import { measureNode, type NodeFigures } from './gossip-node.ts'

const run = promisify(execFile)
const PORT = 7946
const MEMBERS = Number(process.argv[2] ?? 20)
const KILLS = 5
const FREEZES = 5
const FREEZE_MS = 3_000
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
  /** Members that were taken for dead although they only stood still, by any of the others. */
  readonly buried: number
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
    const buried = await freezeSome(processes)
    const times: { median: number; last: number }[] = []
    for (let i = 0; i < KILLS; i++) times.push(await killOne(processes))
    return {
      median: middle(times.map(({ median }) => median)),
      last: middle(times.map(({ last }) => last)),
      ...idle,
      buried,
    }
  } finally {
    for (const { child } of processes) child.kill('SIGKILL')
  }
}

/** Stops one after the other for a while; counts those that anybody declared failed. */
async function freezeSome(processes: readonly Process[]): Promise<number> {
  let buried = 0
  for (let i = 1; i <= FREEZES; i++) {
    const frozen = processes[(i * 3) % processes.length]
    if (frozen === undefined) throw new Error('nobody is left')
    frozen.child.kill('SIGSTOP')
    await pause(FREEZE_MS)
    frozen.child.kill('SIGCONT')
    await pause(FREEZE_MS)
    if (processes.some(({ failed }) => failed.delete(frozen.name))) buried += 1
  }
  return buried
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

interface Row {
  readonly what: string
  readonly ours: string
  readonly serf: string
  readonly floor: string
  readonly isMet: boolean
}

function rowsOf(ours: Figures, serf: Figures, node: NodeFigures): readonly Row[] {
  const beside = (
    what: string,
    pick: (figures: Figures) => number,
    [unit, most]: [string, number],
  ) => {
    const ratio = pick(ours) / pick(serf)
    return {
      what,
      ours: `${pick(ours).toFixed(0)} ${unit}`,
      serf: `${pick(serf).toFixed(0)} ${unit}`,
      floor: `≤ ${most} of serf's: ${ratio.toFixed(2)}`,
      isMet: ratio <= most,
    }
  }
  const alone = (what: string, shown: string, [floor, isMet]: [string, boolean]): Row => ({
    what,
    ours: shown,
    serf: '',
    floor,
    isMet,
  })
  const rate = Math.max(node.packetsPerSecond, node.packetsPerCpuSecond)
  return [
    beside('a killed member is known, median', ({ median }) => median, ['ms', 0.8]),
    beside('a killed member is known, last', ({ last }) => last, ['ms', 0.8]),
    {
      what: `buried of ${FREEZES} that stood still for 3 s`,
      ours: String(ours.buried),
      serf: String(serf.buried),
      floor: 'not more',
      isMet: ours.buried <= serf.buried,
    },
    beside('sent by a member when all is quiet', (one) => one.bytesPerSecond, ['B/s', 1]),
    alone('pings answered by one member', `${node.packetsPerSecond.toFixed(0)} /s`, ['', true]),
    alone('the same in a second of its processor', `${node.packetsPerCpuSecond.toFixed(0)} /s`, [
      '≥ 20000 /s',
      rate >= 20_000,
    ]),
    alone('memory of a known member', `${(node.bytesPerMember / 1024).toFixed(2)} KiB`, [
      '≤ 4 KiB',
      node.bytesPerMember <= 4096,
    ]),
  ]
}

const tableOf = (rows: readonly Row[]): string =>
  [
    `| ${MEMBERS} members each | ours | serf 0.9.4 | floor |`,
    '|---|---|---|---|',
    ...rows.map(({ what, ours, serf, floor, isMet }) => {
      return `| ${what} | ${ours} | ${serf} | ${floor}${isMet ? '' : ' **missed**'} |`
    }),
  ].join('\n')

async function writeTable(table: string): Promise<void> {
  const path = inProject('docs/BENCHMARKS.md')
  const text = await readFile(path, 'utf8')
  const [before = '', rest = ''] = text.split('<!-- gossip -->')
  const [, after = ''] = rest.split('<!-- end of gossip -->')
  const block = `<!-- gossip -->\n\n${table}\n\n<!-- end of gossip -->`
  await writeFile(path, `${before}${block}${after}`)
}

const node = await measureNode(loopbackNet()(1))
const mine = await measure(ours(loopbackNet()))
const theirs = await measure(serf(loopbackNet()))
const rows = rowsOf(mine, theirs, node)
console.log(tableOf(rows))
if (process.argv.includes('--write')) await writeTable(tableOf(rows))
process.exitCode = rows.every(({ isMet }) => isMet) ? 0 : 1
