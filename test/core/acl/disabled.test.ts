// The endpoints of ACLs while there are none.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ask, createMachine, textOfBody } from '../../kit/machine.ts'
import { replay } from '../../kit/replay.ts'

const acl = suite('acl/disabled')

acl('acl/disabled.json is answered as Consul does', async () => {
  const { played, problems } = await replay('acl/disabled.json')
  assert.equal(problems, [])
  assert.is(played, 29)
})

acl('a method that an endpoint does not have is refused before that', () => {
  const machine = createMachine()
  for (const [line, status] of [
    ['POST /v1/acl/tokens', 405],
    ['DELETE /v1/acl/token/self', 405],
    ['PUT /v1/acl/policy/name/x', 405],
    ['PUT /v1/acl/token/x/clone', 401],
  ] as const)
    assert.is(ask(machine, line).status, status, line)
  assert.is(textOfBody(ask(machine, 'GET /v1/acl/token/self')), 'ACL support disabled')
})

acl.run()
