import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { before, within } from './within.ts'

const deadlines = suite('deadlines')

const failureOf = async (work: Promise<unknown>): Promise<Error> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('it did not fail')
  return error
}

deadlines('a condition that comes to hold hands over its answer', async () => {
  let asked = 0
  assert.is(await within(2000, () => ++asked >= 3 && 'three'), 'three')
  assert.is(asked, 3)
})

deadlines('a condition that throws does not hold yet, and its last reason is kept', async () => {
  const never = within(30, () => Promise.reject(new Error('not up')), 'the agent')
  const error = await failureOf(never)
  assert.match(error.message, /the agent: not within 240 ms/)
  assert.match(String(error.cause), /not up/)
})

deadlines('a condition that hangs ends at the deadline', async () => {
  const error = await failureOf(within(30, () => new Promise<boolean>(() => undefined), 'a hang'))
  assert.match(error.message, /a hang: not within 240 ms/)
})

deadlines('work that hangs ends at the deadline, and work that ends keeps its result', async () => {
  const hang = before(30, () => new Promise(() => undefined), 'the page')
  assert.match((await failureOf(hang)).message, /the page: no answer in time/)
  assert.is(await before(2000, () => 7, 'seven'), 7)
})

deadlines.run()
