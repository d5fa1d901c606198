// Questions about what is registered with this agent.
import { byteString } from '../bytes.ts'
import { get, list, listBy, type View } from '../state/txn.ts'
import {
  NODE_MAINTENANCE,
  OWN_CHECKS,
  OWN_SERVICES,
  type OwnCheck,
  type OwnService,
  serviceMaintenance,
} from './records.ts'

export const listServices = (own: View): OwnService[] => list(own, OWN_SERVICES, '')
export const listChecks = (own: View): OwnCheck[] => list(own, OWN_CHECKS, '')

export const findService = (own: View, id: string): OwnService | undefined =>
  get(own, OWN_SERVICES, byteString(id))

export const findCheck = (own: View, id: string): OwnCheck | undefined =>
  get(own, OWN_CHECKS, byteString(id))

export type Health = 'passing' | 'warning' | 'critical' | 'maintenance'

export interface ServiceHealth {
  readonly service: OwnService
  readonly checks: readonly OwnCheck[]
  readonly health: Health
}

/** A service with its checks and those of the node, and the worst of them all. */
export function healthOf(own: View, service: OwnService): ServiceHealth {
  const { id } = service.service
  const checks = [
    ...listBy(own, OWN_CHECKS, 'service', ''),
    ...listBy(own, OWN_CHECKS, 'service', byteString(id)),
  ]
  return { service, checks, health: worst(checks.map((check) => healthOfCheck(check, id))) }
}

function healthOfCheck({ id, status }: OwnCheck, serviceId: string): Health {
  const isMaintenance = id === NODE_MAINTENANCE || id === serviceMaintenance(serviceId)
  return isMaintenance ? 'maintenance' : status
}

const RANKS: readonly Health[] = ['passing', 'warning', 'critical', 'maintenance']

export const worst = (healths: readonly Health[]): Health =>
  RANKS.findLast((rank) => healths.includes(rank)) ?? 'passing'
