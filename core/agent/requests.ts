// What is done for whoever asks: the pipeline says what comes next, here it is done.

import type { Call } from '../api/call.ts'
import { begin, type Next, refuse, resume, sayTo } from '../api/pipeline.ts'
import { unreachable } from '../assert.ts'
import { ApiError } from '../errors.ts'
import { type Command, encodeCommand, encodeRemembered } from '../fsm/commands.ts'
import type { RequestId } from '../ids.ts'
import type { Request, Response } from '../route/request.ts'
import { SESSIONS } from '../sessions/records.ts'
import { noSession } from '../sessions/routes.ts'
import { renewSession } from '../sessions/ttl.ts'
import { viewOf } from '../state/store.ts'
import { peek } from '../state/txn.ts'
import { noteCoordinate } from './coordinates.ts'
import { type ForLeader, hold, release } from './hold.ts'
import { askPool, isForPool } from './lan-asks.ts'
import { confirmRead, type Proposed, propose } from './order.ts'
import { changeFor } from './own.ts'
import { type Agent, refuseCall, respond } from './record.ts'
import { fireEvent } from './user-events.ts'

export function onRequest(agent: Agent, request: Request): void {
  const next = begin(agent.pipeline, request, agent.clock)
  const isSmall = request.body.length <= REMEMBERED_BODY_MAX
  if (next.type === 'propose')
    proposeFor(agent, next, isSmall ? rememberRegistration : encodeCommand)
  else perform(agent, request.id, next)
}

/** Texts of a command may be parts of the body, and keep all of it in memory. */
const REMEMBERED_BODY_MAX = 4 << 10

/** Registrations are nothing but texts and numbers. */
const rememberRegistration = (command: Command): Uint8Array =>
  command.type === 'register' ? encodeRemembered(command) : encodeCommand(command)

/** It is certain that this agent leads: a read that waited for that looks now. */
export function readNow(agent: Agent, call: Call): void {
  perform(agent, call.id, resume(agent.pipeline, call, agent.clock.now))
}

function perform(agent: Agent, id: RequestId, next: Next): void {
  switch (next.type) {
    case 'respond':
      respond(agent, id, renew(agent, next.renews) ?? next.response)
      break
    case 'propose':
      proposeFor(agent, next, encodeCommand)
      break
    case 'confirm':
      agent.reads.set(id, next.call)
      if (!confirmRead(agent.order, id, agent.clock.now)) {
        agent.reads.delete(id)
        holdOrRefuse(agent, next)
      }
      break
    case 'ask':
      askFor(agent, next)
      break
    case 'change':
      changeFor(agent.own, agent.around(), next)
      break
    case 'parked':
      break
    default:
      unreachable(next)
  }
}

/** What the agent knows itself is answered at once; everything else goes to the machine. */
function askFor(agent: Agent, asking: Extract<Next, { type: 'ask' }>): void {
  const { id } = asking.call
  const question = asking.asked.ask
  if (question.type === 'fire-event') {
    const why = fireEvent(agent, question.event)
    respond(agent, id, sayTo(agent.pipeline, asking, why === undefined ? {} : { why }))
    return
  }
  if (question.type === 'update-coordinate') {
    noteCoordinate(agent.coordinates, question.row)
    respond(agent, id, sayTo(agent.pipeline, asking, {}))
    return
  }
  if (isForPool(question)) {
    askPool(agent, asking, question)
    return
  }
  agent.asks.set(id, asking)
  agent.effects.push({ type: 'ask', id, question })
}

/** A session whose end is on its way to the log is gone for whoever wants to renew it. */
function renew(agent: Agent, id: string | undefined): Response | undefined {
  const row = id === undefined ? undefined : peek(viewOf(agent.fsm.store), SESSIONS, id)
  if (row === undefined || renewSession(agent.sessions, row, agent.clock.now)) return undefined
  return refuse(agent.pipeline, new ApiError('not-found', noSession(row.id)))
}

function proposeFor(
  agent: Agent,
  next: Extract<Next, { type: 'propose' }>,
  bytesOf: (command: Command) => Uint8Array,
): void {
  const { call, command } = next
  const proposed = propose(agent.order, bytesOf(command), agent.clock.now)
  if (proposed.ok) agent.writes.set(proposed.index, { call, since: agent.clock.now })
  else if (proposed.why === 'no-leader') holdOrRefuse(agent, next)
  else refuseCall(agent, call, refusalOf(proposed.why))
}

/** Nobody leads now. */
export function holdOrRefuse(agent: Agent, next: ForLeader): void {
  if (!hold(agent, next)) refuseCall(agent, next.call, noLeader())
}

/** Somebody leads: this agent. */
export function resumeHeld(agent: Agent): void {
  const { wall } = agent.clock
  for (const next of release(agent, 'all')) {
    const isStamped = next.type === 'propose' && 'wall' in next.command
    // From its time lock-delays run: that is when it was ordered, not when it came.
    const now = isStamped ? { ...next, command: { ...next.command, wall } } : next
    perform(agent, next.call.id, now)
  }
}

export function refuseHeld(agent: Agent): void {
  for (const { call } of release(agent, 'due')) refuseCall(agent, call, noLeader())
}

function refusalOf(why: Extract<Proposed, { ok: false }>['why']): ApiError {
  switch (why) {
    case 'no-leader':
      return noLeader()
    case 'disk-full':
      return diskFull()
    case 'too-many':
      return new ApiError('too-many', 'too many writes wait for the disk: try again')
    default:
      return unreachable(why)
  }
}

export const diskFull = () =>
  new ApiError(
    'disk-full',
    'the disk of this agent is full: nothing was written; ' +
      'reads go on, and writes when there is room again',
  )

/** What a server keeps trying to write: nobody knows yet what becomes of it. */
export const diskFullLate = () =>
  new ApiError(
    'uncertain',
    'the disk of this agent is full: this write may be made when there is room again; ' +
      'reads go on, and other writes are refused until then',
  )

const noLeader = () => new ApiError('no-leader', 'No cluster leader')
