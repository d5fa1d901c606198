// Every kind of check, tried on real servers: see the page.
import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

const hasGrpc = spawnSync('/usr/bin/python3', ['-c', 'import grpc']).status === 0

if (hasGrpc) await suiteOfPage(inProject('test/daemons/check-kinds.md'))
else {
  console.log('SKIP page check-kinds: python3-grpcio is not installed')
  const page = suite('page check-kinds')
  page.skip('does what it says', () => undefined)
  page.run()
}
