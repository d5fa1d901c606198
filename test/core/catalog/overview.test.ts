// What the web interface reads of the catalog.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ask, createMachine, headerOf, jsonOf, type Machine, send } from '../../kit/machine.ts'

const overview = suite('catalog/overview')

const register = (machine: Machine, body: object) =>
  ask(machine, 'PUT /v1/catalog/register', { body: JSON.stringify({ Address: 'a', ...body }) })

const check = (CheckID: string, Status: string, ServiceID = '') => ({
  Check: { CheckID, Name: CheckID, Status, ServiceID },
})

function filled(): Machine {
  const machine = createMachine()
  const [first, second] = [
    { ID: 'w1', Service: 'web', Tags: ['b', 'a'], Meta: { 'external-source': 'nomad' } },
    { ID: 'w2', Service: 'web', Tags: ['a'] },
  ]
  register(machine, { Node: 'n1', Service: first, ...check('c1', 'warning', 'w1') })
  register(machine, { Node: 'n1', Service: second, ...check('disk', 'critical') })
  register(machine, { Node: 'n2', Service: second })
  return machine
}

const get = (machine: Machine, path: string) =>
  jsonOf(ask(machine, `GET /v1/internal/ui/${path}`)) as Record<string, unknown>[]

overview('a service is the sum of its instances; a check of a node counts once', () => {
  const [, web] = get(filled(), 'services')
  const wanted = {
    Name: 'web',
    Tags: ['a', 'b'],
    Nodes: ['n1', 'n2'],
    ExternalSources: ['nomad'],
    InstanceCount: 3,
    ChecksPassing: 0,
    ChecksWarning: 1,
    ChecksCritical: 1,
  }
  const shown = Object.keys(wanted).map((name) => [name, web?.[name]])
  assert.equal(Object.fromEntries(shown), wanted)
})

overview('a filter chooses instances, and then they are summed up', () => {
  const [web] = get(filled(), 'services?filter=Node.Node==n2')
  assert.equal([web?.['InstanceCount'], web?.['ExternalSources']], [1, null])
})

overview(
  'nodes are sorted by their bytes; sources stand as they came; one native is enough',
  () => {
    const machine = createMachine()
    const from = (source: string, Native: boolean) => ({
      ID: 'w',
      Service: 'web',
      Port: 1,
      Connect: { Native },
      Meta: { 'external-source': source },
    })
    register(machine, { Node: 'a', Service: from('nomad', true) })
    register(machine, { Node: 'B', Service: from('aws', false) })
    const [, web] = get(machine, 'services')
    assert.equal(web?.['Nodes'], ['B', 'a'])
    assert.equal(web?.['ExternalSources'], ['nomad', 'aws'])
    assert.is(web?.['ConnectNative'], true)
  },
)

overview('of a peer nothing is known', () => {
  const machine = filled()
  assert.equal(get(machine, 'services?peer=east'), [])
  assert.is(ask(machine, 'GET /v1/internal/ui/node/n1?peer=east').status, 404)
})

overview('what cannot be asked elsewhere is refused with the headers of a read', () => {
  const machine = filled()
  for (const path of ['node/n1', 'gateway-services-nodes/g', 'gateway-intentions/g']) {
    const refused = ask(machine, `GET /v1/internal/ui/${path}?dc=dc9`)
    assert.equal([refused.status, headerOf(refused, 'x-consul-index')], [500, '1'])
  }
})

overview('the checks of a proxy are those of what it leads to, too', () => {
  const machine = filled()
  const proxy = (name: string, leadsTo: string, Mode: string) => ({
    Kind: 'connect-proxy',
    Service: name,
    Port: 1,
    Proxy: { DestinationServiceName: leadsTo, Mode },
  })
  register(machine, { Node: 'n3', Service: proxy('p', 'web', ''), ...check('p', 'passing', 'p') })
  register(machine, { Node: 'n3', Service: proxy('q', 'away', 'transparent') })
  const [away, , , , web] = get(machine, 'services')
  assert.equal([web?.['ChecksPassing'], web?.['ConnectedWithProxy']], [1, true])
  assert.equal([web?.['InstanceCount'], web?.['TransparentProxy']], [3, false])
  assert.equal([away?.['Name'], away?.['InstanceCount']], ['away', 0])
  assert.equal([away?.['Nodes'], away?.['TransparentProxy']], [null, true])
})

overview('nodes come with what is on them, and may be chosen by that', () => {
  const machine = filled()
  const names = (query: string) => get(machine, `nodes${query}`).map((node) => node['Node'])
  assert.equal(names(''), ['n1', 'n2', 'node1'])
  assert.equal(names('?filter=Checks.Status==critical'), ['n1'])
  const one = ask(machine, 'GET /v1/internal/ui/node/N1')
  assert.equal((jsonOf(one) as { Services: unknown[] }).Services.length, 2)
  assert.is(ask(machine, 'GET /v1/internal/ui/node/n').status, 404)
})

overview('it waits for a change of anything', () => {
  const machine = filled()
  const index = headerOf(ask(machine, 'GET /v1/internal/ui/nodes'), 'x-consul-index')
  const waiting = send(machine, `GET /v1/internal/ui/nodes?index=${index}`)
  assert.not(machine.responses.has(waiting))
  register(machine, { Node: 'n2', SkipNodeUpdate: true, ...check('c', 'passing') })
  assert.ok(machine.responses.has(waiting))
})

overview('usage counts names, instances and what would be billed', () => {
  const { Usage } = jsonOf(ask(filled(), 'GET /v1/operator/usage?dc=any')) as {
    Usage: { dc1: Record<string, unknown> }
  }
  const { Nodes, Services, ServiceInstances, BillableServiceInstances } = Usage.dc1
  assert.equal([Nodes, Services, ServiceInstances, BillableServiceInstances], [3, 2, 4, 3])
  const level = (query: string) =>
    (jsonOf(ask(filled(), `GET /v1/operator/usage${query}`)) as { ConsistencyLevel: string })
      .ConsistencyLevel
  assert.equal(['', '?stale', '?consistent'].map(level), ['leader', 'stale', 'consistent'])
})

overview('each is counted as the worst check of its own', () => {
  const { Nodes, Services, Checks } = get(filled(), 'catalog-overview') as unknown as {
    [name: string]: Record<string, unknown>[]
  }
  assert.equal(Nodes, [{ Total: 3, Passing: 2, Warning: 0, Critical: 1 }])
  assert.equal(Services?.[1], { Name: 'web', Total: 3, Passing: 2, Warning: 1, Critical: 0 })
  assert.equal(Checks?.length, 3)
})

overview('no gateway leads anywhere, and its name is asked for', () => {
  const machine = filled()
  const path = 'GET /v1/catalog/gateway-services/'
  assert.equal(jsonOf(ask(machine, `${path}web`)), [])
  const { status, body } = ask(machine, path)
  assert.equal([status, body], [400, 'Missing gateway name'])
})

overview.run()
