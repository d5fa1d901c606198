// Configuration from texts in memory, on a machine made up for the test.
import type { AgentConfig } from '../../../core/config/agent-config.ts'
import { parseArgv } from '../../../core/config/argv.ts'
import { buildConfig } from '../../../core/config/build.ts'
import type { MachineFacts } from '../../../core/config/facts.ts'
import { AGENT_FLAGS } from '../../../core/config/flags.ts'
import { type ConfigText, gatherSettings } from '../../../core/config/gather.ts'
import {
  consulText,
  type Profile,
  type Refusal,
  showRefusals,
} from '../../../core/config/refusal.ts'

export const MACHINE: MachineFacts = {
  hostName: 'box',
  interfaces: [
    { name: 'lo', address: '127.0.0.1', internal: true },
    { name: 'eth0', address: '192.168.1.10', internal: false },
  ],
  defaultInterface: 'eth0',
  dataDir: 'empty',
}

export interface Told {
  readonly profile?: Profile
  readonly flags?: readonly string[]
  /** Texts by file name. */
  readonly files?: Readonly<Record<string, string>>
  readonly facts?: Partial<MachineFacts>
  readonly purpose?: 'start' | 'check'
}

export type Answer =
  | {
      readonly ok: true
      readonly config: AgentConfig
      readonly warnings: readonly string[]
      readonly notices: readonly string[]
    }
  | { readonly ok: false; readonly consul: string; readonly ours: readonly string[] }

export function load(told: Told): Answer {
  const { profile = 'lictor', flags = [], files = {}, purpose = 'start' } = told
  const parsed = parseArgv(flags, AGENT_FLAGS)
  if (!parsed.ok) return refusal([parsed.refusal])
  const texts = Object.entries(files).map(
    ([name, text]): ConfigText => ({
      name,
      text,
      format: name.endsWith('.json') ? 'json' : 'hcl',
    }),
  )
  const gathering = gatherSettings({ profile, uses: parsed.uses, files: texts })
  if (!gathering.ok) return refusal(gathering.refusals)
  const facts = { ...MACHINE, ...told.facts }
  const built = buildConfig({ profile, gathered: gathering.gathered, facts, purpose })
  return built.ok ? built : refusal(built.refusals)
}

const refusal = (refusals: readonly Refusal[]): Answer => ({
  ok: false,
  consul: consulText(refusals),
  ours: showRefusals(refusals),
})

/** The record, or an error with the complaint. */
export function loaded(told: Told): AgentConfig {
  const answer = load(told)
  if (!answer.ok) throw new Error(answer.ours.join('\n'))
  return answer.config
}

/** A development agent with one HCL file. */
export const dev = (hcl: string, told: Told = {}): Answer =>
  load({ ...told, flags: ['-dev', ...(told.flags ?? [])], files: { 'a.hcl': hcl } })

/** The complaint of settings that must be refused. */
export function refused(answer: Answer): Extract<Answer, { ok: false }> {
  if (answer.ok) throw new Error('the settings were accepted')
  return answer
}
