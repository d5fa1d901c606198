// A deep copy of a server, so that a step of it leaves the state before as it was. Bytes, functions
// and what never changes are shared.

/** Of the fields of a Raft and of what is in them. */
const SHARED = new Set(['settings', 'prng', 'configurations', 'self', 'request', 'data'])

export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return copyOf(value) as T // of the same shape
}

function copyOf(value: object): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, copy(one)]))
  if (value instanceof Set) return new Set(value)
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, SHARED.has(key) ? one : copy(one)]),
  )
}
