// Every transcript in scripts/ tells what happens today. UPDATE=1 rewrites them: read the diff.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProject } from '../../kit/paths.ts'
import { runScript } from './script.ts'

const folder = inProject('test/core/raft/scripts')
const only = process.env['SCRIPT'] ?? ''
const scripts = suite('raft scripts')

for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.txt') || !file.includes(only)) continue
  const path = `${folder}/${file}`
  const text = readFileSync(path, 'utf8')
  scripts(`${file.replace('.txt', '')}: ${titleOf(text)}`, () => {
    const told = runScript(text)
    if (process.env['UPDATE'] === '1') writeFileSync(path, told)
    else assert.is(told, text)
  })
}

/** The first remark says what the transcript shows. */
function titleOf(text: string): string {
  const title = /^# (.+)\n/.exec(text)?.[1]
  if (title === undefined)
    throw new Error('a transcript begins with a remark that says what it shows')
  return title
}

scripts.run()
