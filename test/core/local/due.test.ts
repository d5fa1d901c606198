// The heap of due times against a sorted list.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Due, type DueHeap, setDue, takeDue } from '../../../core/local/due.ts'
import { fc } from '../../kit/property.ts'

const due = suite('local/due')

due('what is due comes out in the order of its time, and nothing before it', () => {
  const step = fc.record({ at: fc.integer({ min: 0, max: 50 }), now: fc.integer({ max: 50 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heap: DueHeap = []
      let waiting: number[] = []
      for (const [round, { at, now }] of steps.entries()) {
        setDue(heap, { at, id: 'x', round })
        waiting.push(at)
        const taken: number[] = []
        for (let one: Due | undefined = takeDue(heap, now); one; one = takeDue(heap, now)) {
          taken.push(one.at)
        }
        const expected = waiting.filter((time) => time <= now).sort((a, b) => a - b)
        waiting = waiting.filter((time) => time > now)
        assert.equal(taken, expected)
      }
    }),
    { numRuns: 200 },
  )
})

due.run()
