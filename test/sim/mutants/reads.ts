// Planted mistakes of linearizable reads, with and without leases.
import type { Mutant } from './table.ts'

export const READ_MUTANTS: readonly Mutant[] = [
  {
    id: 'M20',
    what: 'reads are served before the leader has committed in its term',
    patches: [
      {
        file: 'core/raft/reads.ts',
        from: '  if (knowsCommit(raft)) reads.open.push(id)\n  else reads.early.push(id)',
        to: '  reads.open.push(id)',
      },
    ],
    profile: 'swarm',
    seeds: 200,
    caught: ['stale-read'],
  },
  {
    id: 'M21',
    what: 'a new leader adds no entry of its own',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: '  addEntry(raft, ENTRY.noop, new Uint8Array(0))\n',
        to: '',
      },
    ],
    profile: 'swarm',
    seeds: 60,
    caught: ['liveness'],
  },
  {
    id: 'M22',
    what: 'a leader answers reads without asking whether it leads',
    patches: [
      {
        file: 'core/raft/reads.ts',
        from: '  if (!isEnough && !holdsLease(raft, leadership)) return\n',
        to: '',
      },
    ],
    profile: 'slow-reply',
    seeds: 100,
    caught: ['stale-read'],
  },
  {
    id: 'M23',
    what: 'a lease counts from the arrival of the answer',
    patches: [
      {
        file: 'core/raft/replicate.ts',
        from: 'progress.ackedSentAt = Math.max(progress.ackedSentAt, sent.sentAt)',
        to: 'progress.ackedSentAt = raft.now',
      },
    ],
    profile: 'slow-reply',
    seeds: 200,
    caught: ['stale-read'],
  },
  {
    id: 'M24',
    what: 'a lease takes clocks for equally fast',
    patches: [
      {
        file: 'core/raft/reads.ts',
        from: 'return Math.min(leaseMs, (heartbeatMs * (1 - leaseDrift)) / (1 + leaseDrift))',
        to: 'return leaseDrift === undefined ? 0 : Math.min(leaseMs, heartbeatMs)',
      },
    ],
    profile: 'clocks',
    seeds: 200,
    caught: ['stale-read'],
  },
  {
    id: 'M25',
    what: 'a lease outlives the handing over of the leadership',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: '  leadership.isLeaseVoid = true\n',
        to: '',
      },
    ],
    profile: 'transfer-storm',
    seeds: 200,
    caught: ['stale-read'],
  },
  {
    id: 'M32',
    what: 'followers that hear their leader give votes, with leases on',
    patches: [
      {
        file: 'core/raft/follower.ts',
        from: "  if (raft.now < raft.loyalUntil) return 'a lease may rest on us'\n",
        to: '',
      },
      {
        file: 'core/raft/follower.ts',
        from: '(raft.leader !== undefined && raft.leader.address !== from.address)',
        to: 'false',
      },
    ],
    profile: 'usurper',
    seeds: 100,
    caught: ['stale-read'],
  },
  {
    id: 'M70',
    what: 'a lease is held against the time of the last tick',
    patches: [
      {
        file: 'core/raft/server.ts',
        from: 'export function onTick(raft: Raft, now: Instant): void {\n',
        to: `export function onTick(raft: Raft, now: Instant): void {
  Object.assign(raft, { tickedAt: now })
`,
      },
      {
        file: 'core/raft/reads.ts',
        from: 'const oldest: Instant = now - leaseLengthMs(settings)',
        to: `const seen = ('tickedAt' in raft && raft.tickedAt) || now
  const oldest = seen - leaseLengthMs(settings)`,
      },
    ],
    profile: 'clocks',
    seeds: 200,
    caught: ['stale-read'],
  },
  {
    id: 'M71',
    what: 'a server that was restarted votes at once, with leases on',
    patches: [
      {
        file: 'core/raft/raft.ts',
        from: 'settings.leaseDrift === undefined ? now : now + settings.heartbeatMs',
        to: 'settings.leaseDrift === undefined ? now : now',
      },
    ],
    profile: 'quiet-restart',
    seeds: 250,
    caught: ['stale-read'],
  },
]
