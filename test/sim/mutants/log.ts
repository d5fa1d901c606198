// Planted mistakes of replication and of the commit rule.
import type { Mutant } from './table.ts'

export const LOG_MUTANTS: readonly Mutant[] = [
  {
    id: 'M01',
    what: 'a leader commits entries of older terms by counting',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: 'if (index <= raft.commit || termAt(log, index) !== raft.vote.term) return',
        to: 'if (index <= raft.commit) return',
      },
    ],
    profile: 'figure-8',
    seeds: 700,
    caught: ['completeness', 'state-machine'],
  },
  {
    id: 'M07',
    what: 'a follower acknowledges entries before its disk has them',
    patches: [
      {
        file: 'core/raft/save.ts',
        from: 'say(raft, { vote: raft.votes.noted, proves, effect })',
        to: 'say(raft, { vote: raft.votes.noted, proves: NOTHING, effect })',
      },
    ],
    profile: 'swarm',
    seeds: 20,
    caught: ['saved-first'],
  },
  {
    id: 'M09',
    what: 'a leader counts itself before its own disk has the entry',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: 'id === self.id ? log.durable :',
        to: 'id === self.id ? lastIndex(log) :',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['durable'],
  },
  {
    id: 'M10',
    what: 'a conflicting suffix is not cut off',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: `if (entryAt(log, first.index) !== undefined) cutEntries(raft, first.index)
  saveEntries(raft, entries.slice(at))`,
        to: 'saveEntries(raft, entries.slice(at).filter(({ index }) => index > lastIndex(log)))',
      },
    ],
    profile: 'swarm',
    seeds: 60,
    caught: ['log-matching', 'saved-first', 'state-machine', 'assertion'],
  },
  {
    id: 'M11',
    what: 'an append always cuts off what stands behind it',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: `  const first = entries[at]
  if (first === undefined) return
  if (entryAt(log, first.index) !== undefined) cutEntries(raft, first.index)
  saveEntries(raft, entries.slice(at))`,
        to: `  const [head] = entries
  if (head === undefined || head.index <= raft.commit) return
  if (entryAt(log, head.index) !== undefined) cutEntries(raft, head.index)
  saveEntries(raft, entries)`,
      },
    ],
    profile: 'weather',
    seeds: 60,
    caught: ['assertion', 'believed', 'durable', 'completeness', 'saved-first'],
  },
  {
    id: 'M12',
    what: 'a follower takes the commit index up to its own last entry, whatever the message proves',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: 'advanceCommit(raft, logIndex(Math.min(commit, proven)))',
        to: 'advanceCommit(raft, logIndex(Math.min(commit, lastIndex(raft.log))))',
      },
      {
        file: 'core/raft/replicate.ts',
        from: 'const commit = logIndex(Math.min(raft.commit, proven))',
        to: 'const commit = raft.commit',
      },
    ],
    profile: 'swarm',
    seeds: 300,
    caught: ['state-machine'],
  },
  {
    id: 'M13',
    what: "a follower takes the leader's commit index as it is",
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: 'advanceCommit(raft, logIndex(Math.min(commit, proven)))',
        to: 'advanceCommit(raft, commit)',
      },
      {
        file: 'core/raft/replicate.ts',
        from: 'const commit = logIndex(Math.min(raft.commit, proven))',
        to: 'const commit = raft.commit',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['assertion', 'state-machine'],
  },
  {
    id: 'M14',
    what: 'the term of the entry before is not compared',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: 'return termAt(log, prevIndex) === prevTerm',
        to: 'return termAt(log, prevIndex) !== undefined',
      },
    ],
    profile: 'swarm',
    seeds: 100,
    caught: ['log-matching', 'saved-first', 'assertion', 'state-machine'],
  },
  {
    id: 'M15',
    what: 'appends of an older term are accepted',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: 'if (term < raft.vote.term) return false\n  if (term === raft',
        to: `if (term < raft.vote.term) return raft.role.type === 'follower'
  if (term === raft`,
      },
    ],
    profile: 'weather',
    seeds: 500,
    caught: ['completeness', 'state-machine', 'believed', 'durable', 'assertion', 'log-matching'],
  },
  {
    id: 'M18',
    what: 'an acknowledgement counts up to the last entry of the follower, not to what was proven',
    patches: [
      {
        file: 'core/raft/replicate.ts',
        from: 'onMatch(progress, logIndex(prevIndex + entries.length))',
        to: 'onMatch(progress, logIndex(Math.max(prevIndex + entries.length, reply.lastLog)))',
      },
    ],
    profile: 'swarm',
    seeds: 100,
    caught: ['believed', 'durable', 'assertion'],
  },
  {
    id: 'M19',
    what: 'half of the voters are a majority',
    patches: [
      {
        file: 'core/raft/quorum.ts',
        from: 'Math.floor(count / 2) + 1',
        to: 'Math.ceil(count / 2)',
      },
    ],
    profile: 'swarm',
    seeds: 60,
    caught: ['elected', 'durable'],
  },
  {
    id: 'M28',
    what: 'a new leader believes what it knew of its followers in an earlier term',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: '    followers: new Map(),',
        to: "    followers: ('followersOnce' in raft && raft.followersOnce) || new Map(),",
      },
      {
        file: 'core/raft/transitions.ts',
        from: "  if (role.type === 'leader') endLeadership(raft, role, why)",
        to: `  if (role.type === 'leader') {
    Object.assign(raft, { followersOnce: role.followers })
    endLeadership(raft, role, why)
  }`,
      },
    ],
    profile: 'swarm',
    seeds: 60,
    caught: ['believed', 'durable', 'assertion', 'liveness'],
  },
  {
    id: 'M37',
    what: 'a snapshot is installed and the conflicting log is kept',
    patches: [
      {
        file: 'core/raft/log.ts',
        from: 'if (termAt(log, snapshot.index) === snapshot.term) {',
        to: 'if (termAt(log, snapshot.index) !== undefined) {',
      },
    ],
    profile: 'snapshot-storm',
    seeds: 200,
    caught: ['snapshot', 'log-matching', 'liveness', 'state-machine', 'assertion'],
  },
]
