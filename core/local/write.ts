// What each change does to the services and checks of this agent. Deterministic and total: what can
// be refused was refused by the route, which has looked at the same state.
import { unreachable } from '../assert.ts'
import { byteString } from '../bytes.ts'
import { isSameCheck } from '../catalog/records.ts'
import { isSame } from '../same.ts'
import { get, listBy, put, remove, type Txn } from '../state/txn.ts'
import {
  NODE_MAINTENANCE,
  OWN_CHECKS,
  OWN_SERVICES,
  type OwnChange,
  type OwnCheck,
  type Status,
  serviceMaintenance,
  sidecarId,
  type Touched,
} from './records.ts'

export const createTouched = (): Touched => ({
  services: new Set(),
  checks: new Set(),
  outputs: new Set(),
  redefined: new Set(),
})

export function changeOwn(txn: Txn, change: OwnChange, touched: Touched): void {
  switch (change.type) {
    case 'register-service':
      registerService(txn, change, touched)
      break
    case 'deregister-service':
      deregisterService(txn, change.id, touched)
      break
    case 'register-check':
      registerCheck(txn, change.row, touched)
      break
    case 'deregister-check':
      deregisterCheck(txn, change.id, touched)
      break
    case 'beat':
      reportCheck(txn, change, touched)
      break
    default:
      unreachable(change)
  }
}

type Registration = Extract<OwnChange, { readonly type: 'register-service' }>

function registerService(txn: Txn, change: Registration, touched: Touched): void {
  const { row, checks, replacesChecks } = change
  const { id } = row.service
  const known = get(txn, OWN_SERVICES, byteString(id))
  if (known === undefined || !isSame(known, row)) {
    put(txn, OWN_SERVICES, row)
    touched.services.add(id)
  }
  const kept = new Set(checks.map((check) => check.id))
  const before = replacesChecks ? listBy(txn, OWN_CHECKS, 'service', byteString(id)) : []
  for (const check of before) {
    if (!kept.has(check.id)) deregisterCheck(txn, check.id, touched)
  }
  for (const check of checks) registerCheck(txn, check, touched)
}

/** Its checks go with it, and the proxy that was defined within it. */
function deregisterService(txn: Txn, id: string, touched: Touched): void {
  for (const check of listBy(txn, OWN_CHECKS, 'service', byteString(id))) {
    deregisterCheck(txn, check.id, touched)
  }
  if (remove(txn, OWN_SERVICES, byteString(id))) touched.services.add(id)
  const beside = get(txn, OWN_SERVICES, byteString(sidecarId(id)))
  if (beside?.sidecar) deregisterService(txn, sidecarId(id), touched)
}

/** What was found out stays: a definition that comes again is no reason to fall to critical. */
function registerCheck(txn: Txn, row: OwnCheck, touched: Touched): void {
  const known = get(txn, OWN_CHECKS, byteString(row.id))
  const next = known === undefined ? row : { ...row, status: known.status, output: known.output }
  if (known !== undefined && isSame(known, next)) return
  put(txn, OWN_CHECKS, next)
  touched.redefined.add(row.id)
  // The catalog is told of nothing that would be no change there.
  if (known === undefined || !isSameCheck(bare(known), bare(next))) touched.checks.add(row.id)
}

const bare = (row: OwnCheck): OwnCheck => ({ ...row, definition: undefined, source: 'api' })

function deregisterCheck(txn: Txn, id: string, touched: Touched): void {
  if (!remove(txn, OWN_CHECKS, byteString(id))) return
  touched.checks.add(id)
  touched.redefined.add(id)
}

export interface Report {
  readonly id: string
  readonly status: Status
  readonly output: string
}

/** Notes what a check has come to; nothing if it is gone or says what it said. */
export function reportCheck(txn: Txn, { id, status, output }: Report, touched: Touched): void {
  const known = get(txn, OWN_CHECKS, byteString(id))
  if (known === undefined || (known.status === status && known.output === output)) return
  put(txn, OWN_CHECKS, { ...known, status, output })
  if (known.status === status) touched.outputs.add(id)
  else touched.checks.add(id)
}

/** Tags that were set in the catalog win, where the service allows it (consul-surface 9.1). */
export function adoptTags(
  txn: Txn,
  { id, tags }: { readonly id: string; readonly tags: readonly string[] | null },
): void {
  const known = get(txn, OWN_SERVICES, byteString(id))
  if (known === undefined) return
  put(txn, OWN_SERVICES, { ...known, service: { ...known.service, tags } })
}

const DEFAULT_REASON = (what: string) =>
  `Maintenance mode is enabled for this ${what}, but no reason was provided. ` +
  'This is a default message.'

/** The check that keeps everything on this node out of use. */
export const nodeMaintenance = (reason: string): OwnCheck => ({
  ...MAINTENANCE,
  id: NODE_MAINTENANCE,
  name: 'Node Maintenance Mode',
  notes: reason === '' ? DEFAULT_REASON('node') : reason,
})

export const maintenanceOf = (
  { id, name, tags }: { id: string; name: string; tags: readonly string[] | null },
  reason: string,
): OwnCheck => ({
  ...MAINTENANCE,
  id: serviceMaintenance(id),
  name: 'Service Maintenance Mode',
  notes: reason === '' ? DEFAULT_REASON('service') : reason,
  serviceId: id,
  serviceName: name,
  serviceTags: tags,
})

const MAINTENANCE: OwnCheck = {
  id: '',
  name: '',
  status: 'critical',
  notes: '',
  output: '',
  serviceId: '',
  serviceName: '',
  serviceTags: null,
  type: 'maintenance',
  interval: '',
  timeout: '',
  definition: undefined,
  source: 'api',
}
