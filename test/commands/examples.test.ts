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

interface Context {
  home: Home
  agent: AgentProcess
}

const examples = suite<Context>('examples')

examples.before(async (context) => {
  const home = await openHome()
  context.home = home
  const args = ['-dev', `-log-file=${join(home.path, 'tmp/agent.log')}`]
  context.agent = await startAgent(home, { args })
  for (const folder of ['.zfunc', '.config/fish/completions']) {
    await mkdir(join(home.path, 'home', folder), { recursive: true })
  }
  await mkdir(join(home.work, 'conf.d'))
  const config = 'data_dir = "data"\nbind_addr = "127.0.0.1"\n'
  await writeFile(join(home.work, 'conf.d/a.hcl'), config)
  await writeFile(join(home.work, 'agent.conf'), config)
})
examples.after(async ({ home, agent }) => {
  await agent?.stop()
  await home.close()
})

/** Examples that end with another code here than 0. */
const EXITS: Readonly<Record<string, readonly number[]>> = {
  'reload -http-addr=127.0.0.2:8500': [3],
  'leave -http-addr=127.0.0.2:8500': [3],
  doctor: [0, 1], // limits of the machine
  'doctor -json': [0, 1],
}

/** Examples that never end, or end the agent that the others need: they have tests of their own. */
const ELSEWHERE = /^(?:agent|monitor|stop|logs -follow|leave$|watch .* -- )/

const shownLine = (example: { readonly command: string; readonly pipe?: string }): string =>
  `lictor ${example.command} ${example.pipe ?? ''}`.replaceAll('/etc/lictor.d', 'conf.d').trim()

for (const declared of await loadAll(TABLE, 'lictor')) {
  examples(`of ${declared.id}`, async ({ home, agent }) => {
    for (const example of declared.examples) {
      if (ELSEWHERE.test(example.command)) continue
      await prepare(agent, home)
      const env = { CONSUL_HTTP_ADDR: agent.httpAddr }
      const line = shownLine(example)
      const { exit, stderr } = await run(home, ['bash', '-o', 'pipefail', '-c', line], { env })
      const expected = EXITS[example.command] ?? [0]
      assert.ok(expected.includes(exit), `${line}: exit ${exit}\n${stderr}`)
    }
  })
}

/** What the examples speak of. */
async function prepare({ url }: AgentProcess, home: Home): Promise<void> {
  const headers = { connection: 'close' }
  await fetch(url('/v1/kv/?recurse'), { method: 'DELETE', headers })
  for (const key of ['config/web/port', 'deploy/done']) {
    await fetch(url(`/v1/kv/${key}`), { method: 'PUT', body: '8080', headers })
  }
  await writeFile(join(home.work, 'backup.json'), '[{"key":"config/a","value":"YQ=="}]')
}

examples.run()
