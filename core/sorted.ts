// Names and their values in one order, however they came: that is how maps print, and how replicas
// agree on them. By code units, never by a locale: no machine may differ in it.

/** For pairs whose names differ. */
export const byName = (
  [a]: readonly [string, ...unknown[]],
  [b]: readonly [string, ...unknown[]],
): number => (a < b ? -1 : 1)

export const sortedRecord = <T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).sort(byName))
