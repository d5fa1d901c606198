// What most tests of commands need: an account, an agent, and the program asked about it.
import { type AgentProcess, startAgent } from '../../kit/agent.ts'
import { type Ran, run } from '../../kit/cli.ts'
import { type Home, openHome } from '../../kit/home.ts'

export interface AgentContext {
  readonly home: Home
  readonly agent: AgentProcess
  /** Our name, or Consul's, with the address of the agent in the environment. */
  lictor(...words: string[]): Promise<Ran>
  consul(...words: string[]): Promise<Ran>
  /** A request to the agent; its JSON. */
  api(method: string, path: string, body?: unknown): Promise<unknown>
  close(): Promise<void>
}

export async function openAgent(args: readonly string[] = ['-dev']): Promise<AgentContext> {
  const home = await openHome()
  const agent = await startAgent(home, { args })
  const env = { CONSUL_HTTP_ADDR: agent.httpAddr }
  return {
    home,
    agent,
    lictor: (...words) => run(home, ['lictor', ...words], { env }),
    consul: (...words) => run(home, ['consul', ...words], { env }),
    api: async (method, path, body) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      const text = await (await fetch(agent.url(path), { method, ...sent })).text()
      return text === '' ? undefined : JSON.parse(text)
    },
    close: async () => {
      await agent.stop()
      await home.close()
    },
  }
}
