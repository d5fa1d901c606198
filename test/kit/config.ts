// A configuration for tests that drive the machine without a runtime.
import type { AgentConfig } from '../../core/config/agent-config.ts'

const TEST_NODE_ID = '00000000-0000-0000-0000-000000000001'

/** A dev server's settings, with some of them changed. */
export const testConfig = (changed: Partial<AgentConfig> = {}): AgentConfig => ({
  ...DEFAULTS,
  ...changed,
})

const DEFAULTS: AgentConfig = {
  nodeName: 'node1',
  nodeId: TEST_NODE_ID,
  datacenter: 'dc1',
  primaryDatacenter: 'dc1',
  domain: 'consul.',
  server: true,
  bootstrap: true,
  bootstrapExpect: 0,
  dev: false,
  dataDir: undefined,
  bindAddr: '127.0.0.1',
  advertiseAddr: '127.0.0.1',
  advertiseAddrWan: '127.0.0.1',
  taggedAddresses: {},
  translateWanAddrs: false,
  nodeMeta: {},
  http: [],
  ports: {
    dns: 8600,
    http: 8500,
    https: -1,
    grpc: -1,
    grpcTls: -1,
    serfLan: 8301,
    serfWan: 8302,
    server: 8300,
  },
  httpConfig: {
    blockEndpoints: [],
    allowWriteFrom: [],
    responseHeaders: {},
    useCache: true,
    maxHeaderBytes: 0,
    errorFormat: 'text',
    allowUnprintable: false,
  },
  limits: { kvMaxValueSize: 524_288, txnMaxReqLen: 524_288, httpMaxConnsPerClient: 200 },
  acl: { enabled: false, defaultPolicy: 'allow' },
  defaultQueryTimeMs: 300_000,
  maxQueryTimeMs: 600_000,
  sessionTtlMinMs: 10_000,
  raft: { snapshotThreshold: 16_384, trailingLogs: 10_240 },
  log: {
    level: 'info',
    json: false,
    file: undefined,
    rotateBytes: 0,
    rotateDurationMs: 0,
    rotateMaxFiles: 0,
  },
  leaveOnTerminate: false,
  skipLeaveOnInterrupt: true,
  pidFile: undefined,
  unixSocket: { user: '', group: '', mode: '' },
  enableDebug: false,
  scripts: { remote: false, local: false },
  checkOutput: { max: 4096, discard: false, updateIntervalMs: 300_000 },
  services: [],
  checks: [],
  prometheus: true,
  debug: {},
}
