// From answers that follow one another to records of what has changed: the lines of `lictor watch`.
import type { Json } from '../../core/route/json.ts'

export type Op = 'snapshot' | 'create' | 'update' | 'delete'

export interface Change {
  readonly op: Op
  readonly key?: string
  readonly data: Json
}

/** What changed from one answer to the next; no answer before: all of it, as one snapshot. */
export function changesOf(before: Json | undefined, after: Json): readonly Change[] {
  if (before === undefined) return [{ op: 'snapshot', data: after }]
  const [old, now] = [entriesByKey(before), entriesByKey(after)]
  if (old === undefined || now === undefined) {
    return isSame(before, after) ? [] : [{ op: opOf(before, after), data: after }]
  }
  const changes: Change[] = []
  for (const [key, data] of now) {
    const was = old.get(key)
    if (was === undefined) changes.push({ op: 'create', key, data })
    else if (!isSame(was, data)) changes.push({ op: 'update', key, data })
  }
  for (const key of old.keys()) {
    if (!now.has(key)) changes.push({ op: 'delete', key, data: null })
  }
  return changes
}

/** Of one thing that has no key: null is that there is none. */
function opOf(before: Json, after: Json): Op {
  if (before === null) return 'create'
  return after === null ? 'delete' : 'update'
}

/** Bigints compare as their digits do. */
export const isSame = (a: Json, b: Json): boolean => print(a) === print(b)

const print = (value: Json): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}` : inner))

/**
 * The keys of an answer about keys: one entry, a list, or nothing. Undefined for any other answer.
 */
function entriesByKey(value: Json): ReadonlyMap<string, Json> | undefined {
  if (value === null) return new Map()
  const list: readonly Json[] = Array.isArray(value) ? value : [value]
  const named = list.map((entry) => [keyIn(entry), entry] as const)
  return named.every((pair): pair is readonly [string, Json] => pair[0] !== undefined)
    ? new Map(named)
    : undefined
}

function keyIn(entry: Json): string | undefined {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return undefined
  const { Key } = entry as Readonly<Record<string, Json>> // neither null nor a list
  return typeof Key === 'string' ? Key : undefined
}

/** `FIELD=VALUE`, the field with dots: `op=delete`, `data.Key=config/web`. */
export function isReached(until: string | undefined, record: Json): boolean {
  if (until === undefined) return false
  const at = until.indexOf('=')
  let found: Json | undefined = record
  for (const part of until.slice(0, at).split('.')) {
    found =
      typeof found === 'object' && found !== null
        ? (found as Readonly<Record<string, Json | undefined>>)[part] // a record or a list
        : undefined
  }
  return found !== undefined && String(found) === until.slice(at + 1)
}
