// One run of a virtual pool: members start and join, a while of faults, then everything is mended
// and the pool must come to agree, notice deaths and departures in time, bring events to everybody,
// and fall silent. The same options give the same run.
import { AssertionError } from '../../assert.ts'
import { EMPTY, utf8 } from '../../bytes.ts'
import { createPrng, type Prng } from '../../prng.ts'
import { exchangeIntervalMs } from '../../swim/exchange.ts'
import { query, send, setTags } from '../../swim/server.ts'
import { PROFILES } from '../../swim/settings.ts'
import { suspicionBounds } from '../../swim/suspicion.ts'
import { hashText } from '../hash.ts'
import {
  createObserver,
  disagreement,
  lookAtMembers,
  type Observer,
  wasTold,
  watchEffect,
} from './check.ts'
import { mustHold, PoolViolation, type Rule } from './finding.ts'
import {
  depart,
  end,
  FAULTS,
  type Fault,
  HEARD_MS,
  heal,
  joinOthers,
  type Nemesis,
  startNemesis,
  startPeople,
} from './nemesis.ts'
import {
  createPool,
  type Pool,
  type PoolConditions,
  type PoolNode,
  runPool,
  startNode,
  step,
} from './world.ts'

export interface PoolRun {
  readonly seed: number
  /** At least so many happen. */
  readonly events: number
  /** Undefined: 5 to 32, small ones more often. */
  readonly size?: number
  /** Undefined: drawn from the seed. */
  readonly faults?: readonly Fault[]
}

export interface PoolResult {
  readonly seed: number
  readonly size: number
  readonly faults: readonly Fault[]
  readonly events: number
  /** Virtual. */
  readonly ms: number
  readonly packets: number
  readonly failures: number
  readonly suspicions: number
  readonly hash: string
  readonly finding:
    | { readonly rule: Rule; readonly what: string; readonly atMs: number }
    | undefined
}

interface Run {
  readonly pool: Pool
  readonly observer: Observer
  readonly nemesis: Nemesis
  readonly prng: Prng
}

export function runOnePool(options: PoolRun): PoolResult {
  const prng = createPrng(options.seed ^ 0x5eed)
  const size = options.size ?? drawSize(prng)
  const faults = options.faults ?? drawFaults(prng)
  const run = createRun({ ...options, size, faults }, prng)
  const { pool, observer } = run
  const finding = findingOf(run, options.events)
  return {
    seed: options.seed,
    size,
    faults,
    events: pool.events,
    ms: pool.now,
    packets: observer.packets,
    failures: observer.failures,
    suspicions: observer.suspicions,
    hash: hashText(pool.hash),
    finding,
  }
}

const drawSize = (prng: Prng) => (prng.chance(0.7) ? prng.range(5, 10) : prng.range(11, 32))

/** A quarter of the runs have no faults at all: nothing may be declared failed in them. */
function drawFaults(prng: Prng): readonly Fault[] {
  if (prng.chance(0.25)) return []
  return FAULTS.filter(() => prng.chance(0.35))
}

function createRun(options: PoolRun & { size: number; faults: readonly Fault[] }, prng: Prng): Run {
  const { seed, size, faults } = options
  const conditions = drawConditions(prng, size)
  const observer = createObserver(size)
  const pool: Pool = createPool(
    { seed, size, conditions },
    {
      onEffect: (node, effect) => watchEffect(pool, observer, node, effect),
      onLook: (node, swim) => lookAtMembers(pool, observer, node, swim),
    },
  )
  const nemesis: Nemesis = {
    pool,
    observer,
    prng: prng.fork(),
    faults,
    meanMs: 1_500 + prng.unit() * 6_000,
    isOver: false,
    disturbances: 0,
    left: new Map(),
    undo: new Set(),
  }
  return { pool, observer, nemesis, prng }
}

/** The stock profile, but mending itself more often: a run need not last for minutes. */
const SETTINGS = {
  ...PROFILES.lan,
  pushPullIntervalMs: 8_000,
  reconnectIntervalMs: 4_000,
  gossipToTheDeadMs: 15_000,
}

const drawConditions = (prng: Prng, size: number): PoolConditions => ({
  settings: { ...SETTINGS, streamPings: prng.chance(0.5) },
  delayMs: prng.pick([0.2, 1, 5]),
  jitterMs: prng.pick([0.5, 5, 40]),
  lossChance: prng.pick([0, 0, 0.01, 0.05, 0.1]),
  duplicateChance: prng.pick([0, 0, 0.02, 0.1]),
  isRefusing: prng.chance(0.7),
  checkEvery: size > 16 ? 23 : 7,
})

function findingOf(run: Run, events: number): PoolResult['finding'] {
  try {
    begin(run)
    trouble(run, events)
    mend(run)
    useHealed(run)
    return undefined
  } catch (error) {
    const atMs = run.pool.now
    if (error instanceof PoolViolation) return { rule: error.rule, what: error.message, atMs }
    if (error instanceof AssertionError) return { rule: 'assertion', what: error.message, atMs }
    throw error
  }
}

const START_MS = 1_000

/** All start within a second, and ask one another until somebody answers. */
function begin({ pool, prng }: Run): void {
  for (const node of pool.nodes) {
    runPool(pool, pool.now + prng.unit() * (START_MS / pool.nodes.length))
    startNode(pool, node)
    joinOthers(pool, node)
  }
  runPool(pool, pool.now + 5_000)
}

const TROUBLE_MS_MAX = 60_000
/** A part of the events is left for the time after. What it took to begin does not count. */
const TROUBLE_SHARE = 0.6

function trouble({ pool, nemesis, observer }: Run, events: number): void {
  startNemesis(nemesis)
  startPeople(nemesis)
  const begun = pool.now
  const enough = pool.events + events * TROUBLE_SHARE
  runPool(pool, begun + TROUBLE_MS_MAX, () => pool.events >= enough)
  const perNodeSecond = observer.packets / pool.nodes.length / (pool.now / 1000)
  mustHold(perNodeSecond <= PACKETS_MAX, 'bounded', () => `${perNodeSecond} packets per second`)
  if (nemesis.faults.length > 0) return
  const share = observer.unanswered / observer.probes
  mustHold(share <= UNANSWERED_MAX, 'suspicion', () => `${share} of all probes came to nothing`)
}

/** One of ten packets lost, three helpers and perhaps a stream. */
const UNANSWERED_MAX = 0.06

/** Probes, helpers and gossip at their fastest, per member and second. */
const PACKETS_MAX = 30
const MEND_MS_MAX = 90_000

function mend(run: Run): void {
  const { pool, nemesis } = run
  heal(nemesis)
  pool.lossChance = 0
  const wrong = settleWithin(run, MEND_MS_MAX, () => disagreement(pool, nemesis.left))
  mustHold(wrong === undefined, 'agreement', () => `after healing ${wrong}`)
}

/** Time passes until nothing is wrong any more; what still is, if it lasts. */
function settleWithin(
  { pool }: Run,
  ms: number,
  wrong: () => string | undefined,
): string | undefined {
  const until = pool.now + ms
  let what = wrong()
  while (what !== undefined && pool.now < until) {
    runPool(pool, pool.now + 250)
    what = wrong()
  }
  return what
}

const running = ({ nodes }: Pool): PoolNode[] => nodes.filter(({ swim }) => swim !== undefined)

/** A healed pool does all that a pool is for, in time. */
function useHealed(run: Run): void {
  // Joins under way leave out what was told before them. Clocks meet in exchanges only: who is
  // behind tells news that others take for old.
  runPool(run.pool, run.pool.now + SETTINGS.streamTimeoutMs)
  const apart = settleWithin(run, MEND_MS_MAX, () => clocksApart(run.pool))
  mustHold(apart === undefined, 'agreement', () => `after healing ${apart}`)
  useEvents(run)
  useTags(run)
  useQuery(run)
  useDeath(run, 'refused')
  useDeath(run, 'silent')
  useDeparture(run)
  if (run.prng.chance(QUIET_SHARE)) useQuiet(run)
}

/** Silence takes long, and little can go wrong in it. */
const QUIET_SHARE = 0.25

function clocksApart(pool: Pool): string | undefined {
  const times = running(pool).map(({ swim }) => swim?.clocks.events.time ?? 0)
  const [low, high] = [Math.min(...times), Math.max(...times)]
  return low === high ? undefined : `clocks of events show ${low} to ${high}`
}

/** Gossip needs a few rounds … */
const SPREAD_MS = 6_000
/** … and the exchange of states mends what they missed. */
const MENDED_MS = 2 * SETTINGS.pushPullIntervalMs

function useEvents(run: Run): void {
  const { pool, prng, observer } = run
  const sender = prng.pick(running(pool))
  step(pool, sender, (swim) =>
    send(swim, { name: 'healed', payload: utf8('x'), coalesce: false }, pool.now),
  )
  mustSpread(run, 'an event', (node) => wasTold(observer, node, 'healed@'))
}

function useTags(run: Run): void {
  const { pool, prng } = run
  const changed = prng.pick(running(pool))
  changed.tags = new Map([['role', 'healed']])
  step(pool, changed, (swim) => setTags(swim, changed.tags, pool.now))
  mustSpread(run, 'new tags', (node) => {
    const seen = node.swim?.roster.get(changed.name)
    return seen?.tags.get('role') === 'healed'
  })
}

/** Gossip comes to all but perhaps one at once, and to that one by an exchange. */
function mustSpread(run: Run, what: string, has: (node: PoolNode) => boolean): void {
  const missing = (atMost: number) => () => {
    const nodes = running(run.pool).filter((node) => !has(node))
    return nodes.length <= atMost ? undefined : nodes.map(({ name }) => name).join()
  }
  const many = settleWithin(run, SPREAD_MS, missing(1))
  mustHold(many === undefined, 'spread', () => `${what} did not come to ${many}`)
  const last = settleWithin(run, MENDED_MS, missing(0))
  mustHold(last === undefined, 'spread', () => `${what} never came to ${last}`)
}

/** A query is spread once. Whoever asks twice and hears nothing has found something. */
function useQuery(run: Run): void {
  const first = unacknowledged(run)
  const wrong = first === undefined ? undefined : unacknowledged(run)
  mustHold(wrong === undefined, 'spread', () => `${wrong}`)
}

function unacknowledged(run: Run): string | undefined {
  const { pool, prng, observer } = run
  const asker = prng.pick(running(pool))
  const asked: number[] = []
  const asking = { name: 'q', payload: EMPTY, wantsAck: true, timeoutMs: SPREAD_MS }
  step(pool, asker, (swim) => {
    const begun = query(swim, asking, pool.now)
    if (begun.ok) asked.push(begun.query)
  })
  return settleWithin(run, SPREAD_MS, () => {
    const acks = observer.acks.get(asked[0] ?? -1)
    const node = running(pool).find(({ name }) => acks?.has(name) !== true)
    return node === undefined ? undefined : `${node.name} did not acknowledge a query`
  })
}

/** Until somebody probes the dead one, which takes helpers' time too, and until all have heard. */
const NOTICE_MS = 12_000
/** From the first suspicion of somebody whose port refuses to its burial. */
const REFUSED_MS = 3_000
/** Clocks are looked at on a grid. */
const SLACK_MS = 50

/** A member is gone: its machine refuses, or is silent. */
function useDeath(run: Run, how: 'refused' | 'silent'): void {
  const { pool, prng, observer, nemesis } = run
  const candidates = running(pool)
  if (candidates.length < 5) return
  const node = prng.pick(candidates)
  observer.gone.delete(node.name)
  observer.suspected.delete(node.name)
  const known = candidates[0]?.swim?.members.size ?? 0
  const { minMs } = suspicionBounds(pool.conditions.settings, known)
  const isRefusing = how === 'refused' && pool.conditions.isRefusing
  const at = pool.now
  end(nemesis, node)
  if (how === 'silent') node.isDark = true
  const boundMs = NOTICE_MS + (isRefusing ? 0 : minMs)
  const wrong = settleWithin(run, boundMs, () => disagreement(pool, nemesis.left))
  mustHold(wrong === undefined, 'late-death', () => `${boundMs} ms after a death, ${how}: ${wrong}`)
  const first = Math.min(...(observer.gone.get(node.name)?.values() ?? [at]))
  const earliest = isRefusing ? pool.conditions.settings.refusedTimeoutMs : minMs
  mustHold(
    first - at >= earliest - SLACK_MS,
    'early-death',
    () => `${node.name} was buried ${first - at} ms after its death, ${how}`,
  )
  const suspectedFor = first - (observer.suspected.get(node.name) ?? first)
  mustHold(
    !isRefusing || suspectedFor <= REFUSED_MS,
    'late-death',
    () => `${node.name} was suspected for ${suspectedFor} ms although its port refuses`,
  )
}

const DEPARTURE_MS = 12_000

function useDeparture(run: Run): void {
  const { pool, prng, nemesis } = run
  const [first] = running(pool)
  if (first?.swim === undefined || running(pool).length < 5) return
  // Members that began together exchange their states in bunches, in a large pool with long pauses
  // between them: what goes wrong by an exchange shows only in one, and is not mended in a pause.
  const betweenMs = exchangeIntervalMs(first.swim)
  if (betweenMs > SETTINGS.pushPullIntervalMs) runPool(pool, pool.now + prng.unit() * betweenMs)
  const node = prng.pick(running(pool))
  depart(nemesis, node)
  runPool(pool, pool.now + HEARD_MS)
  const wrong = settleWithin(run, DEPARTURE_MS, () => disagreement(pool, nemesis.left))
  mustHold(wrong === undefined, 'left', () => `after a departure ${wrong}`)
}

const QUIET_MS = 10_000
/** A ping and an ack a second per member, and now and then an exchange. */
const QUIET_PACKETS_MAX = 2.5
const NEWS_MS = 20_000

/** When there is no news, nothing is sent but probes. */
function useQuiet(run: Run): void {
  const { pool, observer } = run
  runPool(pool, pool.now + NEWS_MS)
  const before = observer.packets
  runPool(pool, pool.now + QUIET_MS)
  const perNodeSecond = (observer.packets - before) / running(pool).length / (QUIET_MS / 1000)
  mustHold(
    perNodeSecond <= QUIET_PACKETS_MAX,
    'quiet',
    () => `${perNodeSecond.toFixed(2)} packets per member and second without news`,
  )
}
