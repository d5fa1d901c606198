// What a reload changes at once, and what it only shows.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AgentConfig } from '../../../core/config/agent-config.ts'
import { ask, createMachine, give, jsonOf, type Machine } from '../../kit/machine.ts'

const reload = suite('reconfigure')

function read(machine: Machine, live: Partial<AgentConfig>, shown: Partial<AgentConfig> = {}) {
  const config = { ...machine.agent.config, ...live }
  give(machine, { type: 'reconfigured', config, shown: { ...config, ...shown } })
}

const metaOf = (machine: Machine, query = '') =>
  (jsonOf(ask(machine, `GET /v1/catalog/nodes${query}`)) as { Meta: Record<string, string> }[]).map(
    ({ Meta }) => Meta,
  )

reload('the meta of the node is told the catalog', () => {
  const machine = createMachine()
  read(machine, { nodeMeta: { rack: '7' } })
  assert.is(metaOf(machine, '?node-meta=rack:7').length, 1)
  const self = jsonOf(ask(machine, 'GET /v1/agent/self')) as { Meta: Record<string, string> }
  assert.is(self.Meta['rack'], '7')
  read(machine, { nodeMeta: {} })
  assert.is(metaOf(machine, '?node-meta=rack:7').length, 0)
})

reload('names that need a restart are shown, and nothing more', () => {
  const machine = createMachine()
  read(machine, {}, { nodeName: 'renamed', datacenter: 'other' })
  const self = jsonOf(ask(machine, 'GET /v1/agent/self')) as {
    Config: { NodeName: string; Datacenter: string }
    Member: { Name: string }
  }
  assert.equal(
    [self.Config.NodeName, self.Config.Datacenter, self.Member.Name],
    ['renamed', 'other', 'node1'],
  )
  assert.is(ask(machine, 'GET /v1/kv/?keys&dc=other').status, 500)
})

reload('outputs are discarded from then on', () => {
  const machine = createMachine()
  const outputNow = () => {
    ask(machine, 'PUT /v1/agent/check/register', { body: '{"Name":"c","TTL":"10s"}' })
    ask(machine, 'PUT /v1/agent/check/pass/c?note=said')
    return (jsonOf(ask(machine, 'GET /v1/agent/checks')) as { c: { Output: string } }).c.Output
  }
  assert.is(outputNow(), 'said')
  const { checkOutput } = machine.agent.config
  read(machine, { checkOutput: { ...checkOutput, discard: true } })
  assert.is(outputNow(), '')
})

reload.run()
