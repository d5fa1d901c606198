// How the servers of a group look after themselves: one row of the replicated state, which an
// operator may change at any time (consul-surface 9.4).
import { defineTable } from '../state/table.ts'
import { formatDurationNs } from '../time.ts'
import type { U64 } from '../u64.ts'

/** Durations in nanoseconds. */
export interface AutopilotRow {
  readonly cleanupDeadServers: boolean
  /** A server that has not been heard of for so long is not healthy. */
  readonly lastContactThresholdNs: number
  /** So many entries may a healthy server be behind. */
  readonly maxTrailingLogs: number
  /** No cleaning up below so many servers. */
  readonly minQuorum: number
  /** So long has a new server to be healthy before it votes. */
  readonly serverStabilizationTimeNs: number
  // Enterprise's, kept for who sets them.
  readonly redundancyZoneTag: string
  readonly disableUpgradeMigration: boolean
  readonly upgradeVersionTag: string
  readonly createIndex: number
  readonly modifyIndex: number
}

export type AutopilotSpec = Omit<AutopilotRow, 'createIndex' | 'modifyIndex'>

/** The table has one row. */
const ONLY = 'autopilot'

export const AUTOPILOT = defineTable<AutopilotRow>({
  name: 'autopilot',
  key: () => ONLY,
  indexes: {},
})

export const autopilotKey = ONLY

/** Command: what holds from now on. */
export interface SetAutopilotCommand {
  readonly type: 'set-autopilot'
  readonly settings: AutopilotSpec
  /** `first`: only if nothing holds yet; `cas`: only if what holds was written at `index`. */
  readonly when: 'always' | 'first' | 'cas'
  readonly index: U64
}

/** As the API prints it. */
export interface PrintedAutopilot {
  readonly CleanupDeadServers: boolean
  readonly LastContactThreshold: string
  readonly MaxTrailingLogs: number
  readonly MinQuorum: number
  readonly ServerStabilizationTime: string
  readonly RedundancyZoneTag: string
  readonly DisableUpgradeMigration: boolean
  readonly UpgradeVersionTag: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

export const printedAutopilot = (row: AutopilotRow): PrintedAutopilot => ({
  CleanupDeadServers: row.cleanupDeadServers,
  LastContactThreshold: formatDurationNs(row.lastContactThresholdNs),
  MaxTrailingLogs: row.maxTrailingLogs,
  MinQuorum: row.minQuorum,
  ServerStabilizationTime: formatDurationNs(row.serverStabilizationTimeNs),
  RedundancyZoneTag: row.redundancyZoneTag,
  DisableUpgradeMigration: row.disableUpgradeMigration,
  UpgradeVersionTag: row.upgradeVersionTag,
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
})

/** What Consul takes for what is not said. */
export const DEFAULT_AUTOPILOT: AutopilotSpec = {
  cleanupDeadServers: true,
  lastContactThresholdNs: 200e6,
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTimeNs: 10e9,
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}
