// Wall readings as dates, against the platform's own calendar.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isoUtc } from '../../core/time.ts'
import { fc } from '../kit/property.ts'

const utc = suite('time/isoUtc')

const platform = (wall: number): string => new Date(wall).toISOString()

utc('days around leap days, centuries and year ends are those of the calendar', () => {
  for (const year of [0, 4, 1600, 1900, 1969, 1970, 2000, 2023, 2024, 2100, 2400, 9999]) {
    for (const [month, day] of [
      [0, 1],
      [1, 28],
      [1, 29],
      [2, 1],
      [11, 31],
    ] as const) {
      const date = new Date(0)
      date.setUTCFullYear(year, month, day)
      date.setUTCHours(23, 59, 59, 999)
      assert.is(isoUtc(date.getTime()), date.toISOString())
    }
  }
})

utc('any moment of four digits of year prints as the platform prints it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (wall) => {
      assert.is(isoUtc(wall), platform(wall))
    }),
    { seed: 5, numRuns: 300 },
  )
})

utc.run()
