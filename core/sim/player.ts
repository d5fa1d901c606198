// Who plays a scenario: what is to come, who is meant by a name, and what a reader is told.
import type { Instant } from '../time.ts'
import type { Run } from './assemble.ts'
import type { Cut } from './nemesis-links.ts'
import { leaderOf } from './nemesis-plots.ts'
import type { Act, Condition, Who } from './scenario.ts'
import { Violation } from './violation.ts'
import type { SimNode } from './world.ts'

/** What a reader is told while it is played. Nodes by name. */
export type Telling = { readonly ms: Instant } & Told

type Told =
  /** Somebody campaigns, for the first time since there was a leader. */
  | { readonly kind: 'election'; readonly node: string }
  | { readonly kind: 'leader'; readonly node: string; readonly term: number }
  | {
      readonly kind: 'inject' | 'heal'
      readonly act: Act['do']
      /** Who suffers it; of a cut, one side. */
      readonly nodes: readonly string[]
      /** Of a cut, the other side. */
      readonly others: readonly string[]
      /** Of something slow. */
      readonly byMs?: number
    }
  | {
      readonly kind: 'verify'
      readonly what: Condition['type']
      readonly node: string | undefined
      readonly ok: boolean
      /** What was seen. */
      readonly why: string
    }

export type Injected = Extract<Told, { kind: 'inject' | 'heal' }>

export interface Player {
  readonly run: Run
  readonly tell: (told: Told) => void
  readonly names: Map<string, SimNode>
  /** How often anybody became leader. */
  elected: number
  readonly waiting: { readonly count: number; readonly plusMs: number; readonly act: Act }[]
  isElecting: boolean
  /** Cuts that `heal` mends. */
  cuts: { readonly cut: Cut; readonly told: Injected }[]
}

/** `leader` is who leads, or led last; `follower` and `second` are the others that run. */
export function find({ run, names }: Player, who: Who): SimNode {
  const { world } = run
  const leader = leaderOf(world) ?? names.get('it')
  const others = world.nodes.filter((node) => node !== leader && node.host !== undefined)
  const roles: Readonly<Record<string, SimNode | undefined>> = {
    leader,
    follower: others[0],
    second: others[1],
  }
  const found = names.get(who) ?? (Object.hasOwn(roles, who) ? roles[who] : world.byId.get(who))
  if (found === undefined) throw new Violation('expected', `there is no ${who}`)
  return found
}
