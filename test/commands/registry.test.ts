// The lesson daemons as programs: what stays on the disk, what goes with whoever leaves, scripts as
// checks, and DNS that follows.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Daemon, startDaemon } from '../kit/daemon.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { before, within } from '../kit/within.ts'

const lessons = suite<{ home: Home }>('lesson daemons')

lessons.before(async (context) => {
  context.home = await openHome()
})
lessons.after(({ home }) => home.close())

const READY_MS = 15_000

interface Answering extends Daemon {
  /** `127.0.0.1:PORT` of the protocol. */
  readonly address: string
}

async function start(home: Home, argv: readonly string[], protocol: string): Promise<Answering> {
  const [program = '', ...args] = argv
  const ready = new RegExp(`ready: .*?${protocol} (?<address>127\\.0\\.0\\.1:\\d+)`)
  const daemon = await startDaemon(home, { program, args, ready })
  return { ...daemon, address: daemon.told['address'] ?? '' }
}

/** Runs a test with daemons that are gone afterwards, whatever happened. */
async function withDaemons(work: (started: Daemon[]) => Promise<void>): Promise<void> {
  const started: Daemon[] = []
  try {
    await work(started)
  } finally {
    for (const { isRunning, end } of started) if (isRunning()) await end('SIGKILL')
  }
}

async function call(address: string, method: string, path: string, body?: unknown) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const headers = { connection: 'close' }
  const response = await fetch(`http://${address}/v1/${path}`, { method, headers, ...sent })
  return { status: response.status, text: await response.text() }
}

lessons('what was registered is there again after a kill', async ({ home }) => {
  await withDaemons(async (started) => {
    const first = await start(home, ['registry', '--port=0'], 'http')
    started.push(first)
    const service = { name: 'web', id: 'web-1', port: 8080, tags: ['blue'], check: { ttl: '10m' } }
    const said = await call(first.address, 'PUT', 'agent/service/register', service)
    assert.equal(said, { status: 200, text: '{"success": true}\n' })
    await call(first.address, 'PUT', 'agent/check/pass/service:web-1')
    await first.end('SIGKILL')
    assert.is(first.printed(), '', 'nothing goes to standard output')
    assert.ok(existsSync(join(home.work, '.lictor/registry-0')))

    const second = await start(home, ['lictor', 'registry', '--port=0'], 'http')
    started.push(second)
    const { text } = await call(second.address, 'GET', 'catalog/service/web?tag=blue')
    assert.is(await jq(text, '.[0] | .id + " " + .status'), 'web-1 passing')

    const ps = await run(home, ['lictor', 'ps', '-json'])
    assert.is(await jq(ps.stdout, '.[] | select(.kind == "registry") | .cwd'), home.work)
    await call(second.address, 'PUT', 'agent/leave')
    assert.is(await before(READY_MS, () => second.ended, 'the end'), 0)

    const third = await start(home, ['registry', '--port=0'], 'http')
    started.push(third)
    assert.is((await call(third.address, 'GET', 'catalog/services')).text, '{}\n')
    assert.is(await third.end('SIGTERM'), 0)
  })
})

lessons('a script is a check where that is allowed: 0, 1 and any other code', async ({ home }) => {
  const state = join(home.work, 'state')
  await withDaemons(async (started) => {
    const registry = await start(home, ['registry', '--port=0', '--enable-script-checks'], 'http')
    started.push(registry)
    for (const [code, status] of [
      [0, 'passing'],
      [1, 'warning'],
      [2, 'critical'],
    ] as const) {
      await writeFile(state, String(code))
      const args = ['sh', '-c', `exit $(cat ${state})`]
      const check = { args, interval: '1s', status: 'critical' }
      const service = { name: `job-${code}`, check }
      await call(registry.address, 'PUT', 'agent/service/register', service)
      await within(READY_MS, async () => {
        const { text } = await call(registry.address, 'GET', `catalog/service/job-${code}`)
        return text.includes(`"status": "${status}"`)
      })
    }
    const second = await run(home, ['registry', '--port=0', '--dialect=consul'])
    assert.is(second.exit, 1, 'one at a time has the state of a folder')
    assert.match(second.stderr, 'in use by process')
  })
})

lessons('DNS follows the registry, and says when there is none', async ({ home }) => {
  await withDaemons(async (started) => {
    const registry = await start(home, ['registry', '--port=0'], 'http')
    started.push(registry)
    const words = ['registry-dns', '--port=0', '--ttl=7', '--bind=localhost']
    words.push(`--registry=${registry.address}`)
    const dns = await start(home, words, 'dns')
    started.push(dns)
    const [, port = ''] = dns.address.split(':')
    const dig = async (...more: string[]) =>
      (await run(home, ['dig', '@127.0.0.1', '-p', port, '+noall', '+answer', ...more])).stdout
    assert.is(await dig('web.service.consul'), '')
    const web = {
      name: 'web',
      id: 'web-1',
      address: '10.1.2.3',
      port: 80,
      tags: ['blue'],
      meta: { rack: 'r1' },
    }
    await call(registry.address, 'PUT', 'agent/service/register', web)
    await within(READY_MS, async () => (await dig('web.service.consul')).includes('10.1.2.3'))
    assert.match(await dig('web-1.node.consul', 'TXT'), '"rack=r1"')
    assert.not.match(await dig('+additional', 'web.service.consul', 'SRV'), 'TXT')
    assert.match(
      await dig('_web._tcp.service.consul', 'SRV'),
      /7\s+IN\s+SRV\s+1 1 80 web-1\.node\./,
    )
    assert.match(await dig('+tcp', 'blue.web.service.consul'), '10.1.2.3')
    assert.is(await dig('web.service.consul', 'AAAA'), '')
    await call(registry.address, 'PUT', 'agent/service/deregister/web-1')
    await within(READY_MS, async () => (await dig('web.service.consul')) === '')

    await registry.end('SIGKILL')
    await within(READY_MS, () => dns.output().includes('no registry answers'), 'a warning')
    assert.is(await dns.end('SIGTERM'), 0)
  })
})

lessons('the names of a registry that dies stay, those of one that leaves go', async ({ home }) => {
  await withDaemons(async (started) => {
    const registry = await start(home, ['registry', '--port=0'], 'http')
    started.push(registry)
    const dns = await start(
      home,
      ['registry-dns', '--port=0', `--registry=${registry.address}`],
      'dns',
    )
    started.push(dns)
    const names = ['web', 'db', 'cache', 'queue']
    const found = async () => {
      const asked = [...names, 'late'].map((name) => `${name}.service.consul`)
      const port = dns.address.split(':')[1] ?? ''
      return (await run(home, ['dig', '@127.0.0.1', '-p', port, '+short', ...asked])).stdout
    }
    const addresses = (count: number) => '127.0.0.1\n'.repeat(count)
    for (const name of names)
      await call(registry.address, 'PUT', 'agent/service/register', { name, port: 80 })
    await within(READY_MS, async () => (await found()) === addresses(4), 'all names')
    await registry.end('SIGKILL')
    await within(
      READY_MS,
      () => dns.output().includes('what one has told stays for 30 s'),
      'a warning',
    )
    assert.is(await found(), addresses(4))

    const port = registry.address.split(':')[1] ?? ''
    const again = await start(home, ['registry', `--port=${port}`], 'http')
    started.push(again)
    for (const name of [...names, 'late'])
      await call(again.address, 'PUT', 'agent/service/register', { name, port: 80 })
    await within(READY_MS, async () => (await found()) === addresses(5), 'DNS follows again')
    const back = `the registry answers (http://${registry.address})`
    await within(READY_MS, () => dns.output().includes(back), 'the end of the warning')
    await call(again.address, 'PUT', 'agent/leave')
    await within(READY_MS, async () => (await found()) === '', 'no names')
  })
})

lessons('the commands for an agent say what they find at a registry', async ({ home }) => {
  await withDaemons(async (started) => {
    const registry = await start(home, ['registry', '--port=0'], 'http')
    started.push(registry)
    const at = `--http-addr=${registry.address}`
    const dns = await start(
      home,
      ['registry-dns', '--port=0', `--registry=${registry.address}`],
      'dns',
    )
    started.push(dns)
    const lone = { name: 'lone', id: 'lone-1', port: 8080, check: { ttl: '10m' } }
    await call(registry.address, 'PUT', 'agent/service/register', lone)
    const ask = (how: string, name: string) =>
      run(home, ['lictor', 'dns', how, name, at, `--server=${dns.address}`])
    const trace = (name: string) => ask('trace', name)
    const critical = await trace('lone')
    assert.is(critical.exit, 1)
    assert.match(critical.stdout, 'lone-1 127.0.0.1:8080 not told: service:lone-1 critical')
    await call(registry.address, 'PUT', 'agent/check/pass/service:lone-1')
    await within(READY_MS, async () => (await ask('query', 'lone')).exit === 0, 'a name')
    assert.match((await trace('lone')).stdout, '1 instance of lone, 1 fit to be told of')
    assert.match((await trace('lone-1.node.consul')).stdout, 'has 1 record')
    const nodes = await run(home, ['lictor', 'catalog', 'nodes', at])
    assert.equal([nodes.exit, nodes.stdout], [1, ''])
    assert.match(nodes.stderr, 'a registry of the lesson answers')
  })
})

lessons('a port that is taken is told, with what to do', async ({ home }) => {
  await withDaemons(async (started) => {
    const first = await start(home, ['registry', '--port=0'], 'http')
    started.push(first)
    const [, port = ''] = first.address.split(':')
    const { exit, stderr } = await run(home, ['registry', `--port=${port}`])
    assert.is(exit, 1)
    assert.match(stderr, `registry: cannot listen on 127.0.0.1:${port}: address already in use`)
    assert.match(stderr, /^ +registry \.\.\. --port=\d+ /m)
    assert.match((await run(home, ['registry', '--help'])).stdout, 'registry [flags]')
  })
})

lessons(
  'what is no port, no address and no flag is refused before anything starts',
  async (context) => {
    const cases: [string[], RegExp][] = [
      [['registry', '--port=70000'], /^registry: --port: no port: 70000\n/],
      [['registry-dns', '--port=65536'], /^registry-dns: --port: no port: 65536\n/],
      [['registry-dns', '--registry=::bad'], /^registry-dns: --registry: no address: ::bad\n/],
      [['registry-dns', '--recursor=me'], /-recursor: recursors takes IP addresses/],
      [['registry', '--bind=here'], /^registry: --bind: no IP address: here\n/],
      [['registry-dns', '--domain='], /-domain: domain is no domain name: ""/],
      [['registry', '--prot=1'], /^registry: unknown flag -prot\n {2}next: did you mean -port\?/],
      [['lictor', 'registry', 'more'], /^lictor registry: too many words/],
    ]
    for (const [words, shown] of cases) {
      const { exit, stdout, stderr } = await run(context.home, words)
      assert.equal([exit, stdout], [2, ''], words.join(' '))
      assert.match(stderr, shown)
    }
    const told = await run(context.home, ['registry', '--json', '--port=70000'])
    assert.is(await jq(told.stderr, '.error.code'), 'usage')
  },
)

lessons.run()
