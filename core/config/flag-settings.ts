// What the given flags set, as settings like those of a file. Lists come apart from the rest:
// they stand before the lists of files, everything else stands after (consul-surface 6.1).
import { parseBool } from '../bool.ts'
import { type Origin, wholeSource } from './document.ts'
import type { FlagUse } from './flags.ts'
import { getAt, isPlain, setAt } from './paths.ts'
import type { Settings } from './schema.ts'

type Plain = Readonly<Record<string, unknown>>

export interface FlagSettings {
  readonly lists: Settings
  readonly values: Settings
  readonly origins: ReadonlyMap<string, Origin>
}

export function settingsOfFlags(uses: readonly FlagUse[]): FlagSettings {
  let lists: Plain = {}
  let values: Plain = {}
  const origins = new Map<string, Origin>()
  for (const { flag, value } of uses) {
    if (flag.path === '') continue
    origins.set(flag.path, wholeSource(`-${flag.name}`))
    if (flag.type === 'list') lists = addItem(lists, flag.path, value)
    else if (flag.type === 'pairs') values = addPair(values, flag.path, value)
    else values = setAt(values, flag.path, scalarOf(flag.type, value))
  }
  // The table of flags names only paths of the schema, with their types; a test holds it to that.
  return { lists: lists as Settings, values: values as Settings, origins }
}

function scalarOf(type: 'bool' | 'int' | 'string', value: string): boolean | number | string {
  if (type === 'bool') return parseBool(value) === true // another word was refused with the flag
  return type === 'int' ? Number(value) : value
}

function addItem(settings: Plain, path: string, item: string): Plain {
  const there = getAt(settings, path)
  return setAt(settings, path, [...(Array.isArray(there) ? there : []), item])
}

/** `key:value`; without a colon the value is empty. */
function addPair(settings: Plain, path: string, pair: string): Plain {
  const colon = pair.indexOf(':')
  const key = colon === -1 ? pair : pair.slice(0, colon)
  const value = colon === -1 ? '' : pair.slice(colon + 1)
  const there = getAt(settings, path)
  return setAt(settings, path, { ...(isPlain(there) ? there : {}), [key]: value })
}
