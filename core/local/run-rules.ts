// Which checks this agent runs at all.
import type { AgentConfig, CheckDefinition } from '../config/agent-config.ts'
import { kindOf } from './define.ts'
import type { Source } from './records.ts'

/**
 * Why a check cannot run here; scripts are off unless somebody who may write to the machine's
 * files has allowed them (Consul: enable_script_checks).
 */
export function whyNotRun(
  check: CheckDefinition,
  { scripts }: Pick<AgentConfig, 'scripts'>,
  source: Source,
): string | undefined {
  const kind = kindOf(check)
  if (kind === 'script' || kind === 'docker') {
    if (source === 'api' && !scripts.remote) {
      return (
        'Scripts are disabled on this agent from remote calls; to enable, ' +
        "configure 'enable_script_checks' to true"
      )
    }
    if (source === 'file' && !scripts.local) {
      return (
        "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' " +
        "or 'enable_local_script_checks' to true"
      )
    }
  }
  if (kind === 'os_service') return 'not implemented'
  return kind === 'docker' ? 'docker checks are not built into this version' : undefined
}
