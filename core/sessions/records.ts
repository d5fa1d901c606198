// Sessions: what a lock is held by, and what ends it.
import { defineTable } from '../state/table.ts'

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
  readonly createIndex: number
  readonly modifyIndex: number
}

export interface ServiceCheckRef {
  readonly ID: string
  readonly Namespace: string
}

export const SESSIONS = defineTable<SessionRow>({
  name: 'sessions',
  key: (row) => row.id,
  indexes: { node: { key: (row) => row.node.toLowerCase() } },
})
