// Every planted mistake fits the source as it is today: each text that it replaces is there exactly
// once. Whoever moves such a text hears of it here, in a moment, and not from a search.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WRONG_RULES } from '../core/raft/wrong-rules.ts'
import { inProject } from '../kit/paths.ts'
import { MUTANTS } from './mutants/table.ts'
import { MUTANTS as GOSSIP_MUTANTS } from './swim/mutants.ts'

const patches = suite('patches')

const planted = [...MUTANTS, ...GOSSIP_MUTANTS, ...WRONG_RULES]

patches('what a planted mistake replaces is there exactly once', () => {
  const times = (file: string, text: string) =>
    readFileSync(inProject(file), 'utf8').split(text).length - 1
  const missed = planted.flatMap(({ id, patches: all }) =>
    all.flatMap(({ file, from }) => {
      const count = times(file, from)
      return count === 1 ? [] : [`${id}: ${file} has ${count} times: ${from}`]
    }),
  )
  assert.equal(missed, [])
})

patches('no two planted mistakes have one name', () => {
  assert.is(new Set(planted.map(({ id }) => id)).size, planted.length)
})

patches.run()
