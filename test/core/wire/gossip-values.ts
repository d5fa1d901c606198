// Values of the golden vectors and recordings, in the form of core/wire. The fixtures name fields
// as Go does and give addresses and versions as bytes.
import { ipText } from '../../../core/wire/ip.ts'
import { fromJson, type Schemas, schemasOf } from './golden-codecs.ts'
import { linesOf, unhex } from './gossip-golden.ts'

const schemas: Schemas = new Map([
  ...schemasOf('memberlist-golden.ndjson'),
  ...schemasOf('serf-golden.ndjson'),
])

const ADDRESSES = ['Addr', 'Target', 'SourceAddr', 'IP']
const INITIALISMS: Readonly<Record<string, string>> = { ID: 'id', IP: 'ip', CC: 'cc' }

const memberOf = (name: string) =>
  INITIALISMS[name] ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}`

/** A value of a schema of the fixtures, as our codecs have it. */
export const oursOf = (schema: string, json: unknown): unknown =>
  renamed(fromJson(schema, json, schemas))

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array || value instanceof Map) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [memberOf(name), field(name, item)]),
  )
}

function field(name: string, value: unknown): unknown {
  if (ADDRESSES.includes(name)) return value === null ? '' : ipText(value as Uint8Array)
  if (name === 'Vsn') return versionsOf(value as Uint8Array)
  return renamed(value)
}

function versionsOf(vsn: Uint8Array) {
  const [protocolMin = 0, protocolMax = 0, protocolCur = 0] = vsn
  const [delegateMin = 0, delegateMax = 0, delegateCur = 0] = vsn.subarray(3)
  return { protocolMin, protocolMax, protocolCur, delegateMin, delegateMax, delegateCur }
}

/** One line of a recording: a datagram, or all that one side of a stream said. */
export interface Recorded {
  readonly from: string
  readonly to: string
  readonly proto: 'udp' | 'tcp'
  readonly conn?: number
  readonly dir?: 'request' | 'response'
  readonly hex: string
  readonly note: string
  readonly error?: string
  readonly decoded?: Record<string, unknown>
}

export interface Recording {
  readonly keys: readonly Uint8Array[]
  readonly label: string
  readonly records: readonly Recorded[]
}

export function recording(file: string): Recording {
  const [head, ...records] = linesOf(file)
  const capture = head?.['capture'] as { keys?: string[]; label?: string }
  return {
    keys: (capture.keys ?? []).map(unhex),
    label: capture.label ?? '',
    records: records as unknown as Recorded[],
  }
}
