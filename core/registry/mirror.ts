// What a registry tells, as rows that DNS answers from. In the lesson each instance is a node of
// its own: `web-1.node.consul` is where the instance web-1 is found.
import { assert } from '../assert.ts'
import { fold } from '../bytes.ts'
import {
  BARE_CHECK,
  BARE_SERVICE,
  CATALOG_INDEXES,
  CHECKS,
  NODES,
  SERVICES,
} from '../catalog/records.ts'
import { deregister, register } from '../catalog/write.ts'
import { ApiError } from '../errors.ts'
import { integer, jsonBody, list, mapOf, struct, text } from '../route/decode.ts'
import { beginTxn, commit, createStore, type Store } from '../state/store.ts'
import type { Txn } from '../state/txn.ts'
import type { NamedInstance } from './shapes.ts'

export interface Mirror {
  readonly store: Store
  /** What stands in the store, by the name of its node, with what it was made from. */
  readonly known: Map<string, string>
  /** How often the store was changed: the log that it has none of. */
  version: number
}

export const createMirror = (): Mirror => ({
  store: createStore([NODES, SERVICES, CHECKS, CATALOG_INDEXES]),
  known: new Map(),
  version: 0,
})

/** The answer of `/v1/catalog/instances`; refuses what is none. */
export const instancesOf = jsonBody('not the list of a registry', (node): NamedInstance[] =>
  list(told)(node).map(({ id = '', name = '', node: on = '', ...rest }) => {
    if (id === '' || name === '') throw new ApiError('bad-request', 'an instance without a name')
    const { address = '', port = 0, status = '', tags = [], meta = {} } = rest
    return { id, name, node: on, address, port, status, tags, meta }
  }),
)

const told = struct(
  {
    id: text,
    name: text,
    node: text,
    address: text,
    port: integer,
    status: text,
    tags: list(text),
    meta: mapOf(text),
  },
  { lenient: true },
)

/** Brings the store to what was told: what is the same is not written, what is missing goes. */
export function mirror(to: Mirror, instances: readonly NamedInstance[]): void {
  const wanted = byNode(instances)
  const txn = beginTxn(to.store, ++to.version)
  for (const name of to.known.keys()) {
    if (wanted.has(name)) continue
    erase(txn, name)
    to.known.delete(name)
  }
  for (const [name, instance] of wanted) {
    const print = JSON.stringify(instance)
    if (to.known.get(name) === print) continue
    if (to.known.has(name)) erase(txn, name)
    write(txn, name, instance)
    to.known.set(name, print)
  }
  const fired = commit(to.store, txn)
  assert(fired.size === 0, 'nobody waits for a mirror')
}

/** Two registered under one id on different nodes are told apart by the node. */
function byNode(instances: readonly NamedInstance[]): Map<string, NamedInstance> {
  const wanted = new Map<string, NamedInstance>()
  for (const instance of instances) {
    const plain = fold(instance.id)
    wanted.set(wanted.has(plain) ? fold(`${instance.id}.${instance.node}`) : plain, instance)
  }
  return wanted
}

function erase(txn: Txn, node: string): void {
  deregister(txn, { type: 'deregister', node, serviceId: '', checkId: '', wall: 0 })
}

function write(txn: Txn, name: string, instance: NamedInstance): void {
  const { id, address, port, tags = [], status, meta = null } = instance
  const registered = register(txn, {
    type: 'register',
    node: {
      id: '',
      name,
      address,
      datacenter: '',
      taggedAddresses: null,
      meta,
      locality: null,
    },
    skipNodeUpdate: false,
    others: [],
    service: { ...BARE_SERVICE, id, name: instance.name, tags, port },
    checks: [{ ...BARE_CHECK, id: 'status', name: 'status', serviceId: id, status }],
    wall: 0,
  })
  assert(registered.ok, 'a node of its own takes its service')
}
