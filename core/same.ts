// Whether two plain values are equal, whatever the order of their fields. null and an empty list or
// record are different, as in Go: what prints differently is a change.
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
