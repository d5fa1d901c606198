// When checks run, in virtual time: no clock but the argument.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  beat,
  createRunner,
  DEREGISTER_MS_MIN,
  endTry,
  FIRST_RUN_MS_MAX,
  FIRST_RUN_MS_MIN,
  noteStatus,
  overdueChecks,
  PROBES_MAX,
  type Runner,
  runCheck,
  tickChecks,
} from '../../../core/agent/checks.ts'
import { TICK_MS } from '../../../core/agent/events.ts'
import type { AgentConfig, CheckDefinition } from '../../../core/config/agent-config.ts'
import type { Probed } from '../../../core/local/probe.ts'
import { createPrng } from '../../../core/prng.ts'
import { checkDefinition } from '../../kit/check-definition.ts'
import { testConfig } from '../../kit/config.ts'

const checks = suite('agent/checks')

const runner = (seed = 1, checksBegin: AgentConfig['checksBegin'] = 'soon'): Runner =>
  createRunner(createPrng(seed), testConfig({ checksBegin }))
const tcp = (changed: Partial<CheckDefinition> = {}) =>
  checkDefinition({ tcp: '127.0.0.1:1', intervalMs: 10_000, ...changed })

interface Ran {
  readonly id: string
  readonly at: number
}

/** Lets time pass tick by tick; every try ends after `takesMs`. */
function pass(subject: Runner, untilMs: number, takesMs = 0): Ran[] {
  const ran: Ran[] = []
  const ends: { id: number; at: number }[] = []
  const note = (orders: ReturnType<typeof tickChecks>['orders'], at: number) => {
    for (const order of orders) {
      if (order.type !== 'probe') continue
      ran.push({ id: subject.tries.get(order.id) ?? '', at })
      ends.push({ id: order.id, at: at + takesMs })
    }
  }
  for (let now = 0; now <= untilMs; now += TICK_MS) {
    note(tickChecks(subject, now).orders, now)
    while (ends[0] !== undefined && ends[0].at <= now) {
      const { id } = ends.shift() ?? { id: 0 }
      note(endTry(subject, id, { status: 'passing', output: '' }).orders, now)
    }
  }
  return ran
}

checks('the first try comes within a tenth of a second, the second within an interval', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const subject = runner(seed)
    runCheck(subject, 'a', { definition: tcp(), now: 0 })
    const [first, second] = pass(subject, 11_000)
    assert.ok(first !== undefined && first.at >= FIRST_RUN_MS_MIN)
    assert.ok(first.at <= FIRST_RUN_MS_MAX + TICK_MS)
    assert.ok(second !== undefined && second.at <= first.at + 10_000)
  }
})

checks('as consul the first try comes somewhere within the interval, and then at its pace', () => {
  const begins = Array.from({ length: 40 }, (_, i) => {
    const subject = runner(i + 1, 'scattered')
    runCheck(subject, 'a', { definition: tcp(), now: 0 })
    const [first, second] = pass(subject, 21_000)
    assert.ok(first !== undefined && first.at <= 10_000 + TICK_MS)
    assert.ok(second !== undefined && Math.abs(second.at - first.at - 10_000) <= TICK_MS)
    return first.at
  })
  assert.ok(Math.min(...begins) < 2_000)
  assert.ok(Math.max(...begins) > 8_000)
})

checks('two thousand checks keep to their times for an hour, whatever a try takes', () => {
  const subject = runner()
  const interval = 60_007 // no multiple of a tick
  for (let n = 0; n < 2000; n++) {
    runCheck(subject, `c${n}`, { definition: tcp({ intervalMs: interval }), now: 0 })
  }
  const hour = 3_600_000
  const byCheck = new Map<string, number[]>()
  for (const { id, at } of pass(subject, hour, 300)) {
    byCheck.set(id, [...(byCheck.get(id) ?? []), at])
  }
  assert.is(byCheck.size, 2000)
  for (const times of byCheck.values()) {
    // The first tries of so many wait for one another.
    const [, , third = 0] = times
    for (const [i, at] of times.slice(2).entries()) {
      const drift = Math.abs(at - third - i * interval)
      assert.ok(drift <= 2 * TICK_MS, `a try is ${drift} ms off its time`)
    }
    assert.ok(times.length >= 59)
  }
})

checks('what was registered together does not run together', () => {
  const subject = runner()
  for (let n = 0; n < 1000; n++) runCheck(subject, `c${n}`, { definition: tcp(), now: 0 })
  const ran = pass(subject, 30_000).filter(({ at }) => at >= 11_000)
  const perSecond = new Map<number, number>()
  for (const { at } of ran) {
    const second = Math.floor(at / 1000)
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
  }
  for (const count of perSecond.values()) assert.ok(count < 200, `${count} in one second`)
})

checks('a script that did not come to its end is critical whatever the thresholds say', () => {
  const subject = runner()
  runCheck(subject, 'a', { definition: tcp({ failuresBeforeCritical: 3 }), now: 0 })
  const end = (id: number, result: Probed) => endTry(subject, id, result).verdict?.status
  const results: Probed[] = [
    { status: 'passing', output: '' },
    { status: 'critical', output: '' },
    { status: 'critical', output: '', atOnce: true },
  ]
  const ended: unknown[] = []
  for (let now = 0; now <= 31_000; now += TICK_MS) {
    for (const order of tickChecks(subject, now).orders) {
      const result = results.shift()
      if (order.type === 'probe' && result !== undefined) ended.push(end(order.id, result))
    }
  }
  assert.equal(ended, ['passing', undefined, 'critical'])
})

checks('a check that is still being tried is not tried again', () => {
  const subject = runner()
  runCheck(subject, 'a', { definition: tcp({ intervalMs: 1000 }), now: 0 })
  const ran = pass(subject, 10_000, 3_500)
  for (const [i, { at }] of ran.entries()) {
    const before = ran[i - 1]
    if (before !== undefined) assert.ok(at - before.at >= 3_500)
  }
  assert.ok(ran.length <= 4)
})

checks('an interval below a second is a second', () => {
  const subject = runner()
  runCheck(subject, 'a', { definition: tcp({ intervalMs: 10 }), now: 0 })
  assert.ok(pass(subject, 10_000).length <= 12)
})

checks('no more are tried at a time than the limit says, and the rest comes in its turn', () => {
  const subject = runner()
  const all = 3 * PROBES_MAX
  for (let n = 0; n < all; n++) runCheck(subject, `c${n}`, { definition: tcp(), now: 0 })
  const begun = tickChecks(subject, 200).orders
  assert.is(begun.length, PROBES_MAX)
  let next = begun
  let seen = begun.length
  while (next.length > 0) {
    const orders = next.flatMap((order) =>
      order.type === 'probe'
        ? endTry(subject, order.id, { status: 'passing', output: '' }).orders
        : [],
    )
    seen += orders.length
    next = orders
  }
  assert.is(seen, all)
})

checks('a check that is stopped or changed calls its try back', () => {
  const subject = runner()
  runCheck(subject, 'a', { definition: tcp(), now: 0 })
  const [order] = tickChecks(subject, 100).orders
  assert.is(order?.type, 'probe')
  assert.equal(runCheck(subject, 'a', { definition: tcp(), now: 100 }), [], 'the same runs on')
  const stopped = runCheck(subject, 'a', { definition: undefined, now: 200 })
  assert.equal(stopped, [{ type: 'probe-cancel', id: order?.id }])
  const late = endTry(subject, order?.id ?? 0, { status: 'critical', output: 'late' })
  assert.is(late.verdict, undefined)
})

const ttl = checkDefinition({ ttlMs: 10_000 })

checks('a TTL check falls silent to critical, once, and says what it said last', () => {
  const subject = runner()
  runCheck(subject, 'a', { definition: ttl, now: 0 })
  assert.equal(tickChecks(subject, 9_999).verdicts, [])
  beat(subject, 'a', { output: 'well', until: 15_000 })
  assert.equal(tickChecks(subject, 14_999).verdicts, [])
  const output = 'TTL expired (last output before timeout follows): well'
  assert.equal(tickChecks(subject, 15_000).verdicts, [{ id: 'a', status: 'critical', output }])
  assert.equal(tickChecks(subject, 90_000).verdicts, [])
})

checks('a service has to go when its check was critical for long enough without a break', () => {
  const subject = runner()
  const definition = checkDefinition({ ttlMs: 10_000, deregisterCriticalServiceAfterMs: 1000 })
  runCheck(subject, 'a', { definition, now: 0 })
  const note = (status: 'critical' | 'passing', now: number) =>
    noteStatus(subject, { id: 'a', status, output: '' }, now)
  note('critical', 0)
  assert.equal(overdueChecks(subject, DEREGISTER_MS_MIN - 1), [], 'a minute at least')
  note('passing', 30_000)
  note('critical', 40_000)
  assert.equal(overdueChecks(subject, DEREGISTER_MS_MIN), [])
  note('critical', 50_000)
  assert.equal(overdueChecks(subject, 40_000 + DEREGISTER_MS_MIN), ['a'])
})

checks.run()
