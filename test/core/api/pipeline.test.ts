// The ten steps as a client sees them: refusals in Consul's words and order, headers, pretty
// printing, redirects.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ask, createMachine, headerOf, jsonOf, send, textOfBody } from '../../kit/machine.ts'

const pipeline = suite('pipeline')

const REFUSALS: readonly (readonly [line: string, status: number, text: string])[] = [
  ['GET /v1/kv/a?index=x', 400, 'Invalid index'],
  ['GET /v1/kv/a?index=18446744073709551616', 400, 'Invalid index'],
  ['GET /v1/kv/a?wait=10', 400, 'Invalid wait time'],
  ['GET /v1/kv/a?index=x&wait=x', 400, 'Invalid wait time'],
  ['GET /v1/agent/service/a?wait=x', 400, 'Invalid wait time'],
  ['GET /v1/agent/service/a?stale&consistent', 404, 'unknown service ID: a'],
  ['GET /v1/kv/a?max_stale=abc', 400, 'Invalid max_stale value "abc"'],
  [
    'GET /v1/kv/a?stale&consistent',
    400,
    'Cannot specify ?stale with ?consistent, conflicting semantics.',
  ],
  [
    'GET /v1/kv/a?cached&consistent',
    400,
    'Cannot specify ?cached with ?consistent, conflicting semantics.',
  ],
  ['GET /v1/kv/', 400, 'Missing key name'],
  ['GET /v1/kv/a?dc=nowhere', 500, 'No path to datacenter'],
  ['PUT /v1/kv/a?dc=nowhere', 500, 'No path to datacenter'],
  [
    'GET /v1/kv/a?ns=default',
    400,
    'Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature',
  ],
  ['GET /v1/kv/a?x=%zz', 500, ''],
  ['GET /v1/kv/a?x;y', 500, ''],
  ['PUT /v1/kv/a?acquire=nope', 500, 'raft apply failed: invalid session "nope"'],
  ['PUT /v1/kv/a?cas=1&acquire=x&b=%20c', 400, 'Conflicting flags: acquire=x&b=+c&cas=1\n'],
  ['POST /v1/kv/a', 405, 'method POST not allowed'],
  ['GET /v1/nope', 404, 'Invalid URL path: not a recognized HTTP API endpoint\n'],
  ['GET /x/v1/kv/a', 404, 'Invalid URL path: not a recognized HTTP API endpoint\n'],
  [
    'GET /v2/kv/a',
    404,
    "Invalid URL path: if attempting to use the HTTP API, ensure the path starts with '/v1/'\n",
  ],
  ['GET /v1/kv/a%00b', 400, ''],
]

pipeline('refusals have the status and the text of Consul', () => {
  const machine = createMachine()
  for (const [line, status, text] of REFUSALS) {
    const response = ask(machine, line)
    assert.is(response.status, status, line)
    assert.is(textOfBody(response), text, line)
  }
})

pipeline('the root leads to the web page, or says that there is none', () => {
  const machine = createMachine()
  const root = ask(machine, 'GET /')
  assert.equal([root.status, headerOf(root, 'location')], [301, '/ui/'])
  assert.is(textOfBody(ask(machine, 'OPTIONS /')), '')
  const { httpConfig } = machine.agent.config
  const without = createMachine({ httpConfig: { ...httpConfig, uiPath: undefined } })
  const plain = ask(without, 'GET /')
  assert.is(plain.status, 200)
  assert.match(textOfBody(plain), /^Consul Agent: UI disabled\. .* restart\.$/)
})

pipeline('a header can be refused as a parameter is', () => {
  const machine = createMachine()
  const enterprise = ask(machine, 'GET /v1/kv/a', { headers: { 'x-consul-partition': 'p' } })
  assert.is(
    textOfBody(enterprise),
    'Invalid header: "X-Consul-Partition" - Partitions are a Consul Enterprise feature',
  )
  const cached = ask(machine, 'GET /v1/kv/a', { headers: { 'cache-control': 'max-age=abc' } })
  assert.is(textOfBody(cached), 'Invalid Cache-Control header.')
  const fine = { headers: { 'cache-control': 'max-age=5, must-revalidate' } }
  assert.is(ask(machine, 'GET /v1/kv/a', fine).status, 404)
})

pipeline(
  'every answer of an endpoint has the standing headers, those of the router have not',
  () => {
    const machine = createMachine()
    const found = ask(machine, 'GET /v1/kv/a')
    assert.is(headerOf(found, 'vary'), 'Accept-Encoding')
    assert.is(headerOf(found, 'x-consul-default-acl-policy'), 'allow')
    assert.is(headerOf(ask(machine, 'GET /v1/nope'), 'vary'), undefined)
  },
)

pipeline('a read tells index, leader, contact and backend', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const response = ask(machine, 'GET /v1/kv/a')
  assert.is(headerOf(response, 'x-consul-knownleader'), 'true')
  assert.is(headerOf(response, 'x-consul-lastcontact'), '0')
  assert.is(headerOf(response, 'x-consul-query-backend'), 'blocking-query')
  assert.ok(Number(headerOf(response, 'x-consul-index')) > 0)
})

pipeline('a path is cleaned as Go cleans it, with the query kept', () => {
  const machine = createMachine()
  const redirects = [
    ['GET //v1/kv/x', '/v1/kv/x'],
    ['GET /v1/./kv/x', '/v1/kv/x'],
    ['GET /v1/kv/x/..', '/v1/kv/'],
    ['GET /v1/kv', '/v1/kv/'],
    ['PUT /v1/kv/a//b?flags=1', '/v1/kv/a/b?flags=1'],
    ['GET /../v1/kv/x', '/v1/kv/x'],
  ] as const
  for (const [line, to] of redirects) {
    const response = ask(machine, line)
    assert.is(response.status, 307, line)
    assert.is(headerOf(response, 'location'), to, line)
    const html = line.startsWith('GET') ? `<a href="${to}">Temporary Redirect</a>.\n\n` : ''
    assert.is(textOfBody(response), html, line)
  }
})

pipeline('encoded slashes and dots are part of a key', () => {
  const machine = createMachine()
  for (const key of ['x%2F%2Fy', '%2E%2E', '%2Flead', 'caf%C3%A9', 'a%25b']) {
    ask(machine, `PUT /v1/kv/${key}`, { body: key })
    assert.is(textOfBody(ask(machine, `GET /v1/kv/${key}?raw`)), key)
  }
})

pipeline('OPTIONS lists the methods, HEAD is none of them', () => {
  const machine = createMachine()
  const options = ask(machine, 'OPTIONS /v1/kv/a')
  assert.is(options.status, 200)
  assert.is(headerOf(options, 'allow'), 'OPTIONS,GET,PUT,DELETE')
  assert.is(textOfBody(options), '')
  assert.is(textOfBody(ask(machine, 'OPTIONS /v1/query/x')), '{}')
  assert.is(ask(machine, 'HEAD /v1/kv/a').status, 405)
})

pipeline('JSON is compact, pretty on demand, and always pretty from a dev agent', () => {
  const compact = createMachine()
  ask(compact, 'PUT /v1/kv/a', { body: '1' })
  assert.is(textOfBody(ask(compact, 'GET /v1/kv/?keys')), '["a"]')
  assert.is(textOfBody(ask(compact, 'GET /v1/kv/?keys&pretty')), '[\n    "a"\n]\n')
  const dev = createMachine({ dev: true })
  assert.is(textOfBody(ask(dev, 'PUT /v1/kv/a', { body: '1' })), 'true')
  assert.is(textOfBody(ask(dev, 'GET /v1/kv/?keys')), '[\n    "a"\n]')
  assert.is(textOfBody(ask(dev, 'GET /v1/kv/?keys&pretty')), '[\n    "a"\n]\n')
})

pipeline('flags keep all their 64 bits', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a?flags=18446744073709551615', { body: '1' })
  assert.match(textOfBody(ask(machine, 'GET /v1/kv/a')), '"Flags":18446744073709551615')
})

pipeline('a body one byte over the limit is refused by what it declared or by what came', () => {
  const limits = { kvMaxValueSize: 10, txnMaxReqLen: 20, httpMaxConnsPerClient: 1 }
  const machine = createMachine({ limits })
  assert.is(ask(machine, 'PUT /v1/kv/a', { body: 'x'.repeat(10) }).status, 200)
  const came = ask(machine, 'PUT /v1/kv/a', { body: 'x'.repeat(11) })
  assert.is(came.status, 413)
  assert.match(textOfBody(came), /^Request body\(11 bytes\) too large, max size: 10 bytes\./)
  const headers = { 'content-length': '999999999' }
  const declared = ask(machine, 'PUT /v1/kv/a', { body: 'xx', headers })
  assert.match(textOfBody(declared), /^Request body\(999999999 bytes\)/)
  assert.is(ask(machine, 'PUT /v1/txn', { body: `[${' '.repeat(19)}]` }).status, 413)
  const wide = createMachine({ limits: { ...limits, kvMaxValueSize: 30 } })
  assert.is(ask(wide, 'PUT /v1/txn', { body: `[${' '.repeat(28)}]` }).status, 200)
})

pipeline(
  'a dev or durable agent can answer errors as JSON, with the exact text in a header',
  () => {
    const httpConfig = { ...createMachine().agent.config.httpConfig, errorFormat: 'json' as const }
    const machine = createMachine({ httpConfig })
    const response = ask(machine, 'GET /v1/kv/')
    assert.is(response.status, 400)
    assert.equal(jsonOf(response), { error: 'Missing key name' })
    assert.is(decodeURI(headerOf(response, 'x-lictor-error') ?? ''), 'Missing key name')
  },
)

pipeline(
  'configured headers are on all answers but those to paths that lead nowhere as they are',
  () => {
    const { httpConfig } = createMachine().agent.config
    const machine = createMachine({
      httpConfig: { ...httpConfig, responseHeaders: { 'X-Foo': '1' } },
    })
    const foo = (target: string) => headerOf(ask(machine, target), 'x-foo')
    for (const target of ['GET /v1/kv/a', 'GET /v1/nope', 'GET /', 'PUT /v1/status/leader'])
      assert.is(foo(target), '1', target)
    for (const target of ['GET /v1//kv/a', 'GET /v1/kv', 'GET /v1/kv/a%00', 'GET /v1/kv/%zz'])
      assert.is(foo(target), undefined, target)
  },
)

pipeline('closed endpoints and closed networks are refused before anything is read', () => {
  const base = createMachine().agent.config.httpConfig
  const httpConfig = {
    ...base,
    blockEndpoints: ['/v1/status'],
    allowWriteFrom: ['10.0.0.0/8', 'fd00::/8'],
    responseHeaders: { 'X-Custom': 'yes' },
  }
  const machine = createMachine({ httpConfig })
  const blocked = ask(machine, 'GET /v1/status/leader')
  assert.is(textOfBody(blocked), 'Endpoint is blocked by agent configuration')
  assert.is(headerOf(blocked, 'x-custom'), 'yes')
  const from = (remote: string) => ask(machine, 'PUT /v1/kv/a', { body: 'x', remote }).status
  assert.equal(
    ['127.0.0.1', '10.1.2.3', '::ffff:10.0.0.9', '11.0.0.1', 'fd00::1', 'fe80::1', ''].map(from),
    [403, 200, 200, 403, 200, 403, 200],
  )
  assert.is(ask(machine, 'GET /v1/kv/a').status, 200, 'reads are open to all')
  const texts = ['POST /v1/kv/a', 'PUT /v1/status/leader', 'GET /v1/status/leader?%zz'].map(
    (target) => textOfBody(ask(machine, target, { remote: '127.0.0.1' })),
  )
  const blockedText = 'Endpoint is blocked by agent configuration'
  assert.equal(texts, ['method POST not allowed', blockedText, ''], 'what is wrong first')
})

pipeline('a transaction that only reads says so in its body and headers', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const response = ask(machine, 'PUT /v1/txn', { body: '[{"KV":{"Verb":"get","Key":"a"}}]' })
  assert.is(headerOf(response, 'x-consul-knownleader'), 'true')
  assert.is(headerOf(response, 'x-consul-index'), undefined)
  assert.is((jsonOf(response) as { Index: number }).Index, 1)
})

pipeline('a failed transaction changes nothing and tells every error', () => {
  const machine = createMachine()
  const body = JSON.stringify([
    { KV: { Verb: 'set', Key: 'a', Value: 'MQ==' } },
    { KV: { Verb: 'cas', Key: 'b', Index: 7 } },
    { KV: { Verb: 'get', Key: 'c' } },
  ])
  const response = ask(machine, 'PUT /v1/txn', { body })
  assert.is(response.status, 409)
  assert.equal(jsonOf(response), {
    Results: null,
    Errors: [
      { OpIndex: 1, What: 'failed to set key "b", index is stale' },
      { OpIndex: 2, What: 'key "c" doesn\'t exist' },
    ],
  })
  assert.is(ask(machine, 'GET /v1/kv/a').status, 404)
})

pipeline('index 0 and no index never wait', () => {
  const machine = createMachine()
  for (const line of [
    'GET /v1/kv/a?index=0&wait=5s',
    'GET /v1/kv/a?wait=5s',
    'GET /v1/kv/a?index',
  ]) {
    assert.ok(machine.responses.has(send(machine, line)), line)
  }
})

pipeline('who waits for the same gets the very same answer, others get one of their own', () => {
  const machine = createMachine()
  ask(machine, 'PUT /v1/kv/a', { body: '1' })
  const index = headerOf(ask(machine, 'GET /v1/kv/a'), 'x-consul-index')
  const line = `GET /v1/kv/a?index=${index}`
  const same = [send(machine, line), send(machine, line)]
  const others = [
    send(machine, `${line}&pretty`),
    send(machine, line, { headers: { 'x-consul-token': 'another' } }),
    send(machine, `GET /v1/kv/a?recurse&index=${index}`),
  ]
  ask(machine, 'PUT /v1/kv/a', { body: '2' })
  const [first, second] = same.map((id) => machine.responses.get(id))
  assert.ok(first !== undefined)
  assert.ok(first === second)
  assert.match(textOfBody(first), /"Value":"Mg=="/)
  const pretty = others.map((id) => machine.responses.get(id))[0]
  assert.match(pretty === undefined ? '' : textOfBody(pretty), /"Value": "Mg=="/)
  for (const id of others) {
    const response = machine.responses.get(id)
    assert.ok(response !== undefined)
    assert.ok(response !== first)
  }
})

pipeline.run()
