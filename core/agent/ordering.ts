// What the log does to the agent: entries that are committed are applied in order, who waited is
// answered, whoever watched what has changed looks again; and what becomes of writes and reads when
// there is no room or no lead.
import type { Call } from '../api/call.ts'
import { replyTo, wake } from '../api/pipeline.ts'
import { unreachable } from '../assert.ts'
import { DEFAULT_AUTOPILOT } from '../autopilot/records.ts'
import { registerLoneNode } from '../catalog/boot.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Entry } from '../entry.ts'
import { type Command, encodeCommand } from '../fsm/commands.ts'
import { applyEntry } from '../fsm/fsm.ts'
import type { SessionNews } from '../fsm/session-rules.ts'
import { snapshotChunks } from '../fsm/snapshot.ts'
import { type LogIndex, logIndex, requestId } from '../ids.ts'
import { TOMBSTONES } from '../kv/records.ts'
import { count, sample } from '../metrics.ts'
import type { RaftNote } from '../raft/raft.ts'
import { SESSIONS } from '../sessions/records.ts'
import { forgetSession, renewSession, restartSessions } from '../sessions/ttl.ts'
import { closeBatch, openBatch, viewOf, type Waiter } from '../state/store.ts'
import { peekList, tableIndex } from '../state/txn.ts'
import { counted, forgetReaped, isSnapshotDue, noteRefused, noteTombstones } from './duties.ts'
import {
  checkOrder,
  claimAddress,
  coverage,
  type OrderEffect,
  onSnapshotSaved,
  propose,
  proposeNoop,
  takeEffects,
  takeEntries,
} from './order.ts'
import { syncOwn } from './own.ts'
import { takeFailed } from './own-calls.ts'
import { onPushed, onPushVoid } from './own-push.ts'
import { type Agent, answerAll, asParked, log, refuseCall, respond } from './record.ts'
import { diskFull, diskFullLate, holdOrRefuse, readNow, resumeHeld } from './requests.ts'
import { announceLead } from './user-events.ts'

/**
 * A fresh log begins with this many entries of little effect. Clients take small indexes for "long
 * ago" (`?index=1`, `?cas=2`), for Consul's own start uses the first ones up.
 */
const START_ENTRIES = 16

/** Whatever has happened: what the log has come to is done, until there is nothing more. */
export function settleOrder(agent: Agent): void {
  for (;;) {
    const effects = takeEffects(agent.order)
    if (effects.length === 0) return
    for (const effect of effects) onEffect(agent, effect)
  }
}

function onEffect(agent: Agent, effect: OrderEffect): void {
  switch (effect.type) {
    case 'persist':
      agent.effects.push(effect)
      break
    case 'committed':
      applyEntries(agent, takeEntries(agent.order))
      break
    case 'leads':
      onLeads(agent)
      break
    case 'lost':
      loseWrites(agent, effect)
      break
    case 'readable':
      for (const id of effect.ids) {
        const call = takeRead(agent, id)
        if (call !== undefined) readNow(agent, call)
      }
      break
    case 'unreadable':
      for (const id of effect.ids) {
        const call = takeRead(agent, id)
        if (call !== undefined) holdOrRefuse(agent, { type: 'confirm', call })
      }
      break
    case 'note':
      noteRaft(agent, effect.note)
      break
    default:
      unreachable(effect)
  }
}

/** Applies what is committed, in order; then wakes, once, whoever watched what has changed. */
function applyEntries(agent: Agent, entries: readonly Entry[]): void {
  const fired = new Set<Waiter>()
  openBatch(agent.fsm.store)
  for (const entry of entries) {
    const applied = applyEntry(agent.fsm, entry)
    agent.snapshots.entries++
    agent.snapshots.bytes += entry.data.length
    count(agent.metrics, 'consul.raft.apply')
    for (const waiter of applied.fired) fired.add(waiter)
    keepTime(agent, applied.sessions)
    if (applied.reaped > 0) forgetReaped(agent.tombstones, applied.reaped)
    const isOwn = onPushed(agent.own, entry.index, { result: applied.result, now: agent.clock.now })
    if (!isOwn) answerWrite(agent, entry.index, applied.result)
  }
  closeBatch(agent.fsm.store)
  answerAll(agent, wake(agent.pipeline, asParked(fired)))
  const tombstonesAt = tableIndex(viewOf(agent.fsm.store), TOMBSTONES)
  noteTombstones(agent.tombstones, logIndex(tombstonesAt), agent.clock.now)
  saveSnapshotIfDue(agent)
}

/** Each TTL begins to run when its session does. */
function keepTime({ sessions, clock }: Agent, news: SessionNews): void {
  for (const row of news.born) renewSession(sessions, row, clock.now)
  for (const id of news.ended) forgetSession(sessions, id)
}

function answerWrite(agent: Agent, index: LogIndex, result: unknown): void {
  const waiting = agent.writes.get(index)
  if (waiting === undefined) return
  agent.writes.delete(index)
  sample(agent.metrics, 'consul.raft.commitTime', agent.clock.now - waiting.since)
  respond(agent, waiting.call.id, replyTo(agent.pipeline, waiting.call, { index, result }))
}

/**
 * Nobody knows how long a session had when another led, or before the restart: each TTL begins
 * anew (Consul: a session lives at least as long as its TTL).
 */
function onLeads(agent: Agent): void {
  const { clock, fsm, order, own, pipeline, sessions } = agent
  restartSessions(sessions, peekList(viewOf(fsm.store), SESSIONS, ''), clock.now)
  noteTombstones(agent.tombstones, fsm.applied.index, clock.now)
  for (let index: number = fsm.applied.index; index < START_ENTRIES; index++)
    proposeNoop(order, clock.now)
  claimAddress(order, clock.now)
  proposeOwn(agent, firstAutopilot(agent.config))
  proposeOwn(agent, registerLoneNode(pipeline.desk.site, clock.wall))
  syncOwn(own, agent.around())
  if (agent.lan !== undefined) agent.lan.reconcileDue = clock.now
  announceLead(agent)
  resumeHeld(agent)
}

/** What the configuration says holds as long as no operator has said otherwise. */
const firstAutopilot = ({ autopilot }: AgentConfig): Command => ({
  type: 'set-autopilot',
  settings: {
    ...DEFAULT_AUTOPILOT,
    cleanupDeadServers: autopilot.cleanupDeadServers,
    lastContactThresholdNs: autopilot.lastContactThresholdMs * 1e6,
    maxTrailingLogs: autopilot.maxTrailingLogs,
    minQuorum: autopilot.minQuorum,
    serverStabilizationTimeNs: autopilot.serverStabilizationTimeMs * 1e6,
  },
  when: 'first',
  index: 0,
})

/**
 * A command of the agent itself: nobody waits for it. False: the queue is full or another leads,
 * and the duty that it belongs to must come round again.
 */
export const proposeOwn = (agent: Agent, command: Command): boolean =>
  propose(agent.order, encodeCommand(command), agent.clock.now).ok

function loseWrites(
  agent: Agent,
  { from, isVoid }: { readonly from: LogIndex; readonly isVoid: boolean },
): void {
  const error = isVoid ? diskFull() : diskFullLate()
  let writes = 0
  for (const [index, { call }] of agent.writes) {
    if (index < from) continue
    agent.writes.delete(index)
    refuseCall(agent, call, error)
    writes++
  }
  onPushVoid(agent.own, from, agent.clock.now)
  for (const call of takeFailed(agent.own, { from, save: 0 })) refuseCall(agent, call, error)
  const message = 'writes refused: the disk is full'
  log(agent, { level: 'error', room: 'wal', message, fields: { writes } })
}

/** Undefined: the client has left. */
function takeRead({ reads }: Agent, id: number): Call | undefined {
  const call = reads.get(requestId(id))
  if (call !== undefined) reads.delete(call.id)
  return call
}

function noteRaft(agent: Agent, note: RaftNote): void {
  if (note.what !== 'commit') checkOrder(agent.order) // what happens seldom
  if (note.what !== 'became') return
  const { role, term, phase } = note
  // Asking whether it would win is no election yet: that counts once, and has a term of its own.
  if (phase !== 'pre-vote') count(agent.metrics, `consul.raft.state.${role}`)
  const fields = phase === undefined ? { term } : { term, phase }
  log(agent, { level: 'info', room: 'raft', message: `became ${role}`, fields })
}

function saveSnapshotIfDue(agent: Agent): void {
  const { snapshots: duty, clock } = agent
  const { dev, raft } = agent.config
  const rule = { entriesMax: raft.snapshotThreshold, now: clock.now }
  if (dev || !isSnapshotDue(duty, rule)) return
  const covered = coverage(agent.order, agent.fsm.applied.index)
  if (covered === undefined) return
  duty.underWay = covered
  duty.entries = 0
  duty.bytes = 0
  duty.pausedUntil = clock.now + raft.snapshotIntervalMs
  const chunks = counted(duty, snapshotChunks(agent.fsm))
  agent.effects.push({ type: 'save-snapshot', order: { ...covered, chunks } })
}

export function endSnapshot(agent: Agent, isSaved: boolean): void {
  const { underWay } = agent.snapshots
  agent.snapshots.underWay = undefined
  if (isSaved && underWay !== undefined) {
    const through = onSnapshotSaved(agent.order, underWay, agent.clock.now)
    agent.effects.push({ type: 'trim-log', through })
    return
  }
  noteRefused(agent.snapshots, agent.clock.now)
  log(agent, { level: 'error', room: 'snapshot', message: 'no room for a snapshot on the disk' })
}
