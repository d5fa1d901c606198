// Every program name we answer to, and every command with the way to load it. Only the chosen command is loaded.
import type { Table } from './kit/table.ts'

export const TABLE: Table = {
  programs: {
    lictor: 'lictor',
    consul: 'consul',
    'consul-clone': 'lictor',
    kvstore: 'not-built',
    raftnode: 'not-built',
    raftctl: 'not-built',
    swimnode: 'not-built',
    swimctl: 'not-built',
    registry: 'not-built',
    'registry-dns': 'not-built',
    meshca: 'not-built',
    sidecar: 'not-built',
    intentctl: 'not-built',
    'chaos-consul': 'not-built',
  },
  groups: [{ name: 'kv', about: 'Read and write the key/value store' }],
  commands: {
    'kv delete': { load: () => import('./kv/delete.ts') },
    'kv export': { load: () => import('./kv/export.ts') },
    'kv get': { load: () => import('./kv/get.ts') },
    'kv import': { load: () => import('./kv/import.ts') },
    'kv put': { load: () => import('./kv/put.ts') },
    version: { load: () => import('./version.ts') },
  },
}
