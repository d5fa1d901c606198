// lictor dns and dns-setup against an agent of ours: with curl, and with the forwarders themselves.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../../kit/cli.ts'
import { jq } from '../../kit/jq.ts'
import { freePort } from '../../kit/ports.ts'
import { before, within } from '../../kit/within.ts'
import { type AgentContext, openAgent } from '../kit/context.ts'

const dns = suite<{ on: AgentContext }>('dns commands')

dns.before(async (context) => {
  context.on = await openAgent(['-dev', '-node=here'])
  const register = (body: unknown) => context.on.api('PUT', '/v1/agent/service/register', body)
  await register({ Name: 'web', ID: 'web-1', Address: '127.0.0.2', Port: 8080, Tags: ['v1'] })
  const Check = { TTL: '1h', Status: 'critical' }
  await register({ Name: 'web', ID: 'web-2', Address: '127.0.0.3', Port: 8081, Check })
})
dns.after(({ on }) => on.close())

dns('query shows records, and what goes along with them', async ({ on }) => {
  const { exit, stdout } = await on.lictor('dns', 'query', 'web')
  assert.equal([exit, stdout], [0, 'web.service.consul.  0  A  127.0.0.2\n'])
  const srv = (await on.lictor('dns', 'query', 'web.service.consul', 'srv', '-json')).stdout
  assert.match(await jq(srv, '.answer[0].data'), /^1 1 8080 \S+\.addr\.dc1\.consul\.$/)
  assert.is(await jq(srv, '.additional[0].data'), '127.0.0.2')
  const tcp = (await on.lictor('dns', 'query', '-tcp', 'here.node.consul', '-json')).stdout
  assert.is(await jq(tcp, '[.transport, .answer[0].data] | join(" ")'), 'tcp 127.0.0.1')
})

dns('no such name and nothing of this type are told apart, both with 1', async ({ on }) => {
  const missing = await on.lictor('dns', 'query', 'none')
  assert.equal([missing.exit, missing.stdout], [1, ''])
  assert.match(missing.stderr, 'there is no such name')
  assert.match((await on.lictor('dns', 'query', 'web', 'AAAA')).stderr, 'nothing of type AAAA')
})

dns('what cannot be asked is refused, and nobody there is 3', async ({ on }) => {
  for (const words of [['web', 'NOPE'], ['a..b'], [], ['web', '-server=a b:c']]) {
    assert.is((await on.lictor('dns', 'query', ...words)).exit, 2, words.join(' '))
  }
  assert.is((await on.lictor('dns', 'query', 'web', '-server=127.0.0.1:1')).exit, 3)
})

dns('trace says why an instance is not told of', async ({ on }) => {
  const { exit, stdout } = await on.lictor('dns', 'trace', 'web')
  assert.is(exit, 0)
  assert.match(stdout, /^ok {2}meaning {3}the service web, in dc1\n/)
  assert.match(stdout, '2 instances of web, 1 fit to be told of')
  assert.match(stdout, 'here 127.0.0.3:8081 not told: service:web-2 critical')
  const steps = (await on.lictor('dns', 'trace', 'v1.web.service.consul', '-json')).stdout
  assert.match(await jq(steps, '.[0].what'), 'with the tag v1')
  assert.is(await jq(steps, '.[2].step'), 'answer')
  const none = await on.lictor('dns', 'trace', 'none')
  assert.is(none.exit, 1)
  assert.match(none.stdout, /^no {2}answer/m)
  assert.match((await on.lictor('dns', 'trace', 'example.com')).stdout, 'does not end in consul.')
  const mesh = (await on.lictor('dns', 'trace', 'web.connect.consul')).stdout
  assert.match(mesh, 'who serves web, in dc1')
  assert.match(mesh, '0 instances of web, 0 fit')
  const virtual = (await on.lictor('dns', 'trace', 'web.virtual.consul')).stdout
  assert.match(virtual, 'the virtual address of web')
})

dns('curl reaches a service by its name with what curl-args prints', async ({ on }) => {
  const server = createServer((request, response) => {
    response.end(`for ${request.headers.host}\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server's address
  try {
    const body = { Name: 'shop', Port: port, Address: '127.0.0.1' }
    await on.api('PUT', '/v1/agent/service/register', body)
    const url = `http://shop.service.consul:${port}/`
    const script = `curl -sS --noproxy '*' $(lictor dns curl-args shop) ${url}`
    const env = { CONSUL_HTTP_ADDR: on.agent.httpAddr }
    const { stdout, stderr } = await run(on.home, ['bash', '-c', script], { env })
    assert.is(stdout, `for shop.service.consul:${port}\n`, stderr)
  } finally {
    server.close()
    server.closeAllConnections()
  }
  const other = await on.lictor('dns', 'curl-args', '-port=99', 'web')
  assert.is(other.stdout, '--resolve web.service.consul:99:127.0.0.2\n')
  assert.is((await on.lictor('dns', 'curl-args', 'none')).exit, 1)
})

const isMissing = (program: string): boolean => {
  const missing = spawnSync(program, ['--version']).error !== undefined
  if (missing) console.log(`SKIP no ${program}`)
  return missing
}

/** The DNS address of the agent. */
const dnsOf = ({ agent }: AgentContext): string =>
  /, dns ([\d.]+:\d+)/.exec(agent.output())?.[1] ?? 'none in its ready line'

interface Forwarder {
  readonly name: 'dnsmasq' | 'unbound'
  /** Of the file with the lines that dns-setup prints, and of a port to answer at. */
  readonly line: (file: string, port: number) => readonly string[]
  readonly more: (port: number) => string
}

const FORWARDERS: readonly Forwarder[] = [
  {
    name: 'dnsmasq',
    line: (file) => ['dnsmasq', '--keep-in-foreground', `--conf-file=${file}`],
    more: (port) =>
      `port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nuser=\n` +
      'pid-file=\n',
  },
  {
    name: 'unbound',
    line: (file) => ['unbound', '-d', '-c', file],
    more: (port) =>
      `server:\n  port: ${port}\n  interface: 127.0.0.1\n  username: ""\n  chroot: ""\n` +
      '  pidfile: ""\n  use-syslog: no\nremote-control:\n  control-enable: no\n',
  },
]

for (const { name, line, more } of FORWARDERS) {
  dns(`${name} forwards with the lines of dns-setup`, async ({ on }) => {
    if (isMissing(name)) return
    const server = dnsOf(on)
    const { stdout, stderr } = await on.lictor('dns-setup', name, `-server=${server}`)
    assert.match(stderr, `systemctl restart ${name}`)
    const port = await freePort()
    const file = join(on.home.work, `${name}.conf`)
    await writeFile(file, `${stdout}${more(port)}`)
    const [program = '', ...args] = line(file, port)
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: on.home.env })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk))
    try {
      const asked = ['dns', 'query', 'web', `-server=127.0.0.1:${port}`]
      const answered = async () => (await on.lictor(...asked)).stdout.includes(' A  127.0.0.2\n')
      await within(15_000, answered, `${name}: ${said}`)
    } finally {
      await endChild(child)
    }
  })
}

const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await before(5_000, () => ended, 'the end of the forwarder')
}

dns('systemd-resolved gets a section that routes the domain', async ({ on }) => {
  const words = ['dns-setup', 'systemd-resolved', '-domain=mesh.', '-server=10.0.0.1:53']
  const { stdout } = await on.lictor(...words)
  assert.is(stdout, '[Resolve]\nDNS=10.0.0.1:53\nDNSSEC=false\nDomains=~mesh\n')
})

dns('dns-setup lists what there is, and refuses the rest', async ({ on }) => {
  const { stdout } = await on.lictor('dns-setup', '-json')
  assert.is(await jq(stdout, 'map(.name) | join(" ")'), 'dnsmasq unbound systemd-resolved')
  const lines = (await on.lictor('dns-setup', 'dnsmasq', '-json')).stdout
  assert.is(await jq(lines, '.text'), 'server=/consul/127.0.0.1#8600\n')
  for (const words of [['bind'], ['dnsmasq', '-server=nowhere']]) {
    assert.is((await on.lictor('dns-setup', ...words)).exit, 2, words.join(' '))
  }
})

dns.run()
