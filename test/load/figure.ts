// What a bench measures, and the table it prints. A figure is judged against a floor that is often
// a multiple of a yardstick from the same run: ratios hold from machine to machine, absolute
// figures do not.

type Unit = '' | '/s' | 'ms' | 'KiB' | 'MiB' | 'ns' | 'µs'

export interface Figure {
  readonly name: string
  readonly unit: Unit
  readonly value: number
  /**
   * The server's processor time for one operation, in microseconds: it hardly depends on who shares
   * the machine.
   */
  readonly cpuUs?: number | undefined
}

/** A row's promise: a bound in its own unit, computed from the yardsticks of the same run. */
interface Floor {
  /** As the table prints it: `≥ 0.25 H`. */
  readonly text: string
  holds(value: number, yardsticks: Yardsticks): boolean
}

interface Yardsticks {
  /** Requests a second of a bare node:http server. */
  readonly H: number
  /** Milliseconds of a raw write and fdatasync of 512 bytes. */
  readonly S: number
  /** Milliseconds of `node -e 0`. */
  readonly N: number
  /** Questions a second of a bare datagram server. */
  readonly D: number
  /** Puts a second of three members of etcd, with one client and with 64. */
  readonly E1: number
  readonly E64: number
}

export const YARDSTICK_NAMES = {
  H: 'yardstick H: bare node:http, 64 clients',
  S: 'yardstick S: write and fdatasync of 512 bytes, p50',
  N: 'yardstick N: node -e 0',
  D: 'yardstick D: bare datagrams',
  E1: 'yardstick E1: etcd, three members, put, 1 client',
  E64: 'yardstick E64: etcd, three members, put, 64 clients',
} as const

const FLOORS: Readonly<Record<string, Floor>> = {
  'put, 64 clients': rateFloor(0.25),
  'get, 64 clients': rateFloor(0.5),
  'put, 1 client, p50': {
    text: '≤ S + 0.5 ms',
    holds: (value, { S }) => value <= S + 0.5,
  },
  'memory of a parked query': atMost(20, 'KiB'),
  'all watchers of one key woken': atMost(250, 'ms'),
  '10,000 keys recursively': atMost(15, 'ms'),
  'agent ready after exec': atMost(1000, 'ms'),
  'DNS, A of 20 instances': {
    text: '≥ 0.4 D',
    holds: (value, { D }) => value >= 0.4 * D,
  },
  'DNS, questions lost at half that load': exactly(0),
  'health list of 20, 64 clients': rateFloor(0.35),
  'health list of 1,000, 16 clients': {
    text: '≥ 1,500 /s',
    holds: (value) => value >= 1_500,
  },
  'catalog register, 32 clients': rateFloor(0.15),
  'agent register, 8 clients': rateFloor(0.1),
  'woken by a change of one of 1,000 services': exactly(1),
  'raft apply, 1 client': besideEtcd('E1', 1),
  'raft apply, 64 clients': besideEtcd('E64', 1.5),
  'raft elections under that load': exactly(0),
  'next apply after SIGKILL of the leader, p50': atMost(100, 'ms'),
  'next apply after SIGKILL, longest': atMost(400, 'ms'),
  'next apply after SIGSTOP of the leader, p50': atMost(1000, 'ms'),
  'kv get, start to end': { text: '≤ 2.2 N', holds: (value, { N }) => value <= 2.2 * N },
}

function rateFloor(share: number): Floor {
  return { text: `≥ ${share} H`, holds: (value, { H }) => value >= share * H }
}

/** Where etcd is not there nothing is promised. */
function besideEtcd(name: 'E1' | 'E64', times: number): Floor {
  return {
    text: `≥ ${times} ${name}`,
    holds: (value, { [name]: etcd }) => Number.isNaN(etcd) || value >= times * etcd,
  }
}

function exactly(wanted: number): Floor {
  return { text: `= ${wanted}`, holds: (value) => value === wanted }
}

function atMost(bound: number, unit: Unit): Floor {
  return { text: `≤ ${bound} ${unit}`, holds: (value) => value <= bound }
}

/** Every round's values of one row. */
export interface Row {
  readonly name: string
  readonly unit: Unit
  readonly values: number[]
  readonly cpuUs: number[]
}

/** Adds a round's figures to the rows, in the order in which they first came. */
export function collect(rows: Map<string, Row>, figures: readonly Figure[]): void {
  for (const { name, unit, value, cpuUs } of figures) {
    const row = rows.get(name) ?? { name, unit, values: [], cpuUs: [] }
    rows.set(name, row)
    row.values.push(value)
    if (cpuUs !== undefined) row.cpuUs.push(cpuUs)
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export interface Table {
  readonly markdown: string
  readonly missed: readonly string[]
}

const COLUMNS = ['workload', 'median', 'rounds', 'to a yardstick', 'CPU an operation', 'floor']

/** The table in Markdown, and the rows that miss their floor. */
export function tableOf(rows: ReadonlyMap<string, Row>): Table {
  const yardstick = (name: string) => median(rows.get(name)?.values ?? [])
  const yardsticks: Yardsticks = {
    H: yardstick(YARDSTICK_NAMES.H),
    S: yardstick(YARDSTICK_NAMES.S),
    N: yardstick(YARDSTICK_NAMES.N),
    D: yardstick(YARDSTICK_NAMES.D),
    E1: yardstick(YARDSTICK_NAMES.E1),
    E64: yardstick(YARDSTICK_NAMES.E64),
  }
  const missed: string[] = []
  const lines = [...rows.values()].map((row) => {
    const value = median(row.values)
    const floor = FLOORS[row.name]
    const holds = floor === undefined || floor.holds(value, yardsticks)
    if (!holds) missed.push(`${row.name}: ${round(value)} ${row.unit}, floor ${floor?.text}`)
    const cells = [
      row.name,
      `${round(value)} ${row.unit}`,
      spread(row.values),
      toYardstick(row, value, yardsticks),
      row.cpuUs.length === 0 ? '' : `${round(median(row.cpuUs))} µs`,
      floor === undefined ? '' : `${floor.text}${holds ? '' : ' **missed**'}`,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = `| ${COLUMNS.join(' | ')} |\n|${'---|'.repeat(COLUMNS.length)}`
  return { markdown: [head, ...lines].join('\n'), missed }
}

const spread = (values: readonly number[]) =>
  `${round(Math.min(...values))} – ${round(Math.max(...values))}`

function toYardstick({ name, unit }: Row, value: number, yardsticks: Yardsticks): string {
  const { H, S, N, D, E1, E64 } = yardsticks
  if (name.startsWith('yardstick') || name.startsWith('next')) return ''
  if (FLOORS[name]?.text.endsWith('E1')) return `${(value / E1).toFixed(2)} E1`
  if (FLOORS[name]?.text.endsWith('E64')) return `${(value / E64).toFixed(2)} E64`
  if (unit === '/s' && FLOORS[name]?.text.endsWith('H')) return `${(value / H).toFixed(2)} H`
  if (FLOORS[name]?.text.endsWith('D')) return `${(value / D).toFixed(2)} D`
  if (name.endsWith('p50')) return `${(value / S).toFixed(1)} S`
  return FLOORS[name]?.text.endsWith('N') ? `${(value / N).toFixed(2)} N` : ''
}

function round(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Number.isInteger(value)) return value.toLocaleString('en')
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 10 ? value.toFixed(1) : value.toFixed(3)
}
