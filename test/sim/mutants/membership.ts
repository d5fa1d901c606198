// Planted mistakes of changes of membership.
import type { Mutant } from './table.ts'

export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    id: 'M29',
    what: 'a configuration counts when it is committed, not from its append',
    patches: [
      {
        file: 'core/raft/raft.ts',
        from: '  const last = history.at(-1)\n',
        to: '  const last = history.findLast(({ index }) => index <= commit || index <= 1)\n',
      },
      {
        file: 'core/raft/raft.ts',
        from: 'export function latest({ history }: Raft): ConfigurationAt {',
        to: 'export function latest({ history, commit }: Raft): ConfigurationAt {',
      },
    ],
    profile: 'churn',
    seeds: 100,
    caught: ['elected', 'durable', 'configuration', 'assertion'],
  },
  {
    id: 'M30',
    what: 'membership changes before the leader has committed in its term',
    patches: [
      {
        file: 'core/raft/membership.ts',
        from: 'if (!knowsCommit(raft)) return',
        to: 'if (false) return',
      },
    ],
    profile: 'churn',
    seeds: 60,
    caught: ['configuration'],
  },
  {
    id: 'M31',
    what: 'a second change begins while one is pending',
    patches: [
      {
        file: 'core/raft/membership.ts',
        from: "  if (index > raft.commit) return 'another change is pending'\n",
        to: '',
      },
    ],
    profile: 'churn',
    seeds: 60,
    caught: ['configuration'],
  },
]
