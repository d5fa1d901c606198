// Who looks at a virtual pool from outside and knows what is true. Rules that hold all the time are
// looked at all the time, others when the pool has healed (run.ts).
import type { SwimEffect } from '../../swim/effects.ts'
import { isUp, type Member, sameAddress } from '../../swim/member.ts'
import type { Swim } from '../../swim/swim.ts'
import type { Instant } from '../../time.ts'
import type { Address } from '../../wire/memberlist.ts'
import { mustHold } from './finding.ts'
import type { Pool, PoolNode } from './world.ts'

interface Seen {
  member: Member
  incarnation: number
  rank: number
  address: Address
}

export interface Observer {
  /** When something last kept members from hearing one another; undefined while it lasts. */
  calmSince: Instant | undefined
  /** The same for each node alone: it was down, or left. */
  readonly wholeSince: (Instant | undefined)[]
  /** The highest incarnation that any process of a node has had. */
  readonly incarnations: number[]
  /** What each node (by index) last had of each other, to see that it never goes back. */
  readonly seen: readonly (Seen | undefined)[][]
  /** Events that the process of a node was told. */
  readonly told: Map<string, Set<string>>
  readonly acks: Map<number, Set<string>>
  /** When somebody was first declared failed, or left, by each observer since it was reset. */
  readonly gone: Map<string, Map<string, Instant>>
  /** When somebody was first suspected by anybody since it was reset. */
  readonly suspected: Map<string, Instant>
  packets: number
  bytes: number
  failures: number
  suspicions: number
  probes: number
  /** Probes that came to nothing. */
  unanswered: number
}

export const createObserver = (size: number): Observer => ({
  calmSince: 0,
  wholeSince: new Array<Instant | undefined>(size).fill(0),
  incarnations: new Array<number>(size).fill(1),
  seen: Array.from({ length: size }, () => new Array<Seen | undefined>(size).fill(undefined)),
  told: new Map(),
  acks: new Map(),
  gone: new Map(),
  suspected: new Map(),
  packets: 0,
  bytes: 0,
  failures: 0,
  suspicions: 0,
  probes: 0,
  unanswered: 0,
})

/** After a fault its consequences may take as long as the longest suspicion, and then some. */
const GRACE_MS = 60_000

export function watchEffect(pool: Pool, observer: Observer, node: PoolNode, effect: SwimEffect) {
  switch (effect.type) {
    case 'packet':
      observer.packets += 1
      observer.bytes += effect.bytes.length
      break
    case 'members':
      for (const { name } of effect.members)
        noteChange(pool, observer, { node, name, change: effect.change })
      break
    case 'event':
      noteEvent(
        observer,
        node,
        `${effect.event.name}@${effect.event.lTime}#${effect.event.payload}`,
      )
      break
    case 'query-ack':
      noteAck(observer, effect.query, effect.from)
      break
    case 'left':
      keepIncarnation(observer, node)
      break
    case 'note':
      countNote(observer, effect.note.what)
      if (effect.note.what === 'suspect' && !observer.suspected.has(effect.note.node))
        observer.suspected.set(effect.note.node, pool.now)
      break
    default:
  }
}

function countNote(observer: Observer, what: string): void {
  if (what === 'suspect') observer.suspicions += 1
  else if (what === 'probe') observer.probes += 1
  else if (what === 'no-answer') observer.unanswered += 1
}

function noteChange(
  pool: Pool,
  observer: Observer,
  { node, name, change }: { node: PoolNode; name: string; change: string },
): void {
  if (change === 'failed' || change === 'leave') {
    const by = observer.gone.get(name) ?? new Map<string, Instant>()
    if (!by.has(node.name)) by.set(node.name, pool.now)
    observer.gone.set(name, by)
  }
  if (change !== 'failed') return
  observer.failures += 1
  const subject = pool.byName.get(name)
  mustHold(
    subject === undefined || mayBeLost(pool, observer, subject) || mayBeLost(pool, observer, node),
    'false-death',
    () => `${node.name} declares ${name} failed, to whom nothing has happened`,
  )
}

/** Whether a fault excuses that a node is taken for failed, or takes others so. */
function mayBeLost(pool: Pool, observer: Observer, node: PoolNode): boolean {
  const { calmSince } = observer
  const wholeSince = observer.wholeSince[node.index]
  if (calmSince === undefined || wholeSince === undefined) return true
  return isRecent(pool, calmSince) || isRecent(pool, wholeSince)
}

/** At the very beginning nothing has happened yet. */
const isRecent = ({ now }: Pool, since: Instant) => since > 0 && now - since < GRACE_MS

function noteEvent(observer: Observer, node: PoolNode, event: string): void {
  const told = observer.told.get(lifeOf(node)) ?? new Set<string>()
  observer.told.set(lifeOf(node), told)
  mustHold(!told.has(event), 'echo', () => `${node.name} is told of ${event} twice`)
  told.add(event)
}

const lifeOf = ({ name, life }: PoolNode) => `${name}/${life}`

export const wasTold = (observer: Observer, node: PoolNode, start: string): boolean =>
  [...(observer.told.get(lifeOf(node)) ?? [])].some((event) => event.startsWith(start))

function noteAck(observer: Observer, query: number, from: string): void {
  const acks = observer.acks.get(query) ?? new Set<string>()
  observer.acks.set(query, acks)
  mustHold(!acks.has(from), 'echo', () => `${from} acknowledges query ${query} twice`)
  acks.add(from)
}

/** A process ends: what it has said of itself stays said. */
export function keepIncarnation(observer: Observer, { index, name, swim }: PoolNode): void {
  const own = swim?.members.get(name)?.incarnation ?? 0
  observer.incarnations[index] = Math.max(observer.incarnations[index] ?? 0, own)
}

/** What an old word could undo, and what only its owner may raise. */
export function lookAtMembers(pool: Pool, observer: Observer, node: PoolNode, swim: Swim): void {
  const self = swim.members.get(node.name)
  const own = observer.incarnations[node.index] ?? 0
  if (self !== undefined && self.incarnation > own)
    observer.incarnations[node.index] = self.incarnation
  for (const member of swim.order) lookAt(pool, observer, node, member)
}

function lookAt(pool: Pool, observer: Observer, node: PoolNode, member: Member): void {
  const { incarnation, name } = member
  const owner = pool.byName.get(name)
  mustHold(owner !== undefined, 'own-word', () => `${node.name} knows ${name}, who never was`)
  const own = incarnationOf(observer, owner, incarnation)
  mustHold(
    incarnation <= own,
    'own-word',
    () => `${node.name} knows ${name} in incarnation ${incarnation}, which never was beyond ${own}`,
  )
  mustNotGoBack(observer, { node, owner }, member)
}

/** The highest that it has had; looked up only if it must be beyond what is known of it. */
function incarnationOf(observer: Observer, owner: PoolNode, atLeast: number): number {
  const known = observer.incarnations[owner.index] ?? 0
  if (known >= atLeast) return known
  keepIncarnation(observer, owner)
  return observer.incarnations[owner.index] ?? 0
}

function mustNotGoBack(
  { seen }: Observer,
  { node, owner }: { node: PoolNode; owner: PoolNode },
  member: Member,
): void {
  const { incarnation, address } = member
  const rank = rankOf(member)
  const before = seen[node.index]?.[owner.index]
  if (before?.member !== member) {
    seen[node.index]?.splice(owner.index, 1, { member, incarnation, rank, address })
    return
  }
  const isElsewhere = !sameAddress(before.address, address)
  const isNewer = incarnation > before.incarnation
  const isSame = incarnation === before.incarnation && rank >= before.rank
  mustHold(
    isElsewhere || isNewer || isSame,
    'incarnation',
    () => `${node.name} goes back on ${owner.name}: ${before.incarnation} to ${incarnation}`,
  )
  before.incarnation = incarnation
  before.rank = rank
  before.address = address
}

const rankOf = (member: Member): number =>
  isUp(member) ? (member.state.type === 'suspect' ? 1 : 0) : 2

export interface Departure {
  /** It has not come back. */
  isGone: boolean
  /** Everybody could hear of it. */
  isCertain: boolean
}

type Departures = ReadonlyMap<string, Departure>

/** How the pool differs from what is true; undefined if nobody is wrong about anybody. */
export function disagreement(pool: Pool, left: Departures): string | undefined {
  for (const observer of pool.nodes) {
    const { swim } = observer
    if (swim === undefined || observer.isDark) continue
    for (const subject of pool.nodes) {
      const wrong = wrongAbout(swim, subject, left)
      if (wrong !== undefined) return `${observer.name} on ${subject.name}: ${wrong}`
    }
  }
  return undefined
}

function wrongAbout(swim: Swim, subject: PoolNode, left: Departures): string | undefined {
  const known = swim.roster.get(subject.name)
  if (subject.swim === undefined || subject.isDark) {
    if (known === undefined) return undefined
    const departure = left.get(subject.name)
    const expected = departure?.isGone === true ? 'left' : 'failed'
    if (known.status === expected) return undefined
    // An old departure, or one that few heard, may be taken for the last word, or not be known.
    const isAmbiguous = departure?.isCertain === false && ['left', 'failed'].includes(known.status)
    return isAmbiguous ? undefined : `${known.status} instead of ${expected}`
  }
  if (known?.status !== 'alive') return `${known?.status ?? 'unknown'} instead of alive`
  const role = known.tags.get('role')
  if (role !== subject.tags.get('role')) return `role ${role}`
  const incarnation = subject.swim.members.get(subject.name)?.incarnation
  const member = swim.members.get(subject.name)
  if (member?.incarnation !== incarnation) return `incarnation ${member?.incarnation}`
  return member?.state.type === 'alive' ? undefined : `${member?.state.type}`
}
