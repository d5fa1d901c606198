// Services and checks of a real agent: out of files, changed by SIGHUP and over the API, run
// against real sockets, and there again after the agent was killed.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../kit/tmp.ts'
import { before, within } from '../kit/within.ts'
import { type AgentProcess, withAgent } from './agent-process.ts'

const own = suite('daemons/own-services')

const PATIENCE_MS = 15_000

/** One request to a running agent, its JSON or its text. */
async function ask(port: number, path: string, method = 'GET', body?: object): Promise<unknown> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const url = `http://127.0.0.1:${port}/v1/${path}`
  const said = await before(
    PATIENCE_MS,
    async () => (await fetch(url, { method, ...sent })).text(),
    path,
  )
  return said.startsWith('{') || said.startsWith('[') ? JSON.parse(said) : said
}

const put = (port: number, path: string, body?: object) => ask(port, path, 'PUT', body)

const ids = async (port: number, what: string) => Object.keys((await ask(port, what)) as object)

const statusOf = async (port: number, check: string) => {
  const checks = (await ask(port, 'agent/checks')) as Record<string, { Status: string }>
  return checks[check]?.Status
}

const service = (name: string, port: number) =>
  `services { name = "${name}" port = ${port} check { ttl = "60s" } }\n`

own('files define services, SIGHUP reads them again, and states stay', () =>
  withTemp(async (dir) => {
    const file = join(dir, 'web.hcl')
    await writeFile(file, service('web', 80))
    const args = ['-dev', '-http-port=0', `-config-file=${file}`]
    await withAgent({ args, dir }, async (agent) => {
      const port = await agent.port()
      assert.equal(await ids(port, 'agent/services'), ['web'])
      await put(port, 'agent/check/pass/service:web')
      await writeFile(file, `${service('web', 81)}services { name = "db" port = 5432 }\n`)
      agent.child.kill('SIGHUP')
      await within(PATIENCE_MS, async () => (await ids(port, 'agent/services')).length === 2, 'db')
      assert.is(await statusOf(port, 'service:web'), 'passing')
      const catalog = async () =>
        Object.keys((await ask(port, 'catalog/services')) as object).includes('db')
      await within(PATIENCE_MS, catalog, 'the catalog')
      await within(PATIENCE_MS, () => agent.stdout().includes('definitions changed'), 'the log')

      await writeFile(
        file,
        'service { name = "web" check { args = ["/bin/true"] interval = "1s" } }',
      )
      assert.match(String(await put(port, 'agent/reload')), 'Scripts are disabled on this agent')
      assert.equal(await ids(port, 'agent/services'), ['db', 'web'], 'the old ones hold')
    })
  }),
)

const isOpen = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Like `ask`, over the Unix socket of an agent that may still be starting. */
const askSocket = (socketPath: string, method: string, path: string): Promise<string> =>
  before(
    PATIENCE_MS,
    async () => {
      const sent = request({ socketPath, method, path }).end()
      const [answer] = await once(sent, 'response')
      return text(answer)
    },
    path,
  )

own('a reload before the agent is ready is a reload: what it defines is there at once', () =>
  withTemp(async (dir) => {
    const file = join(dir, 'agent.json')
    const door = join(dir, 'http.sock')
    const configure = (more: object) =>
      writeFile(file, JSON.stringify({ addresses: { http: `unix://${door}` }, ...more }))
    await configure({})
    const args = ['-server', '-bootstrap', '-bind=127.0.0.1', `-data-dir=${dir}/data`]
    await withAgent({ args: [...args, `-config-file=${file}`], dir }, async () => {
      await within(PATIENCE_MS, () => isOpen(door), 'the door')
      await configure({ service: { name: 'web' } })
      assert.is(await askSocket(door, 'PUT', '/v1/agent/reload'), '')
      assert.match(await askSocket(door, 'GET', '/v1/agent/services'), '"web"')
    })
  }),
)

own('checks run: over HTTP against the agent itself, and as a script where that is allowed', () =>
  withTemp(async (dir) => {
    const args = ['-dev', '-http-port=0', '-enable-script-checks']
    await withAgent({ args, dir }, async (agent) => {
      const port = await agent.port()
      const url = `http://127.0.0.1:${port}/v1/status/leader`
      await put(port, 'agent/check/register', { Name: 'up', HTTP: url, Interval: '1s' })
      const script = { Name: 'script', Args: ['/bin/sh', '-c', 'exit 1'], Interval: '1s' }
      await put(port, 'agent/check/register', script)
      await within(PATIENCE_MS, async () => (await statusOf(port, 'up')) === 'passing', 'up')
      await within(
        PATIENCE_MS,
        async () => (await statusOf(port, 'script')) === 'warning',
        'script',
      )
    })
  }),
)

const startKept = (dir: string, test: (port: number, agent: AgentProcess) => Promise<void>) => {
  const args = ['-server', '-bootstrap', `-data-dir=${dir}/data`, '-http-port=0', '-bind=127.0.0.1']
  return withAgent({ args, dir }, async (agent) => test(await agent.port(), agent))
}

own('what was acknowledged is there after kill -9, with the states of checks whose time runs', () =>
  withTemp(async (dir) => {
    await startKept(dir, async (port, agent) => {
      const many = Array.from({ length: 40 }, (_, n) =>
        put(port, 'agent/service/register', { Name: `s${n}`, Port: n, Check: { TTL: '10m' } }),
      )
      await Promise.all(many)
      await put(port, 'agent/check/pass/service:s1?note=fine')
      await put(port, 'agent/service/deregister/s0')
      agent.child.kill('SIGKILL')
      await agent.ended()
    })
    await startKept(dir, async (port) => {
      assert.is((await ids(port, 'agent/services')).length, 39)
      assert.is(await statusOf(port, 'service:s1'), 'passing')
      assert.is(await statusOf(port, 'service:s2'), 'critical')
      const known = async () => (await ids(port, 'catalog/services')).length === 40
      await within(PATIENCE_MS, known, 'the catalog')
    })
  }),
)

own('an agent whose files ask for scripts that it may not run does not start', () =>
  withTemp(async (dir) => {
    const file = join(dir, 's.hcl')
    await writeFile(file, 'service { name = "s" check { args = ["/bin/true"] interval = "1s" } }')
    const args = ['-dev', '-http-port=0', `-config-file=${file}`]
    await withAgent({ args, dir }, async (agent) => {
      assert.is(await agent.ended(), 2)
      assert.match(agent.stdout(), 'Failed to register service')
    })
  }),
)

own.run()
