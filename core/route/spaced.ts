// JSON as the lessons print it: one line, with a space behind each colon and comma.
import type { Json } from './json.ts'

/** What cannot be said (undefined) is left out. */
export interface Fields {
  readonly [name: string]: Said
}
type Said = Json | undefined | readonly Said[] | Fields

export function spaced(value: Said): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const fields = Object.entries(value).filter(([, one]) => one !== undefined)
  return `{${fields.map(([name, one]) => `${JSON.stringify(name)}: ${spaced(one)}`).join(', ')}}`
}
