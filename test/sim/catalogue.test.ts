// The bugs that real systems had (reliability §1.2), and the nastiest cases (§7): each is played
// somewhere. This says where, and that it is still there. What is not built yet is not here.
import { existsSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProject } from '../kit/paths.ts'
import { MUTANTS } from './mutants/table.ts'

interface Case {
  readonly what: string
  /** Transcripts of raft. */
  readonly scripts?: readonly string[]
  /** Written cases of the simulator. */
  readonly scenarios?: readonly string[]
  /** Without this rule the case is found. */
  readonly mutants?: readonly string[]
  /** A file of tests and the name of one. */
  readonly tests?: readonly (readonly [string, string])[]
}

const LONE = 'test/sim/lone/cases.test.ts'
const DISK = 'test/daemons/runtime/planted.ts'

const BUGS: readonly Case[] = [
  {
    what: 'an entry of an older term is committed by counting (figure 8)',
    scripts: ['fig8-1-older-term-on-majority', 'fig8-2-c-then-d', 'fig8-3-c-then-e'],
    mutants: ['M01'],
  },
  {
    what: 'membership changes before the first commit of the term',
    scripts: ['mc1-add-and-remove', 'mc2-add-and-add', 'mc3-remove-and-remove'],
    mutants: ['M30'],
  },
  {
    what: 'two leaders in one term',
    scripts: ['fig2-vote-02-one-vote', 'impostor-01-second-leader'],
    mutants: ['M02', 'M27'],
  },
  {
    what: 'term and candidate are stored in two writes',
    scripts: ['order-vote-4-one-record'],
    mutants: ['M33'],
  },
  {
    what: 'a follower takes a commit index that its message does not prove',
    scripts: ['fig2-append-11-commit-of-message', 'flow-08-ack-proves-message-only'],
    mutants: ['M12', 'M13'],
  },
  {
    what: 'a conflicting entry at the end of a snapshot is kept',
    scripts: ['sn1-conflict-at-its-end', 'sn1b-crash-before-log-restarts'],
    mutants: ['M37'],
  },
  {
    what: 'a follower never gets out of its snapshots',
    scripts: ['sn2-far-behind', 'sn2b-log-moves-on-meanwhile'],
  },
  {
    what: 'a truncated configuration takes the one before with it',
    scripts: ['mc7-configuration-truncated', 'mc7b-two-configurations-truncated'],
  },
  {
    what: 'a lease counts from the answer',
    scripts: ['lease-03-from-sending'],
    scenarios: ['11-slow-replies-and-leases'],
    mutants: ['M23'],
  },
  {
    what: 'a lease outlives a transfer',
    scripts: ['lease-06-void-on-transfer'],
    mutants: ['M25'],
  },
  {
    what: 'a paused leader answers before it notices',
    scripts: ['lease-14-clock-read-fresh'],
    scenarios: ['10-frozen-leader-with-reads'],
    mutants: ['M70'],
  },
  {
    what: 'a leader with a stalled disk keeps others from leading',
    scripts: ['stall-1-leader-steps-down'],
    scenarios: ['09-stalled-disk-of-the-leader'],
    mutants: ['M69'],
  },
  {
    what: 'what is acknowledged is not synced',
    scripts: ['order-append-1-not-before-write', 'order-append-2-crash-before'],
    mutants: ['M07'],
    tests: [[DISK, 'M34, M07: acknowledged before the sync']],
  },
  {
    what: 'one server alone loses what it has acknowledged',
    scripts: ['order-alone-1-after-write', 'order-alone-2-crash-before'],
    mutants: ['M34', 'M34-solo'],
    tests: [[LONE, 'M34: what was answered is there after a crash']],
  },
  {
    what: 'servers that lost their disks outvote the one that has the data',
    scripts: ['sn5-wiped'],
    scenarios: ['18-wiped-while-another-is-down'],
    mutants: ['M46'],
  },
  {
    what: 'committed state is lost when a leader steps down',
    scripts: ['fig2-state-05-commit-never-falls'],
    mutants: ['X02'],
  },
  {
    what: 'a leader reads before its first commit',
    scripts: ['read-04-before-noop'],
    mutants: ['M20'],
  },
  { what: 'a lost answer makes a lock taken by oneself', tests: [[LONE, 'S-C1:']] },
  {
    what: 'who holds a lock notices its loss minutes later',
    tests: [['test/commands/lock.test.ts', 'an agent that is gone is a lost lock']],
  },
  { what: 'one election ends all sessions', tests: [[LONE, 'S-L5:']] },
  {
    what: 'the index of a watch goes back after a delete',
    mutants: ['M49', 'M50', 'M51'],
    tests: [[LONE, 'S-B2:']],
  },
  {
    what: 'a lock-delay is in memory only',
    mutants: ['M54'],
    tests: [[LONE, 'S-L2:']],
  },
  {
    what: 'LockIndex is 1 again when the key was deleted',
    mutants: ['M55'],
    tests: [[LONE, 'S-L3:']],
  },
]

const NASTIEST: readonly Case[] = [
  {
    what: '1: figure 8 across a snapshot, leaders killed as they win',
    scripts: ['fig8-4-snapshot-between', 'fig8-5-leader-killed-when-it-wins'],
    scenarios: ['01-figure-8-with-snapshots'],
    mutants: ['M01'],
  },
  { what: '2: a crash between the halves of a vote', scripts: ['order-vote-4-one-record'] },
  {
    what: '3: a vote, a crash before the sync, another vote',
    scripts: ['order-vote-2-crash-before'],
    mutants: ['M08'],
  },
  {
    what: '4: two changes by two leaders, one of them cut off',
    scripts: ['mc1-add-and-remove', 'mc3b-remove-and-remove-isolated'],
    mutants: ['M30'],
  },
  { what: '5: a snapshot over a conflicting entry', scripts: ['sn1c-and-once-more'] },
  {
    what: '6: a damaged record in the middle of a log',
    scripts: ['quarantine-01-damaged-log', 'quarantine-02-ends'],
    scenarios: ['06-damaged-log-while-another-is-down'],
    mutants: ['X05', 'X06'],
    tests: [
      [DISK, 'M41: damage in the middle of the log is cut'],
      ['test/daemons/runtime/quarantine.test.ts', 'whatever bit of it rots'],
    ],
  },
  {
    what: '7: a sync fails once, then the power',
    scenarios: ['07-failed-sync-then-power-cut'],
    mutants: ['M43'],
  },
  {
    what: '8: a full disk while a vote is saved',
    scripts: ['full-8-vote-refused'],
    scenarios: ['08-full-disk-of-the-leader'],
  },
  { what: '9: a stalled disk', scenarios: ['09-stalled-disk-of-the-leader'] },
  { what: '10: a frozen leader with reads', scenarios: ['10-frozen-leader-with-reads'] },
  { what: '11: late answers and leases', scenarios: ['11-slow-replies-and-leases'] },
  {
    what: '12: a quiet log, leases, a follower back in a moment',
    scripts: ['lease-09-restarted-follower'],
    scenarios: ['12-quiet-restart-with-leases'],
    mutants: ['M71'],
  },
  { what: '14: who slept through its session', tests: [[LONE, 'S-L3:']] },
  {
    what: '16: a list while its newest key is deleted and reaped',
    tests: [[LONE, 'S-B2:']],
  },
  {
    what: '17: one way for ever',
    scripts: ['pre-vote-13-one-way-deaf', 'pre-vote-14-one-way-mute'],
    scenarios: ['17-one-way-for-ever'],
  },
  { what: '18: wiped while another is down', scenarios: ['18-wiped-while-another-is-down'] },
]

function missing(one: Case): string[] {
  const { scripts = [], scenarios = [], mutants = [], tests = [] } = one
  const files = [
    ...scripts.map((name) => `test/core/raft/scripts/${name}.txt`),
    ...scenarios.map((name) => `test/sim/scenarios/${name}.txt`),
  ]
  const known = new Set(MUTANTS.map(({ id }) => id))
  return [
    ...files.filter((file) => !existsSync(inProject(file))),
    ...mutants.filter((id) => !known.has(id)),
    ...tests
      .filter(([file, name]) => !readFileSync(inProject(file), 'utf8').includes(name))
      .map(([file, name]) => `${file}: ${name}`),
  ]
}

const catalogue = suite('catalogue')

catalogue('every known bug of real systems, and every nasty case, is played somewhere', () => {
  const all = [...BUGS, ...NASTIEST]
  assert.equal(all.flatMap(missing), [])
  for (const { what, scripts, scenarios, tests } of all)
    assert.ok(scripts ?? scenarios ?? tests, `${what}: it takes more than a mutant`)
})

catalogue.run()
