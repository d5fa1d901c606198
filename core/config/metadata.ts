// Labels of nodes and services, by Consul's rules: how many, which characters, how long.
import { byName } from '../sorted.ts'

const PAIRS_MAX = 64
const KEY_LENGTH_MAX = 128
const VALUE_LENGTH_MAX = 512
const KEY = /^[a-zA-Z0-9_-]+$/
const RESERVED = 'consul-'

/** What is wrong with labels, in the words of Consul; undefined if nothing is. */
export function faultOfMetadata(pairs: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(pairs).sort(byName)
  if (entries.length > PAIRS_MAX)
    return `Node metadata cannot contain more than ${PAIRS_MAX} key/value pairs`
  for (const [key, value] of entries) {
    const fault = faultOfPair(key, value)
    if (fault !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${fault}`
  }
  return undefined
}

function faultOfPair(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank'
  if (!KEY.test(key)) return 'Key contains invalid characters'
  if (key.length > KEY_LENGTH_MAX) return `Key is too long (limit: ${KEY_LENGTH_MAX} characters)`
  if (key.startsWith(RESERVED)) return `Key prefix '${RESERVED}' is reserved for internal use`
  if (value.length > VALUE_LENGTH_MAX)
    return `Value is too long (limit: ${VALUE_LENGTH_MAX} characters)`
  return undefined
}
