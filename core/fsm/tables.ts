// Every table of the replicated state, and how its rows look on the disk. A new table is one line
// here; its codec stands in rows.ts. The order is that of a snapshot.
import { AUTOPILOT } from '../autopilot/records.ts'
import { CATALOG_INDEXES, CHECKS, NODES, SERVICES } from '../catalog/records.ts'
import { COORDINATES } from '../coordinates/records.ts'
import { KV, TOMBSTONES } from '../kv/records.ts'
import { LOCK_DELAYS, SESSION_CHECKS, SESSIONS } from '../sessions/records.ts'
import type { AnyTable, Table } from '../state/table.ts'
import type { Codec } from '../wire/msgpack.ts'
import {
  autopilotRow,
  checkRow,
  coordinateRow,
  indexRow,
  kvRow,
  lockDelayRow,
  nodeRow,
  serviceRow,
  sessionCheckRow,
  sessionRow,
  tombstoneRow,
} from './rows.ts'

export interface StoredTable {
  readonly table: AnyTable
  readonly codec: Codec<unknown>
}

/** The compiler proves that table and codec agree; the list then forgets of which row. */
const stored = <Row>(table: Table<Row>, codec: Codec<Row>): StoredTable => ({
  table,
  codec: codec as Codec<unknown>, // it is handed rows of its own table only
})

export const TABLES: readonly StoredTable[] = [
  stored(KV, kvRow),
  stored(TOMBSTONES, tombstoneRow),
  stored(SESSIONS, sessionRow),
  stored(SESSION_CHECKS, sessionCheckRow),
  stored(LOCK_DELAYS, lockDelayRow),
  stored(NODES, nodeRow),
  stored(SERVICES, serviceRow),
  stored(CHECKS, checkRow),
  stored(CATALOG_INDEXES, indexRow),
  stored(COORDINATES, coordinateRow),
  stored(AUTOPILOT, autopilotRow),
]
