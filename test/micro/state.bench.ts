// How fast the store is. `npm run bench` calls `run` and prints what it returns; by itself: `node
// --import tsx` this file.
import { pathToFileURL } from 'node:url'
import {
  beginTxn,
  commit,
  createStore,
  createWatchSet,
  fork,
  type Store,
  viewOf,
  watch,
} from '../../core/state/store.ts'
import { defineTable } from '../../core/state/table.ts'
import { get, list, put, remove, removePrefix } from '../../core/state/txn.ts'

export interface Rate {
  readonly name: string
  readonly perSecond: number
}

interface Row {
  readonly key: string
  readonly session: string | undefined
  readonly index: number
}

const ROWS = 100_000
const T = defineTable<Row>({
  name: 'bench',
  key: (row) => row.key,
  indexes: { session: (row) => row.session },
})

const KEYS: readonly string[] = Array.from(
  { length: ROWS },
  (_, i) => `kv/app${i % 97}/svc${i % 89}/key${(i * 7919) % ROWS}`,
)

const row = (key: string, index: number): Row => ({ key, session: undefined, index })

function write(store: Store, keys: readonly string[]): void {
  let index = 0
  for (const key of keys) {
    const txn = beginTxn(store, ++index)
    put(txn, T, row(key, index))
    commit(store, txn)
  }
}

function filled(): Store {
  const store = createStore([T])
  const txn = beginTxn(store, 1)
  for (const key of KEYS) put(txn, T, row(key, 1))
  commit(store, txn)
  return store
}

function timed(name: string, count: number, work: () => void): Rate {
  const from = process.hrtime.bigint()
  work()
  const seconds = Number(process.hrtime.bigint() - from) / 1e9
  return { name, perSecond: Math.round(count / seconds) }
}

export function run(): Rate[] {
  write(createStore([T]), KEYS) // warms up
  const fresh = createStore([T])
  const store = filled()
  const view = viewOf(store)
  return [
    timed('rows put, each in a transaction, new keys', ROWS, () => write(fresh, KEYS)),
    timed('rows put, each in a transaction, known keys', ROWS, () => write(fresh, KEYS)),
    timed('rows put in one transaction', ROWS, filled),
    timed('gets', 3 * ROWS, () => {
      for (let round = 0; round < 3; round++) for (const key of KEYS) get(view, T, key)
    }),
    timed('rows listed, whole table', 10 * ROWS, () => {
      for (let round = 0; round < 10; round++) list(view, T, '')
    }),
    timed('rows listed, below 97 prefixes', 5 * ROWS, () => {
      for (let i = 0; i < 5 * 97; i++) list(view, T, `kv/app${i % 97}/`)
    }),
    timed('rows removed by prefix', ROWS, () => {
      const txn = beginTxn(store, 2)
      removePrefix(txn, T, 'kv/')
      commit(store, txn)
    }),
    removing(),
    parking(),
    waking(),
  ]
}

function removing(): Rate {
  const store = fork(filled())
  return timed('rows removed, each in a transaction', ROWS, () => {
    for (const key of KEYS) {
      const txn = beginTxn(store, 2)
      remove(txn, T, key)
      commit(store, txn)
    }
  })
}

function parking(): Rate {
  const store = filled()
  return timed('waiters parked, each on its own key', ROWS, () => {
    for (const key of KEYS) {
      const watched = createWatchSet()
      get(viewOf(store, watched), T, key)
      watch(store, watched, {})
    }
  })
}

function waking(): Rate {
  const store = filled()
  for (let i = 0; i < ROWS; i++) {
    const watched = createWatchSet()
    get(viewOf(store, watched), T, 'one')
    watch(store, watched, {})
  }
  return timed('waiters of one key woken', ROWS, () => write(store, ['one']))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, perSecond } of run()) {
    process.stdout.write(`${perSecond.toLocaleString('en').padStart(14)}/s  ${name}\n`)
  }
}
