// What of its own an agent remembers across a restart, as texts under keys: what was registered
// over the API, and how TTL checks were while their time runs (Consul: data folder, services/,
// checks/ and checks/state/). The runtime keeps texts by key and knows no more.
import type { WallMs } from '../time.ts'
import type { OwnCheck, OwnService, Status } from './records.ts'

export interface KeptRecord {
  readonly key: string
  readonly text: string
}

/** What is to be kept under a key from now on; undefined: nothing. */
export interface KeepOrder {
  readonly key: string
  readonly text: string | undefined
}

export const serviceKey = (id: string): string => `service ${id}`
export const checkKey = (id: string): string => `check ${id}`
export const stateKey = (checkId: string): string => `state ${checkId}`

/** How a TTL check was, and until when that is worth something. */
export interface KeptState {
  readonly id: string
  readonly status: Status
  readonly output: string
  readonly until: WallMs
}

export const serviceText = (row: OwnService): string => JSON.stringify(row)

/** The state of a check is kept apart: what was found out does not outlive its time. */
export const checkText = (row: OwnCheck): string =>
  JSON.stringify({ ...row, status: 'critical', output: '' })

export const stateText = (state: KeptState): string => JSON.stringify(state)

export interface Kept {
  readonly services: readonly OwnService[]
  readonly checks: readonly OwnCheck[]
  readonly states: readonly KeptState[]
}

/** The texts were written by the functions above and guarded by a checksum on their way. */
export function readKept(records: readonly KeptRecord[]): Kept {
  const services: OwnService[] = []
  const checks: OwnCheck[] = []
  const states: KeptState[] = []
  for (const { key, text } of records) {
    const value: unknown = JSON.parse(text)
    const kind = key.slice(0, key.indexOf(' '))
    if (kind === 'service') services.push(whole(value as OwnService)) // what serviceText wrote
    if (kind === 'check') checks.push(value as OwnCheck) // what checkText wrote
    if (kind === 'state') states.push(value as KeptState) // what stateText wrote
  }
  return { services, checks, states }
}

/** What was kept before services had a kind, a locality and a proxy has none. */
const whole = (row: OwnService): OwnService => ({
  ...row,
  service: {
    ...row.service,
    kind: row.service.kind ?? '',
    proxy: row.service.proxy ?? null,
    native: row.service.native ?? false,
    locality: row.service.locality ?? null,
  },
})
