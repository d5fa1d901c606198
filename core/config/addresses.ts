// Addresses as settings give them: IP addresses, Unix sockets, several in one text, and go-sockaddr
// templates, filled from the facts of the machine.
import { parseIp } from '../ip.ts'
import type { ListenAddress } from './agent-config.ts'
import { type Draft, gatherRefusal } from './draft.ts'
import type { MachineFacts } from './facts.ts'
import { evaluateTemplate } from './sockaddr.ts'

export type Address =
  | { readonly type: 'ip'; readonly ip: string }
  | { readonly type: 'unix'; readonly path: string }

/** The addresses of a text, empty if there are none or one of them was refused. */
export function expandAddresses(
  draft: Draft,
  path: string,
  text: string | undefined,
): readonly Address[] {
  if (text === undefined || text === '') return []
  const filled = fillTemplates(text, draft.facts)
  if (!filled.ok) {
    gatherRefusal(draft, {
      path,
      consul: `${path}: error parsing ${JSON.stringify(text)}: ${filled.why}`,
      what: `${path} has a template that is not understood: ${filled.why}`,
      next: 'lictor-config(5) tells which are',
    })
    return []
  }
  const addresses: Address[] = []
  for (const word of filled.text.split(/\s+/).filter((one) => one !== '')) {
    const address = parseAddress(word)
    if (address === undefined) {
      gatherRefusal(draft, {
        path,
        consul: `${path}: invalid ip address: ${word}`,
        what: `${path} is no IP address: ${JSON.stringify(word)}`,
        next: 'host names are not resolved here; write the address, or a template',
      })
      return []
    }
    addresses.push(address)
  }
  return addresses
}

function parseAddress(word: string): Address | undefined {
  if (word.startsWith('unix://')) return { type: 'unix', path: word.slice('unix://'.length) }
  const ip = word === '[::]' ? '::' : word
  return parseIp(ip) === undefined ? undefined : { type: 'ip', ip }
}

/** The one IP address of a text; undefined if there is none or it was refused. */
export function expandIp(draft: Draft, path: string, text: string | undefined): string | undefined {
  const addresses = expandAddresses(draft, path, text)
  const [first] = addresses
  if (first === undefined) return undefined
  if (addresses.length > 1) {
    const all = addresses.map((one) => (one.type === 'ip' ? one.ip : one.path))
    gatherRefusal(draft, {
      path,
      consul: `${path}: multiple addresses found: ${all.join(' ')}`,
      what: `${path} takes one address, not ${all.length}: ${all.join(', ')}`,
    })
    return undefined
  }
  if (first.type === 'ip') return first.ip
  gatherRefusal(draft, {
    path,
    consul: `${path} cannot be a unix socket`,
    what: `${path} cannot be a Unix socket: ${first.path}`,
  })
  return undefined
}

/** Where to listen: a Unix socket whatever the port, an IP address unless the port is off. */
export function listenOn(addresses: readonly Address[], port: number): readonly ListenAddress[] {
  return addresses.flatMap((address): ListenAddress[] => {
    if (address.type === 'unix') return [{ type: 'unix', path: address.path }]
    return port < 0 ? [] : [{ type: 'tcp', host: address.ip, port }]
  })
}

type Filled =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string }

const TEMPLATE = /\{\{([\s\S]*?)\}\}/g

/** Replaces each `{{ … }}`. */
export function fillTemplates(text: string, facts: MachineFacts): Filled {
  let why: string | undefined
  const filled = text.replace(TEMPLATE, (whole, inner: string) => {
    const found = evaluateTemplate(inner, facts)
    if (found === undefined) why = `unknown template ${JSON.stringify(whole)}`
    return found ?? ''
  })
  if (why === undefined && filled.includes('{{')) why = 'a template has no end'
  return why === undefined ? { ok: true, text: filled } : { ok: false, why }
}
