// Planted mistakes in the dealings with the disk. The world plays the part of daemons/runtime here;
// the mistakes of the real log (M41, M42, M44, M45) are planted where it is tested, in
// test/daemons/runtime/disk-mutants.test.ts.
import type { Mutant } from './table.ts'

export const DISK_MUTANTS: readonly Mutant[] = [
  {
    id: 'M34',
    what: 'a server alone acknowledges before its disk has the entry',
    patches: [
      {
        file: 'core/raft/leader.ts',
        from: 'id === self.id ? log.durable :',
        to: 'id === self.id ? lastIndex(log) :',
      },
    ],
    profile: 'alone',
    seeds: 20,
    caught: ['durable'],
  },
  {
    id: 'M38',
    what: 'the log is trimmed before the snapshot is durable',
    patches: [
      {
        file: 'core/raft/replicated.ts',
        from: '  startOver(replicated)\n  replicated.effects.push(',
        to: `  startOver(replicated)
  replicated.effects.push({ type: 'trim-log', through: onSnapshotSaved(raft, meta, raft.now) })
  replicated.effects.push(`,
      },
    ],
    profile: 'snapshot-storm',
    seeds: 40,
    caught: ['assertion', 'snapshot', 'durable', 'believed', 'saved-first'],
  },
  {
    id: 'M43',
    what: 'a failed sync is tried again and taken for a success',
    patches: [
      {
        file: 'core/sim/life.ts',
        from: "    stopNode(world, node, 'disk-failed')\n    return\n",
        to: `    disk.writing = undefined
    deliver(world, node, { type: 'persisted', token: write.token })
    return
`,
      },
    ],
    profile: 'swarm',
    seeds: 60,
    caught: ['saved-first', 'durable', 'believed', 'assertion', 'elected'],
  },
]
