// Programs that nobody here wrote: whether they are on this machine, and how they are run beside an
// agent. What is missing is skipped, and said so: .ci/run installs all of them.
import { spawnSync } from 'node:child_process'
import { execa } from 'execa'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type Home, openHome } from '../kit/home.ts'
import { before, patient } from '../kit/within.ts'

/** Whether a program starts at all. */
export function hasTool([program = '', ...args]: readonly string[], what: string): boolean {
  if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return true
  console.log(`SKIP ${what}: \`${[program, ...args].join(' ')}\` does not work here`)
  return false
}

export interface Beside {
  readonly home: Home
  readonly agent: AgentProcess
  /** The port of its DNS. */
  readonly dnsPort: number
  /** Registers an instance of a service at the agent. */
  register(id: string, service: string, more: object): Promise<void>
  deregister(id: string): Promise<void>
}

/** Runs the work beside an agent, and ends the agent behind it. */
export async function besideAgent(
  ms: number,
  work: (beside: Beside) => Promise<void>,
  args: readonly string[] = ['-dev'],
): Promise<void> {
  const home = await openHome()
  try {
    const agent = await startAgent(home, { args })
    try {
      await before(ms, () => work(besideOf(home, agent)), 'the program beside an agent')
    } finally {
      await agent.stop()
    }
  } finally {
    await home.close()
  }
}

function besideOf(home: Home, agent: AgentProcess): Beside {
  const [, port = ''] = /ready: .*dns 127\.0\.0\.1:(\d+)/.exec(agent.output()) ?? []
  const put = async (path: string, body?: object) => {
    const headers = { connection: 'close' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const reply = await fetch(agent.url(path), { method: 'PUT', headers, ...sent })
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
  }
  return {
    home,
    agent,
    dnsPort: Number(port),
    register: (id, service, more) =>
      put('/v1/agent/service/register', { ID: id, Name: service, ...more }),
    deregister: (id) => put(`/v1/agent/service/deregister/${id}`),
  }
}

/** What a program prints; throws all of it where the program fails. */
export async function output(argv: readonly string[], ms: number): Promise<string> {
  const [program = '', ...args] = argv
  const { stdout, stderr, exitCode, timedOut } = await execa(program, args, {
    timeout: patient(ms),
    reject: false,
  })
  if (exitCode === 0) return stdout
  const why = timedOut ? `not over within ${patient(ms)} ms` : `exit ${exitCode}`
  throw new Error(`${argv.join(' ')}: ${why}\n${stdout}\n${stderr}`)
}
