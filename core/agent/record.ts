// What an agent is made of, and the ways in which all of its rooms speak.
import type { Parked } from '../api/blocking.ts'
import type { Call } from '../api/call.ts'
import { type Answered, type Pipeline, refuse } from '../api/pipeline.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Resolver } from '../dns/answer.ts'
import type { ApiError } from '../errors.ts'
import type { Fsm } from '../fsm/fsm.ts'
import type { LogIndex, RequestId } from '../ids.ts'
import type { LogLine } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Response } from '../route/request.ts'
import type { Asked } from '../route/route.ts'
import type { SessionTimers } from '../sessions/ttl.ts'
import type { LamportClock } from '../swim/lamport.ts'
import type { Instant } from '../time.ts'
import type { CoordinateDuty } from './coordinates.ts'
import type { SnapshotDuty, TombstoneDuty } from './duties.ts'
import type { AgentEffect } from './effects.ts'
import type { Clock } from './events.ts'
import type { Held } from './hold.ts'
import type { Lan } from './lan.ts'
import type { Order } from './order.ts'
import type { Around, Own } from './own-record.ts'
import type { LoneSite } from './site.ts'

export interface Agent {
  /** Changes with a reload. */
  config: AgentConfig
  readonly site: LoneSite
  readonly fsm: Fsm
  readonly order: Order
  readonly pipeline: Pipeline
  resolver: Resolver
  readonly metrics: Metrics
  /** Who waits for which entry to be applied. */
  readonly writes: Map<LogIndex, Waiting>
  /** Who waits for it to be certain that this agent leads. */
  readonly reads: Map<RequestId, Call>
  /** Who waits for a leader. */
  readonly held: Map<RequestId, Held>
  /** Who waits for the answer of the machine around the agent. */
  readonly asks: Map<RequestId, { readonly call: Call; readonly asked: Asked }>
  readonly tombstones: TombstoneDuty
  readonly snapshots: SnapshotDuty
  readonly coordinates: CoordinateDuty
  readonly sessions: SessionTimers
  /** The services and checks of this agent. */
  readonly own: Own
  /** Undefined: this agent does not gossip. */
  readonly lan: Lan | undefined
  /** Stamps the events of this agent. */
  readonly eventClock: LamportClock
  /** What `own` is lent. */
  readonly around: () => Around
  clock: Clock
  factsDue: Instant
  effects: AgentEffect[]
}

interface Waiting {
  readonly call: Call
  readonly since: Instant
}

export const asParked = (fired: ReadonlySet<object>): ReadonlySet<Parked> =>
  // Only the pipeline parks at the stores of an agent.
  fired as ReadonlySet<Parked>

export function respond(agent: Agent, id: RequestId, response: Response): void {
  agent.effects.push({ type: 'respond', id, response })
}

export function refuseCall(agent: Agent, { id }: Call, error: ApiError): void {
  respond(agent, id, refuse(agent.pipeline, error))
}

export function answerAll(agent: Agent, answered: readonly Answered[]): void {
  for (const { id, response } of answered) respond(agent, id, response)
}

export function log(agent: Agent, line: LogLine): void {
  agent.effects.push({ type: 'log', line })
}
