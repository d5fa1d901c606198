// What a service may say of the mesh, and what is wrong with it in the words of Consul. More of
// them stand in the recordings (connect/proxy-registration.json).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type ExposedPath,
  faultOfMesh,
  type Meshed,
  type ProxySpec,
  type Upstream,
} from '../../../core/config/proxy.ts'

const proxies = suite('config/proxy')

const EMPTY: ProxySpec = { MeshGateway: {}, Expose: {} }
const WEB: ProxySpec = { ...EMPTY, DestinationServiceName: 'web' }
const PROXY: Meshed = {
  kind: 'connect-proxy',
  port: 8000,
  socketPath: '',
  proxy: WEB,
  native: false,
}

const upstreams = (...given: Partial<Upstream>[]): Meshed => ({
  ...PROXY,
  proxy: { ...WEB, Upstreams: given.map((one) => ({ MeshGateway: {}, ...one })) },
})
const exposed = (...Paths: ExposedPath[]): Meshed => ({
  ...PROXY,
  proxy: { ...WEB, Expose: { Paths } },
})

const GOOD: readonly Meshed[] = [
  PROXY,
  { ...PROXY, port: 0, socketPath: '/run/web.sock' },
  upstreams({ DestinationName: 'a', LocalBindPort: 1 }, { DestinationName: 'b', LocalBindPort: 2 }),
  exposed({ Path: '/h', ListenerPort: 1, Protocol: 'HTTP2' }),
  exposed({ ListenerPort: 1, Path: '/h' }, { ListenerPort: 2, Path: '/h' }),
  { ...PROXY, kind: 'strange', port: 0, proxy: null },
  { ...PROXY, kind: '', native: true, proxy: null },
  { ...PROXY, kind: 'ingress-gateway', port: 0, proxy: null },
]

proxies('what is whole is taken', () => {
  for (const service of GOOD) assert.is(faultOfMesh(service), undefined)
})

const a = { DestinationName: 'a', LocalBindPort: 1 }
const FAULTY: readonly (readonly [service: Meshed, ...faults: string[]])[] = [
  [
    { ...PROXY, port: 0, proxy: null },
    'Port or SocketPath must be set for a connect-proxy',
    'Proxy.DestinationServiceName must be non-empty for Connect proxy services',
  ],
  [
    { ...PROXY, kind: '', port: 0, native: true },
    'Port or SocketPath must be set for a Connect native service.',
  ],
  [
    upstreams({ ...a, DestinationPeer: 'p', Datacenter: 'd' }),
    'upstream cannot specify both destination peer and datacenter',
  ],
  // A faulty upstream takes no address.
  [upstreams({ LocalBindPort: 1 }, a), 'upstream destination name cannot be empty'],
  [exposed({ ListenerPort: 70_000, Path: '/h' }), 'expose.paths: invalid listener port: 70000'],
  [
    upstreams(a, a),
    'upstreams cannot contain duplicates of [type="service", name="a", partition="", ' +
      'namespace="", peer="", datacenter=""]',
  ],
  [
    { ...PROXY, port: 0, native: true },
    'Port or SocketPath must be set for a connect-proxy',
    'A Proxy cannot also be Connect Native, only typical services',
    'Port or SocketPath must be set for a Connect native service.',
  ],
  [
    { ...PROXY, kind: 'mesh-gateway', native: true, hasSidecar: true, proxy: null },
    'A mesh-gateway cannot have a sidecar service defined',
  ],
  [
    { ...PROXY, kind: 'mesh-gateway', port: 0 },
    'Port must be non-zero for a mesh-gateway',
    'The Proxy.DestinationServiceName configuration is invalid for a mesh-gateway',
  ],
]

proxies('what is wrong is named, all of it', () => {
  for (const [service, ...faults] of FAULTY) {
    const count = faults.length === 1 ? '1 error' : `${faults.length} errors`
    const lines = faults.map((fault) => `\t* ${fault}\n`).join('')
    assert.is(faultOfMesh(service), `${count} occurred:\n${lines}\n`)
  }
})

proxies.run()
