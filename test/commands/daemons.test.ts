// Commands about running daemons: ps, stop, logs, monitor, wait, doctor, info, reload, leave, api,
// validate, and how `agent` is started.
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROUTES } from '../../core/api/table.ts'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { before, within } from '../kit/within.ts'
import { always, withStub } from './kit/stub.ts'

interface Context {
  home: Home
  agent: AgentProcess
  lictor(line: string): ReturnType<typeof run>
}

const daemons = suite<Context>('daemons')

daemons.before(async (context) => {
  context.home = await openHome()
  const logFile = join(context.home.path, 'tmp/agent.log')
  const args = ['-dev', '-node=first', `-log-file=${logFile}`]
  context.agent = await startAgent(context.home, { args })
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr }
  context.lictor = (line) => run(context.home, ['lictor', ...line.split(' ')], { env })
})
daemons.after(async ({ home, agent }) => {
  await agent?.stop()
  await home.close()
})

daemons('ps shows what runs, and where', async ({ lictor, agent }) => {
  const { stdout } = await lictor('ps')
  assert.match(stdout, /^KIND +NAME +PID +AGE +ADDRESS +FOLDER\n/)
  assert.match(stdout, new RegExp(`^agent +first +${agent.pid} +\\d+s +${agent.httpAddr} `, 'm'))
  const json = (await lictor('ps -json')).stdout
  assert.is(await jq(json, '.[0].pid'), String(agent.pid))
  assert.match((await lictor('ps -plain')).stdout, new RegExp(`^agent\tfirst\t${agent.pid}\t`))
})

daemons('without a daemon ps is empty, and stop has nobody to stop', async ({ home }) => {
  const env = { XDG_RUNTIME_DIR: join(home.path, 'tmp') }
  const ps = await run(home, ['lictor', 'ps'], { env })
  assert.equal([ps.exit, ps.stdout], [0, ''])
  assert.is((await run(home, ['lictor', 'ps', '-json'], { env })).stdout, '[]\n')
  for (const name of ['stop', 'logs']) {
    const { exit, stderr } = await run(home, ['lictor', name], { env })
    assert.is(exit, 3)
    assert.match(stderr, 'no daemon of yours is running')
  }
})

daemons('stop ends a daemon by name, port or process, and waits for its end', async (context) => {
  const { home, lictor } = context
  for (const by of ['name', 'port', 'pid'] as const) {
    const other = await startAgent(home, { args: ['-dev', `-node=other-${by}`] })
    const named = { name: `other-${by}`, port: String(other.port), pid: String(other.pid) }[by]
    const { exit, stdout } = await lictor(`stop ${named}`)
    assert.is(exit, 0)
    assert.is(stdout, `stopped agent other-${by} (pid ${other.pid})\n`)
    assert.not.match((await lictor('ps')).stdout, `other-${by}`)
    await other.stop()
  }
  const strange = await lictor('stop nobody')
  assert.is(strange.exit, 3)
  const choice =
    /no daemon "nobody"\n {2}next: lictor stop \d+ {3}agent first, 127\.0\.0\.1:\d+, from /
  assert.match(strange.stderr, choice)
})

daemons('several daemons are not guessed from', async (context) => {
  const other = await startAgent(context.home, { args: ['-dev', '-node=second'] })
  try {
    const { exit, stderr } = await context.lictor('logs')
    assert.is(exit, 2)
    assert.match(stderr, /2 daemons: say which/)
  } finally {
    await other.stop()
  }
})

daemons(
  'logs shows the end of the file, and follows what comes',
  async ({ home, lictor, agent }) => {
    const last = await lictor('logs -lines=2 first')
    assert.is(last.exit, 0)
    assert.is(last.stdout.split('\n').length, 3)
    const child = spawn(home.program('lictor'), ['logs', '-f', '-log-level=debug', 'first'], {
      env: home.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk))
    const ended = new Promise((resolve) => child.once('close', resolve))
    await within(10_000, async () => {
      await fetch(agent.url('/v1/agent/reload'), { method: 'PUT' })
      return said.includes('\n')
    })
    child.kill('SIGTERM')
    await before(10_000, () => ended, 'the end')
    assert.match(said, /^\d{4}-\d\d-\d\dT\S+ \[/)
  },
)

daemons('monitor follows the log, and exits 3 when the agent goes', async ({ home }) => {
  const other = await startAgent(home, { args: ['-dev', '-node=other'] })
  const words = ['monitor', '-log-level=debug', '-log-json', `-http-addr=${other.httpAddr}`]
  const child = spawn(home.program('lictor'), words, {
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk))
  const ended = new Promise((resolve) => child.once('close', resolve))
  await within(10_000, async () => {
    await fetch(other.url('/v1/agent/reload'), { method: 'PUT' })
    return said.out.includes('\n')
  })
  await other.end('SIGKILL')
  assert.is(await before(10_000, () => ended, 'the end'), 3)
  assert.match(said.err, 'the agent has ended the stream')
  assert.type(JSON.parse(said.out.split('\n')[0] ?? '')['@message'], 'string')
})

daemons('wait ends when something is so, and with 6 when time is up', async ({ lictor, agent }) => {
  for (const what of ['leader', 'ready', 'service/consul=passing']) {
    assert.is((await lictor(`wait ${what}`)).exit, 0, what)
  }
  const waiting = lictor('wait key=wait/for -timeout=10s')
  await fetch(agent.url('/v1/kv/wait/for'), { method: 'PUT', body: 'x' })
  assert.is((await waiting).exit, 0)
  const late = await lictor('wait key=wait/never -timeout=200ms')
  assert.is(late.exit, 6)
  assert.match(late.stderr, 'key=wait/never: not within 200ms\n  why: there is no such key')
  for (const wrong of ['wait leadr', 'wait key=', 'wait members=0']) {
    assert.is((await lictor(wrong)).exit, 2, wrong)
  }
})

daemons('wait waits for an agent that is not there yet', async ({ home }) => {
  const words = ['lictor', 'wait', 'leader', '-http-addr=127.0.0.1:1', '-timeout=300ms']
  const { exit, stderr } = await run(home, words)
  assert.is(exit, 6)
  assert.match(stderr, 'why: connection refused')
})

daemons('doctor finds nothing wrong with a good agent', async ({ lictor }) => {
  const { exit, stdout, stderr } = await lictor('doctor -json')
  const { healthy, findings } = JSON.parse(stdout)
  const bad = findings.filter((one: { ok: boolean; id: string }) => !one.ok)
  assert.equal(
    bad.filter(({ id }: { id: string }) => !id.startsWith('limits.')),
    [],
    stderr,
  )
  assert.is(exit, healthy ? 0 : 1)
  const ids = findings.map(({ id }: { id: string }) => id)
  assert.ok(ids.includes('leader.none'))
  assert.ok(ids.includes('clock.skew'))
})

daemons('doctor tells that nobody is there, and who holds the ports', async ({ home }) => {
  const { exit, stdout } = await run(home, ['lictor', 'doctor', '-http-addr=127.0.0.1:1'])
  assert.is(exit, 1)
  assert.match(stdout, 'BAD agent.unreachable: nobody answers at http://127.0.0.1:1')
})

daemons('doctor tells where an agent is instead, and does not blame it', async (context) => {
  const { home, agent } = context
  const words = ['lictor', 'doctor', '-http-addr=127.0.0.1:1']
  const { stdout } = await run(home, words)
  assert.match(stdout, `next: CONSUL_HTTP_ADDR=${agent.httpAddr}   an agent of yours is there`)
  assert.not.match(stdout, `held by pid ${agent.pid}`)
})

daemons('doctor tells of servers of the pool that keep a state of their own', async ({ home }) => {
  const server = (name: string, port: string, status = 1) => ({
    Name: name,
    Addr: '10.0.0.1',
    Status: status,
    Tags: { role: 'consul', port },
  })
  const members = [
    server('first', '8300'),
    server('other', '9300'),
    server('gone', '9301', 3),
    { ...server('client', '8300'), Addr: '10.0.0.2', Tags: { role: 'node' } },
  ]
  await withStub(
    (request, response) => {
      if (request.url?.startsWith('/v1/agent/members')) response.end(JSON.stringify(members))
      else if (request.url?.startsWith('/v1/status/peers')) response.end('["10.0.0.1:8300"]')
      else response.end(request.url?.startsWith('/v1/agent/self') ? '{}' : '"10.0.0.1:8300"')
    },
    async (address) => {
      const { exit, stdout } = await run(home, ['lictor', 'doctor', `-http-addr=${address}`])
      assert.is(exit, 1)
      assert.match(
        stdout,
        /BAD servers\.apart: servers .* do not order writes with this one: other\n/,
      )
    },
  )
})

daemons('doctor tells that there is no leader, and who is missing', async ({ home }) => {
  await withStub(
    (request, response) => {
      const leader = request.url?.startsWith('/v1/status/leader')
      response.end(leader ? '""' : '["10.0.0.1:8300","10.0.0.2:8300","10.0.0.3:8300"]')
    },
    async (address) => {
      const { exit, stdout } = await run(home, ['lictor', 'doctor', `-http-addr=${address}`])
      assert.is(exit, 1)
      assert.match(stdout, 'BAD leader.none: no leader: 2 of these servers must reach each other')
    },
  )
  await withStub(always(200, '""', { date: 'Thu, 01 Jan 1970 00:00:00 GMT' }), async (address) => {
    const { stdout } = await run(home, ['lictor', 'doctor', '-json', `-http-addr=${address}`])
    const skew = await jq(stdout, '[.findings[] | select(.id == "clock.skew")][0].ok')
    assert.is(skew, 'false')
  })
})

daemons(
  'info has sections, the same as JSON and under both names',
  async ({ lictor, home, agent }) => {
    const { stdout } = await lictor('info')
    assert.match(stdout, /^agent:\n\t\w+ = /)
    const env = { CONSUL_HTTP_ADDR: agent.httpAddr }
    const consul = await run(home, ['consul', 'info', 'ignored'], { env })
    assert.is(consul.exit, 0)
    assert.match(consul.stdout, /^agent:\n\t/)
    const { stdout: json } = await lictor('info -json')
    const shown = '"\\(.raft.state) \\(.raft.term | tonumber > 0) \\(.serf_lan.members)"'
    assert.is(await jq(json, shown), 'Leader true 1')
  },
)

daemons('reload asks for a reload, leave for the end', async ({ home, lictor }) => {
  assert.is((await lictor('reload')).stdout, 'Configuration reload triggered\n')
  const other = await startAgent(home, { args: ['-dev', '-node=leaver'] })
  const words = ['consul', 'leave', 'now', `-http-addr=${other.httpAddr}`]
  const strange = await run(home, words)
  assert.equal(
    [strange.exit, strange.stderr.slice(0, 34)],
    [1, 'Error found unexpected args: [now '],
  )
  assert.match(strange.stdout, /^Usage: consul leave \[options\]\n/)
  const left = await run(home, ['lictor', 'leave', `-http-addr=${other.httpAddr}`])
  assert.is(left.stdout, 'Graceful leave complete\n')
  await within(10_000, async () => !(await lictor('ps')).stdout.includes('leaver'), 'its end')
  await other.stop()
})

daemons('api sends any request, and lists all endpoints', async ({ lictor }) => {
  assert.is((await lictor('api PUT /v1/kv/api/a value')).stdout.trim(), 'true')
  assert.is((await lictor('api get v1/kv/api/a?raw')).stdout, 'value')
  const included = await lictor('api GET /v1/kv/api/a?raw -include')
  assert.match(included.stderr, /^status: 200\n/)
  assert.is(included.stdout, 'value')
  assert.is((await lictor('api GET /v1/kv/api/a?raw -json')).stdout, '"value"\n')
  assert.is((await lictor('api /v1/kv/api/a?raw')).stdout, 'value')
  assert.is((await lictor('api GET')).exit, 2)
  assert.is((await lictor('api GET /v1/nothing')).exit, 1)
  assert.is((await lictor('api PATCH /v1/kv/a')).exit, 2)
  const listed = JSON.parse((await lictor('api list -json')).stdout)
  assert.is(listed.length, ROUTES.length)
  assert.match((await lictor('api list')).stdout, /^GET +\/v1\/kv\/\*key +key:read /m)
})

daemons('validate checks files together, and exits 2 under our name', async ({ home, lictor }) => {
  await mkdir(join(home.work, 'conf.d'))
  const good = 'data_dir = "data"\nbind_addr = "127.0.0.1"\nserver = true\n'
  await writeFile(join(home.work, 'conf.d/a.hcl'), good)
  await writeFile(join(home.work, 'bad.hcl'), `${good}servr = true\n`)
  const valid = await lictor('validate conf.d')
  assert.is(valid.exit, 0)
  assert.is(valid.stdout, 'Configuration is valid!\n')
  assert.not.match(valid.stderr, 'does not start')
  assert.is((await lictor('validate -quiet conf.d')).stdout, '')
  const bad = await lictor('validate conf.d bad.hcl')
  assert.is(bad.exit, 2)
  assert.match(bad.stderr, /servr/)
  assert.match(bad.stderr, /server/)
  assert.is((await lictor('validate')).exit, 2)
  assert.is((await lictor('validate -config-format=xml conf.d')).exit, 2)
})

daemons('validate warns of what is good and an agent does not start with', async (context) => {
  const { home, lictor } = context
  const at = (name: string) => join(home.work, name)
  const base = 'data_dir = "data"\nbind_addr = "127.0.0.1"\n'
  await writeFile(at('acl.hcl'), `${base}server = true\nacl { enabled = true }\n`)
  await writeFile(at('client.hcl'), base)
  const script = 'service { name = "s" check { args = ["x"] interval = "5s" } }'
  await writeFile(at('script.hcl'), `${base}server = true\n${script}\n`)
  const cases = [
    ['acl.hcl', 'acl.hcl:4:7: acl.enabled: this version checks no tokens'],
    ['client.hcl', 'server = false: this version has servers only'],
    ['script.hcl', 'Failed to register service "s": Scripts are disabled'],
  ] as const
  for (const [file, said] of cases) {
    const { exit, stdout, stderr } = await lictor(`validate ${file}`)
    assert.equal([exit, stdout], [0, 'Configuration is valid!\n'], file)
    assert.match(stderr, said)
    assert.match(stderr, 'an agent does not start with this\n')
    const warnings = await jq((await lictor(`validate -json ${file}`)).stdout, '.warnings[-1]')
    assert.match(warnings, said)
    const consul = await run(home, ['consul', 'validate', file])
    assert.equal(consul, { exit: 0, stdout: 'Configuration is valid!\n', stderr: '' })
  }
  await writeFile(at('alone.hcl'), `${base}server = true\nbootstrap = true\n`)
  const warned = await run(home, ['consul', 'validate', 'alone.hcl'])
  assert.is(warned.stderr, 'bootstrap = true: do not enable unless necessary\n')
  assert.is((await run(home, ['consul', 'validate', '-quiet', 'alone.hcl'])).stderr, '')
})

daemons(
  'agent refuses what it does not understand, before it starts anything',
  async ({ home }) => {
    const cases: [string, string[], number, RegExp][] = [
      ['lictor', ['-devv'], 2, /unknown flag -devv\n {2}next: did you mean -dev\?/],
      ['lictor', ['-dev', 'extra'], 2, /too many words|unexpected/],
      ['lictor', ['-http-port=abc'], 2, /-http-port/],
      ['lictor', ['-hcl=bogus = 1', '-dev'], 2, /bogus/],
      ['consul', ['-bogus'], 1, /^flag provided but not defined: -bogus\nUsage:/],
      ['consul', ['-dev', '-hcl=bogus = 1'], 1, /^==> failed to parse flags-0.hcl/],
      ['consul', ['-acl', '-dev'], 1, /^flag provided but not defined: -acl/],
    ]
    for (const [program, words, code, shown] of cases) {
      const { exit, stderr } = await run(home, [program, 'agent', ...words])
      assert.is(exit, code, `${program} agent ${words.join(' ')}: ${stderr}`)
      assert.match(stderr, shown)
    }
  },
)

daemons.run()
