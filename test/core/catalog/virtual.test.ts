// Virtual addresses: one for each name that is served over Connect.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SERVICES, VIRTUAL } from '../../../core/catalog/records.ts'
import { viewOf } from '../../../core/state/store.ts'
import { list } from '../../../core/state/txn.ts'
import { createBench, drop, meshed, mustHold, node, put, registration, service } from './bench.ts'

const virtual = suite('catalog/virtual')

function scene() {
  const bench = createBench()
  const add = (id: string, proxied?: string) => {
    const given = { ...meshed(proxied), taggedAddresses: { z: { Address: 'z', Port: 1 } } }
    mustHold(put(bench, registration(node('n'), { service: service(id, given) })))
  }
  const addresses = () =>
    Object.fromEntries(
      list(viewOf(bench.store), SERVICES, '').map(({ id, taggedAddresses }) => [
        id,
        taggedAddresses?.[VIRTUAL]?.Address,
      ]),
    )
  return { bench, add, addresses }
}

virtual('all that serve a name share its address, and others have others', () => {
  const { add, addresses } = scene()
  add('plain')
  add('p1', 'web')
  add('db', 'native')
  add('p2', 'WEB')
  assert.equal(addresses(), {
    plain: undefined,
    p1: '240.0.0.1',
    db: '240.0.0.2',
    p2: '240.0.0.1',
  })
})

virtual('with the last of them an address is free again', () => {
  const { bench, add, addresses } = scene()
  add('p1', 'web')
  add('db', 'native')
  drop(bench, 'n', { serviceId: 'p1' })
  add('p2', 'api')
  assert.equal(addresses(), { db: '240.0.0.2', p2: '240.0.0.1' })
})

virtual('repeating a registration moves no index', () => {
  const { bench, add } = scene()
  add('p1', 'web')
  const rows = () => list(viewOf(bench.store), SERVICES, '')
  const before = rows()
  add('p1', 'web')
  assert.equal(rows(), before)
})

virtual.run()
