// Planted mistakes of gossip. A checker counts only once it has caught a mistake.

import type { Rule } from '../../../core/sim/swim/finding.ts'
import type { Fault } from '../../../core/sim/swim/nemesis.ts'
import type { Patch } from './plant.ts'

export interface Mutant {
  readonly id: string
  readonly what: string
  readonly patches: readonly Patch[]
  /** Rules by which it is rightly found. */
  readonly caught: readonly Rule[]
  /** Undefined: drawn per seed. */
  readonly faults?: readonly Fault[]
  /** Undefined: drawn per seed. */
  readonly size?: number
  /** Within so many seeds. */
  readonly seeds: number
}

const one = (file: string, from: string, to: string): Patch[] => [
  { file: `core/swim/${file}.ts`, from, to },
]

export const MUTANTS: readonly Mutant[] = [
  {
    id: 'M60',
    what: 'a suspect does not refute',
    patches: one(
      'merge',
      'if (!hasLeft(swim)) refute(swim, suspect.incarnation, `suspected by',
      'if (hasLeft(swim)) refute(swim, suspect.incarnation, `suspected by',
    ),
    caught: ['false-death', 'agreement'],
    faults: ['pause'],
    seeds: 80,
  },
  {
    id: 'M61',
    what: 'a refutation reuses the incarnation',
    patches: one(
      'merge',
      'Math.max(self.incarnation, accused) + 1)',
      'Math.max(self.incarnation, accused))',
    ),
    caught: ['false-death', 'agreement'],
    seeds: 100,
  },
  {
    id: 'M62',
    what: 'an old state brings the dead back',
    patches: one(
      'merge',
      'return incarnation <= known.incarnation',
      'return incarnation < known.incarnation',
    ),
    caught: ['incarnation', 'quiet', 'bounded', 'spread'],
    seeds: 20,
  },
  {
    id: 'M63',
    what: 'who left has failed',
    patches: one(
      'roster',
      "known.status === 'leaving' ? 'left' : 'failed'",
      "known.status === 'leaving' ? 'failed' : 'failed'",
    ),
    caught: ['left', 'false-death', 'agreement', 'late-death'],
    seeds: 20,
  },
  {
    id: 'confirm',
    what: 'confirmations are not counted',
    patches: one('suspicion', 'if (!isWanted) return false', 'if (isWanted) return false'),
    caught: ['late-death'],
    seeds: 40,
  },
  {
    id: 'short',
    what: 'a suspicion is shorter than its minimum',
    patches: one(
      'suspicion',
      'deadline: now + (wanted < 1 ? minMs : maxMs)',
      'deadline: now + minMs / 4',
    ),
    caught: ['early-death', 'assertion', 'false-death'],
    seeds: 20,
  },
  {
    id: 'for-ever',
    what: 'a message is sent for ever',
    patches: one('broadcast', 'if (broadcast.sent >= sentMax) return', ''),
    caught: ['quiet', 'bounded', 'agreement', 'spread'],
    seeds: 40,
  },
  {
    id: 'mute',
    what: 'news of members are not passed on',
    patches: one(
      'merge',
      '  enterState(swim, member, ALIVE)\n  spreadMember(swim, alive)\n',
      '  enterState(swim, member, ALIVE)\n',
    ),
    caught: ['agreement', 'false-death', 'spread'],
    seeds: 60,
  },
  {
    id: 'one-target',
    what: 'the same member is probed again and again',
    patches: one(
      'probe',
      '    swim.orderAt += 1\n',
      '    if (swim.orderAt === 0) swim.orderAt += 1\n',
    ),
    caught: ['late-death', 'agreement'],
    seeds: 20,
  },
  {
    id: 'undead',
    what: 'an accusation makes a suspect of the dead',
    patches: one('merge', "  if (member.state.type !== 'alive') return\n", ''),
    caught: ['incarnation', 'assertion', 'agreement'],
    seeds: 20,
  },
  {
    id: 'own-word',
    what: 'the accuser raises the incarnation',
    patches: one(
      'merge',
      "onSuspect(swim, { type: 'suspect', incarnation, node: name, from: swim.name })",
      "onSuspect(swim, { type: 'suspect', incarnation: incarnation + 1, node: name, " +
        'from: swim.name })',
    ),
    caught: ['own-word'],
    seeds: 20,
  },
  {
    id: 'come-back',
    what: 'who has left refutes its own end',
    patches: one(
      'merge',
      "leaving.type !== 'no' && leaving.type !== 'intent'",
      "leaving.type === 'linger'",
    ),
    caught: ['left', 'assertion', 'agreement', 'false-death'],
    seeds: 20,
  },
  {
    id: 'deaf-event',
    what: 'an event is told for each time it is heard',
    patches: one('ring', 'if (slot.items.some((seen) => isSame(seen, item))) return false', ''),
    caught: ['echo', 'quiet'],
    seeds: 20,
  },
  {
    id: 'last-event',
    what: 'events are not passed on',
    patches: one(
      'events',
      'if (hearEvent(swim, event)) spreadSerf',
      'if (hearEvent(swim, event) && body.length === 0) spreadSerf',
    ),
    caught: ['spread'],
    seeds: 20,
  },
  {
    id: 'refused-at-once',
    what: 'a refused port is enough at once',
    patches: one(
      'suspicion',
      'return suspicion.startedAt + settings.refusedTimeoutMs',
      'return suspicion.startedAt',
    ),
    caught: ['early-death', 'false-death'],
    seeds: 40,
  },
  {
    id: 'refused-never',
    what: 'a refused port is as good as silence',
    patches: one(
      'suspicion',
      'if (!suspicion.isRefused) return undefined',
      'if (suspicion.startedAt > 0) return undefined',
    ),
    caught: ['late-death'],
    seeds: 60,
  },
  {
    id: 'no-reconnect',
    what: 'failed members are not looked for',
    patches: one('reap', 'if (failed.length === 0) return', 'if (failed.length >= 0) return'),
    caught: ['agreement'],
    faults: ['split'],
    seeds: 60,
  },
  {
    id: 'no-exchange',
    what: 'states are not exchanged now and then',
    patches: one(
      'exchange',
      '  if (member === undefined) return\n',
      '  if (member === undefined || member.name !== swim.name) return\n',
    ),
    caught: ['agreement', 'spread', 'left'],
    seeds: 160,
  },
  {
    id: 'old-intent',
    what: 'an old intent to leave is news',
    patches: one(
      'intents',
      '  if (member.isHearsay ? lTime < member.statusLTime : lTime <= member.statusLTime)',
      '  if (member.isHearsay && lTime < member.statusLTime)',
    ),
    caught: ['agreement', 'quiet', 'left', 'bounded', 'spread'],
    seeds: 40,
  },
  {
    // Exchanges mend it; among many they are too rare to do so in time.
    id: 'leave-as-join',
    what: 'the time of a leave under way is told, and taken, for that of a join',
    patches: [
      ...one('exchange', "status === 'left' || status === 'leaving'", "status === 'left'"),
      ...one(
        'intents',
        'status, statusLTime: lTime, isHearsay })',
        'status, statusLTime: lTime })',
      ),
    ],
    caught: ['left'],
    faults: [],
    size: 70,
    seeds: 40,
  },
  {
    id: 'stale-clock',
    what: 'clocks do not learn from others',
    patches: one(
      'lamport',
      '  if (seen >= clock.time) clock.time = seen + 1\n',
      '  if (seen >= clock.time + 1_000_000) clock.time = seen + 1\n',
    ),
    caught: ['assertion', 'spread', 'agreement'],
    seeds: 20,
  },
  {
    id: 'no-helper',
    what: 'helpers keep the answer for themselves',
    patches: one('probe', '      to: ping.to,\n', "      to: { ip: '10.99.0.1', port: 1 },\n"),
    caught: ['suspicion'],
    faults: [],
    seeds: 80,
  },
  {
    id: 'two-lives',
    what: 'a suspicion outlives its refutation',
    patches: one(
      'merge',
      '  enterState(swim, member, ALIVE)\n  spreadMember',
      "  if (member.state.type !== 'suspect') enterState(swim, member, ALIVE)\n  spreadMember",
    ),
    caught: ['false-death', 'agreement'],
    faults: ['slow'],
    seeds: 80,
  },
]
