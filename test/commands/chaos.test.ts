// lictor chaos: a story and its verdict, planted mistakes, replay and shrinking.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'

const chaos = suite<{ home: Home }>('chaos')

chaos.before(async (context) => {
  context.home = await openHome()
})
chaos.after(({ home }) => home.close())

const linesOf = (text: string): string[] => text.trimEnd().split('\n')
const recordsOf = (text: string): Record<string, unknown>[] =>
  linesOf(text).map((line) => JSON.parse(line) as Record<string, unknown>)

const TEN_MINUTES = ['chaos', 'simulate', '-nodes=5', '-duration=10m', '-seed=3']

chaos('ten minutes pass, with a verdict, in the words of the founding text', async ({ home }) => {
  const { exit, stdout, stderr } = await run(home, ['lictor', ...TEN_MINUTES])
  assert.is(exit, 0, stdout)
  const lines = linesOf(stdout)
  assert.is(lines[0], '[00:00] Starting 5 nodes (3 servers, 2 clients)')
  assert.match(lines[1] ?? '', /^\[00:05\] All nodes healthy, leader elected: node-\d$/)
  assert.match(lines[2] ?? '', /^\[00:30\] INJECT: Network partition between node-\d and \{/)
  assert.match(stdout, /^\[01:00\] HEAL: Network partition resolved$/m)
  assert.match(stdout, /^\[05:00\] INJECT: Slow disk on node-\d \(100ms latency\)$/m)
  assert.not.match(stdout, /✗/)
  const [complete, results, writes, reads, elections, violations, verdict] = lines.slice(-7)
  assert.is(complete, '[10:00] Simulation complete')
  assert.is(results, 'Results:')
  assert.match(writes ?? '', /^- Writes: [\d,]+ success, 0 lost$/)
  assert.match(
    reads ?? '',
    /^- Reads: [\d,]+ success, [\d,]+ stale \(during partition, expected\)$/,
  )
  assert.match(elections ?? '', /^- Leader elections: \d+ \(all completed < 5s\)$/)
  assert.is(violations, '- Consistency violations: 0')
  assert.is(verdict, 'PASS: Your Consul clone is production-ready!')
  assert.match(
    stderr,
    /^seed 3\n[\d,]+ more reads with \?stale were behind, .*\n[\d,]+ operations, /,
  )
  assert.match(stderr, /, [\d,]+ events, 600 s simulated, .* trace [0-9a-f]+\n/)
})

chaos('where nothing is cut off, no stale read is laid to a partition', async ({ home }) => {
  const line = ['lictor', 'chaos', 'simulate', '-nodes=3', '-duration=20s', '-seed=3']
  const { stdout, stderr } = await run(home, line)
  assert.not.match(stdout, 'partition between')
  assert.match(stdout, /^- Reads: [\d,]+ success, 0 stale \(during partition, expected\)$/m)
  assert.match(stderr, /^[\d,]+ more reads with \?stale were behind, /m)
})

chaos('the same seed is the same run, and without one any is', async ({ home }) => {
  const line = ['lictor', 'chaos', 'simulate', '-duration=40s']
  const first = await run(home, [...line, '-seed=5'])
  assert.equal(await run(home, [...line, '-seed=5']), first)
  const { stderr } = await run(home, line)
  assert.match(stderr, /^seed \d{1,6}\n/)
})

chaos('a planted mistake is found, and its last line shows it again', async ({ home }) => {
  for (const [bug, rule] of [
    ['stale-read', /a read sees every write/],
    ['lost-ack', /an acknowledged write is what was committed/],
  ] as const) {
    const found = await run(home, ['lictor', 'chaos', 'simulate', `-bug=${bug}`, '-seed=7'])
    assert.is(found.exit, 1, bug)
    assert.match(found.stdout, rule)
    assert.match(found.stdout, /^- Consistency violations: 1$/m)
    const last = linesOf(found.stdout).at(-1) ?? ''
    assert.match(last, /^reproduce: lictor chaos replay 7 /)
    const again = await run(home, ['bash', '-c', last.replace('reproduce: ', '')])
    assert.is(again.exit, 1, bug)
    assert.match(again.stderr, rule)
  }
})

chaos('with -json a line is a record, and the last one is the verdict', async ({ home }) => {
  const line = ['lictor', 'chaos', 'simulate', '-duration=70s', '-seed=3', '-json']
  const { exit, stdout } = await run(home, line)
  assert.is(exit, 0)
  const records = recordsOf(stdout)
  assert.equal(records[0], { ms: 0, kind: 'start', seed: 3, servers: 3, clients: 2 })
  assert.ok(records.some(({ kind, act }) => kind === 'inject' && act === 'isolate'))
  const verdict = records.at(-1)
  assert.is(verdict?.['kind'], 'verdict')
  assert.is(verdict?.['pass'], true)
  assert.match(String(verdict?.['again']), /^lictor chaos replay 3 -nodes=5 -duration=1m10s /)
})

chaos('chaos-consul is the same without the word', async ({ home }) => {
  const { exit, stdout } = await run(home, ['chaos-consul', ...TEN_MINUTES.slice(1)])
  assert.is(exit, 0)
  assert.equal(stdout, (await run(home, ['lictor', ...TEN_MINUTES])).stdout)
  const { stdout: help } = await run(home, ['chaos-consul', '--help'])
  assert.match(help, /\$ chaos-consul COMMAND/)
  assert.match(help, /^ {2}simulate +Put a simulated cluster/m)
})

chaos('a run of the search is run, replayed and shrunk', async ({ home }) => {
  const flags = ['-profile=figure-8', '-events=400']
  const found = await run(home, ['lictor', 'chaos', 'simulate', '-seed=3', ...flags])
  assert.is(found.exit, 0)
  assert.match(found.stdout, /\nPASS: trace [0-9a-f]{32}\n$/)
  const trace = await run(home, ['lictor', 'chaos', 'replay', '3', ...flags])
  assert.is(trace.exit, 0)
  assert.match(trace.stdout, /^ {6}time {2}n1 +n2 +n3 +n4 +n5\n/)
  assert.match(trace.stdout, /LEADER of term/)
  const json = await run(home, ['lictor', 'chaos', 'replay', '3', '-json', '-messages', ...flags])
  const kinds = new Set(recordsOf(json.stdout).map(({ kind }) => kind))
  assert.equal([...kinds].sort(), ['client', 'fault', 'life', 'message', 'raft'])
  const shrunk = await run(home, ['lictor', 'chaos', 'shrink', '3', ...flags])
  assert.is(shrunk.exit, 1)
  assert.match(shrunk.stderr, /this run does not fail/)
})

chaos('a failing story is cut down to what it needs', async ({ home }) => {
  const path = join(home.work, 'mine.txt')
  const steps = [
    'at 1s crash n3 for 100ms',
    'at 2s power n1',
    'at 2s power n2',
    'at 5s check writes',
  ]
  await writeFile(path, ['servers 3', ...steps, 'end 9s', ''].join('\n'))
  const named = steps.map((step) => step.replaceAll(/\bn(\d)/g, 'node-$1'))
  await writeFile(path, ['servers 3', ...named, 'end 9s', ''].join('\n'))
  const line = ['lictor', 'chaos', 'shrink', '1', '-scenario=mine.txt', '-json']
  const { exit, stdout } = await run(home, line)
  assert.is(exit, 0)
  const { shrunk, steps: left } = JSON.parse(stdout)
  assert.is(shrunk, true)
  assert.equal(left, ['at 5s check writes'])
})

chaos('nonsense is refused with 2, and says what would be sense', async ({ home }) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['simulate', '-nodes=0'], /-nodes is 1 to 9, not 0/],
    [['simulate', '-nodes=77'], /-nodes is 1 to 9, not 77/],
    [['simulate', '-duration=1s'], /-duration is 10s to 24h, not 1s/],
    [['simulate', '-duration=soon'], /invalid value "soon" for flag -duration/],
    [['simulate', '-seed=dice'], /"dice" is no seed/],
    [['simulate', '-seed=99999999999'], /below 2\^32/],
    [['simulate', '-bug=wrong'], /nobody knows the mistake wrong/],
    [['simulate', '-profile=odd'], /there is no profile odd/],
    [['simulate', '-profile=swarm', '-nodes=3'], /-profile and -nodes do not go together/],
    [['simulate', '-skip=P1'], /-skip needs -profile/],
    [
      ['simulate', '-profile=swarm', '-without=rain'],
      /nothing can be left out that is called rain/,
    ],
    [['simulate', '-scenario=nowhere.txt'], /cannot read the scenario nowhere.txt/],
    [['simulate', '-scenario=odd.txt'], /odd.txt:2: nobody knows how to dance/],
    [['replay'], /SEED is missing/],
    [['shrink', 'x'], /"x" is no seed/],
  ]
  await writeFile(join(home.work, 'odd.txt'), 'servers 3\nat 1s dance n1\nend 2s\n')
  for (const [args, why] of cases) {
    const { exit, stdout, stderr } = await run(home, ['lictor', 'chaos', ...args])
    assert.is(exit, 2, `${args.join(' ')}: ${stderr}`)
    assert.is(stdout, '')
    assert.match(stderr, why)
  }
})

chaos.run()
