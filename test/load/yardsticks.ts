// What this machine gives right now, without us: a bare node:http server, the disk, the start of
// Node.
import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { type Figure, median, YARDSTICK_NAMES } from './figure.ts'
import { PUTS, wrk } from './wrk.ts'

const SYNCS = 400
const STARTS = 21

export async function measureYardsticks(dir: string, seconds: number): Promise<Figure[]> {
  return [
    { name: YARDSTICK_NAMES.H, unit: '/s', value: await bareHttp(dir, seconds) },
    { name: YARDSTICK_NAMES.S, unit: 'ms', value: await rawSync(dir) },
  ]
}

const SERVER = `const server = require('node:http').createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 4 })
  response.end('true')
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))`

async function bareHttp(dir: string, seconds: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(line)))
      child.once('exit', () => reject(new Error('the bare server ended')))
    })
    return (await wrk({ dir, port, clients: 64, seconds, lua: PUTS })).rate
  } finally {
    child.kill('SIGKILL')
  }
}

async function rawSync(dir: string): Promise<number> {
  const file = await open(join(dir, 'sync'), 'w')
  const block = Buffer.alloc(512, 'x')
  const times: number[] = []
  try {
    for (let i = 0; i < SYNCS; i++) {
      const from = performance.now()
      await file.write(block)
      await file.datasync()
      times.push(performance.now() - from)
    }
  } finally {
    await file.close()
  }
  return median(times)
}

/** A program that ends by itself, and what it is given. */
interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Median times from start to end of a program of ours and of `node -e 0`. They run in turns:
 * what the machine does meanwhile hurts both.
 */
export async function measureStarts(ours: Program): Promise<{ ours: number; node: number }> {
  const bare: Program = { file: process.execPath, args: ['-e', '0'] }
  const times: Record<'ours' | 'node', number[]> = { ours: [], node: [] }
  for (let i = 0; i < STARTS; i++) {
    times.node.push(await startMs(bare))
    times.ours.push(await startMs(ours))
  }
  return { ours: median(times.ours), node: median(times.node) }
}

async function startMs({ file, args, env = process.env }: Program): Promise<number> {
  const from = performance.now()
  const child = spawn(file, args, { stdio: 'ignore', env })
  const code = await new Promise((resolve, reject) =>
    child.once('error', reject).once('exit', resolve),
  )
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: exit code ${code}`)
  return performance.now() - from
}
