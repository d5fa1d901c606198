// From texts and flags to one set of settings: parse, decode, complain about what nobody knows,
// merge in order (defaults, -dev, lists of flags, files, other flags, -hcl fragments).
import { parseBool } from '../bool.ts'
import { multierror } from '../multierror.ts'
import { type Decoded, decodeDocument, type UnknownKey } from './decode.ts'
import { DEFAULTS, DEV } from './defaults.ts'
import { normalizeLines, type Origin, type Source } from './document.ts'
import { settingsOfFlags } from './flag-settings.ts'
import type { FlagUse } from './flags.ts'
import { parseHclDocument } from './hcl.ts'
import { parseJsonDocument } from './json-document.ts'
import { mergeSettings, modernize } from './merge.ts'
import { closest } from './nearest.ts'
import { noticesOfEnterprise, noticesOfMoves } from './notices.ts'
import { type Profile, REFUSALS_SHOWN_MAX, type Refusal } from './refusal.ts'
import { AGENT, MOVES, type Settings } from './schema.ts'

export type Format = 'hcl' | 'json'

export interface ConfigText extends Source {
  readonly format: Format
}

export interface GatherInput {
  readonly profile: Profile
  readonly uses: readonly FlagUse[]
  /** In the order of the command line; those of a folder sorted by name. */
  readonly files: readonly ConfigText[]
}

export interface Gathered {
  readonly settings: Settings
  readonly dev: boolean
  readonly warnings: readonly string[]
  /** What Consul's `validate` would print of the sources. */
  readonly notices: readonly string[]
  /** The old spellings that were met. */
  readonly moved: readonly string[]
  /** Where a setting was last written, by its path. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Where each block was written, services and checks among them. */
  readonly places: ReadonlyMap<object, Origin>
}

export type Gathering =
  | { readonly ok: true; readonly gathered: Gathered }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export function gatherSettings(input: GatherInput): Gathering {
  const dev = input.uses.some((use) => use.flag.name === 'dev' && parseBool(use.value) === true)
  const flags = settingsOfFlags(input.uses)
  const given = input.uses
    .filter((use) => use.flag.name === 'hcl')
    .map((use, i): ConfigText => ({ name: `flags-${i}.hcl`, text: use.value, format: 'hcl' }))
  const read = [...input.files, ...given].map((text) => readText(text, input.profile))
  const refusals = read.flatMap((one) => one.refusals)
  if (refusals.length > 0) return { ok: false, refusals }

  const texts = read.map((one) => modernize(one.settings))
  const moved = texts.flatMap((one) => one.moved)
  const warnings = [
    ...read.flatMap(({ enterprise }) => enterprise.map(showEnterprise)),
    ...moved.map(showMove),
  ]
  const notices = read.flatMap(({ enterprise }, i) => [
    ...noticesOfEnterprise(enterprise),
    ...noticesOfMoves(texts[i]?.moved ?? []),
  ])
  const files = texts.slice(0, input.files.length)
  const fragments = texts.slice(input.files.length)
  const settings = mergeSettings([
    DEFAULTS,
    ...(dev ? [DEV] : []),
    modernize(flags.lists).settings,
    ...files.map((one) => one.settings),
    modernize(flags.values).settings,
    ...fragments.map((one) => one.settings),
  ])
  const origins = new Map([...read.flatMap((one) => [...one.origins]), ...flags.origins])
  const places = new Map(read.flatMap((one) => [...one.places]))
  const told = { warnings, notices, moved }
  return { ok: true, gathered: { settings, dev, ...told, origins, places } }
}

const showEnterprise = ({ path }: UnknownKey): string =>
  `${path} belongs to Consul Enterprise and has no effect`

const showMove = (from: string): string => {
  const to = MOVES[from] ?? ''
  return to === ''
    ? `${from} is out of use and has no effect`
    : `${from} is out of use; write ${to} instead`
}

interface ReadText {
  readonly settings: Settings
  readonly refusals: readonly Refusal[]
  readonly enterprise: readonly UnknownKey[]
  readonly origins: ReadonlyMap<string, Origin>
  readonly places: ReadonlyMap<object, Origin>
}

const NOTHING: ReadText = {
  settings: {},
  refusals: [],
  enterprise: [],
  origins: new Map(),
  places: new Map(),
}

function readText(given: ConfigText, profile: Profile): ReadText {
  const source = { ...given, text: normalizeLines(given.text) }
  if (source.text.trim() === '') return NOTHING // an empty file has no settings, in either language
  const parse = source.format === 'json' ? parseJsonDocument : parseHclDocument
  const parsed = parse(source.text)
  if (!parsed.ok) {
    const consul = `failed to parse ${source.name}: ${parsed.consul}`
    const origin = { source, at: parsed.at }
    return { ...NOTHING, refusals: [{ consul, what: parsed.what, origin }] }
  }
  const dialect = { own: profile === 'lictor' }
  const decoded = decodeDocument({ source, root: parsed.root, shape: AGENT, dialect })
  return {
    settings: decoded.value as Settings, // decoded by the very shape that the type is inferred from
    refusals: [...refuseMismatches(source, decoded), ...refuseUnknown(source, decoded)],
    enterprise: decoded.enterprise,
    origins: decoded.origins,
    places: decoded.placesOfRecords,
  }
}

/** Consul names all mismatches of a file in one breath; we put each on its own line. */
function refuseMismatches(source: Source, { mismatches }: Decoded): readonly Refusal[] {
  const list = mismatches.map((one) => `* ${one.consul}`).join('\n')
  const count = `${mismatches.length} error(s) decoding`
  const consul = `failed to parse ${source.name}: ${count}:\n\n${list}`
  return mismatches.map((one) => ({ consul, what: one.what, origin: { source, at: one.at } }))
}

function refuseUnknown(source: Source, { unknown }: Decoded): readonly Refusal[] {
  const paths = unknown.map((key) => `invalid config key ${key.path}`).sort()
  const consul = `failed to parse ${source.name}: ${multierror(paths)}`
  return unknown.map((key, i) => ({
    consul,
    what: `unknown setting ${JSON.stringify(key.path)}`,
    origin: { source, at: key.at },
    next: i < REFUSALS_SHOWN_MAX ? suggest(key) : undefined,
  }))
}

function suggest(key: UnknownKey): string | undefined {
  const near = closest(key.name.toLowerCase(), key.known)
  return near === undefined ? undefined : `did you mean ${near}?`
}
