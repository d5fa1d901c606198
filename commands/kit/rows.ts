// Tables: one set of rows, shown as Consul's columns, as ours, or separated by tabs.
import { boolean, type Call, type Flags } from './declare.ts'
import { columns, tabbed } from './output.ts'

const OUTPUT = { group: 'output', only: 'lictor' } as const

export const TABLE_FLAGS = {
  plain: boolean('separate columns by tabs, without a header: for cut and awk', OUTPUT),
} as const satisfies Flags

/** A table whose rows have more to tell than fits. */
export const WIDE_FLAGS = {
  ...TABLE_FLAGS,
  wide: boolean('all columns', OUTPUT),
} as const satisfies Flags

type Rows = readonly (readonly string[])[]

/** The first row is the header. */
export const tableText = ({ flags, out }: Call<typeof TABLE_FLAGS>, rows: Rows): string =>
  flags.plain ? tabbed(rows) : columns(rows, { trim: out.profile === 'lictor' })

/** The columns of these names, in the order of the table. */
export function only(rows: Rows, names: readonly string[]): Rows {
  const header = rows[0] ?? []
  const kept = header.flatMap((name, i) => (names.includes(name) ? [i] : []))
  return rows.map((row) => kept.map((i) => row[i] ?? ''))
}
