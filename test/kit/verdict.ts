// The last line of a run of everything: how much passed, how much failed, from what its parts
// wrote.
import type { Floor } from './floor.ts'

export interface Parts {
  /** What test/run.ts wrote; undefined: it wrote nothing, so it failed as a whole. */
  readonly tests: Readonly<Record<string, number>> | undefined
  /** What test/floor.ts wrote. */
  readonly corpus: Readonly<Record<string, number>> | undefined
  /** Steps of the whole run that ended with an error, for whatever reason. */
  readonly stepsFailed: number
}

export interface Verdict {
  readonly passed: number
  readonly failed: number
  readonly remarks: readonly string[]
}

export function verdictOf({ tests, corpus, stepsFailed }: Parts, floor: Floor): Verdict {
  const remarks: string[] = []
  const passed = (tests?.['passed'] ?? 0) + (corpus?.['passed'] ?? 0)
  let failed = (tests?.['failed'] ?? 1) + (corpus?.['short'] ?? 1)
  const ran = (tests?.['passed'] ?? 0) + (tests?.['failed'] ?? 0)
  if (ran < floor.tests) {
    remarks.push(`only ${ran} tests ran, the floor is ${floor.tests}`)
    failed += floor.tests - ran
  }
  // A step may fail without a failed test: types, format, coverage. Then that is the failure.
  return { passed, failed: failed === 0 ? stepsFailed : failed, remarks }
}
