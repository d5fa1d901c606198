// What a world does to a pool: processes end and start again, machines go off, members stand still,
// links are cut in one direction or both, or lose more than usual, some are slow, some flap, some
// leave. And what people do with it meanwhile. Kinds are drawn per seed: a mean of everything hides
// what an extreme would show.
import { utf8 } from '../../bytes.ts'
import type { Prng } from '../../prng.ts'
import { join, leave, send, setTags } from '../../swim/server.ts'
import { type Departure, keepIncarnation, type Observer } from './check.ts'
import {
  after,
  cut,
  type Pool,
  type PoolNode,
  pauseNode,
  resumeNode,
  startNode,
  step,
  stopNode,
} from './world.ts'

export const FAULTS = [
  'crash',
  'power',
  'pause',
  'flap',
  'split',
  'one-way',
  'slow',
  'burst',
  'leave',
] as const
export type Fault = (typeof FAULTS)[number]

export interface Nemesis {
  readonly pool: Pool
  readonly observer: Observer
  readonly prng: Prng
  readonly faults: readonly Fault[]
  readonly meanMs: number
  /** Nothing is begun any more. */
  isOver: boolean
  /** Faults that isolate several, under way. */
  disturbances: number
  /** Who has ever left. */
  readonly left: Map<string, Departure>
  readonly undo: Set<() => void>
}

export function startNemesis(nemesis: Nemesis): void {
  const { pool, prng, faults } = nemesis
  if (faults.length === 0) return
  const next = () =>
    after(pool, prng.exponential(nemesis.meanMs), () => {
      if (nemesis.isOver) return
      inflict(nemesis, prng.pick(faults))
      next()
    })
  next()
}

/**
 * Everything that can be mended is: links, machines, pauses. Processes that are gone stay so. Who
 * has come back asks for its pool once more: nobody looks for those who have left, and all that a
 * member knew may be gone.
 */
export function heal(nemesis: Nemesis): void {
  const { pool } = nemesis
  nemesis.isOver = true
  for (const undo of [...nemesis.undo]) undo()
  for (const node of pool.nodes)
    if (node.swim !== undefined && node.life > FIRST_LIFE) joinOthers(pool, node, ASKED_MAX)
}

/** In a small pool all are asked. In a large one each answer tells of all. */
const ASKED_MAX = 32

/** Of so many members one at a time meets with a fault of its own. */
const MEMBERS_PER_FAULT = 32
/** Faults of many at once; the others strike members. */
const SHARED: readonly Fault[] = ['split', 'one-way', 'burst']

function inflict(nemesis: Nemesis, fault: Fault): void {
  const { pool, prng } = nemesis
  const many = Math.max(1, Math.floor(pool.nodes.length / MEMBERS_PER_FAULT))
  const struck = SHARED.includes(fault) ? 1 : many
  for (let i = 0; i < struck; i++) strike(nemesis, fault, prng.pick(pool.nodes))
}

function strike(nemesis: Nemesis, fault: Fault, node: PoolNode): void {
  const { prng } = nemesis
  switch (fault) {
    case 'crash':
      crash(nemesis, node)
      break
    case 'power':
      powerOff(nemesis, node, prng.range(500, 20_000))
      break
    case 'pause':
      pause(nemesis, node, prng.range(300, 6_000))
      break
    case 'flap':
      flap(nemesis, node, prng.range(3, 8))
      break
    case 'split':
      split(nemesis, prng.range(500, 25_000))
      break
    case 'one-way':
      cutOneWay(nemesis, node, prng.range(500, 15_000))
      break
    case 'slow':
      slowDown(nemesis, node, prng.range(2_000, 15_000))
      break
    case 'burst':
      lose(nemesis, prng.range(1_000, 10_000))
      break
    default:
      depart(nemesis, node)
  }
}

/** Begins a disturbance of all; ends it after a while, or when everything is healed. */
function disturb(nemesis: Nemesis, ms: number, end: () => void): void {
  const { pool, observer } = nemesis
  nemesis.disturbances += 1
  observer.calmSince = undefined
  undoLater(nemesis, ms, () => {
    end()
    nemesis.disturbances -= 1
    if (nemesis.disturbances === 0) observer.calmSince = pool.now
  })
}

/** The same of one member only: nothing excuses what others then think of one another. */
function touch(
  nemesis: Nemesis,
  node: PoolNode,
  { ms, end }: { ms: number; end: () => void },
): void {
  const { pool, observer } = nemesis
  observer.wholeSince[node.index] = undefined
  undoLater(nemesis, ms, () => {
    end()
    observer.wholeSince[node.index] = pool.now
  })
}

function undoLater({ pool, undo }: Nemesis, ms: number, work: () => void): void {
  const finish = () => {
    if (undo.delete(finish)) work()
  }
  undo.add(finish)
  after(pool, ms, finish)
}

const isRunning = ({ swim, isDark }: PoolNode): boolean => swim !== undefined && !isDark

export function end({ observer }: Pick<Nemesis, 'observer'>, node: PoolNode): void {
  keepIncarnation(observer, node)
  observer.wholeSince[node.index] = undefined
  stopNode(node)
}

function crash(nemesis: Nemesis, node: PoolNode): void {
  const { pool, prng } = nemesis
  if (!isRunning(node) || fewRun(pool)) return
  end(nemesis, node)
  if (prng.chance(0.7)) comeBackLater(nemesis, node, prng.range(200, 30_000))
}

/** Somebody must be there to hold a pool together. */
const fewRun = ({ nodes }: Pool) => nodes.filter(isRunning).length <= 3

function comeBackLater(nemesis: Nemesis, node: PoolNode, ms: number): void {
  after(nemesis.pool, ms, () => {
    if (!nemesis.isOver) comeBack(nemesis, node)
  })
}

/** A new process on the machine, which asks those that it remembers. */
function comeBack(nemesis: Nemesis, node: PoolNode): void {
  const { pool, observer, left } = nemesis
  if (node.swim !== undefined || node.isDark) return
  const departure = left.get(node.name)
  if (departure !== undefined) Object.assign(departure, { isGone: false, isCertain: false })
  startNode(pool, node)
  observer.wholeSince[node.index] = pool.now
  joinOthers(pool, node)
}

const FIRST_LIFE = 1

/** As many as an operator writes down. */
const JOINED_MAX = 3

export function joinOthers(pool: Pool, node: PoolNode, count = JOINED_MAX): void {
  const addresses = pool.nodes.filter((each) => each !== node).map(({ address }) => address)
  const some = pool.prng.shuffle(addresses).slice(0, count)
  const order = { id: 1, mode: 'all', ignoresOldEvents: true } as const
  step(pool, node, (swim) =>
    join(swim, { ...order, addresses: some, attempts: Number.POSITIVE_INFINITY }, pool.now),
  )
}

function powerOff(nemesis: Nemesis, node: PoolNode, ms: number): void {
  const { pool, prng } = nemesis
  if (!isRunning(node) || fewRun(pool)) return
  const losesProcess = prng.chance(0.5)
  if (losesProcess) end(nemesis, node)
  else pauseNode(node)
  node.isDark = true
  const back = () => {
    node.isDark = false
    if (losesProcess) comeBack(nemesis, node)
    else resumeNode(pool, node)
  }
  touch(nemesis, node, { ms, end: back })
}

/** Nobody is buried for having stood still for less than this. */
const PAUSE_MS_HARMLESS = 2_500

function pause(nemesis: Nemesis, node: PoolNode, ms: number): void {
  const { pool } = nemesis
  if (!isRunning(node) || node.isPaused) return
  pauseNode(node)
  const resume = () => {
    if (node.isPaused) resumeNode(pool, node)
  }
  if (ms < PAUSE_MS_HARMLESS) undoLater(nemesis, ms, resume)
  else touch(nemesis, node, { ms, end: resume })
}

/** Stands still and goes on, several times. */
function flap(nemesis: Nemesis, node: PoolNode, times: number): void {
  const { pool, prng } = nemesis
  if (times === 0 || nemesis.isOver) return
  if (isRunning(node) && !node.isPaused) {
    pauseNode(node)
    const resume = () => {
      if (node.isPaused) resumeNode(pool, node)
    }
    touch(nemesis, node, { ms: prng.range(800, 2_500), end: resume })
  }
  after(pool, prng.range(2_600, 4_000), () => flap(nemesis, node, times - 1))
}

function split(nemesis: Nemesis, ms: number): void {
  const { pool, prng } = nemesis
  const here = new Set(pool.nodes.filter(() => prng.chance(0.5)))
  const pairs = pool.nodes.flatMap((a) =>
    pool.nodes.filter((b) => here.has(a) !== here.has(b)).map((b) => [a, b] as const),
  )
  for (const [a, b] of pairs) cut(pool, a, b, 1)
  disturb(nemesis, ms, () => {
    for (const [a, b] of pairs) cut(pool, a, b, -1)
  })
}

/** The node hears nothing, or is not heard, or both of some others. */
function cutOneWay(nemesis: Nemesis, node: PoolNode, ms: number): void {
  const { pool, prng } = nemesis
  const others = pool.nodes.filter((each) => each !== node && prng.chance(0.7))
  const isDeaf = prng.chance(0.5)
  const turn = (by: 1 | -1) => {
    for (const other of others)
      if (isDeaf) cut(pool, other, node, by)
      else cut(pool, node, other, by)
  }
  turn(1)
  disturb(nemesis, ms, () => turn(-1))
}

function slowDown(nemesis: Nemesis, node: PoolNode, ms: number): void {
  const by = nemesis.prng.range(100, 800)
  node.slowMs += by
  const end = () => {
    node.slowMs -= by
  }
  touch(nemesis, node, { ms, end })
}

function lose(nemesis: Nemesis, ms: number): void {
  const { pool, prng } = nemesis
  const usual = pool.conditions.lossChance
  pool.lossChance = 0.1 + prng.unit() * 0.4
  disturb(nemesis, ms, () => {
    pool.lossChance = usual
  })
}

/** A departure that nothing disturbs for so long has been heard. */
export const HEARD_MS = 6_000

/** Leaves politely, and perhaps comes back. */
export function depart(nemesis: Nemesis, node: PoolNode): void {
  const { pool, prng, observer, left } = nemesis
  if (!isRunning(node) || node.isPaused || fewRun(pool)) return
  observer.wholeSince[node.index] = undefined
  const departure: Departure = { isGone: true, isCertain: false }
  left.set(node.name, departure)
  step(pool, node, (swim) => leave(swim, pool.now))
  const { calmSince } = observer
  after(pool, HEARD_MS, () => {
    const isHeard = calmSince !== undefined && observer.calmSince === calmSince
    departure.isCertain = departure.isGone && isHeard
  })
  if (prng.chance(0.6)) comeBackLater(nemesis, node, prng.range(8_000, 30_000))
}

/** What people do meanwhile. */
export function startPeople(nemesis: Nemesis): void {
  const { pool, prng } = nemesis
  const next = () =>
    after(pool, prng.exponential(4_000), () => {
      if (nemesis.isOver) return
      act(nemesis)
      next()
    })
  next()
}

function act({ pool, prng }: Nemesis): void {
  const running = pool.nodes.filter((node) => isRunning(node) && !node.isPaused)
  if (running.length === 0) return
  const node = prng.pick(running)
  if (prng.chance(0.4)) {
    node.tags = new Map([['role', `role-${prng.range(0, 999)}`]])
    step(pool, node, (swim) => setTags(swim, node.tags, pool.now))
    return
  }
  const name = `event-${prng.range(0, 9)}`
  step(pool, node, (swim) =>
    send(swim, { name, payload: utf8(`${pool.now}`), coalesce: false }, pool.now),
  )
}
