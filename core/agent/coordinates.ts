// Where nodes stand, on its way into the catalog: agents say so all the time, and a write for each
// would be the most of all writes. So points gather, and go into the log together; a pool brings
// what it has measured to `noteCoordinate`.

import { fold } from '../bytes.ts'
import type { CoordinateRow } from '../coordinates/records.ts'
import type { Command } from '../fsm/commands.ts'
import type { Instant } from '../time.ts'

/** How long points gather. What is lost with a server is measured again. */
const BATCH_MS = 5_000
/** A dev agent wants to see what it does. */
const BATCH_DEV_MS = 100
/** Of one command; and how many commands a batch makes at most. What is more is dropped. */
const UPDATES_MAX = 128
const COMMANDS_MAX = 5

export interface CoordinateDuty {
  /** The last word of each node. */
  pending: Map<string, CoordinateRow>
  readonly everyMs: number
  due: Instant
}

export const createCoordinateDuty = (isDev: boolean): CoordinateDuty => ({
  pending: new Map(),
  everyMs: isDev ? BATCH_DEV_MS : BATCH_MS,
  due: 0,
})

export function noteCoordinate(duty: CoordinateDuty, row: CoordinateRow): void {
  const key = `${fold(row.node)}\0${fold(row.segment)}`
  if (duty.pending.size >= UPDATES_MAX * COMMANDS_MAX && !duty.pending.has(key)) return
  duty.pending.set(key, row)
}

/** The commands that are due now; their points are forgotten here. */
export function dueCoordinates(duty: CoordinateDuty, now: Instant): Command[] {
  if (now < duty.due) return []
  duty.due = now + duty.everyMs
  if (duty.pending.size === 0) return []
  const updates = [...duty.pending.values()]
  duty.pending = new Map()
  return Array.from({ length: Math.ceil(updates.length / UPDATES_MAX) }, (_, n): Command => {
    const at = n * UPDATES_MAX
    return { type: 'update-coordinates', updates: updates.slice(at, at + UPDATES_MAX) }
  })
}
