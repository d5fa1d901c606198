// What a command says and exits with when the agent refuses, misbehaves, or is not there.
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { always, openStub, withStub } from './kit/stub.ts'

const failures = suite<{ home: Home }>('failures')

failures.before(async (context) => {
  context.home = await openHome()
})
failures.after(({ home }) => home.close())

const NOBODY = '127.0.0.1:1'

failures(
  'a status decides the exit code, and the text of the agent is the reason',
  async ({ home }) => {
    const cases: [number, string, number, string][] = [
      [400, 'Missing key name', 2, 'bad_request'],
      [403, "Permission denied: token lacks permission 'key:read'", 5, 'forbidden'],
      [401, '', 5, 'forbidden'],
      [404, 'Invalid URL path', 1, 'not_found'],
      [405, 'method POST not allowed', 2, 'bad_request'],
      [413, 'Request body too large', 2, 'bad_request'],
      [429, 'Your IP is issuing too many concurrent connections', 4, 'unavailable'],
      [500, 'No cluster leader', 4, 'no_leader'],
      [500, 'raft apply failed: invalid session', 1, 'refused'],
      [503, 'no space left on device', 4, 'unavailable'],
    ]
    for (const [status, said, exit, code] of cases) {
      await withStub(always(status, said), async (address) => {
        const env = { CONSUL_HTTP_ADDR: address }
        const ran = await run(home, ['lictor', 'kv', 'put', 'a', 'b'], { env })
        assert.is(ran.exit, exit, `${status} ${said}`)
        assert.is(ran.stdout, '')
        assert.match(ran.stderr, `  why: ${said === '' ? `status ${status}` : said}`)
        const json = await run(home, ['lictor', 'kv', 'put', 'a', 'b', '-json'], { env })
        assert.is(JSON.parse(json.stderr).error.code, code)
        assert.is(json.stdout, '')
        const consul = await run(home, ['consul', 'kv', 'put', 'a', 'b'], { env })
        assert.is(consul.exit, 1)
        const line = `Error! Failed writing data: Unexpected response code: ${status} (${said})\n`
        assert.is(consul.stderr, line)
      })
    }
  },
)

failures(
  'a 404 that is not about the key is no missing key: what it says is the reason',
  async ({ home }) => {
    const lines = [
      'kv get a',
      'kv get -recurse a',
      'kv get -keys a',
      'kv export',
      'watch -type=key -key=a',
      'session renew a',
      'lock -timeout=1s a true',
    ]
    await withStub(always(404, 'Invalid URL path'), async (address) => {
      const env = { CONSUL_HTTP_ADDR: `http://${address}/elsewhere` }
      for (const line of lines) {
        const { exit, stdout, stderr } = await run(home, ['lictor', ...line.split(' ')], { env })
        assert.is(exit, 1, line)
        assert.is(stdout, '', line)
        assert.match(stderr, ': not found\n  why: Invalid URL path\n', line)
      }
      const consul = await run(home, ['consul', 'kv', 'get', 'a'], { env })
      assert.match(consul.stderr, 'Unexpected response code: 404 (Invalid URL path)')
    })
  },
)

failures('nobody there is exit 3 on every command that needs an agent', async ({ home }) => {
  const lines = [
    'kv get a',
    'kv put a b',
    'kv delete a',
    'kv export',
    'watch -type=key -key=a',
    'info',
    'monitor',
    'reload',
    'leave',
    'members',
    'catalog nodes',
    'services deregister -id=a',
    'session list',
    'event -name=a',
    'maint',
    'rtt a',
    'join a',
    'operator raft list-peers',
    'operator autopilot state',
    'operator usage instances',
    'dns trace a',
    'api GET /v1/status/leader',
  ]
  for (const line of lines) {
    const words = ['lictor', ...line.split(' '), `-http-addr=${NOBODY}`]
    const { exit, stdout, stderr } = await run(home, words)
    assert.is(exit, 3, line)
    assert.is(stdout, '', line)
    assert.match(stderr, `nobody answers at http://${NOBODY}\n  why: connection refused\n  next: `)
  }
})

failures('nobody at another machine is not told to start one here', async ({ home }) => {
  // 127.0.0.1 by another name: no machine is asked.
  const words = ['lictor', 'kv', 'get', 'a', '-http-addr=[::ffff:127.0.0.1]:1']
  const { exit, stderr } = await run(home, words)
  assert.is(exit, 3)
  assert.match(stderr, 'next: on ::ffff:127.0.0.1: is an agent running, and does it listen there')
  assert.not.match(stderr, 'agent -dev')
})

failures(
  'a socket that is not there is told as Go tells it, under the name of consul',
  async ({ home }) => {
    const socket = join(home.work, 'none.sock')
    const ours = await run(home, ['lictor', 'kv', 'get', `-http-addr=unix://${socket}`, 'a'])
    assert.is(ours.exit, 3)
    assert.match(ours.stderr, `nobody answers at ${socket}\n  why: no such file or directory`)
    const consul = await run(home, ['consul', 'kv', 'get', `-http-addr=unix://${socket}`, 'a'])
    const go = `dial unix ${socket}: connect: no such file or directory`
    assert.is(consul.stderr, `Error querying Consul agent: Get "http://localhost/v1/kv/a": ${go}\n`)
  },
)

failures('an agent that never answers is given up after -timeout, exit 6', async ({ home }) => {
  await withStub(
    () => undefined,
    async (address) => {
      const words = ['lictor', 'kv', 'get', 'a', `-http-addr=${address}`, '-timeout=200ms']
      const { exit, stderr } = await run(home, words)
      assert.is(exit, 6)
      assert.match(stderr, `http://${address} does not answer\n  why: no answer within 200ms`)
    },
  )
})

failures('a body that is no JSON, or cut off, is a failure and no crash', async ({ home }) => {
  await withStub(always(200, '<html>'), async (address) => {
    const { exit, stderr } = await run(home, ['lictor', 'kv', 'get', 'a', `-http-addr=${address}`])
    assert.is(exit, 1)
    assert.match(stderr, 'what the agent answers is no JSON')
  })
  await withStub(
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('[')
      response.socket?.destroy()
    },
    async (address) => {
      const { exit } = await run(home, ['lictor', 'kv', 'get', 'a', `-http-addr=${address}`])
      assert.is(exit, 3)
    },
  )
})

failures('HTTPS to a server of plain HTTP is named for what it is', async ({ home }) => {
  await withStub(always(200, '[]'), async (address) => {
    const env = { CONSUL_HTTP_ADDR: `https://${address}` }
    const ours = await run(home, ['lictor', 'kv', 'get', 'a'], { env })
    assert.is(ours.exit, 3)
    assert.match(ours.stderr, 'it speaks plain HTTP, not HTTPS')
    const consul = await run(home, ['consul', 'kv', 'get', 'a'], { env })
    assert.match(consul.stderr, 'http: server gave HTTP response to HTTPS client')
  })
})

failures('-trace shows a command to run again, and never the token', async ({ home }) => {
  await withStub(always(200, 'true'), async (address) => {
    const words = ['lictor', 'kv', 'put', 'a b', 'c', '-trace', '-token=secret']
    const { stderr } = await run(home, words, { env: { CONSUL_HTTP_ADDR: address } })
    assert.match(
      stderr,
      `curl -X PUT -H 'X-Consul-Token: (hidden)' --data-binary @- 'http://${address}`,
    )
    assert.match(stderr, '/v1/kv/a%20b')
    assert.not.match(stderr, 'secret')
  })
})

failures('token, authentication, prefix and scope reach the agent', async ({ home }) => {
  const seen: Record<string, unknown>[] = []
  await withStub(
    ({ url, headers }, response) => {
      seen.push({ url, token: headers['x-consul-token'], basic: headers.authorization })
      response.end('true')
    },
    async (address) => {
      const env = {
        CONSUL_HTTP_ADDR: `http://${address}/pre/`,
        CONSUL_HTTP_TOKEN: 'tok',
        CONSUL_HTTP_AUTH: 'u:p',
        CONSUL_NAMESPACE: 'n',
      }
      await run(home, ['consul', 'kv', 'put', '-datacenter=dc2', '-stale', 'a', 'b'], { env })
    },
  )
  assert.equal(seen, [
    { url: '/pre/v1/kv/a?dc=dc2&ns=n&stale=', token: 'tok', basic: 'Basic dTpw' },
  ])
})

failures('a redirect within the agent is followed with method and body', async ({ home }) => {
  const seen: string[] = []
  await withStub(
    async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push(`${request.method} ${request.url} ${body}`)
      if (request.url === '/v1/kv/x//y') response.writeHead(307, { location: '/v1/kv/x/y' }).end()
      else response.end('true')
    },
    async (address) => {
      const ran = await run(home, ['lictor', 'kv', 'put', 'x//y', 'v', `-http-addr=${address}`])
      assert.is(ran.exit, 0)
    },
  )
  assert.equal(seen, ['PUT /v1/kv/x//y v', 'PUT /v1/kv/x/y v'])
})

failures('a redirect in circles ends', async ({ home }) => {
  await withStub(always(307, '', { location: '/v1/kv/a' }), async (address) => {
    const { exit } = await run(home, ['lictor', 'kv', 'get', 'a', `-http-addr=${address}`])
    assert.is(exit, 1)
  })
})

failures('a Unix socket works like an address', async ({ home }) => {
  const stub = await openStub(always(200, 'true'), join(home.work, 'a.sock'))
  try {
    const words = ['lictor', 'kv', 'put', 'a', 'b', `-http-addr=unix://${stub.address}`]
    assert.is((await run(home, words)).exit, 0)
  } finally {
    await stub.close()
  }
})

failures.run()
