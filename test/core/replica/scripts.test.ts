// Every script of this folder, word for word. UPDATE=1 writes them anew: read the difference.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProject } from '../../kit/paths.ts'
import { playScript } from './script.ts'

const DIR = inProject('test/core/replica/scripts')

const scripts = suite('replica scripts')

for (const file of readdirSync(DIR).filter((name) => name.endsWith('.txt'))) {
  scripts(file.replace(/\.txt$/, '').replaceAll('-', ' '), () => {
    const path = join(DIR, file)
    const text = readFileSync(path, 'utf8')
    const played = playScript(text)
    if (process.env['UPDATE'] === '1') writeFileSync(path, played)
    else assert.fixture(played, text)
  })
}

scripts.run()
