// A check as an order to the machine around the agent: what to try, for how long, how much of the
// answer to keep. What has to be tried is decided here, how in daemons/runtime/probe.ts.
import { unreachable } from '../assert.ts'
import type { CheckDefinition } from '../config/agent-config.ts'
import { kindOf } from './define.ts'
import type { Status } from './records.ts'

export interface ProbeTls {
  /** Empty: the host that is connected to. */
  readonly serverName: string
  readonly skipVerify: boolean
}

export type ProbeTarget =
  | {
      readonly type: 'http'
      readonly url: string
      readonly method: string
      readonly header: Readonly<Record<string, readonly string[]>>
      readonly body: string
      readonly followsRedirects: boolean
      readonly tls: ProbeTls
    }
  | { readonly type: 'tcp'; readonly address: string; readonly tls: ProbeTls | undefined }
  | { readonly type: 'udp'; readonly address: string }
  | {
      readonly type: 'grpc'
      readonly address: string
      /** Empty: the server as a whole. */
      readonly service: string
      readonly tls: ProbeTls | undefined
    }
  | { readonly type: 'h2ping'; readonly address: string; readonly tls: ProbeTls | undefined }
  | { readonly type: 'script'; readonly args: readonly string[] }

export interface Probe {
  readonly target: ProbeTarget
  readonly timeoutMs: number
  /** Of what comes back, in bytes. */
  readonly outputMax: number
}

export interface Probed {
  readonly status: Status
  readonly output: string
  /** A script that could not be run to its end: no threshold is asked, as in Consul. */
  readonly atOnce?: true
}

const PROBE_TIMEOUT_MS = 10_000
const SCRIPT_TIMEOUT_MS = 30_000

/** Undefined for a check that nobody has to go out for. */
export function probeOf(check: CheckDefinition, outputMax: number): Probe | undefined {
  const target = targetOf(check)
  if (target === undefined) return undefined
  const timeout = target.type === 'script' ? SCRIPT_TIMEOUT_MS : PROBE_TIMEOUT_MS
  return {
    target,
    timeoutMs: check.timeoutMs > 0 ? check.timeoutMs : timeout,
    outputMax: outputLimit(check, outputMax),
  }
}

/** A check can only ask for less than the agent allows. */
export const outputLimit = ({ outputMaxSize }: CheckDefinition, outputMax: number): number =>
  outputMaxSize > 0 ? Math.min(outputMaxSize, outputMax) : outputMax

function targetOf(check: CheckDefinition): ProbeTarget | undefined {
  const tls = { serverName: check.tlsServerName, skipVerify: check.tlsSkipVerify }
  const kind = kindOf(check)
  switch (kind) {
    case 'http':
      return {
        type: 'http',
        url: check.http,
        method: check.method === '' ? 'GET' : check.method,
        header: check.header,
        body: check.body,
        followsRedirects: !check.disableRedirects,
        tls,
      }
    case 'tcp':
      return { type: 'tcp', address: check.tcp, tls: check.tcpUseTls ? tls : undefined }
    case 'udp':
      return { type: 'udp', address: check.udp }
    case 'grpc': {
      const [address = '', ...service] = check.grpc.split('/')
      const secured = check.grpcUseTls ? tls : undefined
      return { type: 'grpc', address, service: service.join('/'), tls: secured }
    }
    case 'h2ping':
      return { type: 'h2ping', address: check.h2ping, tls: check.h2pingUseTls ? tls : undefined }
    case 'script':
      return { type: 'script', args: check.args }
    case 'ttl':
    case 'alias':
    case 'docker':
    case 'os_service':
    case '':
      return undefined
    default:
      return unreachable(kind)
  }
}
