// A configuration that cannot be used, said twice: as Consul says it, which scripts match on,
// and in our words, which name the place and what to do next.
import { multierror } from '../multierror.ts'
import { type Origin, showOrigin } from './document.ts'

/** Who is being asked: decides texts, exit codes, and whether keys of ours are known (D9). */
export type Profile = 'lictor' | 'consul'

export interface Refusal {
  /** Consul's text, whole, without the words that its command puts before it. */
  readonly consul: string
  /** What is wrong, with the value. */
  readonly what: string
  readonly origin?: Origin | undefined
  /** What to do next. */
  readonly next?: string | undefined
  /**
   * Consul gathers this one with others of its kind into one list, and shows the list once all
   * else is in order.
   */
  readonly gathered?: boolean
  /** Consul looks at this only after what it has gathered. */
  readonly late?: boolean
}

/** A value in a complaint may be of any length. */
const WHAT_LENGTH_MAX = 400
/** Nobody reads more complaints than this at once. */
export const REFUSALS_SHOWN_MAX = 20

/** The lines that a person reads. */
export function showRefusals(refusals: readonly Refusal[]): readonly string[] {
  const lines = refusals.slice(0, REFUSALS_SHOWN_MAX).flatMap(showRefusal)
  const more = refusals.length - REFUSALS_SHOWN_MAX
  return more > 0 ? [...lines, `and ${more} more`] : lines
}

function showRefusal(refusal: Refusal): readonly string[] {
  const place = refusal.origin === undefined ? '' : `${showOrigin(refusal.origin)}: `
  const { what } = refusal
  const shown = what.length > WHAT_LENGTH_MAX ? `${what.slice(0, WHAT_LENGTH_MAX)}…` : what
  const lines = [`${place}${shown}`]
  if (refusal.next !== undefined) lines.push(`  next: ${refusal.next}`)
  return lines
}

/**
 * What Consul would have said of refusals in its order: the first at which it stops, then all that
 * it has gathered, then the first of the rest.
 */
export function consulText(refusals: readonly Refusal[]): string {
  const early = refusals.find(({ gathered, late }) => gathered !== true && late !== true)
  if (early !== undefined) return early.consul
  const gathered = refusals.filter((refusal) => refusal.gathered === true)
  if (gathered.length > 0) return multierror(gathered.map((refusal) => refusal.consul))
  return refusals[0]?.consul ?? ''
}
