// What is said of a daemon that did not start, a line for each part of it.
import { mkdirSync, openSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DataDirRefused } from '../../daemons/runtime/disk-errors.ts'
import { explainStart, inLines } from '../../daemons/start-failure.ts'

const starts = suite('start failures')

starts('what, why and what to do next have lines of their own', () => {
  const cases = [
    [
      '/d is in use by process 7: two would destroy it. Stop it, or give another (-data-dir)',
      'lictor agent: /d is in use by process 7\n  why: two would destroy it\n' +
        '  next: stop it, or give another (-data-dir)',
    ],
    [
      '/d/a.b is damaged. Restore it. Or begin anew',
      'lictor agent: /d/a.b is damaged\n  next: restore it\n        or begin anew',
    ],
    ['/d is damaged at byte 5', 'lictor agent: /d is damaged at byte 5'],
  ] as const
  for (const [message, lines] of cases) assert.is(inLines('lictor agent', message), lines)
})

starts('a data folder that is refused is told so, with its exit code', async () => {
  const refused = new DataDirRefused('locked', '/d is in use: by process 7')
  const failure = await explainStart(refused, { typed: 'lictor agent', flagOf: () => '' })
  assert.equal(failure, { message: 'lictor agent: /d is in use\n  why: by process 7', exit: 1 })
  const how = { typed: 'lictor agent', flagOf: () => '' }
  assert.is(await explainStart(new Error('a bug'), how), undefined)
})

starts('a file that cannot be had is told in the same three parts', async () => {
  const told = async (act: () => unknown) => {
    try {
      act()
    } catch (error) {
      return explainStart(error, { typed: 'raftnode', flagOf: () => '' })
    }
    return undefined
  }
  const below = '/dev/null/.lictor'
  assert.equal(await told(() => mkdirSync(below)), {
    message:
      `raftnode: cannot make ${below}\n  why: not a directory\n` +
      '  next: start it in a folder where you may write',
    exit: 2,
  })
  assert.equal(await told(() => openSync('/dev/null/x.pid', 'w')), {
    message: 'raftnode: cannot open /dev/null/x.pid\n  why: not a directory',
    exit: 2,
  })
})

starts.run()
