// wrk as a load generator: rate and latency of one workload, and nothing at all when a single
// answer failed.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Load {
  readonly dir: string
  readonly port: number
  readonly clients: number
  readonly seconds: number
  /** What a request is, in Lua. */
  readonly lua: string
}

export interface Outcome {
  readonly rate: number
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const DONE = `done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %f %d %d %d %d\\n", summary.requests / (summary.duration / 1e6),
    summary.requests, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end`

/** Puts of 128 bytes to ten thousand keys. */
export const PUTS = `local v = string.rep("x", 128)
math.randomseed(7)
request = function() return wrk.format("PUT", "/v1/kv/bench/" .. math.random(1, 10000), nil, v) end`

/** Gets of the same keys. */
export const GETS = `math.randomseed(7)
request = function() return wrk.format("GET", "/v1/kv/bench/" .. math.random(1, 10000)) end`

export async function wrk(load: Load): Promise<Outcome> {
  const script = join(load.dir, 'load.lua')
  await writeFile(script, `${load.lua}\n${DONE}\n`)
  const args = ['-t1', `-c${load.clients}`, `-d${load.seconds}s`, '--timeout', '30s', '-s', script]
  const { stdout } = await promisify(execFile)('wrk', [...args, `http://127.0.0.1:${load.port}`])
  const [, ...numbers] = /RESULT (\S+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout) ?? []
  const [rate = 0, requests = 0, p50 = 0, p99 = 0, errors = 1] = numbers.map(Number)
  if (errors > 0 || requests === 0) throw new Error(`${errors} of ${requests} requests failed`)
  return { rate, requests, p50Ms: p50 / 1000, p99Ms: p99 / 1000 }
}
