// Services that files or flags define, as the body that the API takes.
import type { CheckSetting, ServiceSetting } from '../../core/config/schema-service.ts'
import type { Call, Flags, Profile } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { readServices } from '../kit/launch.ts'

/** The services of these files, or what is wrong with them. */
export async function servicesIn(
  paths: readonly string[],
  { program, out }: Pick<Call<Flags>, 'program' | 'out'>,
): Promise<readonly ServiceSetting[]> {
  const { profile } = program
  const read = await readServices({ profile, paths })
  if (read.ok) {
    if (profile === 'consul') read.notices.forEach(out.talk)
    return read.services
  }
  throw misuse(read.message, { consul: `Error: ${read.message}` })
}

/** The names of the API, of which its decoder does not mind the case. */
export const bodyOf = (service: ServiceSetting, profile: Profile): string =>
  JSON.stringify(inApi(profile === 'consul' ? withoutScripts(whole(service)) : whole(service)))

/** A file may say half of the weights; the API wants both. */
const whole = (service: ServiceSetting): ServiceSetting =>
  service.weights === undefined
    ? service
    : { ...service, weights: { passing: 1, warning: 1, ...service.weights } }

/**
 * Consul's command carries checks over by the names of their fields, and the arguments of a script
 * have two: they get lost, and the agent refuses what is left as a check without a TTL. Who calls
 * us `consul` gets just that refusal, and no script that the agent would not have run before.
 */
function withoutScripts(service: ServiceSetting): ServiceSetting {
  const { check, checks, connect } = service
  const sidecar = connect?.sidecar_service
  return {
    ...service,
    ...(check === undefined ? {} : { check: withoutArgs(check) }),
    ...(checks === undefined ? {} : { checks: checks.map(withoutArgs) }),
    ...(sidecar === undefined
      ? {}
      : { connect: { ...connect, sidecar_service: withoutScripts(sidecar) } }),
  }
}

const withoutArgs = ({ args: _, ...rest }: CheckSetting): CheckSetting => rest

/** What stands below these is the user's own, and only passed on. */
const OPAQUE: ReadonlySet<string> = new Set(['meta', 'header', 'config', 'arguments'])

/** Whose members are named by the user. */
const NAMED: ReadonlySet<string> = new Set(['tagged_addresses'])

function inApi(value: unknown, within = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => inApi(one, within))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => {
    if (OPAQUE.has(name)) return [apiName(name, within), inner]
    return [NAMED.has(within) ? name : apiName(name, within), inApi(inner, name)]
  })
  return Object.fromEntries(entries)
}

/** Names that are not the words of the setting in capitals. */
const OTHERWISE: Readonly<Record<string, string>> = { args: 'ScriptArgs', id: 'ID' }

function apiName(name: string, within: string): string {
  if (name === 'id' && (within === 'check' || within === 'checks')) return 'CheckID'
  return OTHERWISE[name] ?? name.split('_').map(capitalized).join('')
}

const ACRONYM = /^(?:http|tcp|udp|grpc|tls|ttl|os|id|h2ping)$/

const capitalized = (word: string): string =>
  ACRONYM.test(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)
