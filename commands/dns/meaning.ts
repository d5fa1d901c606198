// How a name is read, for those who want to know why it has no answer.
import { type Meaning, meaningOf } from '../../core/dns/meaning.ts'
import { labelsOf, type Name, nameOfText, suffixWithin } from '../../core/dns/name.ts'
import { TYPE } from '../../core/dns/record.ts'

export interface Step {
  readonly step: 'meaning' | 'catalog' | 'answer' | 'resolver'
  readonly ok: boolean
  readonly what: string
  /** What belongs to it, a line each. */
  readonly more?: readonly string[]
}

/** What the agent says of itself. */
export interface SiteNames {
  readonly datacenter: string
  /** `consul.` */
  readonly domain: string
  /** Instances with a warning are not told of. */
  readonly onlyPassing: boolean
}

/** `foreign`: not in the domain of the agent. */
export type Read = Meaning | { readonly type: 'foreign' }

export function readName(name: Name, { datacenter, domain }: SiteNames): Read {
  const suffix = nameOfText(domain)
  if (suffix === undefined || suffixWithin(name, suffix) === undefined) return { type: 'foreign' }
  const labels = labelsOf(name)
  const own = labels.slice(0, labels.length - labelsOf(suffix).length)
  return meaningOf({ labels: own, type: TYPE.A, datacenter })
}
