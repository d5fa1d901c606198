// What of its own an agent remembers across a restart, as texts under keys: what was registered
// over the API, and how TTL checks were while their time runs (Consul: data folder, services/,
// checks/ and checks/state/). The runtime keeps texts by key and knows no more.
import type { CheckDefinition } from '../config/agent-config.ts'
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
  JSON.stringify({ ...row, status: 'critical', output: '', definition: slim(row.definition) })

/** A definition that says nothing, as most of each does: that is left out. */
export const NOTHING: CheckDefinition = {
  id: '',
  name: '',
  notes: '',
  serviceId: '',
  token: '',
  status: '',
  args: [],
  shell: '',
  dockerContainerId: '',
  http: '',
  header: {},
  method: '',
  body: '',
  disableRedirects: false,
  tcp: '',
  tcpUseTls: false,
  udp: '',
  grpc: '',
  grpcUseTls: false,
  h2ping: '',
  h2pingUseTls: false,
  osService: '',
  tlsServerName: '',
  tlsSkipVerify: false,
  aliasNode: '',
  aliasService: '',
  intervalMs: 0,
  timeoutMs: 0,
  ttlMs: 0,
  successBeforePassing: 0,
  failuresBeforeWarning: 0,
  failuresBeforeCritical: 0,
  outputMaxSize: 0,
  deregisterCriticalServiceAfterMs: 0,
}
const NAMES = Object.keys(NOTHING) as (keyof CheckDefinition)[] // just these

function slim(definition: CheckDefinition | undefined): Partial<CheckDefinition> | undefined {
  if (definition === undefined) return undefined
  const told: Record<string, unknown> = {}
  for (const name of NAMES) {
    const value = definition[name]
    if (value !== NOTHING[name]) told[name] = value
  }
  return told
}

const filled = (row: OwnCheck): OwnCheck =>
  row.definition === undefined ? row : { ...row, definition: { ...NOTHING, ...row.definition } }

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
    if (kind === 'check') checks.push(filled(value as OwnCheck)) // what checkText wrote
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
