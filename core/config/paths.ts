// Reading and writing a setting by its path (`ports.http`) in settings that are never changed in
// place.
type Plain = Readonly<Record<string, unknown>>

export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function getAt(settings: Plain, path: string): unknown {
  let value: unknown = settings
  for (const name of path.split('.')) {
    if (!isPlain(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

/** The settings with `value` at `path`; undefined takes the setting out. */
export function setAt(settings: Plain, path: string, value: unknown): Plain {
  const [name = '', ...rest] = path.split('.')
  if (rest.length === 0) return { ...settings, [name]: value }
  const inner = settings[name]
  return { ...settings, [name]: setAt(isPlain(inner) ? inner : {}, rest.join('.'), value) }
}
