// operator autopilot and operator usage against an agent that is alone.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { jq } from '../kit/jq.ts'
import { type AgentContext, openAgent } from './kit/context.ts'

const operator = suite<{ on: AgentContext }>('operator')

operator.before(async (context) => {
  context.on = await openAgent(['-dev', '-node=here'])
})
operator.after(({ on }) => on.close())

operator('set-config changes what is named, and get-config shows it', async ({ on }) => {
  const words = ['operator', 'autopilot']
  const before = await on.lictor(...words, 'get-config', '-json')
  assert.is(await jq(before.stdout, '.CleanupDeadServers'), 'true')
  const change = ['-cleanup-dead-servers=false', '-last-contact-threshold=1500ms', '-min-quorum=3']
  const set = await on.lictor(...words, 'set-config', ...change)
  assert.equal([set.exit, set.stdout], [0, 'Configuration updated!\n'])
  const { stdout } = await on.lictor(...words, 'get-config')
  assert.match(
    stdout,
    /^CleanupDeadServers = false\nLastContactThreshold = 1\.5s\n(.*\n)MinQuorum = 3\n/,
  )
  const tagged = await on.lictor(...words, 'set-config', '-redundancy-zone-tag=z', '-json')
  assert.is(tagged.stdout, 'true\n')
  const after = await on.lictor(...words, 'get-config', '-json')
  assert.is(await jq(after.stdout, '"\\(.RedundancyZoneTag) \\(.MinQuorum)"'), 'z 3')
})

operator('set-config names the flag whose value is none', async ({ on }) => {
  for (const [flag, why] of [
    ['-last-contact-threshold=soon', 'time: invalid duration "soon"'],
    ['-max-trailing-logs=-1', 'strconv.ParseUint: parsing "-1": invalid syntax'],
    ['-cleanup-dead-servers=perhaps', 'strconv.ParseBool: parsing "perhaps": invalid syntax'],
  ] as const) {
    const name = flag.slice(0, flag.indexOf('='))
    const { exit, stderr } = await on.lictor('operator', 'autopilot', 'set-config', flag)
    assert.is(exit, 2, flag)
    assert.match(stderr, name)
    assert.match(stderr, why)
  }
})

operator('state tells of each server, and of the votes', async ({ on }) => {
  const { stdout } = await on.lictor('operator', 'autopilot', 'state')
  assert.match(stdout, /^Healthy: {22}(true|false)\nFailure Tolerance: {12}0\n/)
  assert.match(stdout, /\n {6}Name: {12}here\n(.*\n)* {6}Node Type: {7}voter\n/)
  assert.match(stdout, /\n {6}Meta\n {9}"consul-network-segment": ""\n {9}"consul-version": /)
  const json = await on.lictor('operator', 'autopilot', 'state', '-json')
  assert.is(await jq(json.stdout, '.Servers[.Leader].Name'), 'here')
  const pretty = await on.lictor('operator', 'autopilot', 'state', '-format=json')
  assert.is(await jq(pretty.stdout, '.Voters | length'), '1')
  const wrong = await on.lictor('operator', 'autopilot', 'state', '-format=xml')
  assert.is(wrong.exit, 2)
  assert.match(wrong.stderr, '-format=xml is neither pretty nor json')
})

operator('usage instances counts services, nodes and the mesh', async ({ on }) => {
  for (const Service of [
    { Service: 'web' },
    { Service: 'nat', Port: 1, Connect: { Native: true } },
  ]) {
    const there = { Node: 'there', Address: '10.0.0.1' }
    await on.api('PUT', '/v1/catalog/register', { ...there, Service })
  }
  const words = ['operator', 'usage', 'instances']
  const { stdout } = await on.lictor(...words)
  assert.match(stdout, 'Billable Service Instances Total: 2\ndc1 Billable Service Instances: 2\n\n')
  assert.match(stdout, 'Services      Service instances\n3             2\n\nNodes\n')
  assert.match(stdout, /\nTotal {11}2\n\nConnect Services\n/)
  assert.match(stdout, /\nconnect-native {11}1\nconnect-proxy {12}0\n/)
  assert.not.match((await on.lictor(...words, '-billable')).stdout, 'Connect')
  assert.not.match((await on.lictor(...words, '-connect')).stdout, 'Billable')
  const all = (await on.lictor(...words, '-all-datacenters')).stdout
  assert.match(all, /\ndc1 {13}3 {13}2\n\nTotal {11}3 {13}2\n/)
  assert.match(all, /\ndc1 {13}connect-native {11}1\n(.*\n)+\nTotal {36}1\n$/)
  const json = await on.lictor(...words, '-json')
  assert.is(await jq(json.stdout, '[.[].BillableServiceInstances] | add'), '2')
  assert.is((await on.lictor(...words, '-billable', '-connect')).exit, 2)
  assert.is((await on.lictor(...words, 'x')).exit, 2)
})

operator.run()
