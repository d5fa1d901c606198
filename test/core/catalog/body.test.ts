// Bodies of register and deregister: what becomes of odd values, and what is refused before
// anything is ordered.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import {
  deregisterCommand,
  deregistrationBody,
  registerCommand,
  registrationBody,
} from '../../../core/catalog/body.ts'
import { ApiError } from '../../../core/errors.ts'
import { checkDatacenter } from '../../../core/route/datacenter.ts'

const body = suite('catalog/body')

const register = (sent: unknown) =>
  registerCommand(registrationBody(utf8(JSON.stringify(sent))), { datacenter: 'dc1', wall: 0 })

const base = { Node: 'n', Address: '10.0.0.1' }
const withService = (service: unknown) => register({ ...base, Service: service })
const withCheck = (check: unknown) => register({ ...base, Check: check })

function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ApiError) return `${error.status} ${error.message}`
    throw error
  }
  return 'not refused'
}

const LATER = 'not built into this version'

const REFUSED: readonly (readonly [sent: unknown, refusal: string])[] = [
  [null, '500 Must provide node'],
  [[], '400 Request decode failed: json: cannot unmarshal array into Go value of type struct'],
  [{ ...base, ID: 'short' }, '500 Bad node ID: uuid string is wrong length'],
  [
    { ...base, ID: '40e4a748x2192-161a-0510-9bf59fe950b5' },
    "500 Bad node ID: encoding/hex: invalid byte: U+0078 'x'",
  ],
  [
    { ...base, ID: '40e4a7482-192-161a-0510-9bf59fe950b5' },
    '500 Bad node ID: uuid is improperly formatted',
  ],
  [
    { ...base, Service: { ID: 's1', Service: 's', Meta: { good: '', 'bad key': 'x' } } },
    '500 failed inserting service: Invalid Service Meta for node n and serviceID s1: ' +
      "Couldn't load metadata pair ('bad key', 'x'): Key contains invalid characters",
  ],
  [{ Node: 'n' }, '500 Must provide address if SkipNodeUpdate is not set'],
  [{ ...base, bogus: 1 }, '400 Request decode failed: json: unknown field "bogus"'],
  [
    { ...base, Namespace: 'x' },
    '400 Request decode failed: json: unknown field "Namespace" - ' +
      'Namespaces are a Consul Enterprise feature',
  ],
  [{ ...base, PeerName: 'east' }, `500 peering is ${LATER}`],
  [
    { ...base, Service: { Service: 'a', Kind: 'connect-proxy', Port: 1 } },
    '500 1 error occurred:\n\t* Proxy.DestinationServiceName must be non-empty ' +
      'for Connect proxy services\n\n',
  ],
  [
    { ...base, Service: { Service: 'a', Connect: { Native: true } } },
    '500 1 error occurred:\n\t* Port or SocketPath must be set for a Connect native service.\n\n',
  ],
  [{ ...base, Service: {} }, '500 Must provide service name (Service.Service)'],
  [
    { ...base, Service: { ID: 'x' } },
    '500 Must provide service name (Service.Service) when service ID is provided',
  ],
  [{ ...base, Service: { Service: 'a', Address: '[::]' } }, '500 Invalid service address'],
  [
    { ...base, Service: { Service: 'a', Port: 1.5 } },
    '400 Request decode failed: json: cannot unmarshal number 1.5 into Go value of type int',
  ],
  [
    { ...base, Check: { Node: 'm', CheckID: 'c' } },
    "500 Node 'm' for check 'c' doesn't match register request node 'n'",
  ],
  [
    { ...base, Check: { Status: 'passing' } },
    '500 failed inserting check on node "n": failed health check lookup: ' +
      'index error: object is missing a value for this index',
  ],
  [
    { ...base, Check: { Name: 'c', Definition: { TTL: 'soon' } } },
    '400 Request decode failed: time: invalid duration "soon"',
  ],
]

body('what can be refused without the state is refused with the words of Consul', () => {
  for (const [sent, refusal] of REFUSED) {
    assert.is(
      refusalOf(() => register(sent)),
      refusal,
      JSON.stringify(sent),
    )
  }
  assert.is(
    refusalOf(() => checkDatacenter('dc2', 'dc1')),
    '500 No path to datacenter',
  )
  for (const ours of [undefined, '', 'dc1']) checkDatacenter(ours, 'dc1')
})

body('a port beyond what a number holds is refused, not rounded', () => {
  const sent = '{"Node":"n","Address":"a","Service":{"Service":"s","Port":99999999999999999999}}'
  assert.match(
    refusalOf(() => registrationBody(utf8(sent))),
    /^400 .* number 9{20} /,
  )
})

body('what says nothing of a later version is no reason to refuse', () => {
  const quiet = { Kind: '', Proxy: { Mode: '', Expose: {}, MeshGateway: {} }, Connect: {} }
  const { service } = withService({ Service: 'a', ...quiet, Locality: null, PeerName: '' })
  assert.is(service?.id, 'a')
})

body('weights that make no sense are taken for none', () => {
  const weights = (Weights: unknown) => withService({ Service: 'a', Weights }).service?.weights
  const one = { Passing: 1, Warning: 1 }
  for (const odd of [
    undefined,
    null,
    {},
    { Passing: 0, Warning: 0 },
    { Passing: 1, Warning: -1 },
  ]) {
    assert.equal(weights(odd), one, JSON.stringify(odd))
  }
  assert.equal(weights({ Passing: 65_536, Warning: 1 }), one)
  assert.equal(weights({ Passing: 65_535, Warning: 0 }), { Passing: 65_535, Warning: 0 })
})

body('null, absent and empty stay apart where the API shows it', () => {
  assert.is(register(base).node.meta, null)
  assert.equal(register({ ...base, NodeMeta: {} }).node.meta, {})
  assert.is(withService({ Service: 'a' }).service?.tags, null)
  assert.equal(withService({ Service: 'a', Tags: [] }).service?.tags, [])
})

body('maps are kept in the order of their keys, whatever the keys are', () => {
  const sent = '{"Node":"n","Address":"a","NodeMeta":{"b":"1","__proto__":"2","a":"3"}}'
  const { meta } = registerCommand(registrationBody(utf8(sent)), {
    datacenter: 'dc1',
    wall: 0,
  }).node
  assert.equal(Object.entries(meta ?? {}), [
    ['__proto__', '2'],
    ['a', '3'],
    ['b', '1'],
  ])
})

body('the kind of a check follows from its definition, which most kinds must repeat', () => {
  const kinds: readonly (readonly [definition: Record<string, unknown>, kind: string])[] = [
    [{ HTTP: 'http://x', Interval: '10s' }, 'http'],
    [{ HTTP: 'http://x' }, ''],
    [{ HTTP: 'http://x', Interval: 0 }, ''],
    [{ GRPC: 'x:1', HTTP: 'http://x', Interval: 1_000_000_000 }, 'grpc'],
    [{ TTL: '30s' }, 'ttl'],
    [{ TCP: 'x:1', Interval: '1s' }, 'tcp'],
    [{ UDP: 'x:1', Interval: '1s' }, 'udp'],
    [{ AliasService: 'a' }, 'alias'],
    [{ ScriptArgs: ['a'], DockerContainerID: 'c', Interval: '1s' }, 'docker'],
    [{ ScriptArgs: ['a'] }, 'script'],
    [{ H2PING: 'x:1', Interval: '1s' }, 'h2ping'],
    [{ OSService: 's', Interval: '1s' }, 'os_service'],
    [{}, ''],
  ]
  for (const [Definition, kind] of kinds) {
    const [check] = withCheck({ Name: 'c', Definition }).checks
    assert.is(check?.type, kind, JSON.stringify(Definition))
  }
  assert.is(
    withCheck({ Name: 'c', Type: 'mine', Definition: { TTL: '1s' } }).checks[0]?.type,
    'mine',
  )
})

body('a definition keeps whole nanoseconds and nothing that is empty', () => {
  const Definition = {
    Interval: 1.9,
    Timeout: 1e300,
    TTL: '1.5s',
    HTTP: '',
    Header: {},
    unknown: 1,
  }
  const [check] = withCheck({ Name: 'c', Definition }).checks
  assert.equal(check?.definition, { TTL: 1_500_000_000, Interval: 1, Timeout: 2 ** 63 - 1024 })
})

body('a check is named after its name, and critical until somebody says otherwise', () => {
  const { checks } = register({
    ...base,
    Check: { Name: 'last' },
    Checks: [{ CheckID: 'a' }, null],
  })
  assert.equal(
    checks.map(({ id, name, status }) => [id, name, status]),
    [
      ['a', '', 'critical'],
      ['last', 'last', 'critical'],
    ],
  )
})

body('deregistering needs a node and no more', () => {
  const deregister = (sent: unknown) =>
    deregisterCommand(deregistrationBody(utf8(JSON.stringify(sent))), 7)
  assert.is(
    refusalOf(() => deregister({ ServiceID: 'x' })),
    '500 Must provide node',
  )
  assert.equal(deregister({ node: 'n', Address: 'x', checkid: 'c' }), {
    type: 'deregister',
    node: 'n',
    serviceId: '',
    checkId: 'c',
    wall: 7,
  })
})

body.run()
