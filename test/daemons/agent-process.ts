// An agent in a process of its own: what it prints, how it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { before, within } from '../kit/within.ts'

export interface AgentProcess {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** Everything that came on descriptor 3. */
  third(): string
  /** Of the ready line, or of the log where there is no such line. */
  port(): Promise<number>
  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | string>
}

/** A file beside this one, from the sources as well as from the compiled tests. */
const beside = (name: string): string =>
  fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url))

/** The agent starts in a folder from which the package cannot be found by its name. */
const LOADER = extname(import.meta.url) === '.ts' ? ['--import', import.meta.resolve('tsx')] : []
const PLANT = ['--import', beside('plant')]
const PATIENCE_MS = 20_000

export interface Start {
  readonly args: readonly string[]
  /** A folder for its control socket. */
  readonly dir: string
  readonly env?: Readonly<Record<string, string>>
  /** Loads the faults of plant.ts. */
  readonly planted?: boolean
  /** How many files and sockets it may hold open. */
  readonly filesMax?: number
}

function spawnAgent({ args, dir, env = {}, planted = false, filesMax }: Start): AgentProcess {
  const flags = [...LOADER, ...(planted ? PLANT : [])]
  const words = [process.execPath, ...flags, beside('agent-entry'), ...args, LAN]
  const limited = ['sh', '-c', `ulimit -n ${filesMax}; exec "$@"`, 'sh', ...words]
  const [program = '', ...rest] = filesMax === undefined ? words : limited
  const child = spawn(program, rest, {
    cwd: dir,
    env: { ...process.env, LICTOR_RUNTIME_DIR: `${dir}/run`, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const said = [1, 2, 3].map((fd) => {
    const chunks: string[] = []
    child.stdio[fd]?.on('data', (chunk) => chunks.push(String(chunk)))
    return () => chunks.join('')
  })
  const [stdout, stderr, third] = [said[0] ?? none, said[1] ?? none, said[2] ?? none]
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'lost'))
  })
  return {
    child,
    stdout,
    stderr,
    third,
    port: () => {
      const ready = () => portIn(stderr()) ?? portIn(stdout())
      const early = ended.then((end) => {
        throw new Error(`ended with ${end}:\n${stderr()}`)
      })
      return Promise.race([within(PATIENCE_MS, ready, 'the ready line'), early])
    },
    ended: () => before(PATIENCE_MS, () => ended, 'the end of the agent'),
  }
}

/** As its other ports: one that the kernel chooses. */
const LAN = '-serf-lan-port=0'

const none = () => ''
const READY = /http(?: address=| )127\.0\.0\.1:(\d+)/

/** As consul there is no ready line: there the log says it, a moment before. */
function portIn(said: string): number | undefined {
  const isReady = said.includes('agent ready') || said.includes('agent: ready')
  const port = READY.exec(said)?.[1]
  return isReady && port !== undefined ? Number(port) : undefined
}

/** Runs a test with an agent, and makes sure that it is gone afterwards. */
export async function withAgent(
  start: Start,
  test: (agent: AgentProcess) => Promise<void>,
): Promise<void> {
  const agent = spawnAgent(start)
  try {
    await test(agent)
  } finally {
    agent.child.kill('SIGKILL')
    await agent.ended()
  }
}
