// The work table of config/build.ts: the settings, the machine, and the complaints and warnings
// gathered on the way.

import { durationComplaint, parseDurationNs } from '../time.ts'
import type { CheckDefinition } from './agent-config.ts'
import { type Origin, showOrigin } from './document.ts'
import type { MachineFacts } from './facts.ts'
import type { Gathered } from './gather.ts'
import type { Profile, Refusal } from './refusal.ts'

export interface Draft {
  readonly profile: Profile
  readonly purpose: 'start' | 'check'
  readonly gathered: Gathered
  readonly facts: MachineFacts
  readonly refusals: Refusal[]
  readonly warnings: string[]
  /** Their durations were refused: what else would be said of them may only follow from that. */
  readonly illTimed: Set<CheckDefinition>
}

/** Where a setting or the group it stands in was written. */
function originOf(draft: Draft, path: string): Origin | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('.'), 0))) {
    const origin = draft.gathered.origins.get(at)
    if (origin !== undefined) return origin
  }
  return undefined
}

export interface Complaint {
  readonly path: string
  readonly consul: string
  readonly what: string
  readonly next?: string | undefined
}

/** One complaint for each rule that is broken, in the order in which they are looked at. */
export type Rules = readonly (Complaint | undefined)[]

/** Notes a complaint that Consul would gather in a list. */
export function gatherRefusal(draft: Draft, { path, ...texts }: Complaint): void {
  draft.refusals.push({ ...texts, origin: originOf(draft, path), gathered: true })
}

/** Notes a complaint that Consul would stop at. */
export function refuse(draft: Draft, { path, ...texts }: Complaint): void {
  draft.refusals.push({ ...texts, origin: originOf(draft, path) })
}

/** Notes a complaint at which Consul stops only if it has gathered none. */
export function refuseLate(draft: Draft, { path, ...texts }: Complaint): void {
  draft.refusals.push({ ...texts, origin: originOf(draft, path), late: true })
}

/** Notes what is no reason to refuse. */
export function warn(draft: Draft, { path, what }: Pick<Complaint, 'path' | 'what'>): void {
  const origin = originOf(draft, path)
  draft.warnings.push(origin === undefined ? what : `${showOrigin(origin)}: ${what}`)
}

export interface DurationText {
  readonly path: string
  /** What Consul calls it, if not by its path. */
  readonly name?: string
  readonly text: string | undefined
  /** Where it was written, if its path does not tell. */
  readonly origin?: Origin | undefined
}

/** A duration in milliseconds; 0 if it is absent or was refused. */
export function durationOf(draft: Draft, duration: DurationText): number {
  const { path, name = path, text, origin } = duration
  if (text === undefined) return 0
  const ns = parseDurationNs(text)
  if (ns !== undefined) return ns / 1e6
  const shown = JSON.stringify(text)
  draft.refusals.push({
    consul: `${name}: invalid duration: ${shown}: ${durationComplaint(text)}`,
    what: `${path} is no duration: ${shown}`,
    next: 'write one as 300ms, 15s or 1h30m',
    origin: origin ?? originOf(draft, path),
    gathered: true,
  })
  return 0
}
