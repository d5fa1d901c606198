// The checker of histories against 108 public ones, against textbooks, and against brute force.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng } from '../../core/prng.ts'
import { checkHistory, LIMITS, type Operation } from '../../core/sim/check-linear.ts'
import { type RegisterOp, register } from '../../core/sim/registers.ts'
import { inProject } from '../kit/paths.ts'
import { parseJepsen, parseKeyed } from './histories.ts'

const corpus = suite('linearizability corpus')
const CORPUS = inProject('..', 'shared', 'fixtures', 'linearizability')

/** A register starts empty, a key as the empty text. */
const verdictOf = (name: string, text: string): string => {
  const jepsen = name.startsWith('jepsen/')
  const history = jepsen ? parseJepsen(text) : parseKeyed(text)
  return checkHistory(history, register(jepsen ? 'nil' : '')).type
}

if (existsSync(CORPUS)) {
  corpus('every public history gets its known verdict', () => {
    const known = JSON.parse(readFileSync(join(CORPUS, 'verdicts.json'), 'utf8')) as Record<
      string,
      boolean
    >
    const wrong: string[] = []
    for (const [name, linearizable] of Object.entries(known)) {
      const verdict = verdictOf(name, readFileSync(join(CORPUS, name), 'utf8'))
      if (verdict !== (linearizable ? 'linearizable' : 'illegal')) wrong.push(`${name}: ${verdict}`)
    }
    assert.is(Object.keys(known).length, 108)
    assert.equal(wrong, [])
  })
} else {
  corpus.skip('every public history gets its known verdict: the corpus is not there')
}

corpus.run()

const linear = suite('linearizability')

type Op = Operation<RegisterOp>
const span = (called: number, returned: number, op: RegisterOp): Op => ({ op, called, returned })
const read = (output: string): RegisterOp => ({ type: 'read', output })
const write = (value: string): RegisterOp => ({ type: 'write', value })
const cas = (expected: string, value: string, output?: boolean): RegisterOp => ({
  type: 'cas',
  expected,
  value,
  output,
})
const judge = (...operations: Op[]) => checkHistory(new Map([['k', operations]]), register('')).type

linear('what happened one after the other is judged as it stands', () => {
  assert.is(judge(span(0, 1, write('a')), span(2, 3, read('a'))), 'linearizable')
  assert.is(judge(span(0, 1, write('a')), span(2, 3, read(''))), 'illegal')
})

linear('a read that overlaps a write may see either', () => {
  assert.is(judge(span(0, 9, write('a')), span(1, 2, read(''))), 'linearizable')
  assert.is(judge(span(0, 9, write('a')), span(1, 2, read('a'))), 'linearizable')
})

linear('two reads under one write do not see it come and go', () => {
  const during = span(0, 9, write('a'))
  assert.is(judge(during, span(1, 2, read('a')), span(3, 4, read(''))), 'illegal')
  assert.is(judge(during, span(1, 2, read('')), span(3, 4, read('a'))), 'linearizable')
})

linear('of two operations that touch in time the one that returned comes first', () => {
  assert.is(judge(span(0, 2, write('a')), span(2, 3, read(''))), 'illegal')
})

linear('a write without an answer may happen late, or never', () => {
  const lost = span(0, Infinity, write('a'))
  assert.is(judge(lost, span(5, 6, read('')), span(7, 8, read('a'))), 'linearizable')
  assert.is(judge(lost, span(5, 6, read(''))), 'linearizable')
  assert.is(judge(lost, span(5, 6, read('a')), span(7, 8, read(''))), 'illegal')
})

linear('a comparison succeeds only on what is there', () => {
  assert.is(judge(span(0, 1, write('a')), span(2, 3, cas('a', 'b', true))), 'linearizable')
  assert.is(judge(span(0, 1, write('a')), span(2, 3, cas('x', 'b', true))), 'illegal')
  assert.is(judge(span(0, 1, write('a')), span(2, 3, cas('a', 'b', false))), 'illegal')
})

linear('two comparisons with one value do not both succeed', () => {
  const both = [span(1, 9, cas('', 'a', true)), span(1, 9, cas('', 'b', true))]
  assert.is(judge(...both), 'illegal')
})

linear('keys are judged apart, and the bad one is named', () => {
  const parts = new Map([
    ['good', [span(0, 1, write('a')), span(2, 3, read('a'))]],
    ['bad', [span(0, 1, write('a')), span(2, 3, read('b'))]],
  ])
  assert.equal(checkHistory(parts, register('')), { type: 'illegal', key: 'bad', reached: 1 })
})

linear('what is not decided within the limits is unknown', () => {
  const many = Array.from({ length: 14 }, (_, i) => span(0, 100, write(`${i}`)))
  const hard = [...many, span(101, 102, read('nowhere'))]
  const parts = new Map([['k', hard]])
  const verdict = checkHistory(parts, register(''), { ...LIMITS, steps: 5_000 })
  assert.equal(verdict, { type: 'unknown', keys: ['k'] })
  const bounded = checkHistory(parts, register(''), { ...LIMITS, configurations: 500 })
  assert.equal(bounded, { type: 'unknown', keys: ['k'] })
})

linear('an order that is claimed and explains all needs no search', () => {
  const many = Array.from({ length: 14 }, (_, i) => ({
    ...span(0, 100, write(`${i}`)),
    place: 20 - i,
  }))
  const limits = { ...LIMITS, steps: 10 }
  const history = [...many, { ...span(101, 102, read('0')), place: 21 }]
  assert.equal(checkHistory(new Map([['k', history]]), register(''), limits), {
    type: 'linearizable',
  })
  const unclaimed = [...many, span(101, 102, read('0'))]
  assert.is(checkHistory(new Map([['k', unclaimed]]), register(''), limits).type, 'unknown')
})

linear('a claimed order is not taken on trust', () => {
  const at = (place: number, operation: Op): Op => ({ ...operation, place })
  // Against the order in time, which no other order can mend.
  assert.is(judge(at(2, span(0, 1, write('a'))), at(1, span(2, 3, read('')))), 'illegal')
  // Against the register; another order explains it.
  assert.is(judge(at(1, span(0, 9, write('a'))), at(2, span(1, 8, read('')))), 'linearizable')
  // A write without an answer that nobody places may still be what was read.
  const lost = span(0, Infinity, write('a'))
  assert.is(judge(lost, at(1, span(1, 2, read('a')))), 'linearizable')
})

/**
 * Tries every order that respects the calls and returns, and leaves out any that never returned.
 */
function bruteForce(operations: readonly Op[], state: string): boolean {
  if (operations.every(({ returned }) => returned === Infinity)) return true
  const firstReturn = Math.min(...operations.map(({ returned }) => returned))
  return operations.some((one) => {
    if (one.called >= firstReturn) return false
    const next = register('').step(state, one.op)
    return (
      next !== undefined &&
      bruteForce(
        operations.filter((other) => other !== one),
        next,
      )
    )
  })
}

linear('random small histories are judged as by brute force', () => {
  const prng = createPrng(11)
  const seen = { linearizable: 0, illegal: 0 }
  for (let round = 0; round < 3_000; round++) {
    const history = Array.from({ length: prng.range(2, 6) }, () => {
      const called = prng.range(0, 12)
      const returned = prng.chance(0.15) ? Infinity : called + prng.range(1, 6)
      const value = () => prng.pick(['', 'a', 'b'])
      const ops = [read(value()), write(value()), cas(value(), value(), prng.chance(0.5))]
      return span(called, returned, prng.pick(ops))
    })
    const wanted = bruteForce(history, '') ? 'linearizable' : 'illegal'
    seen[wanted]++
    assert.is(judge(...history), wanted, JSON.stringify(history))
  }
  assert.ok(seen.linearizable > 500 && seen.illegal > 500, JSON.stringify(seen))
})

/**
 * A history with a known order: each operation takes effect at one instant somewhere in its span.
 */
function goodHistory(seed: number, size: { clients: number; operations: number }): Op[] {
  const prng = createPrng(seed)
  const free = Array.from({ length: size.clients }, () => 0)
  const planned = Array.from({ length: size.operations }, (_, i) => {
    const client = prng.range(0, size.clients - 1)
    const called = (free[client] ?? 0) + prng.unit()
    const at = called + prng.unit() * 3
    const returned = at + prng.unit() * 3
    free[client] = returned
    return { called, at, returned, writes: prng.chance(0.5), value: `${i}` }
  })
  planned.sort((a, b) => a.at - b.at)
  let state = ''
  return planned.map(({ called, returned, writes, value }) => {
    if (writes) state = value
    return span(called, returned, writes ? write(value) : read(state))
  })
}

linear('good histories pass, and with one stale read they do not', () => {
  for (let seed = 0; seed < 40; seed++) {
    const good = goodHistory(seed, { clients: 4, operations: 60 })
    assert.is(judge(...good), 'linearizable')
    const last = Math.max(...good.map(({ returned }) => returned))
    const written = good.find(({ op }) => op.type === 'write')?.op
    const stale = written?.type === 'write' ? written.value : ''
    const bad = [
      ...good,
      span(last + 1, last + 2, write('last')),
      span(last + 3, last + 4, read(stale)),
    ]
    assert.is(judge(...bad), 'illegal')
  }
})

linear('ten thousand operations of five clients are decided', () => {
  assert.is(judge(...goodHistory(3, { clients: 5, operations: 10_000 })), 'linearizable')
})

linear.run()
