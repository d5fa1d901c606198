// http.ts over real sockets: what good clients send, what bad ones do, and what becomes of those
// who leave.
import { request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EMPTY, textOf } from '../../../core/bytes.ts'
import type { LogLine } from '../../../core/log.ts'
import type { Request } from '../../../core/route/request.ts'
import { AHEAD_BYTES_MAX, HALF_CLOSED_MS, LINGER_MS } from '../../../daemons/runtime/connections.ts'
import { checkHeaders, closeDoors, openDoor } from '../../../daemons/runtime/http.ts'
import { DROPPED_BYTES_MAX } from '../../../daemons/runtime/http-body.ts'
import { StartRefused } from '../../../daemons/runtime/refused.ts'
import { before, within } from '../../kit/within.ts'
import { openPlain, said, withPlain } from '../plain-agent.ts'
import { get, openRaw, put, type RawClient } from '../raw-client.ts'

const http = suite('http')

const echo = { onRequest: ({ path }: { path: string }) => said(path) }

async function withClient(port: number, work: (client: RawClient) => Promise<void>): Promise<void> {
  const client = await openRaw(port)
  try {
    await work(client)
  } finally {
    client.socket.destroy()
  }
}

/** Bodies of answers with a Content-Length, in the order in which they came. */
const bodies = (received: string): string[] =>
  received
    .split('HTTP/1.1 ')
    .slice(1)
    .map((answer) => answer.split('\r\n\r\n')[1] ?? '')

http('a request arrives as it was sent', () =>
  withPlain(echo, ({ port, requests }) =>
    withClient(port, async (client) => {
      client.send(get('/v1/kv/a%20b?raw&dc=x', 'X-Consul-Token: t', 'Accept: a', 'Accept: b'))
      await client.until(/a%20b$/)
      const [request] = requests
      assert.is(request?.method, 'GET')
      assert.is(request?.path, '/v1/kv/a%20b')
      assert.is(request?.query, 'raw&dc=x')
      assert.is(request?.header('x-consul-token'), 't')
      assert.is(request?.header('accept'), 'a, b')
      assert.is(request?.header('x-none'), undefined)
      assert.is(request?.header('constructor'), undefined)
      assert.is(request?.remote, '127.0.0.1')
      assert.is(request?.body.length, 0)
    }),
  ),
)

http('an answer has its length and the date, and does not speak of a connection that stays', () =>
  withPlain({ onRequest: () => said('é', ['X-One', '1']) }, ({ port }) =>
    withClient(port, async (client) => {
      client.send(get('/'))
      const received = await client.until(/\r\n\r\n../)
      assert.match(received, /^HTTP\/1\.1 200 OK\r\nX-One: 1\r\nContent-Length: 2\r\nDate: /)
      assert.not.match(received, /connection|keep-alive/i)
    }),
  ),
)

http('HTTP/1.0 closes after the answer unless asked to stay', () =>
  withPlain(echo, async ({ port }) => {
    await withClient(port, async (client) => {
      client.send('GET /a HTTP/1.0\r\n\r\n')
      assert.match(await client.ended(), /Connection: close[\s\S]*\/a$/)
    })
    await withClient(port, async (client) => {
      client.send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
      assert.match(await client.until(/\/a$/), /Connection: keep-alive/)
      client.send('GET /b HTTP/1.0\r\n\r\n')
      assert.match(await client.ended(), /\/b$/)
    })
  }),
)

http('a client that asks for the end gets it', () =>
  withPlain(echo, ({ port }) =>
    withClient(port, async (client) => {
      client.send(get('/a', 'Connection: close'))
      assert.match(await client.ended(), /Connection: close[\s\S]*\/a$/)
    }),
  ),
)

http('a body arrives whole, however it is cut', () =>
  withPlain({ onRequest: ({ body }) => said(`<${textOf(body)}>`) }, ({ port, requests }) =>
    withClient(port, async (client) => {
      client.send('PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n01234')
      await within(1_000, () => requests.length === 0)
      client.send('56789')
      await client.until(/<0123456789>$/)
      client.send('PUT /b HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n')
      client.send('3\r\nabc\r\n')
      client.send('2\r\nde\r\n0\r\n\r\n')
      await client.until(/<abcde>$/)
      client.send('PUT /c HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n')
      await client.until(/<>$/)
      client.send('GET /d HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi')
      await client.until(/<hi>$/)
    }),
  ),
)

http('the bytes of a body are a copy of their own', () =>
  withPlain({ onRequest: () => said('') }, ({ port, requests }) =>
    withClient(port, async (client) => {
      client.send(put('/a', 'value'))
      await client.until(/200 OK/)
      assert.is(requests[0]?.body.buffer.byteLength, 5)
    }),
  ),
)

http('a body over the limit is cut one byte behind it, and the connection stays', () =>
  withPlain({ bodyBytesMax: 100, onRequest: () => said('ok') }, ({ port, requests }) =>
    withClient(port, async (client) => {
      for (const [at, size] of [100, 101, 5_000, 1 << 20].entries()) {
        client.send(put('/a', 'x'.repeat(size)))
        await within(5_000, () => bodies(client.received()).length === at + 1, `body of ${size}`)
      }
      assert.equal(
        requests.map(({ body }) => body.length),
        [100, 101, 101, 101],
      )
    }),
  ),
)

http('a body without end is answered and then cut off', () =>
  withPlain({ bodyBytesMax: 100, onRequest: () => said('too large') }, ({ port, pass, http }) =>
    withClient(port, async (client) => {
      client.send(`PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: ${2 ** 40}\r\n\r\n`)
      const block = Buffer.alloc(1 << 20, 'x')
      for (let sent = 0; sent <= DROPPED_BYTES_MAX + 101; sent += block.length) client.send(block)
      await client.ended()
      assert.match(client.received(), /too large$/)
      pass(LINGER_MS)
      await within(5_000, () => http.connections.bySocket.size === 0)
    }),
  ),
)

http('Expect: 100-continue is met, other expectations are not', () =>
  withPlain({ onRequest: ({ body }) => said(textOf(body)) }, ({ port }) =>
    withClient(port, async (client) => {
      const head = 'PUT /a HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n'
      client.send(`${head}Expect: 100-continue\r\n\r\n`)
      await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
      client.send('hi')
      await client.until(/hi$/)
      client.send(`${put('/a', 'first')}${head}Expect: 100-continue\r\n\r\n`)
      await client.until(/\r\n\r\nfirstHTTP\/1\.1 100 Continue\r\n\r\n$/)
      client.send('ho')
      await client.until(/ho$/)
      client.send(get('/b', 'Expect: tea'))
      await client.until(/417 Expectation Failed/)
    }),
  ),
)

http('CONNECT is refused, and a client that breaks off in it does no harm', () =>
  withPlain(echo, async ({ port }) => {
    const client = await openRaw(port)
    client.send('CONNECT other:80 HTTP/1.1\r\nHost: t\r\n\r\n')
    client.vanish()
    await withClient(port, async (client) => {
      client.send('CONNECT other:80 HTTP/1.1\r\nHost: t\r\n\r\n')
      assert.match(await client.ended(), /^HTTP\/1\.1 405 /)
    })
  }),
)

http('a body in a hundred thousand pieces is one body', () =>
  withPlain({ bodyBytesMax: 200_000, onRequest: () => said('ok') }, ({ port, requests }) =>
    withClient(port, async (client) => {
      client.send('PUT /a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n')
      const digits = Array.from({ length: 100_000 }, (_, n) => `1\r\n${n % 10}\r\n`)
      client.send(`${digits.join('')}0\r\n\r\n`)
      await client.until(/ok$/)
      assert.is(textOf(requests[0]?.body ?? EMPTY), '0123456789'.repeat(10_000))
      assert.is(requests[0]?.body.buffer.byteLength, 100_000)
    }),
  ),
)

http('a header that cannot be sent is refused before anybody asks', () => {
  checkHeaders({ 'X-Good': 'value' })
  assert.throws(() => checkHeaders({ 'X-Bad': 'a\nb' }), /response_headers: "X-Bad": "a\\nb"/)
  assert.throws(
    () => checkHeaders({ 'X Bad': 'a' }),
    (error: unknown) => error instanceof StartRefused,
  )
})

http('HEAD has the headers of the answer and no body', () =>
  withPlain({ onRequest: () => said('12345') }, ({ port }) =>
    withClient(port, async (client) => {
      client.send('HEAD /a HTTP/1.1\r\nHost: t\r\n\r\n')
      assert.match(await client.until(/\r\n\r\n/), /Content-Length: 5\r\n/)
      client.send('OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n')
      await client.until(/12345$/)
      assert.is(client.received().split('12345').length, 2)
    }),
  ),
)

http('a whole URL as target is its path', () =>
  withPlain(echo, ({ port, requests }) =>
    withClient(port, async (client) => {
      client.send(get('http://other:1/v1/a?b'))
      await client.until(/\/v1\/a$/)
      client.send(get('http://other:1'))
      await within(5_000, () => requests.length === 2)
      assert.equal([requests[0]?.query, requests[1]?.path], ['b', '/'])
    }),
  ),
)

http('a connection goes on after answers that are errors', () =>
  withPlain({ onRequest: () => ({ status: 404, headers: [], body: '' }) }, ({ port, http }) =>
    withClient(port, async (client) => {
      for (let n = 1; n <= 3; n++) {
        client.send(get('/none'))
        await within(5_000, () => client.received().split('404 Not Found').length === n + 1)
      }
      assert.is(http.connections.bySocket.size, 1)
    }),
  ),
)

http('requests sent ahead are answered one after the other', () =>
  withPlain({}, ({ port, requests, answer }) =>
    withClient(port, async (client) => {
      client.send(`${put('/a', '1')}${get('/b')}${get('/c')}`)
      await within(5_000, () => requests.length === 1)
      for (const path of ['/a', '/b', '/c']) {
        const request = requests.at(-1)
        assert.is(request?.path, path, 'the next begins when the one before is answered')
        if (request !== undefined) answer(request, said(path))
        await client.until(new RegExp(`${path}$`))
        if (path !== '/c') await within(5_000, () => requests.at(-1) !== request)
      }
      assert.equal(bodies(client.received()), ['/a', '/b', '/c'])
    }),
  ),
)

/** The most that one read of a socket brings. */
const READ_BYTES_MAX = 65_536

http(
  'a flood of requests sent ahead is held back, and every one is answered in order',
  async () => {
    const count = 20_000
    const paths = Array.from({ length: count }, (_, n) => `/${n}`)
    let mostAhead = 0
    const onRequest = (request: Request) => {
      const [connection] = agent.http.connections.bySocket.values()
      mostAhead = Math.max(mostAhead, connection?.reader.ahead ?? 0)
      setImmediate(() => agent.answer(request, said(request.path)))
      return undefined
    }
    const agent = await openPlain({ onRequest })
    await withClient(agent.port, async (client) => {
      client.send(paths.map((path) => get(path)).join(''))
      await client.until(new RegExp(`/${count - 1}$`), 20_000)
      assert.equal(bodies(client.received()), paths)
    })
    await agent.close()
    assert.ok(mostAhead > AHEAD_BYTES_MAX, `${mostAhead} bytes waited`)
    assert.ok(mostAhead <= AHEAD_BYTES_MAX + READ_BYTES_MAX, `${mostAhead} bytes waited`)
  },
)

const NO_HTTP = [
  'hello\r\n\r\n',
  'GET /\x01 HTTP/1.1\r\nHost: t\r\n\r\n',
  get('/').replace('Host: test', 'Host test'),
  '\x16\x03\x01\x02\x00\x01\x00\x01', // TLS, to the wrong port
  'GET / HTTP/1.1\n', // a line without CR
  'PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
  'PUT / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
]

http('what is no HTTP is told so, in the words of Go, and the connection closed', () =>
  withPlain(echo, async ({ port, http }) => {
    const told: [string, string][] = NO_HTTP.map((bytes) => [bytes, '400 Bad Request'])
    told.push(['GET / HTTP/1.1\r\n\r\n', '400 Bad Request: missing required Host header'])
    told.push([
      'GET / HTTP/9.9\r\n\r\n',
      '505 HTTP Version Not Supported: unsupported protocol version',
    ])
    for (const [bytes, title] of told) {
      await withClient(port, async (client) => {
        client.send(Buffer.from(bytes, 'latin1'))
        const [head = '', body] = (await client.ended()).split('\r\n\r\n')
        assert.is(head.split('\r\n')[0], `HTTP/1.1 ${title}`, JSON.stringify(bytes))
        assert.match(head, /\r\nContent-Type: text\/plain; charset=utf-8\r\nConnection: close\r\n/)
        assert.is(body, title)
      })
    }
    await within(5_000, () => http.connections.bySocket.size === 0, 'all connections gone')
  }),
)

http('what came before the fault is answered first', () =>
  withPlain({}, ({ port, requests, answer }) =>
    withClient(port, async (client) => {
      client.send(`${get('/good')}${get('/next')}garbage\r\n\r\n`)
      for (const n of [0, 1]) {
        await within(5_000, () => requests.length === n + 1)
        const request = requests[n]
        if (request !== undefined) answer(request, said('fine'))
      }
      const received = await client.ended()
      assert.match(received, /^HTTP\/1\.1 200 [\s\S]*fineHTTP\/1\.1 200 [\s\S]*fineHTTP\/1\.1 400 /)
    }),
  ),
)

http(
  'bytes behind a request that asked to close belong to nobody, within it they are a fault',
  () =>
    withPlain({}, async ({ port, requests, answer }) => {
      for (const close of [get('/a', 'Connection: close'), 'GET /a HTTP/1.0\r\n\r\n']) {
        await withClient(port, async (client) => {
          requests.length = 0
          client.send(`${close}ignored`)
          await within(5_000, () => requests.length === 1)
          client.send('more')
          const [request] = requests
          if (request !== undefined) answer(request, said('once'))
          assert.match(await client.ended(), /once$/)
        })
      }
      await withClient(port, async (client) => {
        const head = 'PUT / HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked'
        client.send(`${head}\r\n\r\nzz\r\n`)
        assert.match(await client.ended(), /^HTTP\/1\.1 400 /)
      })
    }),
)

http('a request that breaks off behind another is told so in its turn', () =>
  withPlain({}, ({ port, requests, answer }) =>
    withClient(port, async (client) => {
      const broken = 'PUT /b HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
      client.send(`${get('/a')}${broken}`)
      await within(5_000, () => requests.length === 1)
      const [request] = requests
      if (request !== undefined) answer(request, said('fine'))
      assert.match(await client.ended(), /fineHTTP\/1\.1 400 /)
      assert.is(requests.length, 1)
    }),
  ),
)

http('bytes behind an answer that closes are not answered again', () =>
  withPlain(echo, ({ port }) =>
    withClient(port, async (client) => {
      client.send(`${get('/a', 'Connection: close')}ignored`)
      assert.match(await client.ended(), /\r\n\r\n\/a$/)
    }),
  ),
)

http('100,000 headers are too many, a megabyte is not', () =>
  withPlain(echo, async ({ port, requests }) => {
    await withClient(port, async (client) => {
      const lines = Array.from({ length: 100_000 }, (_, n) => `X-${n}: ${n}`)
      client.send(get('/many', ...lines))
      assert.match(await client.ended(), /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
      assert.is(requests.length, 0)
    })
    await withClient(port, async (client) => {
      const lines = Array.from({ length: 5_000 }, (_, n) => `X-${n}: ${n}`)
      client.send(get('/less', ...lines, `X-Last: ${'x'.repeat(900_000)}`))
      await client.until(/\/less$/)
      assert.is(requests[0]?.header('x-4999'), '4999')
      assert.is(requests[0]?.header('x-last')?.length, 900_000)
    })
  }),
)

http('the bound of headers is as configured', () =>
  withPlain({ ...echo, headerBytesMax: 500 }, async ({ port }) => {
    await withClient(port, async (client) => {
      client.send(get('/a', `X: ${'x'.repeat(400)}`))
      await client.until(/\/a$/)
    })
    await withClient(port, async (client) => {
      client.send(get('/a', `X: ${'x'.repeat(600)}`))
      assert.match(await client.ended(), /^HTTP\/1\.1 431 /)
    })
  }),
)

const HASTY = { headersMs: 50, requestMs: 150 }

http('headers and bodies that drip are given up', () =>
  withPlain({ late: HASTY }, async ({ port, requests, pass, http }) => {
    const late = (count: number) => within(5_000, () => http.connections.late.size === count)
    await withClient(port, async (client) => {
      client.send('GET / HTTP/1.1\r\nHost: t\r\nX-Slow: ')
      await late(1)
      await within(5_000, () => [...http.connections.late].every(({ reader }) => reader.partial))
      pass(HASTY.headersMs - 1)
      assert.is(client.received(), '')
      pass(1)
      assert.match(await client.ended(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
    })
    await withClient(port, async (client) => {
      client.send('PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nslow')
      await late(1)
      await within(5_000, () => [...http.connections.late].every(({ reader }) => reader.open))
      pass(HASTY.requestMs - 1)
      assert.is(http.connections.late.size, 1)
      pass(1)
      assert.match(await client.ended(), /^HTTP\/1\.1 408 /)
    })
    await withClient(port, async (client) => {
      await late(1)
      pass(HASTY.headersMs)
      assert.is(await client.ended(), '', 'who says nothing is told nothing')
    })
    assert.is(requests.length, 0)
  }),
)

http(
  'no clock runs against a request that waits for its answer, nor against a connection at rest',
  () =>
    withPlain({ late: HASTY }, ({ port, requests, answer, pass, http }) =>
      withClient(port, async (client) => {
        for (const path of ['/first', '/second']) {
          client.send(get(path))
          await within(5_000, () => requests.at(-1)?.path === path)
          pass(2 * HASTY.requestMs)
          const request = requests.at(-1)
          if (request !== undefined) answer(request, said(path))
          await client.until(new RegExp(`${path}$`))
          pass(2 * HASTY.requestMs)
        }
        assert.is(http.connections.bySocket.size, 1)
      }),
    ),
)

http('as many clients as there are get their answers of one turn', () =>
  withPlain({}, async ({ port, requests, answer }) => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => openRaw(port)))
    for (const [n, client] of clients.entries()) client.send(get(`/${n}`))
    await within(5_000, () => requests.length === clients.length)
    for (const request of requests) answer(request, said(request.path))
    for (const [n, client] of clients.entries()) {
      await client.until(new RegExp(`\r\n\r\n/${n}$`))
      client.socket.destroy()
    }
  }),
)

http('a client that vanishes is reported, and nothing of it stays', () =>
  withPlain({}, async ({ port, requests, abandoned, http }) => {
    const client = await openRaw(port)
    client.send(`${get('/parked')}${get('/behind')}`)
    await within(5_000, () => requests.length === 1)
    client.vanish()
    await within(5_000, () => abandoned.length === 1)
    assert.equal(abandoned, [requests[0]?.id])
    assert.is(http.pending.size, 0)
    assert.is(http.connections.bySocket.size, 0)
    assert.is(http.connections.perClient.size, 0)
    assert.is(http.abandoned, 1)
    assert.is(requests.length, 1, 'what it sent ahead is not begun')
  }),
)

http('a client that vanishes within its body was never heard of', () =>
  withPlain({}, async ({ port, requests, abandoned, http }) => {
    const client = await openRaw(port)
    client.send('PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhalf')
    await within(5_000, () => http.connections.bySocket.size === 1)
    client.vanish()
    await within(5_000, () => http.connections.bySocket.size === 0)
    assert.equal([requests.length, abandoned.length], [0, 0])
  }),
)

http('a client that closed its half gets an answer that is ready in time', () =>
  withPlain({}, ({ port, requests, answer, http }) =>
    withClient(port, async (client) => {
      client.send(put('/a', 'x'))
      client.finish()
      await within(5_000, () => http.connections.closing.size === 1)
      const [request] = requests
      if (request !== undefined) answer(request, said('done'))
      assert.match(await client.ended(), /Connection: close[\s\S]*done$/)
      await within(5_000, () => http.connections.bySocket.size === 0)
    }),
  ),
)

http('a client that closed its half and waits longer counts as gone', () =>
  withPlain({}, ({ port, requests, abandoned, pass, http }) =>
    withClient(port, async (client) => {
      client.send(get('/parked'))
      client.finish()
      await within(5_000, () => http.connections.closing.size === 1)
      pass(HALF_CLOSED_MS - 1)
      assert.is(http.pending.size, 1)
      pass(1)
      await within(5_000, () => abandoned.length === 1)
      assert.equal(abandoned, [requests[0]?.id])
      assert.is(http.pending.size, 0)
    }),
  ),
)

http('a client has only so many connections; the one too many is told', () =>
  withPlain({ ...echo, connectionsPerClientMax: 2 }, async ({ port, http, pass, requests }) => {
    const [first, second] = [await openRaw(port), await openRaw(port)]
    await withClient(port, async (third) => {
      third.send(get('/third'))
      const received = await third.ended()
      assert.match(received, /^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*Connection: close/)
      pass(LINGER_MS)
    })
    assert.is(requests.length, 0)
    first.send(get('/first'))
    await first.until(/\/first$/)
    first.socket.destroy()
    await within(5_000, () => http.connections.bySocket.size === 1)
    await withClient(port, async (next) => {
      next.send(get('/next'))
      await next.until(/\/next$/)
    })
    second.socket.destroy()
  }),
)

http('all clients together have only so many connections; one more ends at once', () =>
  withPlain({ ...echo, connectionsMax: 2 }, async ({ port, http }) => {
    const [first, second] = [await openRaw(port), await openRaw(port)]
    await withClient(port, async (third) => assert.is(await third.ended(), ''))
    first.socket.destroy()
    await within(5_000, () => http.connections.bySocket.size === 1)
    await withClient(port, async (next) => {
      next.send(get('/next'))
      await next.until(/\/next$/)
    })
    second.socket.destroy()
  }),
)

http('a large answer reaches a slow reader whole', () => {
  const body = 'abcdefghij'.repeat(1_000_000)
  return withPlain({ onRequest: () => said(body) }, ({ port }) =>
    withClient(port, async (client) => {
      client.socket.pause()
      client.send(get('/large'))
      client.send(get('/behind'))
      client.socket.resume()
      await within(20_000, () => client.received().length > 2 * body.length)
      assert.ok(bodies(client.received()).every((received) => received === body))
    }),
  )
})

http('the last answer of a connection takes as long as its reader', () => {
  const body = 'abcdefghij'.repeat(1_000_000)
  return withPlain({ onRequest: () => said(body) }, ({ port, pass, http }) =>
    withClient(port, async (client) => {
      client.socket.pause()
      client.send(get('/large', 'Connection: close'))
      await within(5_000, () => [...http.connections.bySocket.keys()].every(isEnding))
      pass(10 * LINGER_MS)
      client.socket.resume()
      const received = await client.ended(20_000)
      assert.is(bodies(received)[0]?.length, body.length)
    }),
  )
})

const isEnding = ({ writableEnded }: Duplex) => writableEnded

http('all that was sent before the client closed its half is answered', () =>
  withPlain({}, ({ port, requests, answer }) =>
    withClient(port, async (client) => {
      client.send(`${get('/a')}${get('/b')}${get('/c').slice(0, -2)}`)
      client.finish()
      for (const path of ['/a', '/b']) {
        await within(5_000, () => requests.at(-1)?.path === path)
        const request = requests.at(-1)
        if (request !== undefined) answer(request, said(path))
      }
      assert.equal(bodies(await client.ended()), ['/a', '/b'])
    }),
  ),
)

http('a live body flows until the client leaves', () =>
  withPlain(
    { onRequest: () => ({ status: 200, headers: ['X-A', 'b'], body: LIVE }) },
    async ({ port, feeds, abandoned, http }) => {
      const client = await openRaw(port)
      client.send(get('/v1/agent/monitor'))
      await client.until(/X-A: b[\s\S]*Transfer-Encoding: chunked\r\n\r\n$/)
      feeds[0]?.write('one\n')
      await client.until(/\r\none\n\r\n$/)
      client.socket.pause()
      await within(5_000, () => feeds[0]?.write('x'.repeat(100_000)) === false, 'backpressure')
      client.socket.resume()
      await within(5_000, () => (feeds[0]?.resumed ?? 0) > 0, 'resumed')
      client.vanish()
      await within(5_000, () => feeds[0]?.stopped === true, 'stopped')
      assert.equal([abandoned.length, http.connections.bySocket.size], [0, 0])

      const last = await openRaw(port)
      last.send(get('/v1/agent/monitor'))
      await within(5_000, () => feeds.length === 2)
      closeDoors(http)
      assert.match(await last.until(/\r\n0\r\n\r\n$/), /chunked/)
      assert.ok(feeds[1]?.stopped)
    },
  ),
)

const LIVE = { live: 'log', level: 'info', json: false } as const

http('a door may answer by itself', () =>
  withPlain(
    { ...echo, door: { ownAnswer: ({ path }) => (path === '/own' ? said('mine') : undefined) } },
    ({ port, requests }) =>
      withClient(port, async (client) => {
        client.send(get('/own'))
        await client.until(/mine$/)
        client.send(get('/other'))
        await client.until(/\/other$/)
        assert.is(requests.length, 1)
      }),
  ),
)

http('a port that is taken is refused with the words of the system', () =>
  withPlain({}, async ({ port }) => {
    const other = await openPlain()
    const address = { type: 'tcp', host: '127.0.0.1', port } as const
    try {
      await openDoor(other.http, { address })
      assert.unreachable()
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, 'EADDRINUSE')
    } finally {
      await other.close()
    }
  }),
)

http('closing answers nobody any more and frees the port', async () => {
  const agent = await openPlain()
  const client = await openRaw(agent.port)
  client.send(get('/parked'))
  await within(5_000, () => agent.requests.length === 1)
  await before(5_000, agent.close, 'closing')
  assert.is(await client.ended(), '')
  const again = await openPlain({
    door: { address: { type: 'tcp', host: '127.0.0.1', port: agent.port } },
  })
  assert.is(again.port, agent.port)
  await again.close()
})

http('a well-behaved client sees nothing of all this', () =>
  withPlain({ onRequest: ({ body }) => said(`${body.length}`) }, async ({ port }) => {
    const sent = httpRequest({ port, host: '127.0.0.1', method: 'PUT', path: '/a' })
    const answered = new Promise<string>((resolve) => {
      sent.on('response', (response) => response.on('data', (chunk) => resolve(String(chunk))))
    })
    sent.end('abc')
    assert.is(await before(5_000, () => answered, 'the answer'), '3')
    sent.destroy()
  }),
)

http('bytes above 0x7f in a target arrive as their percent sequences', () =>
  withPlain(echo, ({ port, requests }) =>
    withClient(port, async (client) => {
      client.send(Buffer.from(get('/v1/kv/\xc3\xa9?dc=\xff'), 'latin1'))
      await client.until(/%C3%A9$/)
      assert.equal([requests[0]?.path, requests[0]?.query], ['/v1/kv/%C3%A9', 'dc=%FF'])
    }),
  ),
)

http('each answered request is told to the log, its token is not', () => {
  const lines: LogLine[] = []
  const log = { isHeard: () => true, write: (line: LogLine) => lines.push(line) }
  return withPlain({ ...echo, log }, ({ port }) =>
    withClient(port, async (client) => {
      client.send(get('/v1/kv/a?token=secret&raw'))
      await client.until(/\/v1\/kv\/a$/)
      const [line] = lines
      assert.is(line?.level, 'debug')
      assert.is(line?.message, 'Request finished')
      const { from, ...fields } = line?.fields ?? {}
      assert.match(String(from), /^127\.0\.0\.1:\d+$/)
      const url = '/v1/kv/a?token=<hidden>&raw'
      assert.equal(fields, { method: 'GET', url, latency: '0s' })
    }),
  )
})

http.run()
