// The agent as a program: ready line, signals, exit codes, what it leaves behind.
import { createSocket } from 'node:dgram'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../kit/tmp.ts'
import { within } from '../kit/within.ts'
import { type AgentProcess, type Start, withAgent } from './agent-process.ts'
import { get, openRaw, put } from './raw-client.ts'

const agent = suite('agent')

const DEV = ['-dev', '-http-port=0', '-dns-port=0']

const withDev = (
  work: (agent: AgentProcess, dir: string) => Promise<void>,
  start: Partial<Start> = {},
): Promise<void> =>
  withTemp((dir) => withAgent({ args: DEV, dir, ...start }, (agent) => work(agent, dir)))

async function ask(port: number, sent: string, answer: RegExp): Promise<string> {
  const client = await openRaw(port)
  client.send(sent)
  const received = await client.until(answer)
  client.socket.destroy()
  return received
}

agent('one line on stderr says that it is ready, and where', () =>
  withDev(
    async (agent, dir) => {
      const port = await agent.port()
      assert.match(
        agent.stderr(),
        /^lictor agent ready: http 127\.0\.0\.1:\d+, dns 127\.0\.0\.1:\d+ \(pid \d+\)\n$/,
      )
      assert.match(agent.stderr(), `pid ${agent.child.pid}`)
      await within(5_000, () => agent.third() !== '', 'descriptor 3')
      assert.is(agent.third(), agent.stderr())
      await ask(port, get('/v1/status/leader'), /"127\.0\.0\.1:8300"/)
      const names = [`agent-${port}.json`, `agent-${port}.sock`]
      assert.equal(readdirSync(join(dir, 'run')).sort(), names)
      assert.is(readFileSync(join(dir, 'agent.pid'), 'utf8'), `${agent.child.pid}\n`)
      assert.match(agent.stdout(), /\[INFO\] {2}agent: ready\n/)

      agent.child.kill('SIGTERM')
      assert.is(await agent.ended(), 0)
      assert.equal(readdirSync(join(dir, 'run')), [], 'nothing is left')
      assert.not(existsSync(join(dir, 'agent.pid')))
      assert.match(agent.stdout(), /caught signal: signal=SIGTERM[\s\S]*stopping/)
    },
    { env: { AGENT_READY_FD: '3' }, args: [...DEV, '-pid-file=agent.pid'] },
  ),
)

agent('called as consul, the codes and the banner are those of Consul', () =>
  withDev(
    async (agent) => {
      await agent.port()
      assert.match(agent.stdout(), /^==> Starting Consul agent\.\.\.\n/)
      assert.is(agent.stderr(), '')
      agent.child.kill('SIGINT') // a server skips leaving
      assert.is(await agent.ended(), 1)
    },
    { env: { AGENT_PROFILE: 'consul' } },
  ),
)

agent('an interrupt leaves in order where that is configured', () =>
  withDev(
    async (agent) => {
      await agent.port()
      agent.child.kill('SIGINT')
      assert.is(await agent.ended(), 0)
      assert.match(agent.stdout(), /stopping: why=SIGINT/)
    },
    { env: { AGENT_PROFILE: 'consul' }, args: [...DEV, '-hcl=skip_leave_on_interrupt = false'] },
  ),
)

agent('asked over the API it answers, leaves and ends with 0', () =>
  withDev(async (agent) => {
    const port = await agent.port()
    const received = await ask(port, put('/v1/agent/leave', ''), /\r\n\r\n/)
    assert.match(received, /^HTTP\/1\.1 200 OK/)
    assert.is(await agent.ended(), 0)
  }),
)

agent('those who wait do not hold up its end', () =>
  withDev(async (agent) => {
    const port = await agent.port()
    await ask(port, put('/v1/kv/a', '1'), /true/)
    const parked = await openRaw(port)
    parked.send(get('/v1/kv/a?index=1000000&wait=10m'))
    const monitor = await openRaw(port)
    monitor.send(get('/v1/agent/monitor?loglevel=info'))
    await monitor.until(/chunked\r\n\r\n/)
    agent.child.kill('SIGTERM')
    assert.is(await agent.ended(), 0)
    assert.is(await parked.ended(), '')
    assert.match(await monitor.ended(), /stopping: why=SIGTERM\n\r\n0\r\n\r\n$/)
  }),
)

agent('a hangup reads the configuration again, and a mistake in it changes nothing', () =>
  withTemp(async (dir) => {
    const file = join(dir, 'agent.json')
    const configure = (text: string) => writeFileSync(file, text)
    configure('{"log_level":"info"}')
    const start = { dir, args: [...DEV, `-config-file=${file}`] }
    await withAgent(start, async (agent) => {
      await agent.port()
      const hangup = async (pattern: RegExp) => {
        agent.child.kill('SIGHUP')
        await within(5_000, () => pattern.test(agent.stdout()), `${pattern}`)
      }
      configure('{"log_level":"debug","datacenter":"other"}')
      await hangup(/configuration reloaded: changes=3/)
      assert.match(agent.stdout(), /changed by a reload: change="log\.level .*info.* -> .*debug/)
      assert.match(
        agent.stdout(),
        /holds after a restart only: change="datacenter .*dc1.* -> .*other/,
      )
      configure('{"log_levl":"debug"}')
      await hangup(/not reloaded, the old configuration holds: why=.*log_levl/)
      assert.is(agent.child.exitCode, null)
    })
  }),
)

agent('a port of DNS that is taken is moved by its own flag', () =>
  withTemp(async (dir) => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const { port } = socket.address()
    const args = ['-dev', '-http-port=0', `-dns-port=${port}`]
    await withAgent({ dir, args }, async (agent) => {
      assert.is(await agent.ended(), 1)
      assert.match(agent.stderr(), `cannot listen on 127.0.0.1:${port}: address already in use`)
      assert.match(agent.stderr(), /lictor agent \.\.\. -dns-port=\d+ +use another port/)
    })
    await new Promise<void>((resolve) => socket.close(() => resolve()))
  }),
)

agent('a port that is taken: by whom, and what now', () =>
  withTemp(async (dir) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await withAgent({ dir, args: ['-dev', `-http-port=${port}`] }, async (agent) => {
      assert.is(await agent.ended(), 1)
      const lines = agent.stderr().split('\n')
      assert.is(
        lines[0],
        `lictor agent: cannot listen on 127.0.0.1:${port}: address already in use`,
      )
      assert.match(
        lines[1] ?? '',
        new RegExp(`^  held by pid ${process.pid}  .*\\(yours, started `),
      )
      assert.match(lines[2] ?? '', /^ {2}next: lictor ps +it may be the agent that you want$/)
      assert.match(lines[3] ?? '', `kill ${process.pid} `)
      assert.match(lines[4] ?? '', /^ {8}lictor agent \.\.\. -http-port=\d+ +use another port$/)
    })
    await new Promise((resolve) => server.close(resolve))
  }),
)

agent('a configuration that is refused ends it with 2, as consul with 1', () =>
  withTemp(async (dir) => {
    for (const [profile, code, text] of [
      ['lictor', 2, /^lictor agent: .*bogus/],
      ['consul', 1, /^==> failed to parse flags-0\.hcl: .*\n.*invalid config key bogus\n/],
    ] as const) {
      const start = { dir, args: [...DEV, '-hcl=bogus = 1'], env: { AGENT_PROFILE: profile } }
      await withAgent(start, async (agent) => {
        assert.is(await agent.ended(), code)
        assert.match(agent.stderr(), text)
        assert.is(agent.stdout(), '')
      })
    }
  }),
)

agent('a runtime folder that cannot be used costs the control socket, not the agent', () =>
  withTemp(async (dir) => {
    mkdirSync(join(dir, 'run'))
    writeFileSync(join(dir, 'file'), '')
    const env = { LICTOR_RUNTIME_DIR: join(dir, 'file') }
    await withAgent({ dir, args: DEV, env }, async (agent) => {
      await agent.port()
      assert.match(agent.stdout(), /\[WARN\] {2}agent: no control socket/)
    })
    const named = { AGENT_SOCKET: join(dir, 'x'.repeat(120)) }
    await withAgent({ dir, args: DEV, env: named }, async (agent) => {
      assert.is(await agent.ended(), 2)
      assert.match(agent.stderr(), /longer than the 107 bytes/)
    })
  }),
)

agent('what was acknowledged is there again after a kill', () =>
  withTemp(async (dir) => {
    const args = [
      '-server',
      '-bootstrap',
      '-bind=127.0.0.1',
      `-data-dir=${dir}/data`,
      '-http-port=0',
      '-dns-port=0',
    ]
    let nodeId = ''
    await withAgent({ dir, args }, async (agent) => {
      const port = await agent.port()
      await ask(port, put('/v1/kv/a', 'kept'), /true/)
      nodeId = /"ID":"([^"]+)"/.exec(await ask(port, get('/v1/catalog/nodes'), /\]$/))?.[1] ?? ''
      agent.child.kill('SIGKILL')
      await agent.ended()
    })
    await withAgent({ dir, args }, async (agent) => {
      const port = await agent.port()
      await ask(port, get('/v1/kv/a?raw'), /kept$/)
      assert.match(await ask(port, get('/v1/catalog/nodes'), /\]$/), nodeId)
      agent.child.kill('SIGTERM')
      assert.is(await agent.ended(), 0)
    })
  }),
)

agent('a bug ends it with 70, a failed disk with 71, and both are told', () =>
  withTemp(async (dir) => {
    for (const [signal, code, text] of [
      ['SIGUSR2', 70, /^lictor agent: a bug: please report it\nError: planted bug\n/m],
      ['SIGVTALRM', 71, /^lictor agent: the disk failed\nDiskFailure: fdatasync \/data\/wal/m],
    ] as const) {
      await withAgent({ dir, args: DEV, planted: true }, async (agent) => {
        await agent.port()
        agent.child.kill(signal)
        assert.is(await agent.ended(), code)
        assert.match(agent.stderr(), text)
        assert.match(agent.stdout(), /\[ERROR\] agent: /)
      })
    }
  }),
)

agent('readiness and the end are told to a supervisor; a second signal does not wait', () =>
  withTemp(async (dir) => {
    // Takes the place of the real one, and hangs at the end until the agent is gone.
    const script = '#!/bin/sh\necho "$2" >> told\ncase "$2" in STOPPING=1) exec cat ;; esac\n'
    writeFileSync(join(dir, 'systemd-notify'), script, { mode: 0o755 })
    const env = { NOTIFY_SOCKET: join(dir, 'n'), PATH: `${dir}:${process.env['PATH']}` }
    await withAgent({ dir, args: DEV, env }, async (agent) => {
      const told = () => readFileSync(join(dir, 'told'), 'utf8')
      await within(20_000, () => told() === 'READY=1\n', 'READY=1')
      agent.child.kill('SIGTERM')
      await within(20_000, () => told() === 'READY=1\nSTOPPING=1\n', 'STOPPING=1')
      assert.is(agent.child.exitCode, null)
      agent.child.kill('SIGTERM')
      assert.is(await agent.ended(), 1)
    })
  }),
)

agent.run()
