// Sessions: what a lock is held by, and what ends it (consul-surface §8).
import { fold } from '../bytes.ts'
import { defineTable, entryPrefix } from '../state/table.ts'
import type { WallMs } from '../time.ts'

export interface SessionRow {
  readonly id: string
  readonly name: string
  /** As given; compared without case. */
  readonly node: string
  readonly lockDelayNs: number
  readonly behavior: 'release' | 'delete'
  /** As given (`15s`); empty: the session lives until something else ends it. */
  readonly ttl: string
  /** null was asked for by name and stays. */
  readonly nodeChecks: readonly string[] | null
  readonly serviceChecks: readonly ServiceCheckRef[] | null
  /** Checks of its node, of the old list. */
  readonly checks: readonly string[] | null
  readonly createIndex: number
  readonly modifyIndex: number
}

interface ServiceCheckRef {
  readonly ID: string
  readonly Namespace: string
}

/** Their ids are in lower case; whoever asks may write them as he likes. */
export const SESSIONS = defineTable<SessionRow>({
  name: 'sessions',
  key: (row) => row.id,
  indexes: { node: (row) => fold(row.node) },
})

/** A check that a session stands on: when it turns critical or goes, so does the session. */
export interface SessionCheckRow {
  readonly node: string
  readonly check: string
  readonly session: string
}

/** What the keys of all sessions on a check begin with. */
export const onCheck = (node: string, check: string): string =>
  entryPrefix(fold(node)) + entryPrefix(fold(check))

export const SESSION_CHECKS = defineTable<SessionCheckRow>({
  name: 'session-checks',
  key: (row) => onCheck(row.node, row.check) + row.session,
  indexes: { session: (row) => row.session },
})

/**
 * A key that nobody may lock yet: its holder's session has died, and the holder may not know. Part
 * of the state, so that a new leader, a restart or a snapshot keeps the promise (Consul keeps it in
 * the memory of one server, and forgets).
 */
export interface LockDelayRow {
  readonly key: string
  /** The wall clock of whoever ordered the end of the session, and the delay. */
  readonly until: WallMs
}

export const LOCK_DELAYS = defineTable<LockDelayRow>({
  name: 'lock-delays',
  key: (row) => row.key,
  indexes: {},
})

export type SessionSpec = Omit<SessionRow, 'createIndex' | 'modifyIndex'>

/** Command: a new session. Refused if its node or a check is missing, or a check critical. */
export interface CreateSessionCommand {
  readonly type: 'create-session'
  readonly session: SessionSpec
}

/** What became of it; its route words the refusal. */
export type SessionBegun =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly why: string }

/** Command: the end of a session, asked for or because it was not renewed in time. */
export interface EndSessionCommand {
  readonly type: 'end-session'
  readonly id: string
  /** Of the server that orders it: from here the lock-delay runs. */
  readonly wall: WallMs
}

/** A session as the API prints it. */
export interface SessionEntry {
  readonly ID: string
  readonly Name: string
  readonly Node: string
  /** Nanoseconds. */
  readonly LockDelay: number
  readonly Behavior: string
  readonly TTL: string
  readonly NodeChecks: readonly string[] | null
  readonly ServiceChecks: readonly ServiceCheckRef[] | null
  /** Absent if empty. */
  readonly Checks?: readonly string[]
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

export const sessionEntry = (row: SessionRow): SessionEntry => ({
  ID: row.id,
  Name: row.name,
  Node: row.node,
  LockDelay: row.lockDelayNs,
  Behavior: row.behavior,
  TTL: row.ttl,
  NodeChecks: row.nodeChecks,
  ServiceChecks: row.serviceChecks,
  ...(row.checks?.length ? { Checks: row.checks } : {}),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
})

/** The checks that a session stands on. */
export const checksOf = ({ checks, nodeChecks, serviceChecks }: SessionSpec): readonly string[] => [
  ...(checks ?? []),
  ...(nodeChecks ?? []),
  ...(serviceChecks ?? []).map(({ ID }) => ID),
]
