// lictor operator autopilot get-config: how the servers look after themselves.
import type { PrintedAutopilot } from '../../../core/autopilot/records.ts'
import { connect } from '../../kit/client.ts'
import { type Answer, defineCommand } from '../../kit/declare.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'

export const command = defineCommand({
  id: 'operator autopilot get-config',
  summary: 'Show how the servers look after themselves',
  description: [
    'Whether dead servers are removed, and what a server has to keep up with to be healthy and ' +
      'to vote. `set-config` changes it.',
  ],
  examples: [
    { does: 'All settings', command: 'operator autopilot get-config' },
    {
      does: 'One of them',
      command: 'operator autopilot get-config -json',
      pipe: '| jq .CleanupDeadServers',
    },
  ],
  args: [],
  flags: HTTP_FLAGS,
  consul: { usage: 'operator autopilot get-config [options]' },
  run: async (call): Promise<Answer> => {
    const fault = 'Error querying Autopilot configuration: '
    const reply = await connect(call).call('GET /v1/operator/autopilot/configuration', { fault })
    const json = reply.value()
    return { json, text: settingsText(json) }
  },
})

const settingsText = (settings: PrintedAutopilot): string =>
  [
    `CleanupDeadServers = ${settings.CleanupDeadServers}`,
    `LastContactThreshold = ${settings.LastContactThreshold}`,
    `MaxTrailingLogs = ${settings.MaxTrailingLogs}`,
    `MinQuorum = ${settings.MinQuorum}`,
    `ServerStabilizationTime = ${settings.ServerStabilizationTime}`,
    `RedundancyZoneTag = ${JSON.stringify(settings.RedundancyZoneTag)}`,
    `DisableUpgradeMigration = ${settings.DisableUpgradeMigration}`,
    `UpgradeVersionTag = ${JSON.stringify(settings.UpgradeVersionTag)}`,
  ]
    .map((line) => `${line}\n`)
    .join('')
