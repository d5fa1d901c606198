// lictor-config(5): every setting is in it, and what it shows works.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AGENT, MOVES } from '../../../core/config/schema.ts'
import type { Shape } from '../../../core/config/shape.ts'
import { inProject } from '../../kit/paths.ts'
import { load, refused } from './load.ts'

const manual = suite('lictor-config(5)')

const page = readFileSync(inProject('man/lictor-config.5'), 'utf8')
/** Without macros and escapes: words as a reader sees them. */
const words = new Set(page.replace(/\\-/g, '-').match(/[\w.-]+/g))

/** The names of all settings; those of services are told by the API, too, and not gone into. */
function namesOf(shape: Shape, prefix: string): string[] {
  if (shape.type === 'list') return namesOf(shape.of, prefix)
  if (shape.type !== 'record') return []
  return Object.entries(shape.fields).flatMap(([name, inner]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const isOpaque = /(?:^|\.)(?:proxy|connect|locality|tagged_addresses)$/.test(path)
    return [path, ...(isOpaque && prefix !== '' ? [] : namesOf(inner, path))]
  })
}

manual('names every setting', () => {
  const missing = namesOf(AGENT, '').filter((path) => {
    const name = path.split('.').at(-1) ?? ''
    return (
      !words.has(name) && !words.has(path) && !name.startsWith('circonus_') && !/1\.9$/.test(path)
    )
  })
  assert.equal(missing, [])
  assert.equal(
    Object.keys(MOVES).filter((path) => !words.has(path.split('.').at(-1) ?? '')),
    [],
  )
})

manual('shows configuration that works, and complaints that come', () => {
  const shown = [...page.matchAll(/^\.EX\n([\s\S]*?)^\.EE$/gm)].map(([, text = '']) =>
    text.replace(/\\\(dq/g, '"').replace(/\\-/g, '-'),
  )
  const [hcl = '', complaint = '', server = ''] = shown
  assert.is(load({ flags: ['-dev'], files: { 'a.hcl': hcl } }).ok, true)
  const wrong = 'server = true\nports {\n  htpp = 1\n}'
  const { ours } = refused(load({ files: { 'agent.hcl': wrong } }))
  assert.is(`${ours.join('\n')}\n`, complaint)
  assert.is(load({ files: { 'a.hcl': server } }).ok, true)
})

manual.run()
