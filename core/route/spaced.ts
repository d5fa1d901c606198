// JSON as the lessons print it: on one line, with a space behind each colon and comma.
import { escapeMarkup } from './json.ts'

/** As the store of the first lesson prints; fields that are undefined are left out. */
export function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const fields = Object.entries(value).filter(([, one]) => one !== undefined)
  return `{${fields.map(([name, one]) => `${JSON.stringify(name)}: ${spaced(one)}`).join(', ')}}`
}

/**
 * As those print that answer through core/api: escaped as all of its JSON; a list of records has a
 * line for each.
 */
export function encodeSpaced(value: unknown): string {
  const isTable = Array.isArray(value) && value.length > 0 && value.every(isRecord)
  return escapeMarkup(isTable ? `[\n${value.map(spaced).join(',\n')}\n]` : spaced(value))
}

const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
