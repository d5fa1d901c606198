// Sessions as people read them.
import type { SessionEntry } from '../../core/sessions/records.ts'
import { formatDurationNs } from '../../core/time.ts'
import { labelled } from '../kit/output.ts'

export const tableOf = (sessions: readonly SessionEntry[]): readonly (readonly string[])[] => [
  ['ID', 'Name', 'Node', 'TTL', 'Behavior', 'LockDelay'],
  ...sessions.map((one) => [
    one.ID,
    one.Name || '-',
    one.Node,
    one.TTL || '-',
    one.Behavior,
    formatDurationNs(one.LockDelay),
  ]),
]

/** One session, a line for each of its fields. */
export function detailsOf(one: SessionEntry): string {
  const rows = [
    ['ID', one.ID],
    ['Name', one.Name || '-'],
    ['Node', one.Node],
    ['TTL', one.TTL || '-'],
    ['Behavior', one.Behavior],
    ['LockDelay', formatDurationNs(one.LockDelay)],
    ['NodeChecks', listed(one.NodeChecks)],
    ['ServiceChecks', listed((one.ServiceChecks ?? []).map(({ ID }) => ID))],
    ['CreateIndex', String(one.CreateIndex)],
    ['ModifyIndex', String(one.ModifyIndex)],
  ] as const
  return `${labelled(rows, GAP)}\n`
}

/** Between names and values. */
const GAP = 2

const listed = (names: readonly string[] | null): string => names?.join(', ') || '-'
