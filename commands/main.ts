#!/usr/bin/env node
// The one executable: answers as the name it is called by. A command that is typed right loads
// itself and nothing else; help and errors may take longer (oclif).
import { basename } from 'node:path'
import { dispatch } from './kit/dispatch.ts'
import { TABLE } from './table.ts'

const ended = dispatch({
  called: basename(process.argv[1] ?? 'lictor'),
  argv: process.argv.slice(2),
  env: process.env,
  table: TABLE,
})
// No await at the top: the build makes a CommonJS file of this, which starts quicker.
ended.then((code) => {
  process.exitCode = code
})
