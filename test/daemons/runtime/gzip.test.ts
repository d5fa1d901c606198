// Who gets a compressed body: the cases of test/conformance/http/gzip.json, and bodies of both
// sizes.
import { gunzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Response } from '../../../core/route/request.ts'
import {
  acceptsGzip,
  GZIP_AT_ONCE_BYTES_MAX,
  GZIP_BYTES_MIN,
} from '../../../daemons/runtime/gzip.ts'
import { before, within } from '../../kit/within.ts'
import { said, withPlain } from '../plain-agent.ts'
import { get, openRaw } from '../raw-client.ts'

const gzip = suite('gzip')

gzip('only who names gzip with a weight above 0 gets it', () => {
  for (const header of ['gzip', 'GZIP', 'deflate, gzip;q=0.5', 'br,gzip', 'gzip ; q=1', 'gzip;q=x'])
    assert.ok(acceptsGzip(header), header)
  for (const header of ['', '*', 'br', 'identity', 'gzip;q=0', 'gzip; q=0.0', 'xgzip', undefined])
    assert.not(acceptsGzip(header), header)
})

interface Answer {
  readonly head: string
  readonly body: Buffer
}

async function ask(response: Response, ...headers: readonly string[]): Promise<Answer> {
  let answer: Answer | undefined
  await withPlain({ onRequest: () => response }, async ({ port }) => {
    const client = await openRaw(port)
    client.send(get('/', ...headers))
    answer = await before(
      5_000,
      () => within(5_000, () => wholeOf(client.received())),
      'the answer',
    )
    client.socket.destroy()
  })
  if (answer === undefined) throw new Error('no answer')
  return answer
}

function wholeOf(received: string): Answer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.slice(0, end)
  const body = Buffer.from(received.slice(end + 4), 'latin1')
  return body.length === Number(/Content-Length: (\d+)/.exec(head)?.[1])
    ? { head, body }
    : undefined
}

const ACCEPTS = 'Accept-Encoding: gzip'

gzip('a body of 1,400 bytes is packed, a shorter one is not', async () => {
  const long = await ask(said('x'.repeat(GZIP_BYTES_MIN)), ACCEPTS)
  assert.match(long.head, /Content-Encoding: gzip/)
  assert.is(gunzipSync(long.body).toString(), 'x'.repeat(GZIP_BYTES_MIN))
  const short = await ask(said('x'.repeat(GZIP_BYTES_MIN - 1)), ACCEPTS)
  assert.not.match(short.head, /Content-Encoding/)
  assert.is(short.body.toString(), 'x'.repeat(GZIP_BYTES_MIN - 1))
})

gzip('large bodies and bodies of bytes come back as they were', async () => {
  const text = 'é0123456789'.repeat(GZIP_AT_ONCE_BYTES_MAX / 8)
  for (const body of [text, new Uint8Array(Buffer.from(text))]) {
    const { head, body: packed } = await ask({ status: 200, headers: [], body }, ACCEPTS)
    assert.match(head, /Content-Encoding: gzip/)
    assert.is(gunzipSync(packed).toString(), text)
  }
})

gzip('a client that does not ask gets the body as it is', async () => {
  const { head, body } = await ask(said('x'.repeat(5_000)))
  assert.not.match(head, /Content-Encoding/)
  assert.is(body.length, 5_000)
})

gzip('what is encoded already is left alone', async () => {
  const { head, body } = await ask(said('x'.repeat(5_000), ['Content-Encoding', 'br']), ACCEPTS)
  assert.match(head, /Content-Encoding: br/)
  assert.is(body.length, 5_000)
})

gzip('a client that leaves while its answer is packed does no harm', () => {
  const large = 'x'.repeat(20 << 20)
  return withPlain({ onRequest: () => said(large) }, async ({ port, requests, http }) => {
    const leaving = await openRaw(port)
    leaving.send(get('/', ACCEPTS))
    await within(5_000, () => requests.length === 1)
    leaving.vanish()
    await within(5_000, () => http.connections.bySocket.size === 0)
    const staying = await openRaw(port)
    staying.send(get('/', ACCEPTS))
    await within(20_000, () => wholeOf(staying.received()) !== undefined, 'its own answer')
    staying.socket.destroy()
  })
})

gzip('who is sent the same answer gets the same bytes, packed at once or elsewhere', async () => {
  for (const size of [2 * GZIP_BYTES_MIN, 2 * GZIP_AT_ONCE_BYTES_MAX]) {
    const response = said('x'.repeat(size))
    await withPlain({}, async ({ port, requests, answer }) => {
      const clients = await Promise.all(Array.from({ length: 3 }, () => openRaw(port)))
      for (const client of clients) client.send(get('/', ACCEPTS))
      await within(5_000, () => requests.length === clients.length)
      for (const request of requests) answer(request, response)
      for (const client of clients) {
        await within(5_000, () => wholeOf(client.received()) !== undefined, 'the answer')
        client.socket.destroy()
      }
      const bodies = clients.map((client) => wholeOf(client.received())?.body)
      assert.ok(bodies.every((body) => body?.equals(bodies[0] ?? Buffer.alloc(0))))
      assert.is(gunzipSync(bodies[0] ?? '').length, size)
    })
  }
})

gzip('answers stay in order when a large one is packed elsewhere', () => {
  const large = 'x'.repeat(2 * GZIP_AT_ONCE_BYTES_MAX)
  const onRequest = ({ path }: { path: string }) => said(path === '/large' ? large : 'small')
  return withPlain({ onRequest }, async ({ port }) => {
    const client = await openRaw(port)
    client.send(get('/large', ACCEPTS) + get('/small', ACCEPTS))
    const received = await client.until(/small$/)
    assert.ok(received.indexOf('Content-Encoding: gzip') < received.indexOf('Content-Length: 5'))
    client.socket.destroy()
  })
})

gzip.run()
