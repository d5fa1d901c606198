// The reader of HTTP/1.1: by examples, cut at every byte, under mutation, and held against the
// parser of node:http.
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fault } from '../../../daemons/runtime/complaint.ts'
import { DROPPED_BYTES_MAX } from '../../../daemons/runtime/http-body.ts'
import { EXTENSION_BYTES_MAX, TRAILER_BYTES_MAX } from '../../../daemons/runtime/http-chunked.ts'
import {
  FIELDS_MAX,
  METHOD_BYTES_MAX,
  TARGET_BYTES_MAX,
} from '../../../daemons/runtime/http-head.ts'
import {
  createReader,
  give,
  isAsked,
  isMidway,
  type Message,
  type Reader,
  readMessage,
} from '../../../daemons/runtime/http-reader.ts'
import { fc } from '../../kit/property.ts'
import { before } from '../../kit/within.ts'

const reader = suite('http reader')

const LIMITS = { headBytesMax: 1 << 20, bodyBytesMax: 1_000 }

const latin = (text: string) => Buffer.from(text, 'latin1')
const shown = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

type Outcome =
  | { method: string; target: string; fields: readonly string[]; body: string; unfinished: boolean }
  | { status: number; why: string }

const outcomeOf = (read: Message | Fault): Outcome =>
  read.type === 'fault'
    ? { status: read.status, why: read.why }
    : {
        method: read.head.method,
        target: read.head.target,
        fields: read.head.fields,
        body: shown(read.body),
        unfinished: read.unfinished,
      }

interface Played {
  readonly outcomes: readonly Outcome[]
  readonly reader: Reader
}

/** Reads pieces as they come, up to a fault or a message that ends the connection. */
function play(pieces: readonly Uint8Array[], limits = LIMITS): Played {
  const into = createReader(limits)
  const outcomes: Outcome[] = []
  for (const piece of pieces) {
    give(into, Buffer.from(piece))
    for (let read = readMessage(into); read !== undefined; read = readMessage(into)) {
      outcomes.push(outcomeOf(read))
      if (read.type === 'fault' || read.unfinished) return { outcomes, reader: into }
    }
  }
  return { outcomes, reader: into }
}

const whole = (text: string, limits = LIMITS) => play([latin(text)], limits).outcomes

const bytewise = (text: string, limits = LIMITS) =>
  play(
    Array.from(latin(text), (byte) => Uint8Array.of(byte)),
    limits,
  ).outcomes

const HOST = 'Host: t\r\n'
const head = (line: string, ...fields: readonly string[]) =>
  `${[line, 'Host: t', ...fields].join('\r\n')}\r\n\r\n`
const chunked = (rest: string) => head('PUT /c HTTP/1.1', 'Transfer-Encoding: chunked') + rest

const GOOD = [
  head('GET / HTTP/1.1'),
  head('GET /v1/kv/a%20b?raw&dc=x HTTP/1.1', 'Accept: a', 'X-Empty:', 'X-Blank: \t ', 'A:b \t'),
  `\r\n\r\n${head('OPTIONS * HTTP/1.1')}`,
  head('GET http://other:1/a HTTP/1.1'),
  head('GET /\xc3\xa9 HTTP/1.1', 'X: \xff'),
  'GET / HTTP/1.0\r\n\r\n',
  head('PURGE /any HTTP/1.1'),
  `${head('PUT /b HTTP/1.1', 'Content-Length: 5')}01234`,
  `${head('PUT /b HTTP/1.1', 'Content-Length: 005')}01234${head('GET /next HTTP/1.1')}`,
  chunked('3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n'),
  chunked('1;name="v"\r\na\r\n0;last\r\nX-Trailer: y\r\nZ:\r\n\r\n') + head('GET /d HTTP/1.1'),
  head('GET /1 HTTP/1.1') + head('GET /2 HTTP/1.1') + head('GET /3 HTTP/1.1').slice(0, -1),
]

const BAD = [
  'hello\r\n\r\n',
  `GET /\r\n${HOST}\r\n`,
  `GET / HTTP/1.1 \r\n${HOST}\r\n`,
  `GET  / HTTP/1.1\r\n${HOST}\r\n`,
  `GET /a b HTTP/1.1\r\n${HOST}\r\n`,
  ` GET / HTTP/1.1\r\n${HOST}\r\n`,
  `G(T / HTTP/1.1\r\n${HOST}\r\n`,
  `GET foo HTTP/1.1\r\n${HOST}\r\n`,
  `GET / http/1.1\r\n${HOST}\r\n`,
  `GET / HTTP/2.0\r\n${HOST}\r\n`,
  `GET / HTTP/1.10\r\n${HOST}\r\n`,
  `GET /\t HTTP/1.1\r\n${HOST}\r\n`,
  `GET /\x00 HTTP/1.1\r\n${HOST}\r\n`,
  `GET /\x7f HTTP/1.1\r\n${HOST}\r\n`,
  'GET / HTTP/1.1\nHost: t\n\n',
  `GET / HTTP/1.1\r\n${HOST}A: b\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}A: b\rc\r\n\r\n`,
  'GET / HTTP/1.1\r\n\r\n',
  head('GET / HTTP/1.1', 'Host: u'),
  'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
  head('GET / HTTP/1.1', 'A: b', ' folded'),
  head('GET / HTTP/1.1', 'A : b'),
  head('GET / HTTP/1.1', ': b'),
  head('GET / HTTP/1.1', 'no colon'),
  head('GET / HTTP/1.1', 'A: \x01'),
  head('PUT / HTTP/1.1', 'Content-Length: 1', 'Content-Length: 1'),
  head('PUT / HTTP/1.1', 'Content-Length: 1, 1'),
  head('PUT / HTTP/1.1', 'Content-Length: +1'),
  head('PUT / HTTP/1.1', 'Content-Length: 0x1'),
  head('PUT / HTTP/1.1', 'Content-Length:'),
  head('PUT / HTTP/1.1', 'Content-Length: 99999999999999999999'),
  head('PUT / HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
  'PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  chunked('\r\n'),
  chunked('g\r\n'),
  chunked('1 \r\na\r\n0\r\n\r\n'),
  chunked('1\na\r\n0\r\n\r\n'),
  chunked('1\r\nab\r\n0\r\n\r\n'),
  chunked('1\r\na\n0\r\n\r\n'),
  chunked('1\r\na\rx0\r\n\r\n'),
  chunked('1\r\na\r\n\r\n\r\n'),
  chunked('1;\x00\r\na\r\n0\r\n\r\n'),
  chunked('0\r\nno colon\r\n\r\n'),
  chunked('0\r\nA: b\r\n folded\r\n\r\n'),
  chunked('0\r\nA: \x7f\r\n\r\n'),
  chunked('0\r\n\n'),
]

reader('what RFC 9112 allows is read', () => {
  const [plain, fields] = [whole(GOOD[0] ?? ''), whole(GOOD[1] ?? '')]
  assert.equal(plain, [
    { method: 'GET', target: '/', fields: ['host', 't'], body: '', unfinished: false },
  ])
  const named = { host: 't', accept: 'a', 'x-empty': '', 'x-blank': '', a: 'b' }
  assert.equal(
    fields.flatMap((read) => ('fields' in read ? read.fields : [])),
    [...Object.entries(named).flat()],
  )
  const bodies = GOOD.flatMap((text) => whole(text)).map((read) => 'body' in read && read.body)
  assert.equal(bodies.filter(Boolean), ['01234', '01234', 'abc0123456789', 'a'])
  for (const text of GOOD) {
    assert.ok(
      whole(text).every((read) => 'method' in read),
      JSON.stringify(text),
    )
  }
})

reader('what it forbids, or two readers could read in two ways, is a fault', () => {
  for (const text of BAD) {
    const [read, ...more] = whole(text)
    assert.ok(read !== undefined && 'status' in read, JSON.stringify(text))
    assert.is(read.status, / HTTP\/2\.0/.test(text) ? 505 : 400, JSON.stringify(text))
    assert.is(more.length, 0)
  }
})

reader('what can never become a head is refused before it is whole', () => {
  const never = ['\x16\x03\x01', 'hello\r', `${'M'.repeat(33)}`, 'GET / HTTP/1.1\n', 'GET /\x7f']
  never.push('GET / HTTP/1.1\r\nA: b\rc', 'GET / HTTP/1.1\r\nA: \x00')
  for (const text of never) {
    assert.equal(whole(text), [{ status: 400, why: '' }], JSON.stringify(text))
    assert.equal(bytewise(text), [{ status: 400, why: '' }], JSON.stringify(text))
  }
  assert.equal(whole('GET / HTTP/1.1\r\nnot yet known to be bad'), [])
})

reader('the faults that have a status of their own', () => {
  const statusOf = (text: string, limits = LIMITS) =>
    whole(text, limits).map((read) => 'status' in read && read.status)
  assert.equal(statusOf(head('PUT / HTTP/1.1', 'Transfer-Encoding: gzip')), [501])
  assert.equal(statusOf(head('PUT / HTTP/1.1', 'Transfer-Encoding: gzip, chunked')), [501])
  assert.equal(statusOf(head('GET / HTTP/1.1', 'Expect: tea')), [417])
  assert.equal(statusOf('GET / HTTP/1.0\r\nExpect: tea\r\n\r\n'), [false])
  assert.equal(statusOf(head('GET / HTTP/1.1', 'X: y'), { ...LIMITS, headBytesMax: 20 }), [431])
})

/** One byte, field or digit more than each limit, and as many as it allows. */
reader('each limit holds to the byte', () => {
  const isFine = (text: string, limits = LIMITS) =>
    whole(text, limits).every((read) => 'method' in read)
  const holds = (limit: number, textOf: (size: number) => string) => {
    assert.ok(isFine(textOf(limit)), `${limit}: ${textOf(limit).slice(0, 60)}`)
    assert.not(isFine(textOf(limit + 1)), `one more than ${limit}`)
  }
  holds(METHOD_BYTES_MAX, (size) => head(`${'M'.repeat(size)} / HTTP/1.1`))
  holds(TARGET_BYTES_MAX, (size) => head(`GET /${'t'.repeat(size - 1)} HTTP/1.1`))
  holds(FIELDS_MAX - 1, (count) => head('GET / HTTP/1.1', ...Array(count).fill('A: b')))
  holds(EXTENSION_BYTES_MAX, (size) => chunked(`1;${'e'.repeat(size)}\r\na\r\n0\r\n\r\n`))
  holds(TRAILER_BYTES_MAX, (size) => chunked(`0\r\nT:${'t'.repeat(size - 2)}\r\n\r\n`))
  holds(13, (digits) => chunked(`${'1'.padStart(digits, '0')}\r\na\r\n0\r\n\r\n`))
  const sized = head('GET / HTTP/1.1', 'X: y')
  assert.ok(isFine(sized, { ...LIMITS, headBytesMax: sized.length }))
  assert.not(isFine(sized, { ...LIMITS, headBytesMax: sized.length - 1 }))
})

reader('a body is kept one byte beyond its limit; one that goes on and on is given up', () => {
  const limits = { ...LIMITS, bodyBytesMax: 4 }
  const put = (size: number) =>
    `${head('PUT / HTTP/1.1', `Content-Length: ${size}`)}${'x'.repeat(size)}`
  const bodies = whole(put(4) + put(5) + put(6), limits).map((read) => 'body' in read && read.body)
  assert.equal(bodies, ['xxxx', 'xxxxx', 'xxxxx'])
  const endless = [latin(head('PUT / HTTP/1.1', 'Content-Length: 99999999'))]
  const piece = Buffer.alloc(1 << 20, 'x')
  for (let sent = 0; sent <= DROPPED_BYTES_MAX + 5; sent += piece.length) endless.push(piece)
  const [read] = play(endless, limits).outcomes
  assert.ok(read !== undefined && 'unfinished' in read && read.unfinished)
})

reader('a message says what it waits for', () => {
  const asked = head('PUT / HTTP/1.1', 'Content-Length: 2', 'Expect: 100-Continue')
  const { reader: into } = play([latin(asked)])
  assert.ok(isAsked(into))
  assert.ok(isMidway(into))
  give(into, latin('hi'))
  assert.ok(readMessage(into) !== undefined)
  assert.not(isAsked(into))
  assert.not(isMidway(into))
  assert.is(into.bytes.length, 0, 'nothing is kept of what was read')
  give(into, latin('\r\n'))
  assert.is(readMessage(into), undefined)
  assert.not(isMidway(into), 'an empty line begins nothing')
  give(into, latin('G'))
  assert.is(readMessage(into), undefined)
  assert.ok(isMidway(into))
})

reader('cut at any byte, the same is read', () => {
  for (const text of [...GOOD, ...BAD]) {
    const expected = whole(text)
    assert.equal(bytewise(text), expected, JSON.stringify(text))
    for (let cut = 1; cut < text.length; cut++) {
      const { outcomes } = play([latin(text.slice(0, cut)), latin(text.slice(cut))])
      assert.equal(outcomes, expected, `${JSON.stringify(text)} cut at ${cut}`)
    }
  }
})

reader('cut at any byte, the same is too much', () => {
  for (const text of [...GOOD, ...BAD]) {
    for (let headBytesMax = 1; headBytesMax < text.length; headBytesMax++) {
      const limits = { ...LIMITS, headBytesMax }
      assert.equal(
        bytewise(text, limits),
        whole(text, limits),
        `${headBytesMax} of ${JSON.stringify(text)}`,
      )
    }
  }
})

const sample = fc
  .array(fc.constantFrom(...GOOD, ...BAD), { minLength: 1, maxLength: 3 })
  .map((texts) => texts.join(''))

const mutations = fc.array(
  fc.record({
    at: fc.nat(),
    how: fc.constantFrom('replace', 'insert', 'remove'),
    byte: fc.oneof(
      fc.constantFrom(...'\r\n :;,0'),
      fc.nat(255).map((n) => String.fromCharCode(n)),
    ),
  }),
  { maxLength: 6 },
)

reader('whatever comes, nothing is thrown, and cuts change nothing', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 8 })
  const holds = fc.property(sample, mutations, cuts, (text, changes, at) => {
    let mutated = text
    for (const { at, how, byte } of changes) {
      const place = at % (mutated.length + 1)
      const rest = mutated.slice(how === 'insert' ? place : place + 1)
      mutated = mutated.slice(0, place) + (how === 'remove' ? '' : byte) + rest
    }
    const ends = at.map((cut) => cut % (mutated.length + 1)).sort((a, b) => a - b)
    const pieces = [...ends, mutated.length].map((end, n) =>
      latin(mutated.slice(ends[n - 1] ?? 0, end)),
    )
    assert.equal(play(pieces).outcomes, whole(mutated))
    assert.equal(bytewise(mutated), whole(mutated))
  })
  fc.assert(holds, { numRuns: 3_000 })
})

const token = fc
  .array(fc.constantFrom(..."abcXYZ019!#$%&'*+-.^_`|~"), { minLength: 1, maxLength: 12 })
  .map((letters) => `x-${letters.join('')}`)
const value = fc
  .array(fc.constantFrom(...'az09 \t!"#,;:()<>@[]{}\xe9\xff'), { maxLength: 20 })
  .map((letters) => letters.join('').trim())
const bodyText = fc
  .array(fc.constantFrom(...'ab\r\n\0\xff0'), { maxLength: 60 })
  .map((bytes) => bytes.join(''))

const aRequest = fc
  .record({
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'),
    target: fc.array(fc.constantFrom(...'az09/?&=%+;:@~._-!$*()'), { maxLength: 30 }),
    fields: fc.array(fc.tuple(token, value), { maxLength: 6 }),
    body: bodyText,
    chunks: fc.option(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 })),
  })
  .map(({ method, target, fields, body, chunks }) => {
    const lines = fields.map(([name, text]) => `${name}: ${text}`)
    const line = `${method} /${target.join('')} HTTP/1.1`
    if (chunks === null) return head(line, ...lines, `Content-Length: ${body.length}`) + body
    return head(line, 'Transfer-Encoding: chunked', ...lines) + inChunks(body, chunks)
  })

function inChunks(body: string, sizes: readonly number[]): string {
  let text = ''
  for (let at = 0, n = 0; at < body.length; n++) {
    const piece = body.slice(at, at + (sizes[n % sizes.length] ?? 1))
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`
    at += piece.length
  }
  return `${text}0\r\n\r\n`
}

reader('valid requests are read as node:http reads them', async () => {
  const holds = fc.asyncProperty(
    fc.array(aRequest, { minLength: 1, maxLength: 4 }),
    async (texts) => {
      assert.equal(whole(texts.join('')), await readByNode(texts.join(''), texts.length))
    },
  )
  await fc.assert(holds, { numRuns: 300 })
})

/** The same bytes through a server of node:http. */
function readByNode(text: string, count: number): Promise<Outcome[]> {
  const server = createServer()
  const outcomes: Outcome[] = []
  const all = new Promise<Outcome[]>((resolve, reject) => {
    server.on('clientError', reject)
    let begun = 0
    let ended = 0
    server.on('request', async (incoming, response) => {
      const at = begun++
      outcomes[at] = await outcomeFrom(incoming)
      response.end()
      if (++ended === count) resolve(outcomes)
    })
  })
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() })
  server.emit('connection', socket)
  socket.push(latin(text))
  return before(5_000, () => all, 'node:http').finally(() => socket.destroy())
}

async function outcomeFrom(incoming: IncomingMessage): Promise<Outcome> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const { method = '', url = '', rawHeaders } = incoming
  const fields = rawHeaders.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text))
  return { method, target: url, fields, body: shown(Buffer.concat(chunks)), unfinished: false }
}

reader.run()
