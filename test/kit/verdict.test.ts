import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Parts, verdictOf } from './verdict.ts'

const verdict = suite('verdict')

const GOOD: Parts = {
  tests: { passed: 10, failed: 0, skipped: 1 },
  corpus: { passed: 5, short: 0 },
  stepsFailed: 0,
}
const failedOf = (parts: Partial<Parts>, tests = 10) =>
  verdictOf({ ...GOOD, ...parts }, { tests, corpus: {} }).failed

verdict('what passed is added up', () => {
  const { passed, failed, remarks } = verdictOf(GOOD, { tests: 10, corpus: {} })
  assert.equal({ passed, failed, remarks }, { passed: 15, failed: 0, remarks: [] })
})

verdict('a failed test, a corpus below its floor and a failed step each fail the whole', () => {
  assert.is(failedOf({ tests: { passed: 8, failed: 2 } }), 2)
  assert.is(failedOf({ corpus: { passed: 3, short: 2 } }), 2)
  assert.is(failedOf({ stepsFailed: 1 }), 1)
})

verdict('a part that wrote nothing has failed', () => {
  assert.ok(failedOf({ tests: undefined }) > 0)
  assert.is(failedOf({ corpus: undefined }), 1)
})

verdict('fewer tests than the floor fail the whole, skipped ones do not count', () => {
  assert.is(failedOf({ tests: { passed: 7, failed: 0, skipped: 3 } }), 3)
})

verdict.run()
