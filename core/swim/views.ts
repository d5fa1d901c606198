// A pool as it is shown to people and programs. Members carry the keys of `serf members
// -format=json`, and what Serf does not show beside them: what the failure detector thinks.
import type { Instant } from '../time.ts'
import { coordinateDistance } from './coordinate.ts'
import { addressText, type PoolMember, type Status } from './member.ts'
import type { Swim } from './swim.ts'

export interface MemberView {
  readonly name: string
  /** `host:port`. */
  readonly addr: string
  readonly port: number
  readonly tags: Readonly<Record<string, string>>
  readonly status: Status
  /** Of Serf's layer. */
  readonly protocol: { readonly max: number; readonly min: number; readonly version: number }
  /** Of the failure detector, which forgets the dead: then `dead`, or `left`. */
  readonly state: 'alive' | 'suspect' | 'dead' | 'left'
  /** Absent of those whom it has forgotten. */
  readonly incarnation?: number
  /** How long it has been in this state. */
  readonly since_ms: number
}

/** Sorted by name. */
export function memberViews(swim: Swim, now: Instant): MemberView[] {
  return [...swim.roster.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((member) => viewOf(swim, member, now))
}

function viewOf(swim: Swim, member: PoolMember, now: Instant): MemberView {
  const { name, address, tags, status, versions, goneAt } = member
  const known = swim.members.get(name)
  const isGone = goneAt !== undefined
  const state = isGone ? (status === 'left' ? 'left' : 'dead') : (known?.state.type ?? 'alive')
  const since = goneAt ?? known?.since ?? now
  return {
    name,
    addr: addressText(address),
    port: address.port,
    tags: Object.fromEntries(tags),
    status,
    protocol: {
      max: versions.delegateMax,
      min: versions.delegateMin,
      version: versions.delegateCur,
    },
    state,
    ...(known === undefined ? {} : { incarnation: known.incarnation }),
    since_ms: Math.max(0, Math.round(now - since)),
  }
}

/** What a member says of itself, in the groups and names of `serf info`. */
export interface PoolInfo {
  readonly agent: { readonly name: string }
  readonly serf: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  /** Since it started: datagrams and bytes in them. */
  readonly traffic: Readonly<Record<string, number>>
}

export function poolInfo(swim: Swim): PoolInfo {
  const { roster, clocks, queues, awareness, vivaldi, tally } = swim
  const count = (status: Status) =>
    [...roster.values()].filter((member) => member.status === status).length
  const serf = {
    coordinate_resets: vivaldi.resets,
    encrypted: swim.keys.length > 0,
    event_queue: queues.events.waiting.length,
    event_time: clocks.events.time,
    failed: count('failed'),
    health_score: awareness.score,
    intent_queue: queues.intents.waiting.length,
    left: count('left'),
    member_time: clocks.members.time,
    members: roster.size,
    query_queue: queues.queries.waiting.length,
    query_time: clocks.queries.time,
  }
  return {
    agent: { name: swim.name },
    serf: Object.fromEntries(Object.entries(serf).map(([name, value]) => [name, String(value)])),
    tags: Object.fromEntries(roster.get(swim.name)?.tags ?? []),
    traffic: { ...tally },
  }
}

/** The estimated round trip between two members; undefined: one of them is at no known point. */
export function roundTripMs(
  { vivaldi, name }: Swim,
  { from, to }: { from: string; to: string },
): number | undefined {
  const pointOf = (member: string) =>
    member === name ? vivaldi.coordinate : vivaldi.points.get(member)
  const [a, b] = [pointOf(from), pointOf(to)]
  return a === undefined || b === undefined ? undefined : coordinateDistance(a, b) * 1000
}
