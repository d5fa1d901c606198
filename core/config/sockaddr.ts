// What people write between `{{` and `}}` in place of an address: a source of the machine's
// addresses, then steps that pick, order and print some of them, as Consul's go-sockaddr has them.
//
//   {{ GetPrivateIP }}
//   {{ GetAllInterfaces | include "network" "10.0.0.0/8" | attr "address" }}
import { holdsIp, isPrivateIp, type Network, parseIp, parseNetwork } from '../ip.ts'
import { fitsRegexp } from '../regexp.ts'
import type { MachineFacts, NetworkInterface } from './facts.ts'

type Interfaces = readonly NetworkInterface[]
type Value = Interfaces | string

/**
 * What the text between the braces stands for, '' where the machine has no such address; undefined
 * if it is not understood.
 */
export function evaluateTemplate(expression: string, facts: MachineFacts): string | undefined {
  const [source = [], ...steps] = pipelineOf(expression)
  let value = sourceOf(source, facts)
  for (const step of steps) value = Array.isArray(value) ? stepOf(value, step) : undefined
  return typeof value === 'string' ? value : undefined
}

type Words = readonly string[]

const WORD = /"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\||[^\s|"`]+)/g

/** The words of each step, quotes taken off; a pipe in quotes is none. */
function pipelineOf(expression: string): readonly Words[] {
  const steps: string[][] = [[]]
  for (const [, quoted, raw, bare] of expression.matchAll(WORD)) {
    if (bare === '|') steps.push([])
    else steps.at(-1)?.push(quoted?.replace(/\\(.)/g, '$1') ?? raw ?? bare ?? '')
  }
  return steps
}

function sourceOf([name = '', ...words]: Words, facts: MachineFacts): Value | undefined {
  const { interfaces } = facts
  const [pattern] = words
  if (name === 'GetInterfaceIP' || name === 'GetInterfaceIPs') {
    if (pattern === undefined || words.length > 1) return undefined
    const own = interfaces.filter((one) => one.name === pattern)
    return name === 'GetInterfaceIP' ? firstOf(own) : joined(own, ' ')
  }
  if (words.length > 0) return undefined
  switch (name) {
    case 'GetPrivateIP':
      return firstOf(onRoute(facts, isPrivate))
    case 'GetPublicIP':
      return firstOf(onRoute(facts, isPublic))
    case 'GetPrivateIPs':
      return joined(interfaces.filter(isPrivate), ' ')
    case 'GetPublicIPs':
      return joined(interfaces.filter(isPublic), ' ')
    case 'GetAllInterfaces':
      return interfaces
    case 'GetDefaultInterfaces':
      return interfaces.filter((one) => one.name === facts.defaultInterface)
    case 'GetPrivateInterfaces':
      return byFamily(interfaces.filter(isPrivate))
    case 'GetPublicInterfaces':
      return byFamily(interfaces.filter(isPublic))
    default:
      return undefined
  }
}

const isForwardable = ({ internal, address }: NetworkInterface): boolean =>
  !internal && !NEVER_FORWARDED.some((network) => holds(network, address))

const isPrivate = (one: NetworkInterface): boolean => {
  const ip = parseIp(one.address)
  return isForwardable(one) && ip !== undefined && isPrivateIp(ip)
}

const isPublic = (one: NetworkInterface): boolean => isForwardable(one) && !isPrivate(one)

const holds = (network: Network, address: string): boolean => {
  const ip = parseIp(address)
  return ip !== undefined && holdsIp(network, ip)
}

const networks = (...texts: readonly string[]): readonly Network[] =>
  texts.map(parseNetwork).filter((network) => network !== undefined)

const NEVER_FORWARDED = networks(
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '240.0.0.0/4', '255.255.255.255/32'],
  ...['::/128', '::1/128', 'fe80::/10'],
)

/** IPv4 addresses, that of the interface of the default route first. */
function onRoute(
  { interfaces, defaultInterface }: MachineFacts,
  wanted: (one: NetworkInterface) => boolean,
): Interfaces {
  const fitting = interfaces.filter((one) => wanted(one) && isOfType(one, 'ipv4'))
  const there = fitting.filter((one) => one.name === defaultInterface)
  return [...there, ...fitting]
}

const byFamily = (list: Interfaces): Interfaces =>
  list.toSorted((a, b) => lengthOf(a) - lengthOf(b))

const lengthOf = ({ address }: NetworkInterface): number => parseIp(address)?.length ?? 0

const firstOf = ([first]: Interfaces): string => first?.address ?? ''

const joined = (list: Interfaces, by: string): string => list.map(({ address }) => address).join(by)

function stepOf(list: Interfaces, [name = '', ...words]: Words): Value | undefined {
  const [first = '', second = ' '] = words
  const read = ATTRIBUTES.get(first)
  switch (name) {
    case 'include':
      return picked(list, words, true)
    case 'exclude':
      return picked(list, words, false)
    case 'sort':
      return sorted(list, first.split(','))
    case 'limit':
      return isCount(first) ? list.slice(0, Number(first)) : undefined
    case 'offset':
      return isCount(first) ? list.slice(Number(first)) : undefined
    case 'unique':
      return read && list.filter((one, i) => list.findIndex((o) => read(o) === read(one)) === i)
    case 'attr':
      return read && (list[0] === undefined ? '' : read(list[0]))
    case 'join':
      return read && list.map(read).join(second)
    default:
      return undefined
  }
}

const isCount = (text: string): boolean => /^\d{1,4}$/.test(text)

const ATTRIBUTES: ReadonlyMap<string, (one: NetworkInterface) => string> = new Map([
  ['address', ({ address }: NetworkInterface) => address],
  ['name', ({ name }: NetworkInterface) => name],
  ['type', (one: NetworkInterface) => (isOfType(one, 'ipv4') ? 'IPv4' : 'IPv6')],
])

function picked(list: Interfaces, words: Words, wanted: boolean): Interfaces | undefined {
  const [by = '', what] = words
  const fits = what === undefined || words.length > 2 ? undefined : testOf(by, what)
  return fits && list.filter((one) => fits(one) === wanted)
}

type Fits = (one: NetworkInterface) => boolean

function testOf(by: string, what: string): Fits | undefined {
  switch (by.toLowerCase()) {
    case 'name':
      return ({ name }) => fitsRegexp(what, name)
    case 'address':
      return ({ address }) => fitsRegexp(what, address)
    case 'network': {
      const network = parseNetwork(what)
      return network && (({ address }) => holds(network, address))
    }
    case 'rfc':
      return rfcTest(what)
    case 'type':
      return typeTest(what.split('|'))
    case 'flag':
    case 'flags':
      return flagTest(what.split('|'))
    default:
      return undefined
  }
}

/** Networks by the documents that set them apart. */
const RFC_NETWORKS: Readonly<Record<string, readonly Network[]>> = {
  '1122': networks('0.0.0.0/8', '127.0.0.0/8'),
  '1918': networks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'),
  '3927': networks('169.254.0.0/16'),
  '4193': networks('fc00::/7'),
  '6598': networks('100.64.0.0/10'),
}

function rfcTest(number: string): Fits | undefined {
  const ranges = Object.hasOwn(RFC_NETWORKS, number) ? RFC_NETWORKS[number] : undefined
  return ranges && (({ address }) => ranges.some((network) => holds(network, address)))
}

const isOfType = ({ address }: NetworkInterface, type: string): boolean => {
  const length = parseIp(address)?.length
  if (type === 'ip') return length !== undefined
  return length === (type === 'ipv4' ? 4 : 16)
}

function typeTest(types: Words): Fits | undefined {
  const wanted = types.map((type) => type.toLowerCase())
  if (wanted.some((type) => !['ip', 'ipv4', 'ipv6'].includes(type))) return undefined
  return (one) => wanted.some((type) => isOfType(one, type))
}

/** All that the machine tells of an interface: it is up, else it would not be told of. */
const FLAGS: Readonly<Record<string, Fits>> = {
  forwardable: isForwardable,
  'global unicast': isForwardable,
  loopback: ({ internal }) => internal,
  up: () => true,
}

function flagTest(names: Words): Fits | undefined {
  const tests = names.map((name) => {
    const known = name.trim().toLowerCase()
    return Object.hasOwn(FLAGS, known) ? FLAGS[known] : undefined
  })
  return tests.includes(undefined) ? undefined : (one) => tests.every((test) => test?.(one))
}

const ORDERS: Readonly<Record<string, (a: NetworkInterface, b: NetworkInterface) => number>> = {
  address: (a, b) => lengthOf(a) - lengthOf(b) || compareBytes(a, b),
  name: (a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1),
  type: (a, b) => lengthOf(a) - lengthOf(b),
  default: () => 0,
  size: () => 0, // of its network, which the machine does not tell
}

function compareBytes(a: NetworkInterface, b: NetworkInterface): number {
  const [left = [], right = []] = [parseIp(a.address), parseIp(b.address)]
  const at = left.findIndex((byte, i) => byte !== right[i])
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}

/** `+type,-address`: by the first, where that is equal by the next. */
function sorted(list: Interfaces, keys: Words): Interfaces | undefined {
  const orders = keys.map((key) => {
    const name = key.trim().replace(/^[+-]/, '').toLowerCase()
    const order = Object.hasOwn(ORDERS, name) ? ORDERS[name] : undefined
    const sign = key.trim().startsWith('-') ? -1 : 1
    return order && ((a: NetworkInterface, b: NetworkInterface) => sign * order(a, b))
  })
  if (orders.includes(undefined)) return undefined
  const differ = (a: NetworkInterface, b: NetworkInterface) =>
    orders.reduce((found, order) => found || (order?.(a, b) ?? 0), 0)
  return list.toSorted(differ)
}
