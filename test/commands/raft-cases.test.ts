// The cases that raftctl plays are transcripts of the tests, word for word. UPDATE=1 writes them
// anew.
import { readFile, writeFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CASES } from '../../commands/raft/cases.generated.ts'
import { run } from '../kit/cli.ts'
import { openHome } from '../kit/home.ts'
import { inProject } from '../kit/paths.ts'

const cases = suite('raft cases')

/** By the name that a reader types. */
const FILES: Readonly<Record<string, string>> = {
  'dead-leader': 'hint-01-leader-died',
  election: 'fig2-candidate-02-wins',
  figure7: 'fig7-f',
  figure8: 'fig8-3-c-then-e',
  'figure8-overwritten': 'fig8-2-c-then-d',
  'one-at-a-time': 'fig10-03-old-majority-is-not-enough',
  'pre-vote': 'pre-vote-01-no-term-moves',
  quarantine: 'quarantine-01-damaged-log',
  'quorum-lost': 'quorum-01-lost',
  'removed-leader': 'fig11-01-removed-leader-manages',
  snapshot: 'sn2-far-behind',
  'split-vote': 'hint-08-split-vote',
  'stale-read': 'read-05-deposed-before-answers',
  transfer: 'transfer-01-waits-for-log',
}

const GENERATED = 'commands/raft/cases.generated.ts'

const textOf = (file: string) => readFile(inProject(`test/core/raft/scripts/${file}.txt`), 'utf8')

cases('are transcripts of the tests', async () => {
  const texts = Object.entries(FILES).map(async ([name, file]) => [name, await textOf(file)])
  const wanted: unknown = Object.fromEntries(await Promise.all(texts))
  if (process.env['UPDATE'] === '1') {
    const head = '// Written by test/commands/raft-cases.test.ts; do not edit.'
    const type = 'Readonly<Record<string, string>>'
    const text = `${head}\nexport const CASES: ${type} = ${JSON.stringify(wanted, null, 2)}\n`
    await writeFile(inProject(GENERATED), text)
  } else assert.equal(CASES, wanted)
})

cases('are listed, and played with their remarks', async () => {
  const home = await openHome()
  try {
    const list = await run(home, ['raftctl', 'scenario'])
    assert.is(list.exit, 0)
    for (const name of Object.keys(FILES)) assert.match(list.stdout, new RegExp(`^${name} `, 'm'))
    assert.not.match(list.stdout, /\b[MI]\d|nasty|S-SN/, 'no marks of ours')
    assert.match(
      list.stdout,
      /^pre-vote +Pre-vote: neither side moves its term \(Thesis §9\.6\)\.$/m,
    )
    const { stdout } = await run(home, ['raftctl', 'scenario', 'figure8'])
    assert.match(stdout, /^Figure 8 \(c\) and \(e\)/)
    assert.match(stdout, /^ {2}5: follower in term 4, voted 5|^ {2}3: leader in term 5/m)
    const json = await run(home, ['raftctl', 'scenario', 'figure8', '--json'])
    const last = await run(home, ['jq', '-r', '.steps[-1].does'], { input: json.stdout })
    assert.is(last.stdout, 'show\n')
    const unknown = await run(home, ['raftctl', 'scenario', 'figure9'])
    assert.is(unknown.exit, 2)
    assert.match(unknown.stderr, /did you mean figure8\?|did you mean figure7\?/)
  } finally {
    await home.close()
  }
})

cases.run()
