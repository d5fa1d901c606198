// The agent that others' tests start in their own process.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DevAgent, startDevAgent } from '../../daemons/testing.ts'
import { before } from '../kit/within.ts'
import { get, openRaw } from './raw-client.ts'

const testing = suite('testing')

const portOf = ({ httpAddr }: DevAgent) => Number(httpAddr.split(':')[1])

const ask = (agent: DevAgent, path: string, init: RequestInit = {}): Promise<string> =>
  before(
    10_000,
    async () => {
      const headers = { connection: 'close' }
      const response = await fetch(`${agent.url}${path}`, { ...init, headers })
      return `${response.status} ${await response.text()}`
    },
    path,
  )

testing('an agent has its seed, and says where it is', async () => {
  const kv = { 'config/web/port': '8080', 'a b/ü%': Uint8Array.of(0, 255) }
  await using agent = await startDevAgent({ kv })
  assert.match(agent.httpAddr, /^127\.0\.0\.1:\d+$/)
  assert.equal(agent.env, { CONSUL_HTTP_ADDR: agent.httpAddr, LICTOR_HTTP_ADDR: agent.httpAddr })
  assert.is(await ask(agent, '/v1/kv/config/web/port?raw'), '200 8080')
  const keys = JSON.parse((await ask(agent, '/v1/kv/?keys')).slice(4))
  assert.equal(keys, ['a b/ü%', 'config/web/port'])
})

testing(
  'settings are those of a configuration file, and a mistake in them is an error',
  async () => {
    const config = {
      limits: { kv_max_value_size: 10 },
      http_config: { response_headers: { A: 'b"c' } },
    }
    await using agent = await startDevAgent({ config })
    assert.match(await ask(agent, '/v1/kv/a', { method: 'PUT', body: 'x'.repeat(11) }), /^413 /)
    try {
      await startDevAgent({ config: { limitz: {} } })
      assert.unreachable()
    } catch (error) {
      assert.match(String(error), /limitz/)
    }
  },
)

testing('a reset brings back the start, and ends who waits', async () => {
  await using agent = await startDevAgent({ kv: { seeded: '1' } })
  const write = (key: string) => ask(agent, `/v1/kv/${key}`, { method: 'PUT', body: 'x' })
  const parked = await openRaw(portOf(agent))
  parked.send(get('/v1/kv/seeded?index=1000000&wait=5m'))
  for (let n = 0; n < 5; n++) {
    await write(`key${n}`)
    await agent.reset()
    assert.match(await ask(agent, '/v1/kv/?keys'), /^200 \[\s*"seeded"\s*\]/)
  }
  assert.is(await parked.ended(), '')
})

testing('agents side by side know nothing of one another', async () => {
  const agents = await Promise.all(
    Array.from({ length: 5 }, (_, n) => startDevAgent({ kv: { n: `${n}` } })),
  )
  const answers = await Promise.all(agents.map((agent) => ask(agent, '/v1/kv/n?raw')))
  assert.equal(answers, ['200 0', '200 1', '200 2', '200 3', '200 4'])
  await Promise.all(agents.map((agent) => agent.stop()))
})

testing('stopping frees the port, whoever is connected', async () => {
  const agent = await startDevAgent()
  const client = await openRaw(portOf(agent))
  client.send(get('/v1/kv/a'))
  await client.until(/404/)
  client.send(get('/v1/kv/?keys&index=1000000'))
  await before(5_000, () => agent.stop(), 'stopping')
  await client.ended()
  await before(5_000, () => agent.stop(), 'stopping again')
  try {
    await openRaw(portOf(agent))
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), /ECONNREFUSED/)
  }
})

testing('the log is silent unless somebody listens', async () => {
  const lines: string[] = []
  await using agent = await startDevAgent({ log: (line) => lines.push(line) })
  const client = await openRaw(portOf(agent))
  client.send(get('/v1/agent/monitor?loglevel=trace'))
  await client.until(/chunked\r\n\r\n/)
  client.vanish()
  assert.ok(lines.every((line) => line.endsWith('\n')))
})

/** What the issue calls bad input, as far as the whole agent has to stand it. */
testing('odd paths and queries are answered as Consul answers them', async () => {
  await using agent = await startDevAgent({ kv: { 'x//y': '1' } })
  const client = await openRaw(portOf(agent))
  const ask = async (target: string): Promise<string> => {
    const had = client.received().length
    client.send(get(target))
    await client.until(new RegExp(`^[\\s\\S]{${had}}HTTP/1\\.1 \\d+[\\s\\S]*?\\r\\n\\r\\n`))
    await client.until(new RegExp(`^[\\s\\S]{${had + 50}}`))
    return client.received().slice(had + 9, had + 12)
  }
  assert.is(await ask('/v1/kv/x%2F%2Fy'), '200')
  assert.is(await ask('/v1/kv//x'), '307')
  assert.is(await ask('/v1/kv/%zz'), '400')
  assert.is(await ask('/v1/kv/%'), '400')
  assert.is(await ask('/v1/kv/a%00b'), '400')
  assert.is(await ask('/v1/kv/a?x=%zz'), '500')
  assert.is(await ask('/v1/kv/a?index=-1'), '400')
  assert.is(await ask('/v1/kv/a?index=99999999999999999999999'), '400')
  assert.is(await ask('/v1/kv/a?wait=1y'), '400')
  assert.is(await ask('/v1/nothing'), '404')
  client.socket.destroy()
})

testing.run()
