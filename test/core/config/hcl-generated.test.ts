// hcl.generated.ts is what peggy makes of hcl.peggy. UPDATE=1 writes it anew.
import { readFileSync, writeFileSync } from 'node:fs'
import peggy from 'peggy'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProject } from '../../kit/paths.ts'

const generated = suite('hcl.generated.ts')

const HEADER = '// @ts-nocheck: made by peggy of hcl.peggy; hcl.ts gives the types.\n'

function generate(): string {
  const grammar = readFileSync(inProject('core/config/hcl.peggy'), 'utf8')
  const options = { output: 'source', format: 'es', grammarSource: 'hcl.peggy' } as const
  const parser = peggy.generate(grammar, options)
  return HEADER + parser.replace(/export \{[^}]*\};\n$/, 'export { peg$parse as parse };\n')
}

generated('is what the grammar gives', () => {
  const file = inProject('core/config/hcl.generated.ts')
  if (process.env['UPDATE'] === '1') writeFileSync(file, generate())
  assert.is(readFileSync(file, 'utf8') === generate(), true, 'run this test with UPDATE=1')
})

generated.run()
