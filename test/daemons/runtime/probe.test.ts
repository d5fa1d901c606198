// Checks that really go out: each kind against sockets and programs of the test's own, on ports
// that the kernel chose, and every one within its deadline.
import dgram from 'node:dgram'
import { existsSync, readFileSync } from 'node:fs'
import http, { type RequestListener } from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Probed, ProbeTarget } from '../../../core/local/probe.ts'
import { createProber } from '../../../daemons/runtime/probe.ts'
import { inProject } from '../../kit/paths.ts'
import { freePort } from '../../kit/ports.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before, within } from '../../kit/within.ts'

const probe = suite('runtime/probe')

const PATIENCE_MS = 5_000
const OUTPUT_MAX = 4096

interface Bounds {
  readonly timeoutMs?: number
  readonly outputMax?: number
}

const run = (target: ProbeTarget, bounds: Bounds = {}): Promise<Probed> => {
  const { timeoutMs = 20_000, outputMax = OUTPUT_MAX } = bounds
  const prober = createProber()
  return before(PATIENCE_MS, () => prober.run(1, { target, timeoutMs, outputMax }), target.type)
}

const VERIFY = { serverName: '', skipVerify: false }
const SKIP = { serverName: '', skipVerify: true }

const httpTarget = (
  url: string,
  changed: Partial<Extract<ProbeTarget, { type: 'http' }>> = {},
) => ({
  type: 'http' as const,
  url,
  method: 'GET',
  header: {},
  body: '',
  followsRedirects: true,
  tls: VERIFY,
  ...changed,
})

const pem = (name: string) => readFileSync(inProject('test/fixtures/probe', name))
const identity = () => ({ key: pem('key.pem'), cert: pem('cert.pem') })

interface Server {
  listen(port: number, host: string, done: () => void): unknown
  address(): AddressInfo | string | null
  close(done?: () => void): unknown
}

/** Runs with a server on a free port of the loopback interface. */
async function serving<T>(server: Server, work: (port: number) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  try {
    return await work(typeof address === 'object' && address !== null ? address.port : 0)
  } finally {
    server.close()
  }
}

const answering = (onRequest: RequestListener, work: (url: string) => Promise<void>) =>
  serving(http.createServer(onRequest), (port) => work(`http://127.0.0.1:${port}/x`))

for (const [code, status] of [
  [200, 'passing'],
  [204, 'passing'],
  [429, 'warning'],
  [404, 'critical'],
  [500, 'critical'],
  [304, 'critical'],
] as const) {
  probe(`an answer of ${code} over HTTP is ${status}`, () =>
    answering(
      (_request, response) => response.writeHead(code).end(),
      async (url) => {
        const found = await run(httpTarget(url))
        assert.is(found.status, status)
        assert.match(found.output, `HTTP GET ${url}: ${code} `)
      },
    ),
  )
}

probe('method, headers and body are those of the check, with the manners of Consul', async () => {
  const seen: { method?: string | undefined; headers: http.IncomingHttpHeaders; body: string }[] =
    []
  await answering(
    (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method, headers } = request
        seen.push({ method, headers, body: Buffer.concat(chunks).toString() })
        response.end('done')
      })
    },
    async (url) => {
      const header = { 'X-Two': ['a', 'b'], accept: ['application/json'] }
      await run(httpTarget(url, { method: 'PUT', body: 'hello', header }))
      await run(httpTarget(url))
    },
  )
  const [first, second] = seen
  assert.is(first?.method, 'PUT')
  assert.is(first?.body, 'hello')
  assert.is(first?.headers['x-two'], 'a, b')
  assert.is(first?.headers.accept, 'application/json')
  assert.is(second?.headers['user-agent'], 'Consul Health Check')
  assert.is(second?.headers.accept, 'text/plain, text/*, */*')
})

probe('of a long answer the end is kept', () =>
  answering(
    (_request, response) => response.end(`${'x'.repeat(10_000)}the end`),
    async (url) => {
      const { output } = await run(httpTarget(url), { outputMax: 20 })
      assert.is(output, `HTTP GET ${url}: 200 OK Output: ${'x'.repeat(13)}the end`)
    },
  ),
)

probe('a redirect is followed, unless the check says not to', () =>
  answering(
    (request, response) => {
      if (request.url === '/x') response.writeHead(302, { location: '/there' }).end()
      else response.end('arrived')
    },
    async (url) => {
      assert.match((await run(httpTarget(url))).output, 'arrived')
      assert.is((await run(httpTarget(url, { followsRedirects: false }))).status, 'critical')
    },
  ),
)

probe('redirects without an end are left', () =>
  answering(
    (_request, response) => response.writeHead(302, { location: '/x' }).end(),
    async (url) => assert.match((await run(httpTarget(url))).output, 'stopped after 10 redirects'),
  ),
)

probe('an HTTP server that is silent, drips or hangs up does not keep a check', async () => {
  await answering(
    () => undefined,
    async (url) => {
      const found = await run(httpTarget(url), { timeoutMs: 100 })
      assert.is(found.status, 'critical')
      assert.match(found.output, 'context deadline exceeded')
    },
  )
  await answering(
    (_request, response) => {
      const drip = setInterval(() => response.write('.'), 5)
      response.on('close', () => clearInterval(drip))
    },
    async (url) => assert.is((await run(httpTarget(url), { timeoutMs: 100 })).status, 'critical'),
  )
  await answering(
    (request) => request.socket.destroy(),
    async (url) => assert.is((await run(httpTarget(url))).status, 'critical'),
  )
})

probe('a refused connection is told as Go tells it', async () => {
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const why = `dial tcp ${address}: connect: connection refused`
  assert.equal(await run(httpTarget(`http://${address}/`)), {
    status: 'critical',
    output: `Get "http://${address}/": ${why}`,
  })
  assert.equal(await run({ type: 'tcp', address, tls: undefined }), {
    status: 'critical',
    output: why,
  })
  assert.equal(await run({ type: 'h2ping', address, tls: undefined }), {
    status: 'critical',
    output: `Failed to dial to ${address}: ${why}`,
  })
  assert.equal(await run({ type: 'grpc', address, service: '', tls: undefined }), {
    status: 'critical',
    output:
      'rpc error: code = Unavailable desc = connection error: ' +
      `desc = "transport: Error while dialing: ${why}"`,
  })
})

probe('who answers in clear text does not speak TLS, and who is unknown is not trusted', () =>
  answering(
    (_request, response) => response.end('clear'),
    async (url) => {
      const { port } = new URL(url)
      const address = `127.0.0.1:${port}`
      assert.is(
        (await run(httpTarget(`https://${address}/`))).output,
        `Get "https://${address}/": http: server gave HTTP response to HTTPS client`,
      )
      const { output } = await run({ type: 'tcp', address, tls: VERIFY })
      assert.is(output, 'tls: first record does not look like a TLS handshake')
    },
  ),
)

probe('what is no URL is critical, not an accident', async () => {
  for (const url of ['', 'no url', 'ftp://127.0.0.1/', 'http://[']) {
    assert.is((await run(httpTarget(url))).status, 'critical')
  }
})

probe('a TCP port that accepts passes, without TLS and with it', async () => {
  await serving(net.createServer(), async (port) => {
    const address = `127.0.0.1:${port}`
    assert.equal(await run({ type: 'tcp', address, tls: undefined }), {
      status: 'passing',
      output: `TCP connect ${address}: Success`,
    })
    const handshake = { type: 'tcp' as const, address, tls: VERIFY }
    assert.is((await run(handshake, { timeoutMs: 100 })).status, 'critical', 'no TLS there')
  })
  await serving(tls.createServer(identity()), async (port) => {
    const address = `127.0.0.1:${port}`
    assert.equal(await run({ type: 'tcp', address, tls: SKIP }), {
      status: 'passing',
      output: `TCP+TLS connect ${address}: Success`,
    })
    const { output } = await run({ type: 'tcp', address, tls: VERIFY })
    assert.match(output, 'x509: certificate signed by unknown authority')
  })
})

probe('an address that is none is critical', async () => {
  for (const address of ['', 'host', 'host:', 'host:99999', '[::1']) {
    assert.is((await run({ type: 'tcp', address, tls: undefined })).status, 'critical')
    assert.is((await run({ type: 'udp', address })).status, 'critical')
    assert.is((await run({ type: 'h2ping', address, tls: undefined })).status, 'critical')
  }
})

probe('a UDP port passes by an answer and by silence, not by a refusal', async () => {
  const socket = dgram.createSocket('udp4')
  let answers = true
  socket.on('message', (_, from) => {
    if (answers) socket.send('well', from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${socket.address().port}`
  try {
    assert.is((await run({ type: 'udp', address })).status, 'passing')
    answers = false
    assert.is((await run({ type: 'udp', address }, { timeoutMs: 60 })).status, 'passing')
  } finally {
    socket.close()
  }
  const refused = await run({ type: 'udp', address })
  assert.is(refused.status, 'critical')
  assert.match(
    refused.output,
    /^read udp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: read: connection refused$/,
  )
})

probe('an HTTP/2 server that answers a ping passes, with and without TLS', async () => {
  const target = { type: 'h2ping' as const }
  await serving(http2.createServer(), async (port) => {
    const found = await run({ ...target, address: `127.0.0.1:${port}`, tls: undefined })
    assert.equal(found, { status: 'passing', output: 'HTTP2 ping was successful' })
  })
  await serving(http2.createSecureServer(identity()), async (port) => {
    const address = `127.0.0.1:${port}`
    assert.is((await run({ ...target, address, tls: SKIP })).status, 'passing')
    assert.is((await run({ ...target, address, tls: VERIFY })).status, 'critical')
  })
  await serving(net.createServer(), async (port) => {
    const address = `127.0.0.1:${port}`
    const found = await run({ ...target, address, tls: undefined }, { timeoutMs: 100 })
    assert.is(found.status, 'critical', 'a port that speaks no HTTP/2')
    assert.match(found.output, 'context deadline exceeded')
  })
})

/** A gRPC health service with one state for each name of a service. */
function grpcServer(states: Readonly<Record<string, number>>): http2.Http2Server {
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('data', (chunk: Buffer) => {
      const state = states[chunk.subarray(7).toString('utf8')]
      const head = { ':status': 200, 'content-type': 'application/grpc' }
      stream.respond(head, { waitForTrailers: true })
      stream.on('wantTrailers', () =>
        stream.sendTrailers(
          state === undefined
            ? { 'grpc-status': '5', 'grpc-message': 'unknown service' }
            : { 'grpc-status': '0' },
        ),
      )
      stream.end(state === undefined ? '' : Buffer.from([0, 0, 0, 0, 2, 8, state]))
    })
  })
  return server
}

probe('gRPC’s health service decides by the state of the service that is asked for', async () => {
  const server = grpcServer({ '': 1, ready: 1, broken: 2 })
  await serving(server, async (port) => {
    const address = `127.0.0.1:${port}`
    const ask = (service: string) => run({ type: 'grpc', address, service, tls: undefined })
    assert.equal(await ask('ready'), {
      status: 'passing',
      output: `gRPC check ${address}/ready: success`,
    })
    assert.is((await ask('')).status, 'passing')
    assert.is((await ask('broken')).output, "gRPC application didn't report service healthy")
    assert.is((await ask('nobody')).output, 'rpc error: code = NotFound desc = unknown service')
    assert.is((await ask('nobody')).status, 'critical')
  })
})

const sh = (script: string): ProbeTarget => ({ type: 'script', args: ['/bin/sh', '-c', script] })

for (const [script, status, output] of [
  ['echo fine', 'passing', 'fine\n'],
  ['echo careful; exit 1', 'warning', 'careful\n'],
  ['echo bad >&2; exit 2', 'critical', 'bad\n'],
  ['kill -9 $$', 'critical', ''],
] as const) {
  probe(`the script ${script} is ${status}`, async () => {
    assert.equal(await run(sh(script)), { status, output })
  })
}

probe('of a talkative script the end is kept, with a word about the rest', async () => {
  const { output } = await run(sh('head -c 100000 /dev/zero | tr "\\0" x; echo end'), {
    outputMax: 10,
  })
  assert.is(output, 'Captured 10 of 100004 bytes\n...\nxxxxxxend\n')
})

probe('a script whose time is up is told with what it has said so far', async () => {
  let output = ''
  // On a busy machine a program may need longer to begin.
  for (const timeoutMs of [200, 1_000, 4_000]) {
    output = (await run(sh('echo begun; sleep 60'), { timeoutMs })).output
    if (output.includes('begun')) break
  }
  assert.match(output, /^Timed out \(\d+m?s\) running check\n\nbegun\n$/)
})

probe('what is no URL is told with the scheme that it has', async () => {
  const said = async (url: string) => (await run(httpTarget(url))).output
  assert.is(await said('no-url'), 'Get "no-url": unsupported protocol scheme ""')
  assert.is(await said('ftp://a/'), 'Get "ftp://a/": unsupported protocol scheme "ftp"')
})

probe('a program that is not there is critical, as Go tells it', async () => {
  const output = 'fork/exec /no/such/file: no such file or directory'
  assert.equal(await run({ type: 'script', args: ['/no/such/file'] }), {
    status: 'critical',
    output,
    atOnce: true,
  })
})

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`)

/** A script that starts another and waits for it; the file tells the id of the other. */
const family = (dir: string) => sh(`sleep 60 & echo $! > ${join(dir, 'pid')}; wait`)

const childOf = (dir: string) =>
  within(PATIENCE_MS, () => Number(readFileSync(join(dir, 'pid'), 'utf8')) || undefined, 'a child')

probe('when its time is up a script goes with all that it has started', () =>
  withTemp(async (dir) => {
    // Of a shell that is ended before it has begun there is no child to see.
    for (const [timeoutMs, told] of [
      [400, '400ms'],
      [4_000, '4s'],
      [30_000, '30s'],
    ] as const) {
      const found = await run(family(dir), { timeoutMs })
      assert.is(found.output, `Timed out (${told}) running check`)
      if (existsSync(join(dir, 'pid'))) break
    }
    const pid = await childOf(dir)
    await within(PATIENCE_MS, () => !isAlive(pid), 'the end of the child')
  }),
)

probe('a try that is called back ends at once, and its processes with it', () =>
  withTemp(async (dir) => {
    const prober = createProber()
    const bounds = { timeoutMs: 30_000, outputMax: OUTPUT_MAX }
    const ended = prober.run(7, { target: family(dir), ...bounds })
    const pid = await childOf(dir)
    prober.cancel(7)
    prober.cancel(8)
    await before(PATIENCE_MS, () => ended, 'the end of the try')
    await within(PATIENCE_MS, () => !isAlive(pid), 'the end of the child')
  }),
)

probe('closing ends every try that is under way', async () => {
  await serving(net.createServer(), async (port) => {
    const prober = createProber()
    const target = httpTarget(`http://127.0.0.1:${port}/`)
    const bounds = { timeoutMs: 30_000, outputMax: OUTPUT_MAX }
    const tries = [1, 2, 3].map((id) => prober.run(id, { target, ...bounds }))
    prober.close()
    const found = await before(PATIENCE_MS, () => Promise.all(tries), 'the end of all')
    assert.is(found.length, 3)
  })
})

probe.run()
