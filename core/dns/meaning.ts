// What a name in our domain asks for (consul-surface 4.1). Names are read from the right: the
// domain is gone already, then come the labels of a place, then the word for a kind, and what is
// left of it is what is wanted.
import { fold, textOfByteString } from '../bytes.ts'
import { TYPE } from './record.ts'

export type Meaning =
  /** `name` and `tag` as texts in lower case. */
  | { readonly type: 'node'; readonly name: string; readonly here: boolean }
  | {
      readonly type: 'service'
      readonly name: string
      /** Empty: any. */
      readonly tag: string
      readonly here: boolean
      /** Not the service itself, but who serves its name over Connect. */
      readonly connected?: boolean
    }
  /** Digits of an address. */
  | { readonly type: 'addr'; readonly digits: string }
  /** A virtual address; the empty name, which stands for one of a peer, has none. */
  | { readonly type: 'virtual'; readonly name: string }
  /** A name that asks for nothing, or for kinds that are never there. */
  | { readonly type: 'nothing' }

const NOTHING: Meaning = { type: 'nothing' }
const KINDS = new Set(['service', 'connect', 'virtual', 'ingress', 'node', 'query', 'addr'])

export interface Asked {
  /** Those before the domain. */
  readonly labels: readonly string[]
  readonly type: number
  /** Ours. */
  readonly datacenter: string
}

export function meaningOf({ labels, type, datacenter }: Asked): Meaning {
  const lower = labels.map((label) => textOfByteString(label).toLowerCase())
  for (let at = lower.length - 1; at >= 0; at--) {
    const label = lower[at] ?? ''
    const place = () => placeOf(lower.slice(at + 1), datacenter)
    if (KINDS.has(label)) return kindOf(label, lower.slice(0, at), place)
    // Whoever asks for SRV may leave the word `service` out (RFC 2782 names begin with `_`).
    if (type === TYPE.SRV && label.startsWith('_')) {
      return serviceOf(lower.slice(0, at + 1), place())
    }
  }
  return NOTHING
}

/** What stands behind the kind. */
interface Place {
  /** Our datacenter. */
  readonly here: boolean
  /** A peer, of which we never know one. */
  readonly peer: boolean
  /** It is a single label: a datacenter, or where only peers could be meant, a peer. */
  readonly bare: boolean
}

/** More pairs of a label and its kind than this are no place. */
const PAIRS_MAX = 2

/** Undefined: it is no place. The last pair of a kind counts. */
function placeOf(labels: readonly string[], ours: string): Place | undefined {
  const [first = ours] = labels
  if (labels.length < 2) {
    return { here: fold(first) === fold(ours), peer: false, bare: labels.length === 1 }
  }
  if (labels.length % 2 === 1 || labels.length > 2 * PAIRS_MAX) return undefined
  const said = new Map<string, string>()
  for (let at = 0; at < labels.length; at += 2) said.set(labels[at + 1] ?? '', labels[at] ?? '')
  const [datacenter, peer] = [said.get('dc'), said.get('peer')]
  const isOdd = said.size > 1 || (datacenter === undefined && peer === undefined)
  if (isOdd) return undefined
  const here = datacenter !== undefined && fold(datacenter) === fold(ours)
  return { here, peer: peer !== undefined, bare: false }
}

function kindOf(kind: string, wanted: readonly string[], placed: () => Place | undefined): Meaning {
  if (wanted.length === 0) return NOTHING
  if (kind === 'addr') {
    return wanted.length === 1 ? { type: 'addr', digits: wanted[0] ?? '' } : NOTHING
  }
  const place = placed()
  if (place === undefined) return NOTHING
  const name = wanted.at(-1) ?? ''
  switch (kind) {
    case 'service':
      return serviceOf(wanted, place)
    case 'connect':
      // Neither tags nor peers choose anything there, as in Consul.
      return { type: 'service', name, tag: '', here: place.here || place.peer, connected: true }
    case 'virtual':
      // They are those of our datacenter, whichever is said.
      return { type: 'virtual', name: place.bare || place.peer ? '' : name }
    case 'node':
      return { type: 'node', name: wanted.join('.'), here: place.here }
    default:
      return NOTHING
  }
}

function serviceOf(wanted: readonly string[], place: Place | undefined): Meaning {
  const [first = '', second = ''] = wanted
  if (place === undefined) return NOTHING
  const { here } = place
  if (wanted.length === 2 && first.startsWith('_') && second.startsWith('_')) {
    const tag = second.slice(1)
    return { type: 'service', name: first.slice(1), tag: tag === 'tcp' ? '' : tag, here }
  }
  // All labels before the service are one tag: tags may have dots.
  const tag = wanted.slice(0, -1).join('.')
  return { type: 'service', name: wanted.at(-1) ?? '', tag, here }
}
