// Scenarios: the language, the written cases, the stories that ship; and that what they expect can
// fail to come.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../core/sim/play.ts'
import type { Telling } from '../../core/sim/player.ts'
import { parseScenario, type Scenario } from '../../core/sim/scenario.ts'
import { STORIES } from '../../core/sim/stories.ts'
import { inProject } from '../kit/paths.ts'
import { withTemp } from '../kit/tmp.ts'
import { plant } from './mutants/plant.ts'
import { MUTANTS } from './mutants/table.ts'

const language = suite('scenario language')

const read = (text: string): Scenario => {
  const parsed = parseScenario(text)
  if (!parsed.ok) throw new Error(`line ${parsed.line}: ${parsed.why}`)
  return parsed.scenario
}

language('says who there is, what happens when, and when it ends', () => {
  const { world, steps, endMs } = read(`
    servers 5      # of them one is old
    heartbeat 1s
    leases 0.1
    at 2s cut n1 n2 from n3 for 500ms
    when elected 3 +5ms isolate it
    at 1m check n1 leads within 2s
    end 2m
  `)
  assert.is(world.servers, 5)
  assert.is(world.heartbeatMs, 1_000)
  assert.is(world.leaseDrift, 0.1)
  assert.is(endMs, 120_000)
  assert.equal(
    steps.map(({ when, act }) => ({ when, act })),
    [
      {
        when: { type: 'at', ms: 2_000 },
        act: { do: 'cut', left: ['n1', 'n2'], right: ['n3'], ms: 500 },
      },
      {
        when: { type: 'elected', count: 3, plusMs: 5 },
        act: { do: 'isolate', who: 'it', ms: undefined },
      },
      {
        when: { type: 'at', ms: 60_000 },
        act: { do: 'check', what: { type: 'leads', who: 'n1' }, withinMs: 2_000 },
      },
    ],
  )
})

language('what cannot be read is named with its line', () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ['servers', 1, 'a number is missing'],
    ['servers many', 1, 'many is no number'],
    ['\nwolves 3', 2, 'nobody knows what wolves is'],
    ['at soon crash n1', 1, 'soon is no span of time'],
    ['at 1s dance n1', 1, 'nobody knows how to dance'],
    ['at 1s crash', 1, 'a server is missing'],
    ['at 1s crash n1 for', 1, 'a span of time is missing'],
    ['at 1s crash n1 n2', 1, 'n2 is too much'],
    ['at 1s cut n1', 1, 'from is missing'],
    ['at 1s cut n1 from for 1s', 1, 'a server is missing'],
    ['at 1s check n1 sleeps', 1, 'nobody knows how to check that n1 sleeps'],
    ['when somebody 1 heal', 1, 'elected expected, somebody found'],
    ['servers 3', 0, 'it does not say `end`'],
  ]
  for (const [text, line, why] of cases) assert.equal(parseScenario(text), { ok: false, line, why })
})

language.run()

const played = suite('scenarios')
const FOLDER = inProject('test/sim/scenarios')
const textOf = (name: string) => readFileSync(join(FOLDER, `${name}.txt`), 'utf8')

for (const file of readdirSync(FOLDER).sort()) {
  const name = file.replace('.txt', '')
  played(`${name} ends well, whatever the seed`, () => {
    const scenario = read(textOf(name))
    for (let more = 0; more < 5; more++) {
      const finding = play(scenario, { seed: scenario.world.seed + more })
      assert.is(finding, undefined, `seed ${scenario.world.seed + more}: ${finding?.what}`)
    }
  })
}

for (const [name, text] of Object.entries(STORIES)) {
  played(`the story ${name} ends well`, () => {
    const tellings: Telling[] = []
    const onTelling = (telling: Telling) => tellings.push(telling)
    assert.is(play(read(text), { seed: 4, prefix: 'node-', onTelling }), undefined)
    const checks = tellings.filter(({ kind }) => kind === 'verify')
    assert.ok(checks.length > 5 && checks.every((check) => 'ok' in check && check.ok))
  })
}

played('what does not come true in time is a finding', () => {
  const scenario = read('at 1s power n1\nat 1s power n2\nat 2s check writes within 1s\nend 5s')
  const finding = play(scenario, { seed: 1 })
  assert.is(finding?.invariant, 'expected')
  assert.match(finding?.what ?? '', /^writes within 1000 ms: 0 written/)
  assert.is(finding?.atMs, 3_000)
})

played('a name that nobody has is a finding', () => {
  assert.match(play(read('at 1s crash n9\nend 2s'), { seed: 1 })?.what ?? '', /there is no n9/)
})

/** Written cases that are there for one rule: without it they must not end well. */
const DIES: Readonly<Record<string, string>> = {
  '09-stalled-disk-of-the-leader': 'M69',
  '12-quiet-restart-with-leases': 'M71',
  '18-wiped-while-another-is-down': 'M46',
  '06-damaged-log-while-another-is-down': 'X05',
}

for (const [name, id] of Object.entries(DIES)) {
  played(`${name} does not end well under ${id}`, () =>
    withTemp(async (dir) => {
      const mutant = MUTANTS.find((one) => one.id === id)
      const module = await plant(dir, mutant ?? { id, patches: [] })
      // The cast: a mutant has the same doors.
      const wrong = (await import(module)) as { play: typeof play }
      const scenario = read(textOf(name))
      const seeds = Array.from({ length: 20 }, (_, i) => scenario.world.seed + i)
      assert.ok(seeds.some((seed) => wrong.play(scenario, { seed }) !== undefined))
    }),
  )
}

played.run()
