// Parsers made of grammars: the committed file is what the generator makes of the grammar.
import { readFileSync, writeFileSync } from 'node:fs'
import peggy from 'peggy'
import * as assert from 'uvu/assert'
import { inProject } from './paths.ts'

/** `folder` and `name` of the grammar; UPDATE=1 writes the parser anew. */
export function holdGenerated(folder: string, name: string): void {
  const file = inProject(`${folder}/${name}.generated.ts`)
  if (process.env['UPDATE'] === '1') writeFileSync(file, generate(folder, name))
  assert.is(readFileSync(file, 'utf8') === generate(folder, name), true, 'run this with UPDATE=1')
}

function generate(folder: string, name: string): string {
  const grammar = readFileSync(inProject(`${folder}/${name}.peggy`), 'utf8')
  const options = { output: 'source', format: 'es', grammarSource: `${name}.peggy` } as const
  const parser = peggy.generate(grammar, options)
  const header = `// @ts-nocheck: made by peggy of ${name}.peggy; the caller gives the types.\n`
  return header + parser.replace(/export \{[^}]*\};\n$/, 'export { peg$parse as parse };\n')
}
