// The lesson's HTTP shapes, and every refusal with its status.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EMPTY, utf8 } from '../../../core/bytes.ts'
import { requestId } from '../../../core/ids.ts'
import { responseOf, type Wish, wishOf } from '../../../core/replica/http.ts'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../../core/replica/records.ts'

const http = suite('replica http')

function wish(line: string, body: Uint8Array = EMPTY): Wish {
  const [method = '', target = ''] = line.split(' ')
  const [path = '', query = ''] = target.split('?')
  const id = requestId(1)
  return wishOf({ id, method, path, query, body, header: () => undefined, remote: '' })
}

const answered = (line: string, body?: Uint8Array): string => {
  const found = wish(line, body)
  if (found.type !== 'answer') return found.type
  return `${found.response.status} ${found.response.body}`.trimEnd()
}

http('a key is named by the rest of the path, percent sequences replaced', () => {
  assert.equal(wish('GET /kv/a/b%20c%C3%A9?x=1'), {
    type: 'ask',
    ask: { type: 'get', key: 'a/b cé' },
  })
  assert.equal(wish('PUT /kv/a', utf8('v')), {
    type: 'ask',
    ask: { type: 'change', change: { key: 'a', value: utf8('v') } },
  })
  assert.equal(wish('DELETE /kv/a'), {
    type: 'ask',
    ask: { type: 'change', change: { key: 'a', value: undefined } },
  })
})

http('what cannot be is refused with the reason', () => {
  const cases: [string, Uint8Array, string][] = [
    ['GET /kv/', EMPTY, '400 {"error": "the key is missing", "hint": "PUT /kv/KEY"}'],
    ['GET /kv/%4', EMPTY, '400 {"error": "the key has a bad percent sequence"}'],
    [
      `GET /kv/${'k'.repeat(KEY_BYTES_MAX + 1)}`,
      EMPTY,
      '413 {"error": "the key is too large", "hint": "512 bytes at most"}',
    ],
    [
      'PUT /kv/k',
      new Uint8Array(VALUE_BYTES_MAX + 1),
      '413 {"error": "the value is too large", "hint": "524288 bytes at most"}',
    ],
    ['PATCH /kv/k', EMPTY, '405 {"error": "no PATCH here", "hint": "GET, PUT or DELETE"}'],
    ['POST /replica', utf8('{"type":"pull"}'), '400 {"error": "no message of a node"}'],
    [
      'PUT /follow?leader=x',
      EMPTY,
      '400 {"error": "the leader is missing", "hint": "PUT /follow?leader=HOST:PORT"}',
    ],
  ]
  for (const [line, body, expected] of cases) assert.is(answered(line, body), expected, line)
  assert.match(answered('GET /v1/kv/a'), /^404 .*no such endpoint/)
})

http('the longest key and value are taken', () => {
  assert.is(answered(`GET /kv/${'k'.repeat(KEY_BYTES_MAX)}`), 'ask')
  assert.is(answered('PUT /kv/k', new Uint8Array(VALUE_BYTES_MAX)), 'ask')
})

http('text is shown as it is, other bytes in base64', () => {
  const body = (value: Uint8Array) => responseOf({ type: 'value', key: 'k', value }).body
  assert.is(body(utf8('Douglas "42"')), '{"key": "k", "value": "Douglas \\"42\\""}\n')
  assert.is(body(EMPTY), '{"key": "k", "value": ""}\n')
  assert.is(
    body(new Uint8Array([0xff, 0, 1])),
    '{"key": "k", "value": "/wAB", "encoding": "base64"}\n',
  )
})

http('a leader is named to be followed', () => {
  assert.equal(wish('PUT /follow?leader=localhost%3A8001'), {
    type: 'ask',
    ask: { type: 'follow', leader: 'localhost:8001' },
  })
})

http('every refusal of a write has a status of its own kind', () => {
  const status = (outcome: Parameters<typeof responseOf>[0]) => responseOf(outcome).status
  assert.is(status({ type: 'refused', refusal: 'store-full' }), 507)
  assert.is(status({ type: 'refused', refusal: 'too-many-waiting' }), 429)
  for (const type of ['no-leader', 'unanswered', 'not-synced'] as const) {
    assert.is(status({ type, leader: 'x:1' }), 503)
  }
})

http.run()
