// SIGKILL under write load, again and again: what was acknowledged is there afterwards, what was
// not may be there or not, and nothing else is. Each writer owns its keys and sends one write at a
// time, so that at most its last one is in doubt.
import { readdir, stat } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createPrng, type Prng } from '../../core/prng.ts'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type Home, openHome } from '../kit/home.ts'
import { within } from '../kit/within.ts'

export interface KillOptions {
  readonly seed: number
  readonly rounds: number
  readonly writers: number
  /** How long the agent lives after it is ready, at most. */
  readonly lifeMs: number
  readonly onRound?: (round: number, acknowledged: number) => void
}

export interface KillReport {
  readonly acknowledged: number
  readonly dataBytes: number
}

/** What one key may hold. */
interface Known {
  /** The last value that was acknowledged; undefined: none. */
  acknowledged: number | undefined
  /** A value that was sent and not answered. */
  doubtful: number | undefined
}

interface Soak {
  readonly home: Home
  readonly prng: Prng
  readonly options: KillOptions
  readonly keys: Map<string, Known>
  /** Of every acknowledged write so far: an agent that comes back may not count from below. */
  index: number
  value: number
  acknowledged: number
}

const KEYS_PER_WRITER = 16
const READY_MS = 15_000

/** Throws what was lost, invented or turned back, with the seed that shows it. */
export async function killAgain(options: KillOptions): Promise<KillReport> {
  const home = await openHome()
  const soak: Soak = {
    home,
    prng: createPrng(options.seed),
    options,
    keys: new Map(),
    index: 0,
    value: 0,
    acknowledged: 0,
  }
  try {
    for (let round = 1; round <= options.rounds; round++) {
      await oneLife(soak, round)
      options.onRound?.(round, soak.acknowledged)
    }
    const agent = await start(soak)
    await check(soak, agent)
    await agent.stop()
    return { acknowledged: soak.acknowledged, dataBytes: await bytesOf(join(home.work, 'data')) }
  } catch (cause) {
    throw new Error(`seed ${options.seed}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  } finally {
    await home.close()
  }
}

async function start({ home }: Soak): Promise<AgentProcess> {
  const args = ['-server', '-bootstrap', '-data-dir=./data', '-bind=127.0.0.1', '-log-level=warn']
  return startAgent(home, { args, readyMs: READY_MS })
}

/** Starts, checks what the last life left, writes, and dies in the middle of it. */
async function oneLife(soak: Soak, round: number): Promise<void> {
  const agent = await start(soak)
  try {
    await check(soak, agent)
    const dying = { now: false }
    const connections = new http.Agent({ keepAlive: true })
    const writers = Array.from({ length: soak.options.writers }, (_, writer) =>
      write(soak, { agent, writer, dying, connections }),
    )
    await pause(soak.prng.range(0, soak.options.lifeMs))
    // Short lives may all be too short for a slow machine: the last is long enough.
    if (round === soak.options.rounds)
      await within(READY_MS, () => soak.acknowledged > 0, 'a first write')
    dying.now = true
    await agent.end('SIGKILL')
    await Promise.all(writers)
    connections.destroy()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`round ${round}: ${why}`, { cause })
  } finally {
    await agent.stop()
  }
}

interface Writer {
  readonly agent: AgentProcess
  readonly writer: number
  readonly dying: { now: boolean }
  readonly connections: http.Agent
}

/** Writes until the agent is gone. A failure before that is a failure of the test. */
async function write(soak: Soak, { agent, writer, dying, connections }: Writer): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `soak/${writer}/${turn % KEYS_PER_WRITER}`
    const known = soak.keys.get(key) ?? { acknowledged: undefined, doubtful: undefined }
    soak.keys.set(key, known)
    const value = ++soak.value
    known.doubtful = value
    const answer = await put(agent.port, { path: `/v1/kv/${key}`, value, connections }).catch(
      (error: unknown) => {
        if (!dying.now) throw error
        return undefined
      },
    )
    if (answer === undefined) return
    if (answer !== 'true') throw new Error(`a put was answered with ${answer}`)
    known.acknowledged = value
    known.doubtful = undefined
    soak.acknowledged++
  }
}

interface Put {
  readonly path: string
  readonly value: number
  readonly connections: http.Agent
}

function put(port: number, { path, value, connections }: Put): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'PUT', path, agent: connections }
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(chunks).toString().trim()))
    })
    request.on('error', reject)
    request.end(String(value))
  })
}

/** Everything that is there must be explained, and everything acknowledged must be there. */
async function check(soak: Soak, agent: AgentProcess): Promise<void> {
  const response = await within(READY_MS, () => fetch(agent.url('/v1/kv/soak/?recurse')), 'a list')
  const index = Number(response.headers.get('x-consul-index'))
  const rows = response.status === 404 ? [] : rowsOf(await response.json())
  const found = new Map(rows)
  for (const [key, known] of soak.keys) settle(key, known, found.get(key))
  const strange = rows.filter(([key]) => !soak.keys.has(key))
  if (strange.length > 0) throw new Error(`keys that nobody wrote: ${strange}`)
  if (index < soak.index) throw new Error(`the index went back from ${soak.index} to ${index}`)
  soak.index = index
}

function settle(key: string, known: Known, value: number | undefined): void {
  const allowed = [known.acknowledged, known.doubtful]
  const unborn = value === undefined && known.acknowledged === undefined
  if (!unborn && (value === undefined || !allowed.includes(value))) {
    const wanted = `acknowledged ${known.acknowledged}, in doubt ${known.doubtful}`
    throw new Error(`${key} holds ${value}: ${wanted}`)
  }
  known.acknowledged = value
  known.doubtful = undefined
}

function rowsOf(json: unknown): [string, number][] {
  // The API's own shape.
  const rows = json as { Key: string; Value: string }[]
  return rows.map(({ Key, Value }) => [Key, Number(Buffer.from(Value, 'base64').toString())])
}

async function bytesOf(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true })
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
