// catalog, services and maint against an agent of ours, under both names.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { jq } from '../kit/jq.ts'
import { within } from '../kit/within.ts'
import { type AgentContext, openAgent } from './kit/context.ts'
import { withStub } from './kit/stub.ts'

const catalog = suite<{ on: AgentContext }>('catalog')

catalog.before(async (context) => {
  context.on = await openAgent(['-dev', '-node=here'])
  for (const [Node, Address, rack, tags] of [
    ['alpha', '10.0.0.1', 'r1', ['v1', 'blue']],
    ['beta', '10.0.0.2', 'r2', ['v2']],
  ] as const) {
    const Service = { Service: 'web', Port: 80, Tags: tags }
    const body = { Node, Address, NodeMeta: { rack }, Service }
    await context.on.api('PUT', '/v1/catalog/register', body)
  }
})
catalog.after(({ on }) => on.close())

catalog('datacenters are names, and a list for programs', async ({ on }) => {
  const { exit, stdout } = await on.lictor('catalog', 'datacenters')
  assert.equal([exit, stdout], [0, 'dc1\n'])
  assert.is(await jq((await on.lictor('catalog', 'datacenters', '-json')).stdout, '.[0]'), 'dc1')
})

catalog('nodes are chosen by service, metadata and filter', async ({ on }) => {
  const names = async (...flags: string[]) => {
    const { stdout } = await on.lictor('catalog', 'nodes', '-plain', ...flags)
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t')[0])
  }
  assert.equal(await names(), ['alpha', 'beta', 'here'])
  assert.equal(await names('-service=web'), ['alpha', 'beta'])
  assert.equal(await names('-node-meta=rack=r2'), ['beta'])
  assert.equal(await names('-filter=Meta.rack == r1'), ['alpha'])
  const none = await on.lictor('catalog', 'nodes', '-node-meta=rack=r9', '-json')
  assert.equal([none.exit, none.stdout], [0, '[]\n'])
  assert.match(none.stderr, 'No nodes match')
})

catalog('the JSON of nodes is what the API answers', async ({ on }) => {
  const { stdout } = await on.lictor('catalog', 'nodes', '-json')
  assert.equal(JSON.parse(stdout), await on.api('GET', '/v1/catalog/nodes'))
  const instances = await on.lictor('catalog', 'nodes', '-service=web', '-json')
  assert.equal(JSON.parse(instances.stdout), await on.api('GET', '/v1/catalog/service/web'))
})

catalog('services leave out the one of the servers under our name alone', async ({ on }) => {
  assert.is((await on.lictor('catalog', 'services')).stdout, 'web\n')
  assert.is((await on.lictor('catalog', 'services', '-all')).stdout, 'consul\nweb\n')
  assert.is((await on.consul('catalog', 'services')).stdout, 'consul\nweb\n')
  assert.is((await on.lictor('catalog', 'services', '-tags')).stdout, 'web      blue,v1,v2\n')
  assert.is((await on.lictor('catalog', 'services', '-node=beta', '-tags')).stdout, 'web      v2\n')
  const { stdout } = await on.lictor('catalog', 'services', '-json')
  assert.is(await jq(stdout, '.web | length'), '3')
  const own = await on.lictor('catalog', 'services', '-node=here')
  assert.match(own.stderr, '-all shows it')
})

catalog('what is no pair is refused', async ({ on }) => {
  const { exit, stderr } = await on.lictor('catalog', 'nodes', '-node-meta=broken')
  assert.is(exit, 2)
  assert.match(stderr, 'Missing "=" value in argument: broken')
})

const HCL = `service {
  name = "shop"
  id = "shop-1"
  port = 8080
  tags = ["v1"]
  meta { team_name = "a" }
  tagged_addresses { lan = { address = "10.0.0.9", port = 81 } }
  check { id = "up", name = "up", ttl = "30s", success_before_passing = 2 }
}
`

catalog('services come from files and flags, and go by id and file', async ({ on }) => {
  await writeFile(join(on.home.work, 'shop.hcl'), HCL)
  const registered = await on.lictor('services', 'register', 'shop.hcl')
  assert.equal([registered.exit, registered.stdout], [0, 'Registered service: shop\n'])
  const services = JSON.stringify(await on.api('GET', '/v1/agent/services'))
  const shown =
    '.["shop-1"] | [.Service, .Port, .Tags[0], .Meta.team_name, .TaggedAddresses.lan.Port]'
  assert.is(await jq(services, `${shown} | join(" ")`), 'shop 8080 v1 a 81')
  const checks = JSON.stringify(await on.api('GET', '/v1/agent/checks'))
  assert.is(
    await jq(checks, '.up | [.ServiceID, .Type, .Status] | join(" ")'),
    'shop-1 ttl critical',
  )

  const flags = ['-name=api', '-id=api-1', '-port=81', '-tag=a', '-meta=k=v=w']
  const more = ['-tagged-address=wan=1.2.3.4:99', '-json']
  const { stdout } = await on.lictor('services', 'register', ...flags, ...more)
  assert.is(await jq(stdout, '.[0]'), 'api-1')
  const api = JSON.stringify(await on.api('GET', '/v1/agent/service/api-1'))
  assert.is(await jq(api, '[.Meta.k, .TaggedAddresses.wan.Port] | join(" ")'), 'v=w 99')

  assert.is(
    (await on.lictor('services', 'deregister', 'shop.hcl')).stdout,
    'Deregistered service: shop-1\n',
  )
  assert.is((await on.lictor('services', 'deregister', '-id=api-1')).exit, 0)
  assert.equal(await on.api('GET', '/v1/agent/services'), {})
  assert.is((await on.lictor('services', 'deregister', '-id=api-1')).exit, 1)
})

catalog('a script goes along under our name; as Consul its arguments get lost', async ({ on }) => {
  const script = 'service { name = "scr", check { args = ["/bin/true"], interval = "10s" } }'
  await writeFile(join(on.home.work, 'scr.hcl'), script)
  const ours = await on.lictor('services', 'register', 'scr.hcl')
  assert.match(ours.stderr, 'Scripts are disabled on this agent from remote calls')
  const theirs = await on.consul('services', 'register', 'scr.hcl')
  assert.is(theirs.exit, 1)
  assert.match(theirs.stderr, '(Invalid check: TTL must be > 0 for TTL checks)\n')
})

catalog('as consul a file is judged as an agent would judge it', async ({ on }) => {
  const files: [string, string][] = [
    ['service { name = "x" check {} }', 'service "x": check "": TTL must be > 0 for TTL checks'],
    [
      'service { name = "x" weights { passing = 0 } }',
      '1 error occurred:\n\t* Invalid weight definition for service x: ' +
        'Passing must be greater than 0\n\n',
    ],
  ]
  for (const [text, said] of files) {
    await writeFile(join(on.home.work, 'judged.hcl'), text)
    for (const verb of ['register', 'deregister']) {
      const answer = await on.consul('services', verb, 'judged.hcl')
      assert.equal(answer, { exit: 1, stdout: '', stderr: `Error: ${said}\n` })
    }
  }
  const half = 'ui = true\nservice { name = "half" weights { passing = 3 } }'
  await writeFile(join(on.home.work, 'judged.hcl'), half)
  const { stdout, stderr } = await on.consul('services', 'register', 'judged.hcl')
  assert.is(stdout, 'Registered service: half\n')
  assert.is(stderr, "The 'ui' field is deprecated. Use the 'ui_config.enabled' field instead.\n")
  const api = JSON.stringify(await on.api('GET', '/v1/agent/service/half'))
  assert.is(await jq(api, '[.Weights.Passing, .Weights.Warning] | join(" ")'), '3 1')
  await on.consul('services', 'deregister', '-id=half')
})

catalog('as consul a tagged address has a port', async ({ on }) => {
  const cases: [string, string][] = [
    ['1.2.3.4', 'address 1.2.3.4: missing port in address'],
    ['::1:80', 'address ::1:80: too many colons in address'],
    ['1.2.3.4:x', 'strconv.Atoi: parsing "x": invalid syntax'],
  ]
  for (const [at, said] of cases) {
    const answer = await on.consul('services', 'register', '-name=t', `-tagged-address=lan=${at}`)
    assert.equal(answer, { exit: 1, stdout: '', stderr: `Invalid Tagged address: ${said}\n` })
  }
})

catalog('files that are wrong say where', async ({ on }) => {
  await writeFile(join(on.home.work, 'bad.hcl'), 'service {\n  name = "x"\n  prot = 1\n}\n')
  const { exit, stderr } = await on.lictor('services', 'register', 'bad.hcl')
  assert.is(exit, 2)
  assert.match(stderr, 'bad.hcl:3')
  assert.match(stderr, 'did you mean port?')
  for (const words of [[], ['-name=x', 'bad.hcl'], ['missing.hcl']]) {
    assert.is((await on.lictor('services', 'register', ...words)).exit, 2, words.join(' '))
  }
})

catalog('maintenance is shown, and taken away again', async ({ on }) => {
  await on.api('PUT', '/v1/agent/service/register', { Name: 'shop', Port: 1 })
  assert.is((await on.lictor('maint')).stdout, '')
  const enabled = await on.lictor('maint', '-enable', '-reason=new kernel')
  assert.is(enabled.stdout, 'Node maintenance is now enabled\n')
  const ofShop = ['maint', '-enable', '-service=shop', '-reason=r']
  assert.match((await on.lictor(...ofShop)).stdout, 'enabled for "shop"')
  const { stdout } = await on.lictor('maint')
  assert.match(
    stdout,
    /^Node:\n {2}Name: {3}here\n {2}Reason: new kernel\n\nService:\n {2}ID: {5}shop\n/,
  )
  assert.is(await jq((await on.lictor('maint', '-json')).stdout, 'length'), '2')
  await on.lictor('maint', '-disable', '-service=shop')
  await on.lictor('maint', '-disable')
  assert.is((await on.lictor('maint')).stdout, '')
  assert.is((await on.lictor('maint', '-enable', '-service=none')).exit, 1)
  assert.is((await on.lictor('maint', '-reason=x')).exit, 2)
  assert.is((await on.lictor('maint', '-enable', '-disable')).exit, 2)
  await on.api('PUT', '/v1/agent/service/deregister/shop')
})

catalog(
  'an export is added to those that stand there, unless they have changed',
  async ({ on }) => {
    const entry = {
      Kind: 'exported-services',
      Name: 'default',
      Services: [{ Name: 'web', Consumers: [{ Peer: 'east' }] }],
      ModifyIndex: 7,
    }
    const asked: string[] = []
    let written = 'true'
    await withStub(
      ({ method, url }, response) => {
        asked.push(`${method} ${url}`)
        response.end(method === 'GET' ? JSON.stringify(entry) : written)
      },
      async (address) => {
        const env = { CONSUL_HTTP_ADDR: address }
        const words = ['services', 'export', '-name=web', '-consumer-peers=east,west', '-json']
        const { stdout } = await run(on.home, ['lictor', ...words], { env })
        const peers = '.Services[0].Consumers | map(.Peer) | join(" ")'
        assert.is(await jq(stdout, peers), 'east west')
        written = 'false'
        assert.is((await run(on.home, ['lictor', ...words], { env })).exit, 1)
      },
    )
    assert.equal(asked.slice(0, 2), [
      'GET /v1/config/exported-services/default',
      'PUT /v1/config?cas=7',
    ])
    assert.is((await on.lictor('services', 'export', '-name=web')).exit, 2)
    assert.is((await on.lictor('services', 'export', '-consumer-peers=a')).exit, 2)
  },
)

catalog('completion knows services, nodes and sessions', async ({ on }) => {
  const words = async (kind: string, prefix: string) =>
    (await on.lictor('__complete', kind, prefix)).stdout.split('\n').filter(Boolean)
  assert.equal(await words('service', 'w'), ['web'])
  assert.equal(await words('node', ''), ['alpha', 'beta', 'here'])
  const { ID } = (await on.api('PUT', '/v1/session/create', {})) as { ID: string }
  await within(5_000, async () => (await words('session', ID.slice(0, 4))).includes(ID), 'the id')
})

catalog.run()
