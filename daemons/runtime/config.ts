// Files, folders and the machine, read for core/config: what stands where, in which order.
// Everything that the texts mean is decided there.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { AgentConfig } from '../../core/config/agent-config.ts'
import { parseArgv } from '../../core/config/argv.ts'
import { buildConfig } from '../../core/config/build.ts'
import { TEXT_LENGTH_MAX } from '../../core/config/document.ts'
import type { MachineFacts } from '../../core/config/facts.ts'
import { AGENT_FLAGS, type FlagUse } from '../../core/config/flags.ts'
import { type ConfigText, type Format, gatherSettings } from '../../core/config/gather.ts'
import { consulText, type Profile, type Refusal, showRefusals } from '../../core/config/refusal.ts'
import type { ServiceSetting } from '../../core/config/schema-service.ts'
import { EXIT } from '../../core/errors.ts'
import { faultOfDefinitions } from '../../core/local/load.ts'

export interface LoadOrder {
  readonly profile: Profile
  /** The command line behind `agent`. */
  readonly argv: readonly string[]
  /** `check` only looks whether the files could be used; `start` if absent. */
  readonly purpose?: 'start' | 'check'
}

interface Built {
  readonly ok: true
  readonly config: AgentConfig
  readonly warnings: readonly string[]
  /** What Consul's `validate` would print. */
  readonly notices: readonly string[]
}

export type Loaded = Built | Refused

/**
 * `message` has no line end; as `consul`, the command puts `==> ` before it unless it is about
 * `usage`.
 */
interface Refused {
  readonly ok: false
  readonly about: 'usage' | 'config'
  readonly message: string
  readonly exitCode: number
}

/** Everything that `agent` was told, as one record. Used at start and at every reload. */
export function loadConfig({ profile, argv, purpose = 'start' }: LoadOrder): Loaded {
  const flags = AGENT_FLAGS.filter((flag) => profile === 'lictor' || flag.own !== true)
  const parsed = parseArgv(argv, flags)
  if (!parsed.ok) return fail(profile, 'usage', [parsed.refusal])
  const { uses, rest } = parsed
  if (rest.length > 0) {
    const consul = `Unexpected extra arguments: [${rest.join(' ')}]`
    return fail(profile, 'config', [{ consul, what: `unexpected arguments: ${rest.join(' ')}` }])
  }
  const files = readFiles(uses)
  if (!files.ok) return fail(profile, 'config', [files.refusal])
  const gathering = gatherSettings({ profile, uses, files: files.texts })
  if (!gathering.ok) return fail(profile, 'config', gathering.refusals)
  const { gathered } = gathering
  const facts = factsOf(gathered.settings.data_dir ?? '')
  const built = buildConfig({ profile, gathered, facts, purpose })
  if (!built.ok) return fail(profile, 'config', built.refusals)
  const notices = [...files.skipped.map(noticeOfSkipped), ...built.notices]
  return { ...built, notices, ...(purpose === 'check' ? { warnings: warningsOf(built) } : {}) }
}

/** A start would end with what is wrong here: the files are good, the agent as set up is not. */
function warningsOf({ config, warnings }: Pick<Built, 'config' | 'warnings'>): readonly string[] {
  const fault = faultOfDefinitions(config)
  return fault === undefined
    ? warnings
    : [...warnings, `${fault}; an agent does not start with this`]
}

function fail(profile: Profile, about: 'usage' | 'config', refusals: readonly Refusal[]): Refused {
  if (profile === 'consul') return { ok: false, about, message: consulText(refusals), exitCode: 1 }
  const message = showRefusals(refusals).join('\n')
  return { ok: false, about, message, exitCode: EXIT.usage }
}

/** The services that files define, for those who register them with an agent that runs. */
export function loadServices({ profile, paths }: ServicesOrder): LoadedServices {
  // As a development agent: files that define services need not say where an agent keeps its data.
  const argv = ['-dev', ...paths.map((path) => `-config-file=${path}`)]
  const parsed = parseArgv(argv, AGENT_FLAGS)
  if (!parsed.ok) return fail(profile, 'usage', [parsed.refusal])
  const files = readFiles(parsed.uses)
  if (!files.ok) return fail(profile, 'config', [files.refusal])
  const gathering = gatherSettings({ profile, uses: parsed.uses, files: files.texts })
  if (!gathering.ok) return fail(profile, 'config', gathering.refusals)
  const { gathered } = gathering
  const facts = factsOf('')
  const built = buildConfig({ profile, gathered, facts, purpose: 'check' })
  if (!built.ok) return fail(profile, 'config', built.refusals)
  const notices = [...files.skipped.map(noticeOfSkipped), ...built.notices]
  return { ok: true, services: gathered.settings.services ?? [], notices }
}

export interface ServicesOrder {
  readonly profile: Profile
  readonly paths: readonly string[]
}

export type LoadedServices =
  | {
      readonly ok: true
      readonly services: readonly ServiceSetting[]
      readonly notices: readonly string[]
    }
  | Refused

type Files =
  | {
      readonly ok: true
      readonly texts: readonly ConfigText[]
      /** Files of a folder that are in no known language. */
      readonly skipped: readonly string[]
    }
  | { readonly ok: false; readonly refusal: Refusal }

function readFiles(uses: readonly FlagUse[]): Files {
  const format = uses.findLast((use) => use.flag.name === 'config-format')?.value
  if (format !== undefined && format !== 'hcl' && format !== 'json') {
    const consul = "config: -config-format must be either 'hcl' or 'json'"
    return { ok: false, refusal: { consul, what: `-config-format is hcl or json, not ${format}` } }
  }
  const texts: ConfigText[] = []
  const skipped: string[] = []
  for (const { flag, value } of uses) {
    if (flag.name !== 'config-file' && flag.name !== 'config-dir') continue
    const read = readPath(value, format)
    if (!read.ok) return read
    texts.push(...read.texts)
    skipped.push(...read.skipped)
  }
  return { ok: true, texts, skipped }
}

const noticeOfSkipped = (path: string): string =>
  `skipping file ${path}, extension must be .hcl or .json, or config format must be set`

/** A file, or the files of a folder by name; folders in it are not looked into. */
function readPath(path: string, format: Format | undefined): Files {
  let at = path
  try {
    if (!statSync(path).isDirectory()) return readNamed(path, format)
    const texts: ConfigText[] = []
    const skipped: string[] = []
    for (const name of readdirSync(path).sort((a, b) => (a < b ? -1 : 1))) {
      at = join(path, name)
      const known = format ?? formatOf(name)
      if (statSync(at, { throwIfNoEntry: known !== undefined })?.isDirectory()) continue
      if (known === undefined) skipped.push(at)
      else texts.push(readText(at, known))
    }
    return { ok: true, texts, skipped }
  } catch (error) {
    return { ok: false, refusal: refuseToRead(at, error) }
  }
}

function readNamed(path: string, format: Format | undefined): Files {
  const known = format ?? formatOf(path)
  if (known !== undefined) return { ok: true, texts: [readText(path, known)], skipped: [] }
  const must = 'must be .hcl or .json, or config format must be set'
  const consul = `file ${path} has unknown extension; ${must}`
  const what = `${path} ends neither in .hcl nor in .json`
  return { ok: false, refusal: { consul, what, next: 'rename it, or give -config-format' } }
}

function formatOf(name: string): Format | undefined {
  if (name.endsWith('.hcl')) return 'hcl'
  return name.endsWith('.json') ? 'json' : undefined
}

/** A file that is too long to be parsed is not read either. */
function readText(path: string, format: Format): ConfigText {
  const { size } = statSync(path)
  if (size > 4 * TEXT_LENGTH_MAX) throw new FileTooLong(`longer than ${4 * TEXT_LENGTH_MAX} bytes`)
  return { name: path, text: readFileSync(path, 'utf8'), format }
}

class FileTooLong extends Error {
  readonly code = 'EFBIG'
}

const ERRNO_TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EFBIG: 'file too large',
  EISDIR: 'is a directory',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
}

function refuseToRead(path: string, error: unknown): Refusal {
  if (!(error instanceof Error) || !('code' in error)) throw error
  const why = ERRNO_TEXTS[String(error.code)] ?? String(error.code)
  const consul = `config: Open failed on ${path}. open ${path}: ${why}`
  return { consul, what: `cannot read ${path}: ${why}` }
}

function factsOf(dataDir: string): MachineFacts {
  const interfaces = Object.entries(networkInterfaces()).flatMap(([name, own]) =>
    (own ?? []).map(({ address, internal }) => ({ name, address, internal })),
  )
  return {
    hostName: hostname(),
    interfaces,
    defaultInterface: defaultInterface(),
    dataDir: stateOf(dataDir),
  }
}

/** The table of IPv4 routes of Linux (proc(5)); elsewhere nobody knows. */
const ROUTES = '/proc/net/route'
const ANYWHERE = '00000000'

function defaultInterface(): string | undefined {
  try {
    const rows = readFileSync(ROUTES, 'utf8').split('\n').slice(1)
    const columns = rows.map((row) => row.split(/\s+/))
    return columns.find(([, destination]) => destination === ANYWHERE)?.[0]
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined // not on this system
    throw error
  }
}

/**
 * What stands at a path. What may not even be looked at is for the opening of the folder to say.
 */
function stateOf(path: string): MachineFacts['dataDir'] {
  if (path === '') return 'absent'
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return 'absent'
    if (!stat.isDirectory()) return 'no-folder'
    return readdirSync(path).length === 0 ? 'empty' : 'used'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'used'
    throw error
  }
}
