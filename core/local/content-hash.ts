// The content hash of an agent's service, by which clients wait for its change (consul-surface
// 3.9). Clients pin its values, so it is Consul's to the bit: the reflection hash of Go's
// hashstructure over the API's struct, with FNV-1 in 64 bits underneath. A record folds its fields
// by XOR, so their order means nothing; a list folds its items in order.
import { utf8 } from '../bytes.ts'
import type { ServiceSpec } from '../catalog/records.ts'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const WIDTH = 64

/** FNV-1: the multiplication before the XOR. */
function fnv(bytes: Iterable<number>): bigint {
  let hash = OFFSET
  for (const byte of bytes) hash = BigInt.asUintN(WIDTH, hash * PRIME) ^ BigInt(byte)
  return hash
}

/** Eight bytes, the lowest first. */
function littleEndian(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(WIDTH, value); bytes.length < 8; rest >>= 8n) {
    bytes.push(Number(rest & 0xffn))
  }
  return bytes
}

const ofText = (text: string): bigint => fnv(utf8(text))
const ofInt = (value: number): bigint => fnv(littleEndian(BigInt(value)))
const ofFlag = (value: boolean): bigint => fnv([value ? 1 : 0])
const ordered = (a: bigint, b: bigint): bigint => fnv([...littleEndian(a), ...littleEndian(b)])
/** A nil pointer. */
const NIL = ofInt(0)

const ofList = (texts: readonly string[]): bigint =>
  texts.reduce((hash, text) => ordered(hash, ofText(text)), 0n)

function ofMap<T>(map: Readonly<Record<string, T>> | null, hashOf: (value: T) => bigint): bigint {
  const pairs = Object.entries(map ?? {})
  return pairs.reduce((hash, [key, value]) => hash ^ ordered(ofText(key), hashOf(value)), 0n)
}

/** `name` is that of the Go type: it is part of the hash. */
const ofStruct = (name: string, fields: Readonly<Record<string, bigint>>): bigint =>
  Object.entries(fields).reduce(
    (hash, [field, value]) => hash ^ ordered(ofText(field), value),
    ofText(name),
  )

export function contentHash(service: ServiceSpec): string {
  const { weights } = service
  const hash = ofStruct('AgentService', {
    Kind: ofText(service.kind),
    ID: ofText(service.id),
    Service: ofText(service.name),
    Tags: ofList(service.tags ?? []),
    Meta: ofMap(service.meta, ofText),
    Port: ofInt(service.port),
    Address: ofText(service.address),
    SocketPath: ofText(service.socketPath),
    TaggedAddresses: ofMap(service.taggedAddresses, ({ Address, Port }) =>
      ofStruct('ServiceAddress', { Address: ofText(Address), Port: ofInt(Port) }),
    ),
    Weights: ofStruct('AgentWeights', {
      Passing: ofInt(weights.Passing),
      Warning: ofInt(weights.Warning),
    }),
    EnableTagOverride: ofFlag(service.enableTagOverride),
    CreateIndex: ofInt(0),
    ModifyIndex: ofInt(0),
    ContentHash: ofText(''),
    Proxy: NIL,
    Connect: NIL,
    PeerName: ofText(''),
  })
  return hash.toString(16)
}
