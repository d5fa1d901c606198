// The bodies of /v1/catalog/register and deregister: decoded as Go's encoding/json does, put into
// commands, and refused with Consul's texts where nothing of the state has to be known
// (consul-surface 3.10).
import { fold } from '../bytes.ts'
import { faultOfMetadata } from '../config/metadata.ts'
import { faultOfMesh } from '../config/proxy.ts'
import { ApiError } from '../errors.ts'
import { uuidComplaint } from '../ids.ts'
import { quoteGo } from '../quote.ts'
import {
  DecodeError,
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
  unsigned,
} from '../route/decode.ts'
import { plain } from '../route/json.ts'
import { isZero } from '../same.ts'
import { sortedRecord } from '../sorted.ts'
import type { WallMs } from '../time.ts'
import { native, proxy } from './proxy-body.ts'
import {
  type CheckDefinition,
  type CheckSpec,
  CRITICAL,
  type DeregisterCommand,
  EVEN_WEIGHTS,
  type Locality,
  type NodeSpec,
  type RegisterCommand,
  type ServiceSpec,
  type Weights,
} from './records.ts'

/** A map in the order of its keys: that is how it prints, and how replicas agree on it. */
const sortedMap =
  <T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> =>
  (node) =>
    sortedRecord(mapOf(item)(node))

export const texts = nullable(sortedMap(text))

/** What belongs to a later version: nothing may be asked of it. */
const unbuilt =
  (what: string): Decoder<undefined> =>
  (node) => {
    if (!isBlank(plain(node))) throw new ApiError('invalid', `${what} not built into this version`)
  }

function isBlank(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return !value
  return Object.values(value).every(isBlank)
}

export const peering = unbuilt('peering is')
export const locality: Decoder<Locality | null> = nullable((node) => {
  const { Region = '', Zone = '' } = struct({ Region: text, Zone: text })(node)
  return { Region, Zone }
})

const serviceAddress: Decoder<{ Address: string; Port: number }> = (node) => {
  const { Address = '', Port = 0 } = struct({ Address: text, Port: integer })(node)
  return { Address, Port }
}

const weights = nullable(struct({ Passing: integer, Warning: integer }))

/** A transaction takes a few more. */
export const SERVICE = {
  Kind: text,
  ID: text,
  Service: text,
  Tags: nullable(list(text)),
  Address: text,
  TaggedAddresses: nullable(sortedMap(serviceAddress)),
  Meta: texts,
  Port: integer,
  SocketPath: text,
  Weights: weights,
  EnableTagOverride: flag,
  Proxy: proxy,
  Connect: native,
  Locality: locality,
  PeerName: peering,
  CreateIndex: unsigned,
  ModifyIndex: unsigned,
} as const

const service = struct(SERVICE)

const DEFINITION = {
  HTTP: text,
  TLSServerName: text,
  TLSSkipVerify: flag,
  Header: sortedMap(list(text)),
  Method: text,
  Body: text,
  DisableRedirects: flag,
  TCP: text,
  TCPUseTLS: flag,
  UDP: text,
  H2PING: text,
  OSService: text,
  H2PingUseTLS: flag,
  ScriptArgs: list(text),
  DockerContainerID: text,
  Shell: text,
  GRPC: text,
  GRPCUseTLS: flag,
  AliasNode: text,
  AliasService: text,
  TTL: durationNs,
  Interval: durationNs,
  OutputMaxSize: integer,
  Timeout: durationNs,
  DeregisterCriticalServiceAfter: durationNs,
  SessionName: text,
} as const

const rawDefinition = struct(DEFINITION, { lenient: true })

/** Fields in the order of printing, without those that say nothing. */
const definition: Decoder<CheckDefinition> = (node) => toldDefinition(rawDefinition(node))

export function toldDefinition(sent: CheckDefinition): CheckDefinition {
  const given: Readonly<Record<string, unknown>> = { ...sent }
  const names = Object.keys(DEFINITION).filter((name) => !isZero(given[name]))
  return Object.fromEntries(names.map((name) => [name, given[name]]))
}

/** A transaction takes a few more. */
export const CHECK = {
  Node: text,
  CheckID: text,
  Name: text,
  Status: text,
  Notes: text,
  Output: text,
  ServiceID: text,
  ServiceName: text,
  ServiceTags: list(text),
  Type: text,
  Interval: text,
  Timeout: text,
  ExposedPort: integer,
  PeerName: peering,
  Definition: definition,
  CreateIndex: unsigned,
  ModifyIndex: unsigned,
} as const

const check = struct(CHECK)

const registration = struct({
  Datacenter: text,
  ID: text,
  Node: text,
  Address: text,
  TaggedAddresses: texts,
  NodeMeta: texts,
  Service: nullable(service),
  Check: nullable(check),
  Checks: nullable(list(nullable(check))),
  SkipNodeUpdate: flag,
  PeerName: peering,
  Locality: locality,
  Token: text,
  CreateIndex: unsigned,
  ModifyIndex: unsigned,
})

const deregistration = struct({
  Datacenter: text,
  Node: text,
  Address: text,
  ServiceID: text,
  CheckID: text,
  PeerName: peering,
  Token: text,
})

export type Registration = ReturnType<typeof registration>
export type Deregistration = ReturnType<typeof deregistration>

export const registrationBody = catalogBody(registration)
export const deregistrationBody = catalogBody(deregistration)

/** A namespace is the one unknown field about which Consul says more. */
function catalogBody<T>(decoder: Decoder<T>): (bytes: Uint8Array) => T {
  return jsonBody('Request decode failed', (node) => {
    try {
      return decoder(node)
    } catch (error) {
      if (!(error instanceof DecodeError) || !error.message.endsWith('field "Namespace"'))
        throw error
      const why = `${error.message} - Namespaces are a Consul Enterprise feature`
      throw new DecodeError(why, { cause: error })
    }
  })
}

const refusal = (why: string) => new ApiError('invalid', why)

export function registerCommand(
  sent: Registration,
  stamp: { readonly datacenter: string; readonly wall: WallMs },
): RegisterCommand {
  const { Node: name = '', ID: id = '', Address: address = '', SkipNodeUpdate = false } = sent
  refuseIf(nodeComplaint({ name, id }))
  if (address === '' && !SkipNodeUpdate) {
    throw refusal('Must provide address if SkipNodeUpdate is not set')
  }
  const { TaggedAddresses: taggedAddresses = null, NodeMeta: meta = null } = sent
  const given = [...(sent.Checks ?? []), sent.Check ?? null].filter((one) => one !== null)
  return {
    type: 'register',
    node: {
      id,
      name,
      address,
      datacenter: stamp.datacenter,
      taggedAddresses,
      meta,
      locality: sent.Locality ?? null,
    },
    skipNodeUpdate: SkipNodeUpdate,
    service: sent.Service ? registeredService(name, sent.Service) : undefined,
    others: [],
    checks: given.map((one) => registeredCheck(one, name)),
    wall: stamp.wall,
  }
}

function refuseIf(complaint: string | undefined): void {
  if (complaint !== undefined) throw refusal(complaint)
}

/** What is wrong with a node that shall be written. */
export function nodeComplaint(node: Pick<NodeSpec, 'name' | 'id'>): string | undefined {
  if (node.name === '') return 'Must provide node'
  const complaint = node.id === '' ? undefined : uuidComplaint(node.id)
  return complaint === undefined ? undefined : `Bad node ID: ${complaint}`
}

/** An address that means every interface leads nowhere. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '[::]'])

type SentService = ReturnType<typeof service>

/** What is wrong with an instance that shall be written. */
export function serviceComplaint(sent: SentService): string | undefined {
  const { Service = '', ID = '', Address = '' } = sent
  if (Service === '') {
    const when = ID === '' ? '' : ' when service ID is provided'
    return `Must provide service name (Service.Service)${when}`
  }
  if (ANY_ADDRESS.has(Address)) return 'Invalid service address'
  return faultOfMesh(serviceSpec(sent))
}

/** The same of its labels, which only the one who stores them looks at. */
export function labelComplaint(node: string, { id, meta }: ServiceSpec): string | undefined {
  const fault = faultOfMetadata(meta ?? {})
  return fault && `Invalid Service Meta for node ${node} and serviceID ${id}: ${fault}`
}

function registeredService(node: string, sent: SentService): ServiceSpec {
  refuseIf(serviceComplaint(sent))
  const spec = serviceSpec(sent)
  const complaint = labelComplaint(node, spec)
  if (complaint !== undefined) throw refusal(`failed inserting service: ${complaint}`)
  return spec
}

export function serviceSpec(sent: SentService): ServiceSpec {
  const { Service: name = '', ID = '' } = sent
  return {
    kind: sent.Kind ?? '',
    id: ID === '' ? name : ID,
    name,
    tags: sent.Tags ?? null,
    address: sent.Address ?? '',
    taggedAddresses: sent.TaggedAddresses ?? null,
    meta: sent.Meta ?? null,
    port: sent.Port ?? 0,
    socketPath: sent.SocketPath ?? '',
    weights: validWeights(sent.Weights ?? {}),
    enableTagOverride: sent.EnableTagOverride ?? false,
    proxy: sent.Proxy ?? null,
    native: sent.Connect ?? false,
    locality: sent.Locality ?? null,
  }
}

const WEIGHT_MAX = 65_535

/** Weights that make no sense are taken for none, as in Consul. */
function validWeights({ Passing = 0, Warning = 0 }: Partial<Weights>): Weights {
  const valid = Passing >= 1 && Warning >= 0 && Math.max(Passing, Warning) <= WEIGHT_MAX
  return valid ? { Passing, Warning } : EVEN_WEIGHTS
}

type SentCheck = ReturnType<typeof check>

/** A check of a registration is on the node of the registration. */
function registeredCheck(sent: SentCheck, node: string): CheckSpec {
  const { Node = '', Definition = {} } = sent
  const spec = checkSpec(sent)
  if (Node !== '' && fold(Node) !== fold(node)) {
    throw refusal(
      `Node '${Node}' for check '${spec.id}' doesn't match register request node '${node}'`,
    )
  }
  const complaint = checkComplaint(spec)
  if (complaint !== undefined) {
    throw refusal(`failed inserting check on node ${quoteGo(node)}: ${complaint}`)
  }
  return { ...spec, type: spec.type || typeOf(Definition) }
}

/** What is wrong with a check that shall be written. */
export const checkComplaint = ({ id }: CheckSpec): string | undefined =>
  id === ''
    ? 'failed health check lookup: index error: object is missing a value for this index'
    : undefined

export function checkSpec(sent: SentCheck): CheckSpec {
  const { Name: name = '', CheckID = '', Status = '', Definition = {} } = sent
  return {
    id: CheckID === '' ? name : CheckID,
    name,
    status: Status === '' ? CRITICAL : Status,
    notes: sent.Notes ?? '',
    output: sent.Output ?? '',
    serviceId: sent.ServiceID ?? '',
    type: sent.Type ?? '',
    interval: sent.Interval ?? '',
    timeout: sent.Timeout ?? '',
    exposedPort: sent.ExposedPort ?? 0,
    definition: Definition,
    ...saidOfService(sent),
  }
}

function saidOfService(sent: SentCheck): Pick<CheckSpec, 'says'> {
  const { ServiceID = '', ServiceName: name = '', ServiceTags: tags = null } = sent
  if (ServiceID !== '' || (name === '' && tags === null)) return {}
  return { says: { name, tags } }
}

/** What kind of check a definition describes; most need an interval to be one. */
function typeOf(definition: CheckDefinition): string {
  const repeated = definition.Interval !== undefined
  if (repeated && definition.GRPC) return 'grpc'
  if (repeated && definition.HTTP) return 'http'
  if (definition.TTL) return 'ttl'
  if (repeated && definition.TCP) return 'tcp'
  if (repeated && definition.UDP) return 'udp'
  if (definition.AliasNode || definition.AliasService) return 'alias'
  if (repeated && definition.ScriptArgs && definition.DockerContainerID) return 'docker'
  if (definition.ScriptArgs) return 'script'
  if (repeated && definition.H2PING) return 'h2ping'
  return repeated && definition.OSService ? 'os_service' : ''
}

export function deregisterCommand(sent: Deregistration, wall: WallMs): DeregisterCommand {
  const { Node: node = '', ServiceID: serviceId = '', CheckID: checkId = '' } = sent
  if (node === '') throw refusal('Must provide node')
  return { type: 'deregister', node, serviceId, checkId, wall }
}
