// Clients in other languages: the official Go API client, and Debian's python-consul. Each program
// says `ok` for every thing that worked.
import { join } from 'node:path'
import { execa } from 'execa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { goBuilds } from '../kit/go.ts'
import { inProject } from '../kit/paths.ts'
import { withTemp } from '../kit/tmp.ts'
import { besideAgent, hasTool, output } from './tools.ts'

const languages = suite('clients in other languages')

const RUN_MS = 60_000
const BUILD_MS = 240_000
/** Debian's own, which knows Debian's modules. */
const PYTHON = '/usr/bin/python3'

const steps = (said: string): number => said.split('\n').filter((line) => /^ok /.test(line)).length

languages('python-consul reads, watches, registers and elects', async () => {
  if (!hasTool([PYTHON, '-c', 'import consul'], 'python-consul (python3-consul)')) return
  await besideAgent(RUN_MS, async ({ agent }) => {
    const script = inProject('test/clients/python_consul.py')
    const said = await output([PYTHON, '-B', script, '127.0.0.1', String(agent.port)], RUN_MS)
    assert.is(steps(said), 8, said)
  })
})

languages('the Go API client registers, watches, locks and elects', async () => {
  const cwd = inProject('test/clients/goclient')
  if (!goBuilds(cwd, 'the Go client')) return
  await withTemp(async (dir) => {
    const binary = join(dir, 'goclient')
    await execa('go', ['build', '-o', binary, '.'], { cwd, timeout: BUILD_MS })
    await besideAgent(RUN_MS, async ({ agent }) => {
      const said = await output([binary, agent.httpAddr], RUN_MS)
      assert.is(steps(said), 14, said)
    })
  })
})

languages.run()
