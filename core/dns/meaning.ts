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
  /** A virtual address; the empty name has none. */
  | { readonly type: 'virtual'; readonly name: string }
  /** A name that asks for nothing, or for kinds that are never there. */
  | { readonly type: 'nothing' }

const NOTHING: Meaning = { type: 'nothing' }
const KINDS = new Set(['service', 'connect', 'ingress', 'node', 'query', 'addr'])

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
    const here = () => placeOf(lower.slice(at + 1), datacenter)
    if (label === 'virtual') return virtualOf(lower.slice(0, at), at === lower.length - 1)
    if (KINDS.has(label)) return kindOf(label, lower.slice(0, at), here)
    // Whoever asks for SRV may leave the word `service` out (RFC 2782 names begin with `_`).
    if (type === TYPE.SRV && label.startsWith('_')) {
      return serviceOf(lower.slice(0, at + 1), here())
    }
  }
  return NOTHING
}

/** Whether a place is our datacenter; undefined: it is no place. */
function placeOf(labels: readonly string[], datacenter: string): boolean | undefined {
  const [first, kind] = labels
  if (first === undefined) return true
  if (labels.length > 2 || (kind !== undefined && kind !== 'dc')) return undefined
  return fold(first) === fold(datacenter)
}

function kindOf(kind: string, wanted: readonly string[], here: () => boolean | undefined): Meaning {
  if (wanted.length === 0) return NOTHING
  switch (kind) {
    case 'service':
      return serviceOf(wanted, here())
    case 'connect': {
      const meaning = serviceOf(wanted, here())
      // Tags choose nothing there, as in Consul.
      return meaning.type === 'service' ? { ...meaning, tag: '', connected: true } : NOTHING
    }
    case 'node': {
      const isHere = here()
      return isHere === undefined ? NOTHING : { type: 'node', name: wanted.join('.'), here: isHere }
    }
    case 'addr':
      return wanted.length === 1 ? { type: 'addr', digits: wanted[0] ?? '' } : NOTHING
    default:
      return NOTHING
  }
}

/** They are told of in our datacenter only, and there without a place. */
function virtualOf(wanted: readonly string[], placeless: boolean): Meaning {
  if (wanted.length === 0) return NOTHING
  return { type: 'virtual', name: placeless ? (wanted.at(-1) ?? '') : '' }
}

function serviceOf(wanted: readonly string[], here: boolean | undefined): Meaning {
  const [first = '', second = ''] = wanted
  if (here === undefined) return NOTHING
  if (wanted.length === 2 && first.startsWith('_') && second.startsWith('_')) {
    const tag = second.slice(1)
    return { type: 'service', name: first.slice(1), tag: tag === 'tcp' ? '' : tag, here }
  }
  // All labels before the service are one tag: tags may have dots.
  const tag = wanted.slice(0, -1).join('.')
  return { type: 'service', name: wanted.at(-1) ?? '', tag, here }
}
