// Planted mistakes that a lone agent shows: of keys, locks, sessions, transactions and waiting.
import type { Mutant } from './table.ts'

const LONE = { world: 'lone', profile: 'alone' } as const

export const LONE_MUTANTS: readonly Mutant[] = [
  {
    id: 'M34-solo',
    what: 'a lone log counts an entry as committed before the disk has it',
    patches: [
      {
        file: 'core/solo.ts',
        from: '  solo.queued.push({ index, term: solo.term, type, data })\n',
        to: `  solo.queued.push({ index, term: solo.term, type, data })
  solo.ready.push({ index, term: solo.term, type, data })
`,
      },
      {
        file: 'core/solo.ts',
        from: '    solo.ready.push(entry)\n    solo.unsavedBytes',
        to: '    solo.unsavedBytes',
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['durable'],
  },
  {
    id: 'M49',
    what: 'a delete does not move the index of its prefix',
    patches: [
      {
        file: 'core/kv/write.ts',
        from: '  remove(txn, KV, key)\n  put(txn, TOMBSTONES, { key, index: txn.index })\n',
        to: '  remove(txn, KV, key)\n',
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['state-machine', 'index', 'wake-up'],
  },
  {
    id: 'M50',
    what: 'tombstones are reaped that are not due, and the index slides back',
    patches: [
      {
        file: 'core/kv/write.ts',
        from: 'if (tombstone.index <= through) remove(',
        to: 'if (through > 0) remove(',
      },
    ],
    ...LONE,
    seeds: 150,
    caught: ['state-machine', 'index', 'wake-up'],
  },
  {
    id: 'M51',
    what: 'a query of a prefix has read before it waits, and misses what comes',
    patches: [
      {
        file: 'core/kv/read.ts',
        from: 'const rows = list(view, KV, prefix)',
        to: 'const rows = peekList(view, KV, prefix)',
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['wake-up'],
  },
  {
    id: 'M53',
    what: 'a lock is taken for a session that is dead',
    patches: [
      {
        file: 'core/sessions/write.ts',
        from: 'if (get(txn, SESSIONS, fold(change.session)) === undefined) {',
        to: 'if (change.session === undefined) {',
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['state-machine'],
  },
  {
    id: 'M54',
    what: 'a lock-delay is forgotten by a snapshot',
    patches: [
      {
        file: 'core/fsm/snapshot.ts',
        from: '  for (const { table, row } of rowsOf(view)) {\n',
        to: `  for (const { table, row } of rowsOf(view)) {
    if (table.name === 'lock-delays') continue
`,
      },
      {
        file: 'core/fsm/snapshot.ts',
        from: '    rows: countRows(view, table),\n',
        to: "    rows: table.name === 'lock-delays' ? 0 : countRows(view, table),\n",
      },
    ],
    ...LONE,
    seeds: 200,
    caught: ['snapshot'],
  },
  {
    id: 'M55',
    what: 'the token of a lock starts again when its key was deleted',
    patches: [
      {
        file: 'core/kv/write.ts',
        from: 'createIndex: known?.createIndex ?? txn.index,',
        to: 'createIndex: known?.createIndex ?? 1,',
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['state-machine', 'fence'],
  },
  {
    id: 'M57',
    what: 'the TTL of a session runs by the wall clock',
    patches: [
      {
        file: 'core/agent/requests.ts',
        from: 'renewSession(agent.sessions, row, agent.clock.now)',
        to: 'renewSession(agent.sessions, row, agent.clock.wall)',
      },
      {
        file: 'core/agent/ordering.ts',
        from: 'for (const row of news.born) renewSession(sessions, row, clock.now)',
        to: 'for (const row of news.born) renewSession(sessions, row, clock.wall)',
      },
      {
        file: 'core/agent/ordering.ts',
        from: "SESSIONS, ''), clock.now)",
        to: "SESSIONS, ''), clock.wall)",
      },
      {
        file: 'core/agent/agent.ts',
        from: 'expiredSessions(agent.sessions, now)',
        to: 'expiredSessions(agent.sessions, wall)',
      },
    ],
    ...LONE,
    seeds: 100,
    caught: ['session'],
  },
  {
    id: 'M58',
    what: 'a session ends, and its locks are given back some time later',
    patches: [
      {
        file: 'core/sessions/write.ts',
        from: "for (const held of listBy(txn, KV, 'session', id)) letGo(",
        to: "for (const held of listBy(txn, KV, 'session', id).slice(1)) letGo(",
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['state-machine'],
  },
  {
    id: 'M59',
    what: 'a transaction that fails leaves a part of itself',
    patches: [
      {
        file: 'core/fsm/fsm.ts',
        from: 'if (stands) return',
        to: "if (stands || command.type === 'txn') return",
      },
    ],
    ...LONE,
    seeds: 10,
    caught: ['state-machine'],
  },
]
