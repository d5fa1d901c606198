// The bodies of /v1/agent/service/register and check/register: decoded as Go's encoding/json does,
// in CamelCase or snake case, into the records that files give as well, and refused with Consul's
// texts (consul-surface 3.11, 7.1).

import { proxy } from '../catalog/proxy-body.ts'
import type { CheckDefinition, ServiceDefinition } from '../config/agent-config.ts'
import {
  ANY_ADDRESS,
  faultOfCheck,
  faultOfKind,
  faultOfWeights,
  STATUSES,
} from '../config/definitions.ts'
import { faultOfMetadata } from '../config/metadata.ts'
import { faultOfMesh } from '../config/proxy.ts'
import { ApiError } from '../errors.ts'
import {
  type Decoder,
  durationNs,
  flag,
  integer,
  jsonBody,
  list,
  mapOf,
  nullable,
  struct,
  text,
} from '../route/decode.ts'
import type { JsonNode } from '../route/json.ts'

const duration: Decoder<number> = (node) => durationNs(node) / 1e6

/** Whether something stands there. */
const present = (node: JsonNode): boolean => node.type !== 'null'

const CHECK = {
  Name: text,
  Status: text,
  Notes: text,
  ScriptArgs: list(text),
  HTTP: text,
  Header: mapOf(list(text)),
  Method: text,
  Body: text,
  DisableRedirects: flag,
  TCP: text,
  TCPUseTLS: flag,
  UDP: text,
  Interval: duration,
  AliasNode: text,
  AliasService: text,
  DockerContainerID: text,
  Shell: text,
  GRPC: text,
  GRPCUseTLS: flag,
  H2PING: text,
  H2PingUseTLS: flag,
  OSService: text,
  TLSServerName: text,
  TLSSkipVerify: flag,
  Timeout: duration,
  TTL: duration,
  SuccessBeforePassing: integer,
  FailuresBeforeWarning: integer,
  FailuresBeforeCritical: integer,
  OutputMaxSize: integer,
  DeregisterCriticalServiceAfter: duration,
} as const

/** The snake case that Consul knows of a check over the API; files know more. */
const CHECK_ALIASES = {
  args: 'ScriptArgs',
  script_args: 'ScriptArgs',
  disable_redirects: 'DisableRedirects',
  tcp_use_tls: 'TCPUseTLS',
  docker_container_id: 'DockerContainerID',
  grpc_use_tls: 'GRPCUseTLS',
  h2ping_use_tls: 'H2PingUseTLS',
  tls_server_name: 'TLSServerName',
  tls_skip_verify: 'TLSSkipVerify',
  deregister_critical_service_after: 'DeregisterCriticalServiceAfter',
}

const SERVICE_ID_ALIAS = { service_id: 'ServiceID' }

const NAMED_CHECK = { aliases: { ...CHECK_ALIASES, ...SERVICE_ID_ALIAS } }

/** Within a service: its id is `CheckID`, and the service that it names does not count. */
const innerCheck = struct(
  { CheckID: text, ServiceID: text, ProxyHTTP: text, ProxyGRPC: text, ...CHECK },
  NAMED_CHECK,
)

/** By itself: `ID`, and nothing else. */
const check = struct({ ID: text, ServiceID: text, Token: text, ...CHECK }, NAMED_CHECK)

type SentCheck = ReturnType<typeof innerCheck> & ReturnType<typeof check>

/** What a body says of a check, the rest filled in. */
export const checkOf = (sent: SentCheck, serviceId = sent.ServiceID ?? ''): CheckDefinition => ({
  id: sent.CheckID || (sent.ID ?? ''),
  name: sent.Name ?? '',
  notes: sent.Notes ?? '',
  serviceId,
  token: sent.Token ?? '',
  status: sent.Status ?? '',
  args: sent.ScriptArgs ?? [],
  shell: sent.Shell ?? '',
  dockerContainerId: sent.DockerContainerID ?? '',
  http: sent.HTTP ?? '',
  header: sent.Header ?? {},
  method: sent.Method ?? '',
  body: sent.Body ?? '',
  disableRedirects: sent.DisableRedirects ?? false,
  tcp: sent.TCP ?? '',
  tcpUseTls: sent.TCPUseTLS ?? false,
  udp: sent.UDP ?? '',
  grpc: sent.GRPC ?? '',
  grpcUseTls: sent.GRPCUseTLS ?? false,
  h2ping: sent.H2PING ?? '',
  h2pingUseTls: sent.H2PingUseTLS ?? true,
  osService: sent.OSService ?? '',
  tlsServerName: sent.TLSServerName ?? '',
  tlsSkipVerify: sent.TLSSkipVerify ?? false,
  aliasNode: sent.AliasNode ?? '',
  aliasService: sent.AliasService ?? '',
  intervalMs: sent.Interval ?? 0,
  timeoutMs: sent.Timeout ?? 0,
  ttlMs: sent.TTL ?? 0,
  successBeforePassing: sent.SuccessBeforePassing ?? 0,
  failuresBeforeWarning: sent.FailuresBeforeWarning ?? 0,
  failuresBeforeCritical: sent.FailuresBeforeCritical ?? 0,
  outputMaxSize: sent.OutputMaxSize ?? 0,
  deregisterCriticalServiceAfterMs: sent.DeregisterCriticalServiceAfter ?? 0,
})

const address = struct({ Address: text, Port: integer })
const locality = nullable(struct({ Region: text, Zone: text }))

const SERVICE = {
  Kind: text,
  ID: text,
  Name: text,
  Tags: list(text),
  Port: integer,
  Address: text,
  SocketPath: text,
  TaggedAddresses: mapOf(address),
  EnableTagOverride: flag,
  Meta: nullable(mapOf(text)),
  Weights: nullable(struct({ Passing: integer, Warning: integer })),
  Check: nullable(innerCheck),
  Checks: list(nullable(innerCheck)),
  Proxy: proxy,
  Locality: locality,
  Token: text,
} as const

const SERVICE_ALIASES = {
  socket_path: 'SocketPath',
  tagged_addresses: 'TaggedAddresses',
  enable_tag_override: 'EnableTagOverride',
}

const SIDECAR_ALIASES = { sidecar_service: 'SidecarService' }

/** One level deep: what is nested further is only seen to be there. */
const sidecar = struct(
  {
    ...SERVICE,
    Connect: struct({ SidecarService: present }, { aliases: SIDECAR_ALIASES, lenient: true }),
  },
  { aliases: SERVICE_ALIASES },
)

const connect = struct(
  { Native: flag, SidecarService: nullable(sidecar) },
  { aliases: SIDECAR_ALIASES, lenient: true },
)

const service = struct({ ...SERVICE, Connect: nullable(connect) }, { aliases: SERVICE_ALIASES })

const bad = (why: string) => new ApiError('bad-request', why)

const COMPLAINT = 'Request decode failed'

/** A definition that can be registered, as far as that shows without knowing the agent. */
export const checkBody = jsonBody(COMPLAINT, (node): CheckDefinition => {
  const definition = checkOf(check(node))
  if (definition.name === '') throw bad('Missing check name')
  if (!STATUSES.includes(definition.status)) throw bad('Bad check status')
  const fault = faultOfCheck(definition)
  if (fault !== undefined) throw bad(`Invalid check: ${fault}`)
  return definition
})

export const serviceBody = jsonBody(COMPLAINT, (node): ServiceDefinition => {
  const sent = service(node)
  if (!sent.Name) throw bad('Missing service name')
  if (ANY_ADDRESS.includes(sent.Address ?? '')) throw bad('Invalid service address')
  const { SidecarService = null, Native = false } = sent.Connect ?? {}
  const beside = SidecarService === null ? undefined : definitionOf(SidecarService)
  const definition: ServiceDefinition = {
    ...definitionOf(sent),
    connect: { native: Native, sidecar: beside },
  }
  refuseFaults(definition, SidecarService === null ? [] : faultsOfSidecar(SidecarService))
  refuseServiceChecks(definition.checks, 'Invalid check')
  refuseServiceChecks(beside?.checks ?? [], 'Invalid check in sidecar_service')
  return definition
})

/** In Consul's order: of several faults the first is told. */
function refuseFaults(definition: ServiceDefinition, ofSidecar: readonly string[]): void {
  const weights = faultOfWeights(definition.weights)
  if (weights !== undefined) throw bad(`Invalid Weights: ${weights}`)
  const meta = faultOfMetadata(definition.meta ?? {})
  if (meta !== undefined) throw bad(`Invalid Service Meta: ${meta}`)
  const { kind, port, socketPath, proxy = null, connect } = definition
  const { native = false, sidecar: beside } = connect ?? {}
  const hasSidecar = beside !== undefined
  const fault = faultOfMesh({ kind, port, socketPath, proxy, native, hasSidecar }, ofSidecar)
  if (fault !== undefined) throw bad(`Validation failed: ${fault}`)
}

function faultsOfSidecar({ ID = '', Connect }: ReturnType<typeof sidecar>): string[] {
  const id = 'A SidecarService cannot specify an ID as this is managed by the agent'
  const nested = 'A SidecarService cannot have a nested SidecarService'
  return [...(ID === '' ? [] : [id]), ...(Connect?.SidecarService ? [nested] : [])]
}

type Sent = Omit<ReturnType<typeof service>, 'Connect'>

function definitionOf(sent: Sent): ServiceDefinition {
  const { Weights, TaggedAddresses = {} } = sent
  const single = sent.Check == null || saysNothing(sent.Check) ? null : sent.Check
  const checks = [single, ...(sent.Checks ?? [])].filter((one) => one !== null)
  const tagged = Object.entries(TaggedAddresses).map(([name, { Address = '', Port = 0 }]) => [
    name,
    { address: Address, port: Port },
  ])
  return {
    kind: sent.Kind ?? '',
    id: sent.ID ?? '',
    name: sent.Name ?? '',
    tags: sent.Tags ?? [],
    meta: sent.Meta ?? null,
    address: sent.Address ?? '',
    port: sent.Port ?? 0,
    socketPath: sent.SocketPath ?? '',
    taggedAddresses: Object.fromEntries(tagged),
    token: sent.Token ?? '',
    enableTagOverride: sent.EnableTagOverride ?? false,
    weights:
      Weights == null
        ? undefined
        : { passing: Weights.Passing ?? 0, warning: Weights.Warning ?? 0 },
    checks: checks.map((check) => checkOf(check, '')),
    proxy: sent.Proxy ?? undefined,
    connect: undefined,
    locality: placeOf(sent.Locality),
  }
}

function placeOf(sent: ReturnType<typeof locality> | undefined): ServiceDefinition['locality'] {
  return sent == null ? undefined : { region: sent.Region ?? '', zone: sent.Zone ?? '' }
}

/** An empty check is none, as in Consul; in a list it is one. */
const saysNothing = (check: ReturnType<typeof innerCheck>): boolean =>
  Object.entries(check).every(([name, value]) => name === 'ServiceID' || !value)

function refuseServiceChecks(checks: readonly CheckDefinition[], complaint: string): void {
  for (const check of checks) {
    const fault = faultOfKind(check)
    if (fault !== undefined) throw bad(`${complaint}: ${fault}`)
  }
  if (checks.every(({ status }) => STATUSES.includes(status))) return
  throw bad("Status for checks must 'passing', 'warning', 'critical'")
}

/** What a client that runs its check itself has found. */
export interface Finding {
  readonly status: string
  readonly output: string
}

const finding = struct({ Status: text, Output: text })

export const findingBody = jsonBody(COMPLAINT, (node): Finding => {
  const { Status: status = '', Output: output = '' } = finding(node)
  return { status, output }
})
