// The configuration was read again: what of it holds at once (consul-surface 6.5). Which settings
// may change without a restart was decided by whoever read them.

import { createResolver } from '../dns/answer.ts'
import { dnsSettings } from '../dns/settings.ts'
import type { Reconfigured } from './events.ts'
import { reloadOwn } from './own.ts'
import type { Agent } from './record.ts'

export function reconfigure(agent: Agent, { config, shown }: Reconfigured): void {
  agent.config = config
  agent.site.config = config
  agent.site.shown = shown
  agent.resolver = createResolver(dnsSettings(config), agent.pipeline.prng.fork())
  reloadOwn(agent.own, agent.around(), config)
}
