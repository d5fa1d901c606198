// A check as files and the API define one, with most of it left out.
import type { CheckDefinition, ServiceDefinition } from '../../core/config/agent-config.ts'
import { NOTHING } from '../../core/local/keep.ts'

export const checkDefinition = (changed: Partial<CheckDefinition> = {}): CheckDefinition => ({
  ...NOTHING,
  name: 'check',
  h2pingUseTls: true,
  ...changed,
})

/** Files that define services of these names, each with a TTL check. */
export const testDefinitions = ({ services }: { readonly services: readonly string[] }) => ({
  services: services.map((name) => serviceDefinition({ name, checks: [TTL] })),
  checks: [],
  scripts: { remote: false, local: false },
})

const TTL = checkDefinition({ name: '', ttlMs: 60_000 })

const serviceDefinition = (changed: Partial<ServiceDefinition>): ServiceDefinition => ({
  kind: '',
  id: '',
  name: 'web',
  tags: [],
  meta: null,
  address: '',
  port: 0,
  socketPath: '',
  taggedAddresses: {},
  token: '',
  enableTagOverride: false,
  weights: undefined,
  checks: [],
  proxy: undefined,
  connect: undefined,
  locality: undefined,
  ...changed,
})
