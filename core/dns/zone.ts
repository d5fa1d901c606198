// Answers for the names of our own domain, out of a view of the store (consul-surface 4.1, 4.2).
import { fold } from '../bytes.ts'
import { markOf, serviceIndexName } from '../catalog/indexes.ts'
import { NODES, type NodeRow } from '../catalog/records.ts'
import { virtualOf } from '../catalog/virtual.ts'
import { type IpBytes, parseIp } from '../ip.ts'
import type { Prng } from '../prng.ts'
import { get, listBy, type View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import { addressPrefix, type Found, type InstanceCache, instancesOf, withTag } from './instances.ts'
import { type Meaning, meaningOf } from './meaning.ts'
import { metaTexts } from './meta-text.ts'
import { foldName, joined, labelsOf, type Name, nameOf, ROOT, suffixWithin } from './name.ts'
import { type Family, type Place, placeOfNode } from './places.ts'
import type { Pool } from './ready.ts'
import {
  NOTHING,
  type Question,
  RCODE,
  type Rcode,
  type ResourceRecord,
  type Sections,
  TYPE,
  typeOf,
} from './record.ts'
import { ipOfDigits } from './reverse.ts'
import { type DnsSettings, serviceTtl } from './settings.ts'

/** What an answer is made from. */
export interface Desk {
  readonly settings: DnsSettings
  readonly view: View
  readonly instances: InstanceCache
  readonly prng: Prng
  readonly wall: WallMs
  /** What others have said about names outside, by folded name. */
  readonly chased: ReadonlyMap<Name, readonly ResourceRecord[]>
  /** Names outside that the answer leads to and nobody has asked for yet. */
  readonly unknown: Set<Name>
  /** How many records an alias brings along. */
  readonly chasedMax: number
  /** More answers than this have no way to the client. */
  readonly answersMax: number
}

/** A name of ours. */
export interface Lookup extends Question {
  /** The end of the name, as it was asked. */
  readonly domain: Name
  /** How many aliases within our domain may still be followed. */
  readonly aliases: number
}

export interface Outcome {
  readonly rcode: Rcode
  readonly sections: Sections
  /** Where the answer is nothing but some of these. */
  readonly pool?: Pool | undefined
}

const SRV_PRIORITY = 1
const NAME_SERVERS_MAX = 3
/** The service that every server registers. */
const SERVERS = 'consul'
/** Servers of such names are not told of: no host may be called so (RFC 1123 §2.1). */
const ODD_SERVER_NAME = /[^A-Za-z0-9\\-]/
/** How many records an alias may bring to a client without EDNS. */
export const CHASED_PLAIN_MAX = 5

export function lookUp(desk: Desk, lookup: Lookup): Outcome {
  const { type } = lookup
  if (type === TYPE.AXFR) return { rcode: RCODE.NOTIMP, sections: NOTHING }
  if (type === TYPE.SOA) {
    const { answer, additional } = nameServers(desk, lookup)
    const sections = { answer: [soaFor(desk, lookup.name)], authority: answer, additional }
    return { rcode: RCODE.NOERROR, sections }
  }
  if (type === TYPE.NS) return { rcode: RCODE.NOERROR, sections: nameServers(desk, lookup) }
  const before = lookup.name.slice(0, lookup.name.length - lookup.domain.length)
  const labels = labelsOf((before + ROOT) as Name) // a name without its end, ended anew
  return answerMeaning(
    desk,
    lookup,
    meaningOf({ labels, type, datacenter: desk.settings.datacenter }),
  )
}

function answerMeaning(desk: Desk, lookup: Lookup, meaning: Meaning): Outcome {
  switch (meaning.type) {
    case 'node':
      return lookUpNode(desk, lookup, meaning)
    case 'service':
      return lookUpService(desk, lookup, meaning)
    case 'addr':
      return lookUpAddr(desk, lookup, meaning.digits)
    case 'virtual':
      return lookUpVirtual(desk, lookup, meaning.name)
    default:
      return missing(desk, lookup.name)
  }
}

/** Whatever type was asked for, as in Consul. */
function lookUpVirtual(desk: Desk, lookup: Lookup, name: string): Outcome {
  const ip = parseIp(virtualOf(desk.view, fold(name)) ?? '')
  const answer =
    ip === undefined ? [] : [addressRecord(loweredName(lookup), desk.settings.nodeTtl, ip)]
  return { rcode: RCODE.NOERROR, sections: { ...NOTHING, answer } }
}

/** As Consul tells these names: the domain as it was asked, what stands before in lower case. */
function loweredName({ name, domain }: Lookup): Name {
  const before = name.slice(0, name.length - domain.length) as Name // but for its end
  return (foldName(before) + domain) as Name // as long as it was
}

/** RFC 2308 §3: with the SOA a resolver knows for how long there is nothing. */
export const missing = (desk: Desk, name: Name): Outcome => ({
  rcode: RCODE.NXDOMAIN,
  sections: { ...NOTHING, authority: [soaFor(desk, name)] },
})

/**
 * Names below the second domain are in its zone, all others in that of the first. As in Consul, a
 * name is below it only if that is written in lower case.
 */
export function soaFor({ settings, wall }: Desk, asked: Name): ResourceRecord {
  const { domain, altDomain, soa } = settings
  const isAlt =
    altDomain !== undefined &&
    asked.length > altDomain.length &&
    suffixWithin(asked, altDomain) === altDomain
  const name = isAlt ? altDomain : domain
  return {
    name,
    ttl: soa.minTtl,
    content: {
      type: 'SOA',
      soa: {
        mname: nameOf(['ns'], name) ?? name,
        rname: nameOf(['hostmaster'], name) ?? name,
        serial: Math.floor(wall / 1000),
        refresh: soa.refresh,
        retry: soa.retry,
        expire: soa.expire,
        minimum: soa.minTtl,
      },
    },
  }
}

function nameServers(desk: Desk, { domain, aliases }: Lookup): Sections {
  const answer: ResourceRecord[] = []
  const additional: ResourceRecord[] = []
  const ttl = desk.settings.nodeTtl
  const lower = foldName(domain) // as Consul writes these, unlike the targets of SRV
  for (const { node, nodeName } of shuffled(desk, serving(desk, SERVERS))) {
    const whole = ODD_SERVER_NAME.test(node.name) ? undefined : joined(nodeName, lower)
    if (whole === undefined) continue
    const target = foldName(whole)
    answer.push({ name: domain, ttl, content: { type: 'NS', target } })
    const glue = { name: target, type: TYPE.ANY, domain: lower, aliases, ttl }
    additional.push(...recordsAt(desk, glue, placeOfNode(node, 'any')))
    if (answer.length === NAME_SERVERS_MAX) break
  }
  return { answer, authority: [], additional }
}

const serving = (
  { view, instances, settings }: Desk,
  name: string,
  connected = false,
): readonly Found[] =>
  instancesOf(view, instances, {
    name,
    onlyPassing: settings.onlyPassing,
    datacenter: toldDatacenter(settings),
    connected,
  })

/** What names in answers carry; empty: nothing. */
export const toldDatacenter = ({ namesDatacenter, datacenter }: DnsSettings): string =>
  namesDatacenter ? datacenter : ''

const shuffled = ({ prng }: Desk, found: readonly Found[]): Found[] => prng.shuffle([...found])

const addressRecord = (name: Name, ttl: number, ip: IpBytes): ResourceRecord => ({
  name,
  ttl,
  content: { type: 'address', ip },
})

const NODE_TYPES: readonly number[] = [TYPE.A, TYPE.AAAA, TYPE.ANY, TYPE.TXT]

const familyOf = (type: number): Family =>
  type === TYPE.A ? 'v4' : type === TYPE.AAAA ? 'v6' : 'any'

function lookUpNode(
  desk: Desk,
  lookup: Lookup,
  { name, here }: { readonly name: string; readonly here: boolean },
): Outcome {
  const { type } = lookup
  if (!NODE_TYPES.includes(type)) return { rcode: RCODE.NOERROR, sections: NOTHING }
  const node = here ? nodeOf(desk.view, name) : undefined
  if (node === undefined) return missing(desk, lookup.name)
  const ttl = desk.settings.nodeTtl
  const place = placeOfNode(node, familyOf(type))
  const found = type === TYPE.TXT ? [] : recordsAt(desk, { ...lookup, ttl }, place)
  const meta = () => metaRecords(node, lookup.name, ttl)
  const inAnswer = type === TYPE.TXT || type === TYPE.ANY
  return {
    rcode: RCODE.NOERROR,
    sections: {
      answer: inAnswer ? [...found, ...meta()] : found,
      authority: [],
      additional: !inAnswer && desk.settings.nodeMetaTxt ? meta() : [],
    },
  }
}

/** By its name, or by its id. Beginnings of ids, as Consul takes, would have to be searched for. */
const nodeOf = (view: View, name: string): NodeRow | undefined =>
  get(view, NODES, fold(name)) ?? listBy(view, NODES, 'id', fold(name))[0]

const metaRecords = ({ meta }: NodeRow, name: Name, ttl: number): ResourceRecord[] =>
  metaTexts(meta).map((text) => ({ name, ttl, content: { type: 'TXT', text } }))

interface Timed extends Lookup {
  readonly ttl: number
}

/** The record for what was asked of a place: its address if of the type, or where it leads. */
function recordAt({ name, type, ttl }: Timed, place: Place): ResourceRecord | undefined {
  if (place.type === 'nowhere') return undefined
  const isOwnName = place.type === 'alias' && place.target === name
  const ip = place.type === 'ip' ? place.ip : isOwnName ? place.nodeIp : undefined
  if (ip !== undefined) {
    const record = addressRecord(name, ttl, ip)
    const isWanted = type === TYPE.ANY || type === TYPE.TXT || type === typeOf(record)
    return isWanted ? record : undefined
  }
  if (place.type !== 'alias') return undefined
  return { name, ttl, content: { type: 'CNAME', target: place.target } }
}

/** All that is known of the place of a node: where it leads, whatever that has. */
function recordsAt(desk: Desk, lookup: Timed, place: Place): readonly ResourceRecord[] {
  const record = recordAt(lookup, place)
  if (record === undefined) return []
  const { content } = record
  return content.type === 'CNAME' ? [record, ...follow(desk, lookup, content.target)] : [record]
}

/** What an alias leads to; nothing if that is not known. */
function follow(desk: Desk, { aliases }: Lookup, target: Name): readonly ResourceRecord[] {
  const domain = domainOf(desk.settings, target)
  if (domain === undefined) {
    const key = foldName(target)
    const known = desk.chased.get(key)
    if (known === undefined && desk.settings.recurses) desk.unknown.add(key)
    return known ?? []
  }
  if (aliases === 0) return []
  const inner = { name: target, type: TYPE.ANY, domain, aliases: aliases - 1 }
  const answersMax = Math.max(desk.answersMax, CHASED_PLAIN_MAX)
  return lookUp({ ...desk, answersMax, chasedMax: CHASED_PLAIN_MAX }, inner).sections.answer
}

/** What the alias of an instance leads to: so many addresses, with the TTL of the service. */
function followInstance(desk: Desk, lookup: Timed, target: Name): ResourceRecord[] {
  return follow(desk, lookup, target)
    .filter(({ content }) => content.type === 'address' || content.type === 'CNAME')
    .slice(0, desk.chasedMax)
    .map((record) => ({ ...record, ttl: lookup.ttl }))
}

/** The end of a name that is our domain or its second form, the longer of both. */
export function domainOf({ domain, altDomain }: DnsSettings, name: Name): Name | undefined {
  const main = suffixWithin(name, domain)
  const alt = altDomain === undefined ? undefined : suffixWithin(name, altDomain)
  if (main === undefined || alt === undefined) return main ?? alt
  return main.length > alt.length ? main : alt
}

function lookUpAddr(desk: Desk, lookup: Lookup, digits: string): Outcome {
  const ip = ipOfDigits(digits)
  if (ip === undefined) return missing(desk, lookup.name)
  const record = addressRecord(loweredName(lookup), desk.settings.nodeTtl, ip)
  const isAnswer = lookup.type === TYPE.ANY || lookup.type === typeOf(record)
  const sections = isAnswer
    ? { ...NOTHING, answer: [record] }
    : { ...NOTHING, additional: [record] }
  return { rcode: RCODE.NOERROR, sections }
}

function lookUpService(
  desk: Desk,
  lookup: Lookup,
  { name, tag, here, connected = false }: Extract<Meaning, { readonly type: 'service' }>,
): Outcome {
  if (here && name === '') return { rcode: RCODE.SERVFAIL, sections: NOTHING }
  const all = here ? serving(desk, name, connected) : []
  const found = tag === '' ? all : withTag(all, tag)
  if (found.length === 0) return missing(desk, lookup.name)
  const timed = { ...lookup, ttl: serviceTtl(desk.settings.serviceTtls, fold(name)) }
  const drawn = shuffled(desk, found)
  const sections =
    lookup.type === TYPE.SRV ? servicePorts(desk, timed, drawn) : addresses(desk, timed, drawn)
  const isEmpty = sections.answer.length === 0
  // RFC 2308 §2.2: the name is there, this type is not.
  const authority = isEmpty ? [soaFor(desk, lookup.name)] : []
  // Replies are kept by the index of a service: of a name over Connect there are none ready.
  const isPooled = !isEmpty && !connected
  const pool = isPooled ? poolOf(desk, { type: lookup.type, name, found }) : undefined
  return { rcode: RCODE.NOERROR, sections: { ...sections, authority }, pool }
}

interface Pooled {
  readonly type: number
  readonly name: string
  readonly found: readonly Found[]
}

/** Undefined where an answer may hold more than addresses of one family. */
function poolOf({ view }: Desk, { type, name, found }: Pooled): Pool | undefined {
  if (type !== TYPE.A && type !== TYPE.AAAA) return undefined
  const size = type === TYPE.A ? 4 : 16
  const ips = new Map<string, IpBytes>()
  for (const { places } of found) {
    const place = places[familyOf(type)]
    if (place.type === 'alias') return undefined
    if (place.type === 'ip' && place.ip.length === size) ips.set(place.key, place.ip)
  }
  const index = serviceIndexName(name)
  return { name: index, mark: markOf(view, index), ips: [...ips.values()] }
}

/** Each address once. An alias must be alone (RFC 1034 §3.6.2): it is told for want of these. */
function addresses(desk: Desk, lookup: Timed, found: readonly Found[]): Sections {
  const family = familyOf(lookup.type)
  const limit = desk.settings.aRecordLimit || Number.POSITIVE_INFINITY
  const most = Math.min(limit, desk.answersMax)
  const seen = new Set<string>()
  const answer: ResourceRecord[] = []
  let alias: ResourceRecord | undefined
  for (const { places } of found) {
    const place = places[family]
    if (place.type === 'nowhere' || seen.has(place.key)) continue
    seen.add(place.key)
    const record = recordAt(lookup, place)
    if (record?.content.type === 'CNAME') alias ??= record
    else if (record !== undefined) answer.push(record)
    if (answer.length >= most) break
  }
  if (answer.length > 0 || alias?.content.type !== 'CNAME') return { ...NOTHING, answer }
  return { ...NOTHING, answer: [alias, ...followInstance(desk, lookup, alias.content.target)] }
}

function servicePorts(desk: Desk, lookup: Timed, found: readonly Found[]): Sections {
  const seen = new Set<string>()
  const answer: ResourceRecord[] = []
  const additional: ResourceRecord[] = []
  for (const instance of found) {
    const { node, service, weight, places } = instance
    const place = places.any
    if (place.type === 'nowhere') continue
    const spot = `${node.name}\0${instance.ownAddress}\0${service.port}`
    if (seen.has(spot)) continue
    seen.add(spot)
    const led = leadTo(desk, lookup, instance)
    if (led === undefined) continue
    const port = { priority: SRV_PRIORITY, weight, port: service.port & 0xffff }
    const content = { type: 'SRV', ...port, target: led.target } as const
    answer.push({ name: lookup.name, ttl: lookup.ttl, content })
    additional.push(...led.glue)
    if (desk.settings.nodeMetaTxt && node.meta !== null) {
      const metaName = joined(instance.nodeName, lookup.domain)
      if (metaName !== undefined) additional.push(...metaRecords(node, metaName, lookup.ttl))
    }
    if (answer.length >= desk.answersMax) break
  }
  return { answer, authority: [], additional }
}

/** The target of an SRV record, and what is known of it. */
function leadTo(
  desk: Desk,
  lookup: Timed,
  { places, nodeName, addressName }: Found,
): { readonly target: Name; readonly glue: readonly ResourceRecord[] } | undefined {
  const place = places.any
  if (place.type === 'nowhere') return undefined
  const isOwn = place.type === 'alias' && place.target === lookup.name
  if (place.type === 'alias' && !(isOwn && place.nodeIp)) {
    return { target: place.target, glue: followInstance(desk, lookup, place.target) }
  }
  const ip = place.type === 'ip' ? place.ip : (place.nodeIp ?? [])
  const onNode = place.type === 'alias' || place.onNode
  const target =
    (onNode ? joined(nodeName, lookup.domain) : undefined) ??
    joined(addressName ?? addressPrefix(ip, toldDatacenter(desk.settings)), lookup.domain)
  if (target === undefined) return undefined
  return { target, glue: [addressRecord(target, lookup.ttl, ip)] }
}
