// A check as files and the API define one, with most of it left out.
import type { CheckDefinition, ServiceDefinition } from '../../core/config/agent-config.ts'

export const checkDefinition = (changed: Partial<CheckDefinition> = {}): CheckDefinition => ({
  id: '',
  name: 'check',
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
  h2pingUseTls: true,
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
  meta: {},
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
