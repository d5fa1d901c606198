// Messages come back as they went; cut short or changed they are refused, whatever is wrong.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import type { Message, Reply } from '../../../core/replica/messages.ts'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../../core/replica/records.ts'
import {
  decodeMessage,
  decodeReply,
  encodeMessage,
  encodeReply,
} from '../../../core/replica/wire.ts'

const wire = suite('replica wire')

const history = [
  { id: 'a', epoch: 1, from: 1 },
  { id: 'b', epoch: 2, from: 4 },
]
const claim = {
  epoch: 2,
  history,
  last: 7,
  since: 3,
  changes: [
    { key: 'k', shown: new Uint8Array([0, 255]), sum: 9 },
    { key: 'gone', shown: undefined, sum: 0 },
  ],
  complete: true,
}
const change = { key: 'é/k', value: new Uint8Array([0, 1, 255]) }

const MESSAGES: readonly Message[] = [
  { type: 'pull', from: 'localhost:8001', position: { reign: 'a', index: 3 }, hold: true },
  { type: 'page', from: 'localhost:8001', after: undefined },
  { type: 'page', from: 'localhost:8001', after: 'k' },
  { type: 'write', change },
  { type: 'write', change: { key: 'k', value: undefined } },
  { type: 'announce', from: 'localhost:8001', ...claim },
]

const REPLIES: readonly Reply[] = [
  {
    type: 'writes',
    writes: [{ ...change, index: 4, reign: 'b' }],
    history,
    last: 7,
    peers: ['localhost:8002'],
  },
  { type: 'copy', why: 'trimmed', history, last: 7, peers: [] },
  { type: 'copy', why: 'fork', history, last: 7, peers: [] },
  { type: 'rows', rows: [change], more: true, history, last: 7 },
  { type: 'elsewhere', leader: 'localhost:8000' },
  { type: 'elsewhere', leader: undefined },
  { type: 'written', replicatedTo: 2 },
  { type: 'missing' },
  { type: 'refused', refusal: 'store-full' },
  { type: 'refused', refusal: 'too-many-waiting' },
  { type: 'follows', leader: 'localhost:8000' },
  { type: 'leads', ...claim },
]

wire('every message comes back as it went', () => {
  for (const one of MESSAGES) assert.equal(decodeMessage(utf8(encodeMessage(one))), one)
  for (const one of REPLIES) assert.equal(decodeReply(utf8(encodeReply(one))), one)
})

wire('cut short anywhere it is no message', () => {
  for (const one of MESSAGES) {
    const bytes = utf8(encodeMessage(one))
    for (let end = 0; end < bytes.length; end++) {
      assert.is(decodeMessage(bytes.subarray(0, end)), undefined, `${one.type} up to ${end}`)
    }
  }
  for (const one of REPLIES) {
    const bytes = utf8(encodeReply(one))
    for (let end = 0; end < bytes.length; end++) {
      assert.is(decodeReply(bytes.subarray(0, end)), undefined, `${one.type} up to ${end}`)
    }
  }
})

wire('limits hold for what comes from outside, too', () => {
  const put = (key: string, value: Uint8Array) =>
    decodeMessage(utf8(encodeMessage({ type: 'write', change: { key, value } })))
  assert.ok(put('k'.repeat(KEY_BYTES_MAX), new Uint8Array(VALUE_BYTES_MAX)))
  assert.is(put('k'.repeat(KEY_BYTES_MAX + 1), utf8('v')), undefined)
  assert.is(put('k', new Uint8Array(VALUE_BYTES_MAX + 1)), undefined)
  assert.is(put('', utf8('v')), undefined)
})

wire('a history out of order is refused', () => {
  const reply = { type: 'copy', why: 'fork', history: [...history].reverse(), last: 7, peers: [] }
  assert.is(decodeReply(utf8(JSON.stringify(reply))), undefined)
})

wire('what is no message at all is refused', () => {
  for (const text of ['', 'null', '[]', '{}', '{"type":"constructor"}', '{"type":"pull"}', '7']) {
    assert.is(decodeMessage(utf8(text)), undefined, text)
    assert.is(decodeReply(utf8(text)), undefined, text)
  }
})

wire.run()
