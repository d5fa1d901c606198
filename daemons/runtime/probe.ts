// Trying checks: the one place that goes out to see whether something is well. Every try ends
// within its timeout with a state and a text; nothing that a stranger answers, refuses or keeps
// open makes one fail otherwise. The texts are those of Consul's checks, which people grep for.
import { unreachable } from '../../core/assert.ts'
import type { Probe, Probed } from '../../core/local/probe.ts'
import { probeGrpc, probeH2 } from './probe-h2.ts'
import { probeHttp } from './probe-http.ts'
import { probeTcp, probeUdp } from './probe-net.ts'
import { probeScript } from './probe-script.ts'

export interface Prober {
  /** Never rejects. */
  run(id: number, probe: Probe): Promise<Probed>
  /** Stops a try; what it would have answered means nothing any more. */
  cancel(id: number): void
  /** Stops all. */
  close(): void
}

export function createProber(): Prober {
  const underWay = new Map<number, AbortController>()
  return {
    async run(id, probe) {
      const control = new AbortController()
      underWay.set(id, control)
      try {
        return await tryTarget(probe, control.signal)
      } finally {
        underWay.delete(id)
      }
    },
    cancel: (id) => underWay.get(id)?.abort(),
    close: () => {
      for (const control of underWay.values()) control.abort()
    },
  }
}

function tryTarget(probe: Probe, signal: AbortSignal): Promise<Probed> {
  const { target, timeoutMs, outputMax } = probe
  const bounds = { timeoutMs, outputMax, signal }
  switch (target.type) {
    case 'http':
      return probeHttp(target, bounds)
    case 'tcp':
      return probeTcp(target, bounds)
    case 'udp':
      return probeUdp(target, bounds)
    case 'grpc':
      return probeGrpc(target, bounds)
    case 'h2ping':
      return probeH2(target, bounds)
    case 'script':
      return probeScript(target, bounds)
    default:
      return unreachable(target)
  }
}
