// Planted mistakes of the state machine and its snapshots.
import type { Mutant } from './table.ts'

export const STATE_MUTANTS: readonly Mutant[] = [
  {
    id: 'M39',
    what: 'a snapshot leaves out the tombstones',
    patches: [
      {
        file: 'core/fsm/snapshot.ts',
        from: '  for (const { table, row } of rowsOf(view)) {\n',
        to: `  for (const { table, row } of rowsOf(view)) {
    if (table.name === 'tombstones') continue
`,
      },
      {
        file: 'core/fsm/snapshot.ts',
        from: '    rows: countRows(view, table),\n',
        to: "    rows: table.name === 'tombstones' ? 0 : countRows(view, table),\n",
      },
    ],
    profile: 'snapshot-storm',
    seeds: 60,
    caught: ['snapshot'],
  },
  {
    id: 'M40',
    what: 'a snapshot is written from the state that goes on changing',
    patches: [
      {
        file: 'core/fsm/snapshot.ts',
        from: `  const view = viewOf(fsm.store)
  const { applied } = fsm
  return { [Symbol.iterator]: () => writeChunks(view, applied) }`,
        to: `  const { applied } = fsm
  return { [Symbol.iterator]: () => writeChunks(viewOf(fsm.store), applied) }`,
      },
    ],
    profile: 'snapshot-storm',
    seeds: 60,
    caught: ['snapshot'],
  },
  {
    id: 'M48',
    what: 'a comparison looks at the index of the table',
    patches: [
      {
        file: 'core/kv/write.ts',
        from: '  if ((known?.modifyIndex ?? 0) !== change.index) return undefined\n',
        to: '  if (change.index !== 0 && txn.index - 1 !== change.index) return undefined\n',
      },
    ],
    profile: 'swarm',
    seeds: 40,
    caught: ['state-machine', 'linearizable'],
  },
  {
    id: 'M52',
    what: 'who waits is not woken when a snapshot becomes the state',
    patches: [
      {
        file: 'core/state/snapshot.ts',
        from: 'return fireAll(store.watches)',
        to: 'return new Set()',
      },
    ],
    profile: 'snapshot-storm',
    seeds: 200,
    caught: ['wake-up'],
  },
]
