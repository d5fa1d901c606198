// The gossip pool of this agent's datacenter: a machine of core/swim inside the agent. What comes
// of it is done here: events are kept, coordinates go to the catalog, the catalog is brought to
// what the pool knows (reconcile.ts), joins and exchanges of keys are answered (lan-asks.ts).
import { unreachable } from '../assert.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { uncarried } from '../events/wire.ts'
import type { Prng } from '../prng.ts'
import { logLineOf, type SwimEffect } from '../swim/effects.ts'
import { receive } from '../swim/inputs.ts'
import { addressText, type PoolMember } from '../swim/member.ts'
import { join, leave, tick } from '../swim/server.ts'
import { PROFILES, type Settings } from '../swim/settings.ts'
import { type Remembered, snapshotLines } from '../swim/snapshot.ts'
import { createSwim, drainSwim, type Swim, type SwimOptions } from '../swim/swim.ts'
import type { Instant } from '../time.ts'
import type { Address } from '../wire/memberlist.ts'
import { noteCoordinate } from './coordinates.ts'
import { type Asks, createAsks, onAskEffect, onJoined, startJoins } from './lan-asks.ts'
import { standingOf } from './order.ts'
import type { PoolEffect, PoolEvent } from './pool-io.ts'
import { reconcileAll, reconcileMember } from './reconcile.ts'
import { type Agent, log } from './record.ts'
import { AGENT_VERSIONS, serverTags, tagsOf } from './tags.ts'
import { hearEvent } from './user-events.ts'

/** What the sockets of the pool have made of the configuration. */
export interface LanOptions {
  /** Where others reach us. */
  readonly address: Address
  readonly overheadBytes: number
  readonly isSealed: boolean
  /** The ring of keys, the primary one first. */
  readonly keys: readonly Uint8Array[]
  readonly remembered: Remembered | undefined
}

export interface Lan {
  readonly swim: Swim
  readonly asks: Asks
  /** When the catalog is compared with the whole pool. */
  reconcileDue: Instant
  /** When the catalog is told where the members stand. */
  coordinateDue: Instant
  /** When it is told that of a pool of one, where nothing can be measured. */
  loneDue: Instant
}

const RECONCILE_MS = 60_000
/** Agents say where they stand this often, and up to twice. */
const COORDINATE_MS = 15_000
/** A dev agent wants to see what it does. */
const COORDINATE_DEV_MS = 500
const LEAVE_PROPAGATE_MS = 3_000
/** The name of a dead agent may come back from another address after this (memberlist-wire §5). */
const RECLAIM_MS = 30_000

function settingsOf({ gossip }: AgentConfig): Settings {
  const { lan } = gossip
  return {
    ...PROFILES.lan,
    ...lan,
    refusedTimeoutMs: Math.min(PROFILES.lan.refusedTimeoutMs, lan.probeIntervalMs),
    leavePropagateMs: Math.min(LEAVE_PROPAGATE_MS, 3 * lan.probeIntervalMs),
    deadNodeReclaimMs: RECLAIM_MS,
  }
}

export function createLan(
  config: AgentConfig,
  options: LanOptions,
  { prng, now }: { prng: Prng; now: Instant },
): Lan {
  const swim: Swim = createSwim(
    {
      name: config.nodeName,
      address: options.address,
      tags: new Map(Object.entries(tagsOf(config))),
      settings: settingsOf(config),
      prng,
      versions: AGENT_VERSIONS,
      isCompressed: true,
      packetOverheadBytes: options.overheadBytes,
      isSealed: options.isSealed,
      keys: options.keys,
      admit: (candidate) => admissionOf(config, () => swim, candidate),
      resolvesConflicts: false,
      isCoalescing: false,
      remembered: options.remembered,
    },
    now,
  )
  const loneDue = now + spread(COORDINATE_MS, prng)
  const lan: Lan = { swim, asks: createAsks(), reconcileDue: now, coordinateDue: now, loneDue }
  startJoins(lan, { config, remembered: options.remembered, now })
  return lan
}

type Candidate = Parameters<SwimOptions['admit']>[0]

/** Why somebody may not be in our pool: it is of another datacenter, or has another's id. */
function admissionOf(
  { datacenter, nodeName }: AgentConfig,
  pool: () => Swim,
  { name, tags }: Candidate,
): string | undefined {
  if (name === nodeName) return undefined
  const dc = tags.get('dc') ?? ''
  if (dc !== datacenter) return `Member '${name}' part of wrong datacenter '${dc}'`
  const { roster } = pool()
  const id = tags.get('id') ?? ''
  if (id === '' || roster.has(name)) return undefined
  for (const other of roster.values()) {
    if (other.status === 'left' || other.tags.get('id') !== id) continue
    return `Member '${name}' has conflicting node ID '${id}' with member '${other.name}'`
  }
  return undefined
}

export function onPoolEvent(agent: Agent, event: PoolEvent): void {
  const { lan, clock } = agent
  if (lan === undefined) return
  switch (event.type) {
    case 'heard':
      receive(lan.swim, event.input, clock.now)
      break
    case 'resolved':
      if (event.addresses.length === 0) onJoined(agent, lan, { ...event, reached: 0 })
      else
        join(
          lan.swim,
          {
            id: event.join,
            addresses: event.addresses,
            mode: 'all',
            ignoresOldEvents: true,
            attempts: 1,
          },
          clock.now,
        )
      break
    case 'leave':
      leave(lan.swim, clock.now)
      break
    default:
      unreachable(event)
  }
}

export function tickLan(agent: Agent): void {
  const { lan, clock } = agent
  if (lan === undefined) return
  tick(lan.swim, clock.now)
  if (clock.now >= lan.reconcileDue) {
    lan.reconcileDue = clock.now + RECONCILE_MS
    reconcileAll(agent, [...lan.swim.roster.values()])
  }
  if (clock.now < lan.coordinateDue) return
  const everyMs = agent.config.dev ? COORDINATE_DEV_MS : COORDINATE_MS
  lan.coordinateDue = clock.now + spread(everyMs, agent.pipeline.prng)
  tellCoordinates(agent, lan)
}

/** Up to twice as long, so that the agents of a pool do not all speak at once. */
const spread = (ms: number, prng: Prng): number => ms + prng.unit() * ms

/** The points of all whose answers to pings we have measured, and our own. */
function tellCoordinates({ config, coordinates, clock, pipeline }: Agent, lan: Lan): void {
  const { vivaldi, roster, name } = lan.swim
  const isLone = vivaldi.points.size === 0
  if (!config.gossip.coordinates || (isLone && clock.now < lan.loneDue)) return
  if (isLone) lan.loneDue = clock.now + spread(COORDINATE_MS, pipeline.prng)
  noteCoordinate(coordinates, { node: name, segment: '', point: vivaldi.coordinate })
  for (const [node, point] of vivaldi.points)
    if (roster.get(node)?.status === 'alive')
      noteCoordinate(coordinates, { node, segment: '', point })
}

/** Whatever has happened: what the pool asks for is done. */
export function settleLan(agent: Agent): void {
  const { lan } = agent
  if (lan === undefined) return
  for (const effect of drainSwim(lan.swim)) onEffect(agent, lan, effect)
}

const toPool = (agent: Agent, effect: PoolEffect): void =>
  void agent.effects.push({ type: 'pool', effect })

function onEffect(agent: Agent, lan: Lan, effect: SwimEffect): void {
  switch (effect.type) {
    case 'packet':
    case 'open-stream':
    case 'close-stream':
      toPool(agent, { type: 'say', output: effect })
      break
    case 'use-keys':
      toPool(agent, { type: 'say', output: effect })
      toPool(agent, { type: 'keep-keys', keys: effect.keys })
      break
    case 'remember':
      toPool(agent, {
        type: 'remember',
        lines: effect.lines,
        whole: () => snapshotLines(lan.swim),
      })
      break
    case 'left':
      toPool(agent, { type: 'left' })
      break
    case 'members':
      onMembers(agent, effect)
      break
    case 'event': {
      const heard = uncarried(effect.event, effect.event.lTime)
      if (heard !== undefined) hearEvent(agent, heard)
      break
    }
    case 'joined':
      onJoined(agent, lan, effect)
      break
    case 'query-answer':
    case 'query-end':
      onAskEffect(agent, lan, effect)
      break
    case 'query-ack':
    case 'question': // Consul asks nothing of its agents this way
      break
    case 'name-lost':
      log(agent, { level: 'error', room: 'serf', message: 'another member has our name' })
      break
    case 'note':
      log(agent, logLineOf(effect.note))
      break
    default:
      unreachable(effect)
  }
}

const NAMES = {
  join: 'EventMemberJoin',
  leave: 'EventMemberLeave',
  failed: 'EventMemberFailed',
  update: 'EventMemberUpdate',
  reap: 'EventMemberReap',
} as const

function onMembers(
  agent: Agent,
  { change, members }: Extract<SwimEffect, { type: 'members' }>,
): void {
  for (const member of members) {
    const fields = { node: member.name, address: addressText(member.address) }
    log(agent, { level: 'info', room: 'serf.lan', message: NAMES[change], fields })
    if (change === 'join' && standsApart(agent, member))
      log(agent, { level: 'error', room: 'agent', message: APART, fields })
    reconcileMember(agent, change === 'reap' ? reaped(member) : member)
  }
}

const APART = 'a server of this pool does not order writes with this one: two states'

/** Both were started with bootstrap: whoever asks meets the one state or the other. */
function standsApart({ config, order }: Agent, { name, tags }: PoolMember): boolean {
  if (name === config.nodeName || serverTags(tags) === undefined) return false
  const { servers } = standingOf(order)
  return !servers.some(({ id }) => id === tags.get('id'))
}

/** Whom the pool forgets has no place in the catalog, however it ended. */
const reaped = (member: PoolMember): PoolMember => ({ ...member, status: 'left' })
