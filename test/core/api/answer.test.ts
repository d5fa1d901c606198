// What becomes of an answer that no text can hold.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { answerFound, answerSaid, createLetterhead } from '../../../core/api/answer.ts'
import { utf8 } from '../../../core/bytes.ts'
import { testConfig } from '../../kit/config.ts'

const answer = suite('answer')

const HEAD = createLetterhead(testConfig())
const MANNER = {
  meta: 'index',
  consistency: 'default',
  state: { index: 1, knownLeader: true, lastContactMs: 0 },
} as const

/** Longer than any text of the engine, but in itself small. */
const boundless = () => 'x'.repeat(2 ** 30)

const TOO_LONG = 'the answer is longer than any text can be: ask for less'

answer('a value that is longer than any text is refused, and nothing ends by it', () => {
  const found = { index: 1, value: [], compact: () => utf8(boundless()) }
  const { status, body } = answerFound(HEAD, found, { ...MANNER, layout: 'compact' })
  assert.equal([status, body], [500, TOO_LONG])
  const value = [{ toJSON: boundless }]
  for (const layout of ['compact', 'pretty'] as const) {
    const printed = answerFound(HEAD, { index: 1, value }, { ...MANNER, layout })
    assert.equal([printed.status, printed.body], [500, TOO_LONG])
  }
  const said = answerSaid(HEAD, { json: value }, 'compact')
  assert.equal([said.status, said.body], [500, TOO_LONG])
})

answer.run()
