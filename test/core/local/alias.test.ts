// What an alias makes of the checks that it mirrors.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mirror, type Seen } from '../../../core/local/alias.ts'

const alias = suite('local/alias')

const seen = (serviceId: string, status: string): Seen => ({
  name: `${serviceId || 'node'}-${status}`,
  status,
  output: 'out',
  serviceId,
})

const look = (serviceId: string, checks: readonly Seen[], serviceExists = true) =>
  mirror({ serviceId, nodeName: 'n', checks, serviceExists })

alias('the worst of the checks of the service and of its node counts', () => {
  const web = seen('web', 'passing')
  assert.equal(look('web', [web]), { status: 'passing', output: 'All checks passing.' })
  assert.is(look('web', [web, seen('', 'warning')]).status, 'warning')
  assert.is(look('web', [seen('web', 'warning'), seen('', 'critical')]).status, 'critical')
})

alias('the checks of other services do not count', () => {
  assert.is(look('web', [seen('db', 'critical')]).status, 'passing')
})

alias('a service without checks passes, one that is not there does not', () => {
  assert.equal(look('web', []), { status: 'passing', output: 'No checks found.' })
  assert.is(look('web', [], false).status, 'critical')
})

alias('that the service is not there is told before how its node is', () => {
  const output = 'Service web could not be found on node n'
  assert.equal(look('web', [seen('', 'critical')], false), { status: 'critical', output })
  const found = look('web', [seen('', 'critical'), seen('web', 'passing')], false)
  assert.is(found.output, 'Aliased check "node-critical" failing: out')
  assert.is(look('', [], false).status, 'critical', 'a node without checks')
})

alias('the output names the check that fails', () => {
  const { output } = look('web', [seen('web', 'warning')])
  assert.is(output, 'Aliased check "web-warning" failing: out')
})

alias('aliases that see themselves or each other quote each other up to a length', () => {
  const first = { ...seen('', 'critical'), name: 'first' }
  const second = { ...seen('', 'critical'), name: 'second' }
  let outputs = ['', '']
  const lengths = Array.from({ length: 100 }, () => {
    const [one = '', two = ''] = outputs
    outputs = [
      { ...second, output: two },
      { ...first, output: one },
    ].map((target) => look('', [target]).output)
    return outputs.join().length
  })
  assert.is(lengths.at(-1), lengths.at(-50))
  assert.ok((lengths.at(-1) ?? 0) < 400)
})

alias.run()
