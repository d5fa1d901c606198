import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, EMPTY, equalBytes, utf8 } from '../../../core/bytes.ts'
import { createPrng } from '../../../core/prng.ts'
import {
  encodeFrames,
  FRAME_HEAD_BYTES,
  type Frame,
  firstLink,
  frameBytes,
  type Scanned,
  scanFrames,
} from '../../../core/wire/frame.ts'
import { fc } from '../../kit/property.ts'

const framing = suite('frame')
const START = firstLink(0x5eed)

const frame = (payload: Uint8Array, kind = 1, joins = false): Frame => ({ kind, joins, payload })
const texts = (...payloads: string[]): Frame[] => payloads.map((text) => frame(utf8(text)))
const encode = (frames: readonly Frame[]) => encodeFrames(START, frames).bytes
const scan = (bytes: Uint8Array) => scanFrames(bytes, START)
const payloadsOf = ({ frames }: Scanned) =>
  frames.map(({ payload }) => String.fromCharCode(...payload))

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const wrong = bytes.slice()
  wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
  return wrong
}

framing('what is framed is found again, whatever it holds and wherever it begins', () => {
  const frames = fc.array(
    fc.record({
      kind: fc.integer({ min: 1, max: 255 }),
      joins: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 100 }),
    }),
    { maxLength: 12 },
  )
  const shape = fc.tuple(frames, fc.nat(0xffffffff), fc.nat(4), fc.nat(40))
  fc.assert(
    fc.property(shape, ([sent, seed, eighths, zeros]) => {
      const link = firstLink(seed)
      const { bytes, link: after } = encodeFrames(link, sent)
      const from = 8 * eighths
      const found = scanFrames(
        concatBytes([new Uint8Array(from), bytes, new Uint8Array(zeros)]),
        link,
        from,
      )
      assert.equal(found.verdict, { type: 'end' })
      assert.equal(found.link, after)
      assert.is(found.end, from + bytes.length)
      assert.equal(
        found.frames.map(({ kind, joins }) => [kind, joins]),
        sent.map(({ kind, joins }) => [kind, joins]),
      )
      for (const [i, { payload }] of sent.entries())
        assert.ok(equalBytes(found.frames[i]?.payload ?? EMPTY, payload))
    }),
  )
})

framing('frames written later are tied to those that a scan found', () => {
  const first = encodeFrames(START, texts('a', 'b'))
  const again = scanFrames(first.bytes, START)
  const more = encodeFrames(again.link, texts('c'))
  const whole = scan(concatBytes([first.bytes, more.bytes]))
  assert.equal(payloadsOf(whole), ['a', 'b', 'c'])
  assert.equal(whole.verdict, { type: 'end' })
})

framing('every frame is a multiple of eight bytes long', () => {
  for (let length = 0; length < 20; length++) {
    const bytes = encode([frame(new Uint8Array(length).fill(7))])
    assert.is(bytes.length % 8, 0)
    assert.is(bytes.length, frameBytes(length))
  }
})

framing('cut at any byte, the frames before the cut are found and the rest is torn', () => {
  const sent = texts('alpha', '', 'gamma gamma gamma', 'd')
  const bytes = encode(sent)
  const ends = sent.map((_, i) => encode(sent.slice(0, i + 1)).length)
  for (let length = 0; length <= bytes.length; length++) {
    const found = scan(bytes.subarray(0, length))
    const whole = ends.filter((end) => end <= length)
    assert.is(found.frames.length, whole.length, `cut at ${length}`)
    assert.is(found.end, whole.at(-1) ?? 0)
    const unwritten = bytes.subarray(found.end, length).every((byte) => byte === 0)
    assert.is(found.verdict.type, unwritten ? 'end' : 'torn', `cut at ${length}`)
    if (found.verdict.type === 'torn') assert.is(found.verdict.at, found.end)
  }
})

framing(
  'any flipped bit of the last frame is torn, of an earlier one corrupt, with its offset',
  () => {
    const sent = texts('alpha', 'beta beta', 'c')
    const bytes = encode(sent)
    const starts = sent.map((_, i) => encode(sent.slice(0, i)).length)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const hit = starts.filter((start) => start <= bit >> 3).length - 1
      const { verdict, frames } = scan(flip(bytes, bit))
      assert.is(frames.length, hit, `bit ${bit}`)
      assert.is(verdict.type, hit === 2 ? 'torn' : 'corrupt', `bit ${bit}`)
      if (verdict.type !== 'end') assert.is(verdict.at, starts[hit])
      if (verdict.type === 'corrupt') assert.is(verdict.next, starts[hit + 1], `bit ${bit}`)
    }
  },
)

framing('zeros in the middle are corrupt, zeros to the end are the end', () => {
  const bytes = encode(texts('alpha', 'beta', 'gamma'))
  const [second, third] = [encode(texts('alpha')).length, encode(texts('alpha', 'beta')).length]
  const holed = bytes.slice().fill(0, second, third)
  assert.equal(scan(holed).verdict, { type: 'corrupt', at: second, flaw: 'gap', next: third })
  assert.equal(scan(bytes.slice().fill(0, second)).verdict, { type: 'end' })
})

framing('a bit set in the zeros behind the last frame is torn, and loses nothing', () => {
  const bytes = concatBytes([encode(texts('alpha')), new Uint8Array(64)])
  for (let bit = 8 * (bytes.length - 64); bit < 8 * bytes.length; bit++) {
    const found = scan(flip(bytes, bit))
    assert.is(found.verdict.type, 'torn')
    assert.equal(payloadsOf(found), ['alpha'])
  }
})

framing('a lost part of a write is torn even though the rest of the write is there', () => {
  const batch = [frame(utf8('b1')), frame(utf8('b2'), 1, true), frame(utf8('b3'), 1, true)]
  const bytes = encode([...texts('a'), ...batch])
  const at = encode(texts('a')).length
  const lost = bytes.slice().fill(0, at, at + frameBytes(2))
  assert.equal(scan(lost).verdict, { type: 'torn', at, flaw: 'gap' })
  const middle = at + frameBytes(2)
  assert.equal(scan(flip(bytes, 8 * middle)).verdict, { type: 'torn', at: middle, flaw: 'head' })
})

framing(
  'a bad frame of an earlier write is corrupt: the later write proves that it was synced',
  () => {
    const sent = [
      frame(utf8('a')),
      frame(utf8('b'), 1, true),
      frame(utf8('c'), 1, true),
      frame(utf8('d')),
    ]
    const bytes = encode(sent)
    const [at, next] = [encode(sent.slice(0, 1)).length, encode(sent.slice(0, 3)).length]
    assert.equal(scan(flip(bytes, 8 * (at + FRAME_HEAD_BYTES))).verdict, {
      type: 'corrupt',
      at,
      flaw: 'checksum',
      next,
    })
  },
)

framing('frames left out, doubled or swapped break the chain', () => {
  const parts = ['a', 'b', 'c'].map((_, i) => {
    const before = encodeFrames(START, texts('a', 'b', 'c').slice(0, i))
    return encodeFrames(before.link, texts('a', 'b', 'c').slice(i, i + 1)).bytes
  })
  const [a = EMPTY, b = EMPTY, c = EMPTY] = parts
  for (const order of [
    [a, c],
    [b, c],
    [a, a],
    [a, c, b],
    [a, b, b],
  ]) {
    const { verdict } = scan(concatBytes(order))
    assert.is(verdict.type, 'corrupt')
    if (verdict.type === 'corrupt') assert.is(verdict.flaw, 'chain')
  }
})

framing(
  'the checksum covers the head too: with a head sum made to fit, another kind is still refused',
  () => {
    const wrong = encode([frame(utf8('alpha'), 1)])
    wrong.set(encode([frame(utf8('alpha'), 2)]).subarray(0, FRAME_HEAD_BYTES - 4))
    assert.equal(scan(wrong).verdict, { type: 'torn', at: 0, flaw: 'checksum' })
  },
)

framing('frames of another file are not taken for ours', () => {
  const foreign = encodeFrames(firstLink(77), texts('x', 'y')).bytes
  assert.equal(scan(foreign).verdict, { type: 'torn', at: 0, flaw: 'head' })
})

framing(
  'a payload that holds whole frames of a guessed seed does not make a torn tail corrupt',
  () => {
    const fake = encodeFrames(firstLink(0), texts('fake', 'fake', 'fake')).bytes
    const bytes = encode([...texts('a'), frame(fake)])
    const { verdict } = scan(bytes.subarray(0, bytes.length - 8))
    assert.is(verdict.type, 'torn')
  },
)

framing('a length far beyond the bytes is refused at once', () => {
  const bytes = encode(texts('alpha', 'beta'))
  const at = encode(texts('alpha')).length
  bytes.set([0xff, 0xff, 0xff, 0xff], at)
  assert.equal(scan(bytes).verdict, { type: 'torn', at, flaw: 'head' })
})

framing('a mebibyte of noise is searched to its end', () => {
  const prng = createPrng(7)
  const noise = Uint8Array.from({ length: 1 << 20 }, () => prng.range(0, 255))
  assert.is(scan(noise).verdict.type, 'torn')
})

framing.run()
