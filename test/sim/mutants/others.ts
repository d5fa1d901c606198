// Planted mistakes that the catalogue does not list: each for a rule of the simulator that would
// otherwise have caught nothing yet.
import type { Mutant } from './table.ts'

export const OTHER_MUTANTS: readonly Mutant[] = [
  {
    id: 'X01',
    what: 'a leader takes an entry of its own back that is not committed soon',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: '  if (raft.now >= leadership.leaseDue) checkQuorum(raft, leadership)\n',
        to: `  if (raft.now >= leadership.leaseDue) checkQuorum(raft, leadership)
  if (lastIndex(raft.log) > raft.commit + 1) cutEntries(raft, lastIndex(raft.log))
`,
      },
      {
        file: 'core/raft/leader.ts',
        from: 'import { call, saveEntries, stallDue }',
        to: 'import { call, cutEntries, saveEntries, stallDue }',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['append-only'],
  },
  {
    id: 'X02',
    what: 'a server takes its commit index back when it steps down',
    patches: [
      {
        file: 'core/raft/transitions.ts',
        from: "  if (role.type === 'leader') endLeadership(raft, role, why)",
        to: `  if (raft.commit > raft.log.base.index) raft.commit = logIndex(raft.commit - 1)
  if (role.type === 'leader') endLeadership(raft, role, why)`,
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['monotonic'],
  },
  {
    id: 'X03',
    what: 'a server that is restarted begins with the first term again',
    patches: [
      {
        file: 'core/raft/raft.ts',
        from: ': recovered.vote,',
        to: ': { ...recovered.vote, term: term(0) },',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['term-on-disk', 'saved-first', 'one-vote'],
  },
  {
    id: 'X04',
    what: 'a write is acknowledged when it is proposed',
    patches: [
      {
        file: 'core/sim/raft-host.ts',
        from: "server.options.bug === 'lost-ack'",
        to: 'true',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['lost-write'],
  },
  {
    id: 'X05',
    what: 'a server whose log was damaged votes and leads with what is left',
    patches: [
      {
        file: 'core/raft/raft.ts',
        from: "const isDamaged = boot === 'damaged' || recovered.vote.votedFor === WITHHELD",
        to: 'const isDamaged = false',
      },
    ],
    profile: 'rot',
    seeds: 40,
    caught: ['completeness', 'one-leader', 'state-machine', 'liveness'],
  },
  {
    id: 'X06',
    what: 'a server whose log was damaged is content with the first entries that fit',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: '  if (entries.length === 0 || isWholeCommit(raft, { term, commit, proven }))\n',
        to: '',
      },
    ],
    profile: 'rot',
    seeds: 60,
    caught: ['completeness', 'state-machine', 'durable'],
  },
]
