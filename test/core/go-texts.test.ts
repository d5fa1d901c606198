// Where our ground imitates Go's library, against what Go itself says: golden/go-texts.go made the
// file.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hex, parseBase64 } from '../../core/bytes.ts'
import { quoteGo } from '../../core/quote.ts'
import { encodeJson, parseJson, plain } from '../../core/route/json.ts'
import { parseQuery } from '../../core/route/query.ts'
import { formatDurationNs, parseDurationNs } from '../../core/time.ts'
import { parseU64, u64Complaint } from '../../core/u64.ts'

interface Answer {
  readonly in: string
  readonly out: string
  /** What Go complains of; then there is no result. */
  readonly err?: string
}

const GOLDEN = new URL('golden/go-texts.json', import.meta.url)

function answersOn(subject: string): readonly Answer[] {
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as Record<string, Answer[]> // made so
  const answers = golden[subject] ?? []
  assert.ok(answers.length > 20, `Go was asked about ${subject}`)
  return answers
}

const shown = (given: Answer) => JSON.stringify(given.in)

const go = suite("core, held against Go's library")

go('a JSON body is read or refused in the same words', () => {
  for (const given of answersOn('json')) {
    const parsed = parseJson(given.in)
    if (parsed.ok) {
      assert.is(undefined, given.err, shown(given))
      assert.equal(JSON.parse(encodeJson(plain(parsed.value))), JSON.parse(given.out), shown(given))
    } else assert.is(parsed.why, given.err, shown(given))
  }
})

go('a text is written as JSON in the same way', () => {
  for (const given of answersOn('text')) assert.is(encodeJson(given.in), given.out, shown(given))
})

go('a text is quoted in the same way', () => {
  for (const given of answersOn('quote')) assert.is(quoteGo(given.in), given.out, shown(given))
})

go('base64 is read, or faulted at the same place', () => {
  for (const given of answersOn('base64')) {
    const parsed = parseBase64(given.in)
    if (parsed.ok)
      assert.equal([hex(parsed.bytes), undefined], [given.out, given.err], shown(given))
    else assert.is(`illegal base64 data at input byte ${parsed.at}`, given.err, shown(given))
  }
})

go('an unsigned integer is read or refused in the same words', () => {
  for (const given of answersOn('uint')) {
    const parsed = parseU64(given.in)
    if (parsed.ok)
      assert.equal([String(parsed.value), undefined], [given.out, given.err], shown(given))
    else assert.is(u64Complaint(given.in, parsed.why), given.err, shown(given))
  }
})

go('a duration is read or refused', () => {
  for (const given of answersOn('duration')) {
    const ns = parseDurationNs(given.in)
    // Beyond 2^53 nanoseconds (104 days) we are exact to a rounding only.
    const expected = given.err === undefined ? Number(given.out) : undefined
    assert.is(ns, expected, shown(given))
  }
})

go('a duration is shown in the same way', () => {
  for (const given of answersOn('shown')) assert.is(formatDurationNs(Number(given.in)), given.out)
})

go('a query is read, refused and written in the same way', () => {
  for (const given of answersOn('query')) {
    const parsed = parseQuery(given.in)
    const expected = given.err === undefined ? given.out : undefined
    assert.is(parsed?.sorted(), expected, shown(given))
  }
})

go.run()
