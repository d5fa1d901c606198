// What the services and checks of this agent are at work with: the record of own.ts, and what the
// agent lends to it.
import type { Parked } from '../api/blocking.ts'
import type { Call } from '../api/call.ts'
import type { RegisterCommand } from '../catalog/records.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { ApiError } from '../errors.ts'
import { EVENTS } from '../events/records.ts'
import type { Command } from '../fsm/commands.ts'
import type { LogIndex, RequestId } from '../ids.ts'
import { OWN_TABLES } from '../local/records.ts'
import type { Push } from '../local/sync.ts'
import type { Prng } from '../prng.ts'
import { createStore, type Store } from '../state/store.ts'
import type { View } from '../state/txn.ts'
import type { Instant } from '../time.ts'
import { createRunner, type Runner } from './checks.ts'
import type { AgentEffect } from './effects.ts'
import type { Clock } from './events.ts'
import { createKeeper, type Keeper } from './keeper.ts'

export interface Own {
  /** Changes with a reload. */
  config: AgentConfig
  readonly store: Store
  readonly prng: Prng
  readonly runner: Runner
  readonly keeper: Keeper
  /** Ids that the catalog has to be told of. */
  readonly dirty: { readonly services: Set<string>; readonly checks: Set<string> }
  /** Checks of which only the output has changed, and when the catalog is told. */
  readonly deferred: Map<string, Instant>
  /** What was proposed and is not applied yet. */
  readonly inFlight: Map<LogIndex, Push>
  readonly waiting: Map<RequestId, WaitingCall>
  /** Those of them whose commands are still to be proposed. */
  untold: WaitingCall[]
  /** Who waited for a service of ours that has changed. */
  fired: Set<Parked>
  /** Counts the changes of the store: what the log index is for the replicated one. */
  version: number
  fullSyncDue: Instant
  /** What could not be told is told again from here on. */
  retryDue: Instant
  reapDue: Instant
  aliasDue: Instant
  /** The state of the catalog's checks that aliases have last seen. */
  aliasSeen: number
}

export interface WaitingCall {
  readonly call: Call
  readonly refusal: ApiError | undefined
  /** The last command that has to be applied; 0: none; undefined: it is still to be proposed. */
  index: number | undefined
  /** The save that has to be durable; 0: none. */
  readonly save: number
}

/** What the agent lends to this room. */
export interface Around {
  readonly clock: Clock
  readonly catalog: () => View
  /** The registration of the node itself. */
  readonly node: () => RegisterCommand
  /** Undefined: the queue of the log is full, or this agent does not lead yet. */
  readonly propose: (command: Command) => LogIndex | undefined
  readonly effects: AgentEffect[]
}

export function createOwn(config: AgentConfig, prng: Prng): Own {
  return {
    config,
    store: createStore([...OWN_TABLES, EVENTS]),
    prng,
    runner: createRunner(prng, config),
    keeper: createKeeper(config.dataDir !== undefined),
    dirty: { services: new Set(), checks: new Set() },
    deferred: new Map(),
    inFlight: new Map(),
    waiting: new Map(),
    untold: [],
    fired: new Set(),
    version: 0,
    fullSyncDue: 0,
    retryDue: 0,
    reapDue: 0,
    aliasDue: 0,
    aliasSeen: -1,
  }
}
