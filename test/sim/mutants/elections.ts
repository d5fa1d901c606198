// Planted mistakes of terms and votes.
import type { Mutant } from './table.ts'

/** Of two logs, the one that may win. */
const NEWER = 'theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index)'

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    id: 'M02',
    what: 'the vote is not saved, only the term',
    patches: [
      {
        file: 'core/raft/save.ts',
        from: 'const vote = hasVote ? { vote: raft.vote } : {}',
        to: "const vote = hasVote ? { vote: { term: raft.vote.term, votedFor: '' } } : {}",
      },
    ],
    profile: 'flush-crasher',
    seeds: 20,
    caught: ['elected', 'saved-first'],
  },
  {
    id: 'M03',
    what: 'a term that comes without a vote is not saved',
    patches: [
      {
        file: 'core/raft/save.ts',
        from: 'const vote = hasVote ? { vote: raft.vote } : {}',
        to: "const vote = hasVote && raft.vote.votedFor !== '' ? { vote: raft.vote } : {}",
      },
    ],
    profile: 'swarm',
    seeds: 20,
    caught: ['saved-first'],
  },
  {
    id: 'M04',
    what: 'votes are given whatever log the candidate has',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: "return isBehind(raft, request) ? 'its log is behind' : undefined",
        to: 'return undefined',
      },
      {
        file: 'core/raft/follower.ts',
        from: 'return request.term >= raft.vote.term && !isBehind(raft, request)',
        to: 'return request.term >= raft.vote.term',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['completeness'],
  },
  {
    id: 'M05',
    what: 'logs are compared by their last index only',
    patches: [
      {
        file: 'core/raft/log.ts',
        from: NEWER,
        to: 'theirs.index >= ours.index',
      },
    ],
    profile: 'figure-8',
    seeds: 300,
    caught: ['completeness'],
  },
  {
    id: 'M06',
    what: 'logs are compared by their last term only',
    patches: [
      {
        file: 'core/raft/log.ts',
        from: NEWER,
        to: 'theirs.term >= ours.term',
      },
    ],
    profile: 'swarm',
    seeds: 100,
    caught: ['completeness'],
  },
  {
    id: 'M08',
    what: 'a vote leaves before the disk has it',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: `granted: why === undefined } as const
  sayWhenVoteSaved(raft, { type: 'reply', id, reply })`,
        to: `granted: why === undefined } as const
  raft.effects.push({ type: 'reply', id, reply })`,
      },
    ],
    profile: 'flush-crasher',
    seeds: 20,
    caught: ['saved-first'],
  },
  {
    id: 'M16',
    what: 'votes of an earlier term are counted',
    patches: [
      {
        file: 'core/raft/candidate.ts',
        from: '  if (sent.term !== raft.vote.term) return\n',
        to: '',
      },
    ],
    profile: 'weather',
    seeds: 200,
    caught: ['elected', 'one-leader'],
  },
  {
    id: 'M17',
    what: 'a vote that arrives twice counts twice',
    patches: [
      {
        file: 'core/raft/server.ts',
        from: `  const sent = raft.calls.get(answer.call)
  raft.calls.delete(answer.call)`,
        to: `  const sent = raft.calls.get(answer.call)
  if (sent?.request.type !== 'vote') raft.calls.delete(answer.call)`,
      },
      {
        file: 'core/raft/candidate.ts',
        from: '  role.votes.add(sent.to.id)',
        to: "  role.votes.add(sent.to.id + (role.votes.has(sent.to.id) ? role.votes.size : ''))",
      },
      {
        file: 'core/raft/candidate.ts',
        from: 'return hasMajority(configurationOf(raft), (id) => (id === self.id ? isOurs :',
        to: `if (2 * (role.votes.size + (isOurs ? 1 : 0)) > votersOf(configurationOf(raft)).length)
    return true
  return hasMajority(configurationOf(raft), (id) => (id === self.id ? isOurs :`,
      },
    ],
    profile: 'weather',
    seeds: 200,
    caught: ['elected', 'one-leader'],
  },
  {
    id: 'M26',
    what: 'a leader takes no notice of higher terms',
    patches: [
      {
        file: 'core/raft/server.ts',
        from: 'if (reply.term <= Math.max(known, raft.vote.term)) return false',
        to: "if (reply.term <= raft.vote.term || raft.role.type === 'leader') return false",
      },
      {
        file: 'core/raft/follower.ts',
        from: 'if (term < raft.vote.term) return false\n  if (term === raft',
        to: `if (term < raft.vote.term || raft.role.type === 'leader') return false
  if (term === raft`,
      },
    ],
    profile: 'clocks',
    seeds: 60,
    caught: ['liveness', 'one-leader', 'assertion'],
  },
  {
    id: 'M27',
    what: 'a server votes for everybody who asks in a term',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: "if (votedFor !== '' && votedFor !== candidateName(from)) return",
        to: 'if (false) return',
      },
    ],
    profile: 'swarm',
    seeds: 60,
    caught: ['saved-first', 'one-vote', 'one-leader'],
  },
  {
    id: 'M33',
    what: 'term and candidate are saved in two writes',
    patches: [
      {
        file: 'core/raft/save.ts',
        from: 'const vote = hasVote ? { vote: raft.vote } : {}',
        to: `const once = raft as unknown as { half?: number; saved?: string }
  const isHalf = hasVote && once.half !== raft.vote.term
  const vote = isHalf
    ? { vote: { term: raft.vote.term, votedFor: once.saved ?? '' } }
    : hasVote
      ? { vote: raft.vote }
      : {}
  if (isHalf) once.half = raft.vote.term
  else if (hasVote) once.saved = raft.vote.votedFor`,
      },
      {
        file: 'core/raft/save.ts',
        from: 'if (hasVote) votes.handedOver = votes.noted',
        to: 'if (hasVote && !isHalf) votes.handedOver = votes.noted',
      },
    ],
    profile: 'flush-crasher',
    seeds: 100,
    caught: ['one-vote', 'completeness'],
  },
  {
    id: 'M35',
    what: 'a vote is kept when the term changes',
    patches: [
      {
        file: 'core/raft/save.ts',
        from: "saveVote(raft, { term, votedFor: raft.quarantine === undefined ? '' : WITHHELD })",
        to: 'saveVote(raft, { term, votedFor: raft.vote.votedFor })',
      },
      {
        file: 'core/raft/save.ts',
        from: "  assert(vote.term > known.term || known.votedFor === '', 'one vote in a term')\n",
        to: '',
      },
    ],
    profile: 'swarm',
    seeds: 20,
    caught: ['liveness', 'assertion'],
  },
  {
    id: 'M36',
    what: 'a pre-vote raises the term of those who are asked',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: '  const granted = wouldVote(raft, from, request)\n',
        to: `  const granted = wouldVote(raft, from, request)
  if (request.term > raft.vote.term) {
    adoptTerm(raft, request.term)
    becomeFollower(raft, 'a candidate proposes a higher term')
  }
`,
      },
    ],
    profile: 'churn',
    seeds: 250,
    caught: ['liveness'],
  },
  {
    id: 'M46',
    what: 'a server that has lost its disk votes under its old name',
    patches: [
      {
        file: 'core/raft/raft.ts',
        from: "const isDamaged = boot === 'damaged' || recovered.vote.votedFor === WITHHELD",
        to: 'const isDamaged = false',
      },
    ],
    profile: 'wipe',
    seeds: 200,
    caught: ['liveness', 'completeness', 'one-vote', 'one-leader', 'state-machine'],
  },
  {
    id: 'M69',
    what: 'a leader whose disk has stalled goes on sending heartbeats',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: 'if (raft.now >= stallDue(raft)) resign(',
        to: 'if (false) resign(',
      },
    ],
    profile: 'stalled-disk',
    seeds: 40,
    caught: ['liveness'],
  },
]
