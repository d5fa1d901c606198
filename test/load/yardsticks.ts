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
const STARTS = 11

export async function measureYardsticks(dir: string, seconds: number): Promise<Figure[]> {
  return [
    { name: YARDSTICK_NAMES.H, unit: '/s', value: await bareHttp(dir, seconds) },
    { name: YARDSTICK_NAMES.S, unit: 'ms', value: await rawSync(dir) },
    { name: YARDSTICK_NAMES.N, unit: 'ms', value: await startMs(process.execPath, ['-e', '0']) },
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

/** Median time from the start to the end of a short program. */
export async function startMs(program: string, args: string[], env = process.env): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < STARTS; i++) {
    const from = performance.now()
    const child = spawn(program, args, { stdio: 'ignore', env })
    const code = await new Promise((resolve, reject) =>
      child.once('error', reject).once('exit', resolve),
    )
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}`)
    times.push(performance.now() - from)
  }
  return median(times)
}
