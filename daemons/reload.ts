// Reading the configuration again: what changed, what of it holds at once, and what waits for a
// restart.
import type { AgentConfig } from '../core/config/agent-config.ts'

export interface Change {
  /** As in AgentConfig: `log.level`. */
  readonly setting: string
  readonly from: unknown
  readonly to: unknown
}

/** Settings that a running agent takes over. */
const LIVE = /^(?:log\.level|limits\.httpMaxConnsPerClient|checkOutput\.discard|raft\.snapshot\w+)$/

/** Groups of them, and what of a group waits for a restart all the same. */
const LIVE_GROUPS = /^(?:nodeMeta|dns)(?:\.|$)/
const NOT_LIVE = /^dns\.(?:listen|altDomain)(?:\.|$)/

/** The agent itself says what of these has changed, by id. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['services', 'checks'])

/** What the agent only shows, and what it has decided by itself. */
const NOT_SETTINGS: ReadonlySet<string> = new Set(['debug', 'nodeId'])

export function changesOf(before: AgentConfig, after: AgentConfig): readonly Change[] {
  return changesIn('', before, after).filter(
    ({ setting }) => !NOT_SETTINGS.has(setting.split('.')[0] ?? '') && !TOLD_ELSEWHERE.has(setting),
  )
}

function changesIn(path: string, before: unknown, after: unknown): Change[] {
  if (isRecord(before) && isRecord(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) =>
      changesIn(path === '' ? name : `${path}.${name}`, before[name], after[name]),
    )
  }
  const isSame = JSON.stringify(before) === JSON.stringify(after)
  return isSame ? [] : [{ setting: path, from: before, to: after }]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The settings by which the agent now runs: those that can change have changed. */
export const withLiveSettings = (running: AgentConfig, read: AgentConfig): AgentConfig => ({
  ...running,
  log: { ...running.log, level: read.log.level },
  limits: { ...running.limits, httpMaxConnsPerClient: read.limits.httpMaxConnsPerClient },
  nodeMeta: read.nodeMeta,
  dns: { ...read.dns, listen: running.dns.listen, altDomain: running.dns.altDomain },
  checkOutput: { ...running.checkOutput, discard: read.checkOutput.discard },
  raft: {
    ...running.raft,
    snapshotThreshold: read.raft.snapshotThreshold,
    snapshotIntervalMs: read.raft.snapshotIntervalMs,
  },
  services: read.services,
  checks: read.checks,
})

export const isLive = ({ setting }: Change): boolean =>
  LIVE.test(setting) || (LIVE_GROUPS.test(setting) && !NOT_LIVE.test(setting))

export const showChange = ({ setting, from, to }: Change): string =>
  `${setting} ${JSON.stringify(from) ?? 'unset'} -> ${JSON.stringify(to) ?? 'unset'}`
