// Every example that help and manual show is run, as it stands, by a shell.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadAll } from '../../commands/kit/table.ts'
import { TABLE } from '../../commands/table.ts'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { type SwimnodeProcess, startSwimnode } from '../kit/swimnode.ts'

interface Context {
  home: Home
  agent: AgentProcess
  /** Two of a pool, in a runtime folder of their own: examples of `logs` want one daemon. */
  members: readonly SwimnodeProcess[]
}

const gossipEnv = (home: Home) => ({ XDG_RUNTIME_DIR: join(home.path, 'tmp') })

const examples = suite<Context>('examples')

examples.before(async (context) => {
  const home = await openHome()
  context.home = home
  const key = Buffer.alloc(32, 1).toString('base64')
  const args = ['-dev', `-log-file=${join(home.path, 'tmp/agent.log')}`, `-encrypt=${key}`]
  context.agent = await startAgent(home, { args })
  context.members = await startMembers(home)
  for (const folder of ['.zfunc', '.config/fish/completions']) {
    await mkdir(join(home.path, 'home', folder), { recursive: true })
  }
  await mkdir(join(home.work, 'conf.d'))
  const config = 'data_dir = "data"\nbind_addr = "127.0.0.1"\n'
  await writeFile(join(home.work, 'conf.d/a.hcl'), config)
  await writeFile(join(home.work, 'agent.conf'), config)
})
examples.after(async ({ home, agent, members }) => {
  await agent?.stop()
  await Promise.all(members.map((member) => member.stop()))
  await home.close()
})

/** Examples that end with another code here than 0. */
const EXITS: Readonly<Record<string, readonly number[]>> = {
  'reload -http-addr=127.0.0.2:8500': [3],
  'leave -http-addr=127.0.0.2:8500': [3],
  // Nobody is there: a pool of nodes has a test of its own.
  'kvstore follow localhost:8001 --node=localhost:8000': [3],
  'kvstore follow localhost:8001 --node=localhost:8002 --json': [3],
  'kvstore promote --node=localhost:8001': [3],
  'kvstore promote --node=localhost:8001 --json': [3],
  'kvstore status': [3],
  'kvstore status --node=localhost:8000 --json': [3],
  doctor: [0, 1], // limits of the machine
  'dns trace node-1.node.consul': [1],
  'force-leave node-7': [1],
  'force-leave -prune node-7': [1],
  'join 10.0.0.1': [1],
  'join 10.0.0.1 10.0.0.2:8301': [1],
  'operator raft remove-peer -id=11111111-2222-3333-4444-5': [1],
  'operator raft remove-peer -address=10.0.0.7:8300': [1],
  'operator raft transfer-leader': [1], // a server that is alone
  'operator raft transfer-leader -id=11111111-2222-3333-4444-5': [1],
  'rtt node-2': [1],
  'rtt node-1 node-2 -json': [1],
  'event -name=deploy': [0, 1], // not every agent has them yet
  'event -name=deploy -service=web v1.2': [0, 1],
  'event -name=deploy -json': [0, 1],
  'services export -name=web -consumer-peers=east': [0, 69], // not every agent has the entries
  'services export -name=web -consumer-peers=east,west': [0, 69],
  'session info 11111111-2222-3333-4444-555555555555': [1],
  'session info 11111111-2222-3333-4444-555555555555 -json': [1],
  'session renew 11111111-2222-3333-4444-555555555555': [1],
  'session renew 11111111-2222-3333-4444-555555555555 -json': [1],
  'doctor -json': [0, 1],
  'swim join localhost:7001': [1],
  'swim join localhost:7001 localhost:7002 --json': [1],
}

/** Examples that never end, or end the agent that the others need: they have tests of their own. */
const ELSEWHERE = [
  /^(?:agent|kvstore --|registry|raft |swim (?:node|leave|monitor)|monitor|stop|logs -follow)/,
  /^(?:leave$|watch .* -- )/,
]

const shownLine = (example: { readonly command: string; readonly pipe?: string }): string =>
  `lictor ${example.command} ${example.pipe ?? ''}`.replaceAll('/etc/lictor.d', 'conf.d').trim()

for (const declared of await loadAll(TABLE, 'lictor')) {
  examples(`of ${declared.id}`, async ({ home, agent }) => {
    for (const example of declared.examples) {
      if (ELSEWHERE.some((one) => one.test(example.command))) continue
      await prepare(agent, home)
      const isGossip = declared.id.startsWith('swim ')
      const env = { CONSUL_HTTP_ADDR: agent.httpAddr, ...(isGossip ? gossipEnv(home) : {}) }
      const line = shownLine(example)
      const { exit, stderr } = await run(home, ['bash', '-o', 'pipefail', '-c', line], { env })
      const expected = EXITS[example.command] ?? [0]
      assert.ok(expected.includes(exit), `${line}: exit ${exit}\n${stderr}`)
    }
  })
}

/** node1 and node2, sealed, and with a round trip measured between them. */
async function startMembers(home: Home): Promise<readonly SwimnodeProcess[]> {
  const env = gossipEnv(home)
  const sealed = `--encrypt=${Buffer.alloc(32, 7).toString('base64')}`
  const first = await startSwimnode(home, { name: 'node1', env, args: [sealed] })
  const args = [sealed, `--join=${first.address}`]
  const second = await startSwimnode(home, { name: 'node2', env, args })
  const trace = `swimctl trace --only=ack --count=1 --node=${first.address}`
  await run(home, ['bash', '-c', trace], { env })
  return [first, second]
}

/** What the examples speak of. */
async function prepare({ url }: AgentProcess, home: Home): Promise<void> {
  const headers = { connection: 'close' }
  await fetch(url('/v1/kv/?recurse'), { method: 'DELETE', headers })
  for (const key of ['config/web/port', 'deploy/done']) {
    await fetch(url(`/v1/kv/${key}`), { method: 'PUT', body: '8080', headers })
  }
  const service = '{"Name":"web","Port":80}'
  await fetch(url('/v1/agent/service/register'), { method: 'PUT', body: service, headers })
  await writeFile(join(home.work, 'web.hcl'), 'service {\n  name = "web"\n  port = 80\n}\n')
  await writeFile(join(home.work, 'backup.json'), '[{"key":"config/a","value":"YQ=="}]')
}

examples.run()
