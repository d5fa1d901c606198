// Services and checks registered at this agent: what it says of its own node, whatever the catalog
// holds. The rows live in a store of their own (not replicated, not in snapshots), so that waiting
// for them is the same machinery as waiting for anything else. Ids are compared as written.
//
// The agent is the one who knows: sync.ts brings the catalog to what stands here.
import { byteString } from '../bytes.ts'
import type { ServiceSpec } from '../catalog/records.ts'
import type { CheckDefinition } from '../config/agent-config.ts'
import { defineTable } from '../state/table.ts'

/** Who registered something: a file does it anew with every start and reload. */
export type Source = 'api' | 'file'

export interface OwnService {
  readonly service: ServiceSpec
  readonly source: Source
  /** Defined within another service: it goes with that one. */
  readonly sidecar?: true
}

export type Status = 'passing' | 'warning' | 'critical'

export interface OwnCheck {
  readonly id: string
  readonly name: string
  readonly status: Status
  readonly notes: string
  readonly output: string
  /** Empty: a check of the node. */
  readonly serviceId: string
  /** Copied from the service when the check was registered. */
  readonly serviceName: string
  readonly serviceTags: readonly string[] | null
  /** As the API shows it: empty for a check of the node that a file defines, as in Consul. */
  readonly type: string
  /** Texts for showing; the numbers stand in the definition. */
  readonly interval: string
  readonly timeout: string
  /** What there is to run; undefined: nothing, as in maintenance. */
  readonly definition: CheckDefinition | undefined
  readonly source: Source
}

export const OWN_SERVICES = defineTable<OwnService>({
  name: 'own-services',
  key: (row) => byteString(row.service.id),
  indexes: {},
})

export const OWN_CHECKS = defineTable<OwnCheck>({
  name: 'own-checks',
  key: (row) => byteString(row.id),
  indexes: { service: (row) => byteString(row.serviceId) },
})

export const OWN_TABLES = [OWN_SERVICES, OWN_CHECKS] as const

/** Of the proxy that is defined within a service. */
export const sidecarId = (serviceId: string): string => `${serviceId}-sidecar-proxy`

export const NODE_MAINTENANCE = '_node_maintenance'
export const serviceMaintenance = (serviceId: string): string => `_service_maintenance:${serviceId}`

/** What can be changed. Whoever makes one has looked that it can be done. */
export type OwnChange =
  | {
      readonly type: 'register-service'
      readonly row: OwnService
      readonly checks: readonly OwnCheck[]
      /** Checks of the service that are not among these go. */
      readonly replacesChecks: boolean
    }
  | { readonly type: 'deregister-service'; readonly id: string }
  | { readonly type: 'register-check'; readonly row: OwnCheck }
  | { readonly type: 'deregister-check'; readonly id: string }
  /** A sign of life of a TTL check: its time runs anew. */
  | {
      readonly type: 'beat'
      readonly id: string
      readonly status: Status
      readonly output: string
    }

/** Which ids a change has touched: what has to be told the catalog, kept on the disk, and timed. */
export interface Touched {
  readonly services: Set<string>
  /** Registered, changed, gone, or in another state than before. */
  readonly checks: Set<string>
  /** In the same state with another output. */
  readonly outputs: Set<string>
  /** Checks that are registered otherwise than before, or no more. */
  readonly redefined: Set<string>
}
