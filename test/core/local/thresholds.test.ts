// How many results in a row change a state: a table for the rules, then any sequence against a
// naive version that looks back.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Status } from '../../../core/local/records.ts'
import { createStreak, judge } from '../../../core/local/thresholds.ts'
import { fc } from '../../kit/property.ts'

const thresholds = suite('local/thresholds')

const LETTERS: Readonly<Record<string, Status>> = { p: 'passing', w: 'warning', c: 'critical' }
const letterOf = (status: Status | undefined) => status?.slice(0, 1) ?? '.'

/** Results and what each leads to, a letter each; a dot keeps the old state. */
function run(limits: readonly [number, number, number], results: string): string {
  const [successBeforePassing, failuresBeforeWarning, failuresBeforeCritical] = limits
  const rules = { successBeforePassing, failuresBeforeWarning, failuresBeforeCritical }
  const streak = createStreak(rules)
  return [...results]
    .map((letter) => letterOf(judge(streak, LETTERS[letter] ?? 'critical', rules)))
    .join('')
}

const TABLE: readonly (readonly [limits: [number, number, number], given: string, then: string])[] =
  [
    [[0, 0, 0], 'pwcpc', 'pwcpc'],
    [[3, 0, 0], 'pcppp', 'pc..p'],
    [[3, 0, 0], 'cpwp', 'c..p'],
    [[0, 0, 3], 'cpccc', 'cp..c'],
    [[0, 2, 3], 'pcccc', 'p.wcc'],
    [[0, 1, 3], 'pcccp', 'pwwcp'],
    [[2, 2, 2], 'pcpcpp', 'p....p'],
  ]

for (const [limits, given, then] of TABLE) {
  thresholds(`with ${limits} the results ${given} lead to ${then}`, () => {
    assert.is(run(limits, given), then)
  })
}

/** Looks at the end of what came so far; before the first result there were any number of both. */
function naive([passing, warning, critical]: readonly [number, number, number], seen: string) {
  const last = seen.at(-1) ?? ''
  const fails = /c*$/.exec(seen)?.[0].length ?? 0
  const successes = /[pw]*$/.exec(seen)?.[0].length ?? 0
  const isUnbroken = (count: number) => count === seen.length
  if (last !== 'c') {
    return successes + (isUnbroken(successes) ? passing : 0) >= passing ? last : '.'
  }
  const counted = fails + (isUnbroken(fails) ? critical : 0)
  if (counted >= critical) return 'c'
  return counted >= (warning || critical) ? 'w' : '.'
}

thresholds('any sequence of results comes to what looking back says', () => {
  const small = fc.integer({ min: 0, max: 4 })
  const limits = fc
    .tuple(small, small, small)
    .filter(([, warning, critical]) => warning <= critical)
  const results = fc.stringMatching(/^[pwc]{1,12}$/)
  fc.assert(
    fc.property(limits, results, (rules, given) => {
      const expected = [...given].map((_, i) => naive(rules, given.slice(0, i + 1))).join('')
      assert.is(run(rules, given), expected)
    }),
    { numRuns: 300 },
  )
})

thresholds.run()
