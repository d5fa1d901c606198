// What becomes of an answer that no text can hold.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { answerError, answerFound, answerSaid, createLetterhead } from '../../../core/api/answer.ts'
import { utf8 } from '../../../core/bytes.ts'
import { ApiError } from '../../../core/errors.ts'
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

answer('the header that repeats an error is bounded, whatever the message holds', () => {
  const plain = testConfig()
  const httpConfig = { ...plain.httpConfig, errorFormat: 'json' } as const
  const head = createLetterhead({ ...plain, httpConfig })
  const message = `${'x'.repeat(1_000)}é\ud800`.repeat(1_000)
  const { headers, body } = answerError(head, new ApiError('invalid', message))
  const shown = headers[headers.indexOf('X-Lictor-Error') + 1]
  assert.is(shown, 'x'.repeat(1_000))
  assert.ok(typeof body === 'string' && body.length > 1_000_000)
  const halved = answerError(head, new ApiError('invalid', 'half \ud800 a pair')).headers
  assert.is(halved[halved.indexOf('X-Lictor-Error') + 1], 'half%20%EF%BF%BD%20a%20pair')
})

answer.run()
