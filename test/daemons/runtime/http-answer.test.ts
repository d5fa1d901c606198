// Answers as bytes: framing by status and version, and what is shared among those who are sent the
// same.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  createPrinter,
  headText,
  isSendable,
  printAnswer,
  tellTime,
  type Whole,
} from '../../../daemons/runtime/http-answer.ts'

const answer = suite('http answer')

const WALL = Date.UTC(2026, 0, 2, 3, 4, 5)
const KEPT = { minor: 1, keepAlive: true, isHead: false } as const
const DATE = 'Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n'

const plain = (body: string | Uint8Array): Whole => ({ status: 200, headers: ['A', 'b'], body })

answer('a short body stands behind its head, as bytes', () => {
  const printed = printAnswer(createPrinter(WALL), plain('é'), KEPT)
  const head = `HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n${DATE}\r\n`
  assert.equal(printed, { text: `${head}\xc3\xa9`, rest: undefined })
  const bytes = printAnswer(createPrinter(WALL), plain(Uint8Array.of(0xff, 0)), KEPT)
  assert.equal(bytes, { text: `${head}\xff\0`, rest: undefined })
})

answer('a long body is not copied', () => {
  const body = new Uint8Array(100_000)
  const { text, rest } = printAnswer(createPrinter(WALL), plain(body), KEPT)
  assert.ok(rest === body)
  assert.match(text, /Content-Length: 100000\r\n/)
})

answer('the version, the status and HEAD decide what follows the fields', () => {
  const printer = createPrinter(WALL)
  const shown = (whole: Whole, how: Partial<typeof KEPT> | object) =>
    printAnswer(printer, whole, { ...KEPT, ...how }).text
  assert.match(shown(plain('x'), { isHead: true }), /Content-Length: 1\r\nDate: [^\r]*\r\n\r\n$/)
  assert.match(shown(plain('x'), { keepAlive: false }), /\r\nConnection: close\r\n/)
  assert.match(shown(plain('x'), { minor: 0 }), /\r\nConnection: keep-alive\r\n/)
  for (const status of [204, 304]) {
    const text = shown({ ...plain('x'), status }, {})
    assert.not.match(text, /Content-Length/)
    assert.match(text, /\r\n\r\n$/)
  }
  const live = { status: 200, headers: [], keepAlive: true, length: undefined }
  assert.match(headText(printer, { ...live, minor: 1 }), /\r\nTransfer-Encoding: chunked\r\n\r\n$/)
  assert.not.match(headText(printer, { ...live, minor: 0 }), /chunked/)
})

answer(
  'the same answer is printed once for all who are sent it alike, and anew each second',
  () => {
    const printer = createPrinter(WALL)
    const whole = plain('x')
    printAnswer(printer, whole, KEPT)
    const second = printAnswer(printer, whole, { ...KEPT })
    assert.ok(printAnswer(printer, whole, { ...KEPT }) === second)
    const closing = printAnswer(printer, whole, { ...KEPT, keepAlive: false })
    assert.match(closing.text, /Connection: close/)
    assert.not.match(printAnswer(printer, whole, { ...KEPT, isHead: true }).text, /x$/)
    printAnswer(printer, whole, KEPT)
    tellTime(printer, WALL + 999)
    assert.match(printAnswer(printer, whole, KEPT).text, /03:04:05/)
    tellTime(printer, WALL + 1_000)
    assert.match(printAnswer(printer, whole, KEPT).text, /03:04:06/)
  },
)

answer('fields that change between answers are never taken from the one before', () => {
  const printer = createPrinter(WALL)
  const texts = [
    ['A', '1'],
    ['A', '2'],
    ['B', '2', 'A', '1'],
    ['A', '1'],
  ].map((headers) => printAnswer(printer, { ...plain(''), headers }, KEPT).text)
  const fields = texts.map((text) => text.slice(text.indexOf('\n') + 1, text.indexOf('Content')))
  assert.equal(fields, ['A: 1\r\n', 'A: 2\r\n', 'B: 2\r\nA: 1\r\n', 'A: 1\r\n'])
})

answer('a value that would end a line is a bug, and no answer', () => {
  const headers = ['A', 'b\r\nInjected: c']
  assert.throws(() => printAnswer(createPrinter(WALL), { ...plain(''), headers }, KEPT))
  assert.not(isSendable('A', 'b\nc'))
  assert.not(isSendable('A b', 'c'))
  assert.ok(isSendable('A', 'b c\té'))
})

answer.run()
