// What is kept of checks comes back as it was, however little of it is written down.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkText, readKept } from '../../../core/local/keep.ts'
import type { OwnCheck } from '../../../core/local/records.ts'
import { checkDefinition } from '../../kit/check-definition.ts'
import { fc } from '../../kit/property.ts'

const keep = suite('local/keep')

const check = (definition: OwnCheck['definition']): OwnCheck => ({
  id: 'c',
  name: 'check',
  status: 'critical',
  notes: '',
  output: '',
  serviceId: 'web',
  serviceName: 'web',
  serviceTags: null,
  type: 'ttl',
  interval: '',
  timeout: '',
  definition,
  source: 'api',
})

const comesBack = (row: OwnCheck): void => {
  const [found] = readKept([{ key: 'check c', text: checkText(row) }]).checks
  assert.equal({ ...found, definition: found?.definition }, row)
}

keep('whatever a definition says comes back', () => {
  const text = fc.constantFrom('', 'x', '"ä')
  const count = fc.constantFrom(0, 1, 5_000)
  const some = fc.record({
    http: text,
    body: text,
    args: fc.array(text, { maxLength: 2 }),
    header: fc.dictionary(fc.constantFrom('A', 'b'), fc.array(text, { maxLength: 2 }), {
      noNullPrototype: true,
    }),
    h2pingUseTls: fc.boolean(),
    tlsSkipVerify: fc.boolean(),
    ttlMs: count,
    failuresBeforeCritical: count,
  })
  fc.assert(fc.property(some, (given) => comesBack(check(checkDefinition(given)))))
})

keep('a check with nothing to run comes back without', () => {
  comesBack(check(undefined))
})

keep('a definition that says little is short', () => {
  const { length } = checkText(check(checkDefinition({ ttlMs: 1 })))
  assert.ok(length < 400, `${length} characters`)
})

keep.run()
