// How plain values compare, as Go sees them.

/**
 * Whether two are equal, whatever the order of their fields. null and an empty list or record are
 * different: what prints differently is a change.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, i) => isSame(item, b[i]))
  }
  const other = b as Readonly<Record<string, unknown>> // an object that is no list
  const fields = Object.entries(a)
  if (fields.length !== Object.keys(other).length) return false
  return fields.every(([name, value]) => Object.hasOwn(other, name) && isSame(value, other[name]))
}

/** Whether it says nothing: what Go's encoding/json leaves out where it may. */
export const isZero = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : !value
