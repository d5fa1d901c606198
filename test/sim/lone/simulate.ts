// A run of a lone agent in the shape of a run of a cluster, for the search and for mutants.
import { simulateLone } from '../../../core/sim/lone/run.ts'
import type { RunOptions, RunResult } from '../../../core/sim/run.ts'
import { testConfig } from '../../kit/config.ts'

export function simulate({ seed, events, profile }: RunOptions): RunResult {
  const result = simulateLone({ seed, events, config: testConfig() })
  return {
    ...result,
    profile,
    undecided: false,
    faults: {},
    clients: { written: 0, refused: 0, unknown: 0, read: 0, stale: 0 },
    requests: [],
    elections: result.starts,
    recoveryMs: undefined,
  }
}
