// The full state, exchanged with another member on a stream: when joining, now and then to mend
// what gossip has missed, and to see whether a failed member is back (memberlist-wire §1.4, §3.6,
// §4). The answer says what was known before the question was read.
import { EMPTY } from '../bytes.ts'
import type { U64 } from '../u64.ts'
import { packStream } from '../wire/gossip-stream.ts'
import { type Address, type NodeState, type PushPull, STATES } from '../wire/memberlist.ts'
import { decodeAs, encodeSerf, type SerfState } from '../wire/serf.ts'
import { misfit } from './compatible.ts'
import { hearPastEvents, pastEvents } from './events.ts'
import { hearLeft, hearOwnTime, hearTime } from './intents.ts'
import { believableTime, type LamportClock, witness } from './lamport.ts'
import { addressText, type Member, type PoolMember } from './member.ts'
import { mergeStates } from './merge.ts'
import { tagsOf } from './roster.ts'
import { openStream, type StreamUse } from './streams.ts'
import { note, pickMembers, refusePacket, type Swim } from './swim.ts'

export function startExchange(
  swim: Swim,
  { to, use, join }: { to: Address; use: StreamUse; join: boolean },
): number {
  const message = ownState(swim, join)
  return openStream(swim, { to, message, use, timeoutMs: swim.settings.streamTimeoutMs })
}

/** With a random member; in a large pool less often, because each exchange is larger. */
export function exchangeStates(swim: Swim): void {
  const [member] = pickMembers(swim, 1, ({ state }) => state.type === 'alive')
  if (member === undefined) return
  const use: StreamUse = { type: 'exchange', with: member.name }
  startExchange(swim, { to: member.address, use, join: false })
}

/** From this size on exchanges become rarer, by one interval per doubling. */
const RARER_FROM = 32

export function exchangeIntervalMs({ settings, members }: Swim): number {
  const { size } = members
  if (size <= RARER_FROM) return settings.pushPullIntervalMs
  return settings.pushPullIntervalMs * (Math.ceil(Math.log2(size) - Math.log2(RARER_FROM)) + 1)
}

const ownState = (swim: Swim, join: boolean): PushPull => ({
  type: 'pushPull',
  join,
  states: swim.order.map(stateOf),
  userState: encodeSerf(serfState(swim)),
})

const stateOf = ({ name, address, meta, incarnation, state, versions }: Member): NodeState => ({
  name,
  addr: address.ip,
  port: address.port,
  meta,
  incarnation,
  state: STATES.indexOf(state.type),
  vsn: versions,
})

function serfState(swim: Swim): SerfState {
  const members = [...swim.roster.values()]
  return {
    type: 'pushPull',
    lTime: swim.clocks.members.time,
    statusLTimes: new Map(members.map(({ name, statusLTime }) => [name, statusLTime])),
    leftMembers: members.filter(isParting).map(({ name }) => name),
    eventLTime: swim.clocks.events.time,
    events: pastEvents(swim),
    queryLTime: swim.clocks.queries.time,
  }
}

/**
 * Of whom the time is that of a leave. Were those on their way out not among them, their time would
 * be taken for that of a join: the leave itself, coming after, would be no news, and who has left
 * would have failed.
 */
const isParting = ({ status }: PoolMember) => status === 'left' || status === 'leaving'

/** Another member opened a stream for it. */
export function onExchange(swim: Swim, stream: number, message: PushPull): void {
  const answer = packStream(ownState(swim, message.join), swim.options.isCompressed)
  swim.effects.push({ type: 'close-stream', stream, bytes: answer })
  const from = 'a stream'
  const why = mergeExchange(swim, message, false)
  if (why === undefined)
    note(swim, { what: 'exchange', with: from, members: message.states.length })
  else refusePacket(swim, from, why)
}

/**
 * Takes over what another member knows; why not, if its pool is none for us. The answer to a join
 * must be held against the same rules as the question: who refuses us answers all the same.
 */
export function mergeExchange(
  swim: Swim,
  { join, states, userState }: PushPull,
  ignoreOld: boolean,
): string | undefined {
  const why = misfit(swim, states) ?? (join ? strangerAmong(swim, states) : undefined)
  if (why !== undefined) return why
  mergeStates(swim, states)
  if (userState.length === 0) return undefined // of a member without Serf
  const state = decodeAs('pushPull', userState)
  if (state.ok) hearState(swim, state.value, join && ignoreOld)
  else refusePacket(swim, 'a state', state.why)
  return undefined
}

function strangerAmong(swim: Swim, states: readonly NodeState[]): string | undefined {
  for (const { name, addr, port, meta, vsn, state } of states) {
    if (STATES[state] !== 'alive' || name === swim.name) continue
    const tags = tagsOf(meta ?? EMPTY)
    const why = swim.options.admit({ name, address: { ip: addr, port }, tags, versions: vsn })
    if (why !== undefined) return `${name} at ${addressText({ ip: addr, port })}: ${why}`
  }
  return undefined
}

/** Serf's part: clocks, intents and events. Who left is heard first. */
function hearState(swim: Swim, state: SerfState, ignoresOld: boolean): void {
  const { clocks } = swim
  witnessBefore(clocks.members, state.lTime)
  witnessBefore(clocks.events, state.eventLTime)
  witnessBefore(clocks.queries, state.queryLTime)
  const left = new Set(state.leftMembers ?? [])
  const times = state.statusLTimes ?? new Map<string, U64>()
  for (const node of left) hearLeft(swim, node, times.get(node) ?? 0)
  for (const [node, lTime] of times) {
    if (node === swim.name) hearOwnTime(swim, lTime)
    else if (!left.has(node)) hearTime(swim, node, lTime)
  }
  const eventTime = believableTime(state.eventLTime)
  if (ignoresOld && eventTime !== undefined)
    swim.events.minTime = Math.max(swim.events.minTime, eventTime)
  hearPastEvents(swim, state.events)
}

/** A clock shows the time of the next message: no message has had it yet. */
function witnessBefore(clock: LamportClock, time: U64): void {
  const believed = believableTime(time)
  if (believed !== undefined && believed > 0) witness(clock, believed - 1)
}
