// Everything that can happen to an agent. With effects.ts the whole boundary between the machine
// and the world.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Asking } from '../dns/answer.ts'
import type { LogIndex, RequestId } from '../ids.ts'
import type { Probed } from '../local/probe.ts'
import type { Request } from '../route/request.ts'
import type { Instant, WallMs } from '../time.ts'
import type { OwnSave } from './keeper.ts'
import type { PoolEvent } from './pool-io.ts'

export interface Reconfigured {
  /** What holds from now on: of settings that need a restart, still the old ones. */
  readonly config: AgentConfig
  /** All that was read. */
  readonly shown: AgentConfig
}

/** Both clocks, read by the driver once per event. */
export interface Clock {
  readonly now: Instant
  readonly wall: WallMs
}

export type AgentEvent =
  /** Time has passed: see TICK_MS. */
  | { readonly type: 'tick' }
  | { readonly type: 'request'; readonly request: Request }
  /**
   * More requests may come before `gathered`, in the same turn of the event loop: what they write
   * goes to the disk together.
   */
  | { readonly type: 'gather' | 'gathered' }
  /** A DNS packet. Answered by the effect `answer-dns`, in the same step. */
  | { readonly type: 'question'; readonly id: RequestId; readonly asking: Asking }
  /** The client hung up before it was answered. */
  | { readonly type: 'abandoned'; readonly id: RequestId }
  /** The persist with this token is durable. */
  | { readonly type: 'persisted'; readonly token: number }
  /**
   * Nothing of the persist with this token stands: the disk is full. Any other fault of the disk
   * ends the process.
   */
  | { readonly type: 'persist-refused'; readonly token: number }
  /** A snapshot is durable; the log up to its index has no further use. */
  | { readonly type: 'snapshot-saved'; readonly index: LogIndex }
  | { readonly type: 'snapshot-refused' }
  /** What was kept of the agent's own is on the disk. */
  | { readonly type: 'own-saved'; readonly token: number }
  /** Nothing of the save stands: the disk is full. */
  | { readonly type: 'own-save-refused'; readonly save: OwnSave }
  /** A check was tried. */
  | { readonly type: 'probed'; readonly id: number; readonly result: Probed }
  /** The configuration was read again. */
  | ({ readonly type: 'reconfigured' } & Reconfigured)
  /** Of the gossip pool. */
  | { readonly type: 'pool'; readonly event: PoolEvent }
  /** The machine around the agent has answered a question. */
  | { readonly type: 'answered'; readonly id: RequestId; readonly answer: unknown }

/** How often the driver sends a tick: the grain of every timeout. */
export const TICK_MS = 20
