// Many sources, one set of settings: later scalars win, lists are appended, maps and blocks are
// merged key by key. Old spellings are moved to where they belong source by source, so that a
// later old key still beats an earlier new one.
import { getAt, isPlain, setAt } from './paths.ts'
import { AGENT, MOVES, type Settings } from './schema.ts'
import type { RecordShape, Shape } from './shape.ts'

type Plain = Readonly<Record<string, unknown>>

/** The settings of all sources, first to last. */
export function mergeSettings(sources: readonly Settings[]): Settings {
  let merged: unknown = {}
  for (const source of sources) merged = mergeValue(AGENT, merged, source)
  return merged as Settings // each source has the shape, and merging keeps it
}

function mergeValue(shape: Shape, earlier: unknown, later: unknown): unknown {
  if (later === undefined) return earlier
  if (earlier === undefined) return later
  if (Array.isArray(earlier) && Array.isArray(later)) return [...earlier, ...later]
  if (!isPlain(earlier) || !isPlain(later)) return later
  if (shape.type === 'map') return { ...earlier, ...later }
  return shape.type === 'record' ? mergeRecord(shape, earlier, later) : later
}

function mergeRecord(shape: RecordShape, earlier: Plain, later: Plain): Plain {
  const merged = new Map<string, unknown>(Object.entries(earlier))
  for (const [name, value] of Object.entries(later)) {
    const inner = shape.fields[name]
    if (inner !== undefined) merged.set(name, mergeValue(inner, merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

export interface Modernized {
  readonly settings: Settings
  /** The old paths that were met. */
  readonly moved: readonly string[]
}

/**
 * One source with its old spellings moved, and its single `service` and `check` put into the
 * lists.
 */
export function modernize(settings: Settings): Modernized {
  const moved: string[] = []
  let plain: Plain = settings
  for (const [from, to] of Object.entries(MOVES)) {
    const value = getAt(plain, from)
    if (value === undefined) continue
    moved.push(from)
    plain = setAt(plain, from, undefined)
    if (to !== '') plain = setAt(plain, to, mergeMoved(value, getAt(plain, to)))
    // Consul takes it for the wish to have them replicated.
    if (from === 'acl_replication_token') plain = setAt(plain, 'acl.enable_token_replication', true)
  }
  plain = appendSingle(plain, 'service', 'services')
  plain = appendSingle(plain, 'check', 'checks')
  return { settings: plain as Settings, moved } // the moves keep the shape
}

/** A list joins the list that is there; a scalar gives way to one under the new name. */
function mergeMoved(value: unknown, there: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(there)) return [...there, ...value]
  return there ?? value
}

function appendSingle(settings: Plain, single: string, plural: string): Plain {
  const value = settings[single]
  if (value === undefined) return settings
  const there = settings[plural]
  const all = [...(Array.isArray(there) ? there : []), value]
  return setAt(setAt(settings, single, undefined), plural, all)
}
