// The rules of docs/STYLE.md that neither the compiler nor biome knows. Each takes one source and
// names what it finds.
import { codeOnly, functionsOf, importsOf, lineAt } from './source.ts'

export interface Source {
  /** From the project's root, with slashes. */
  readonly path: string
  readonly text: string
  /** The text without comments and literals. */
  readonly code: string
}

export interface Complaint {
  readonly path: string
  readonly line: number
  readonly what: string
}

export const sourceOf = (path: string, text: string): Source => ({
  path,
  text,
  code: codeOnly(text),
})

const COLUMNS_MAX = 100
const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 500

const isTest = (path: string) => path.startsWith('test/')
const isCore = (path: string) => path.startsWith('core/')

/** Everything the rules have against one TypeScript source. */
export function complaintsOf(source: Source): Complaint[] {
  return [
    ...tooLong(source),
    ...longFunctions(source),
    ...patterns(source),
    ...bareCasts(source),
    ...importComplaints(source),
  ]
}

function tooLong({ path, text }: Source): Complaint[] {
  const lines = text.split('\n')
  const wide = lines.flatMap((line, i) =>
    [...line].length > COLUMNS_MAX
      ? [{ path, line: i + 1, what: `${[...line].length} columns, ${COLUMNS_MAX} at most` }]
      : [],
  )
  if (isTest(path) || lines.length - 1 <= FILE_LINES_MAX) return wide
  return [...wide, { path, line: 1, what: `${lines.length - 1} lines, ${FILE_LINES_MAX} at most` }]
}

function longFunctions({ path, code }: Source): Complaint[] {
  return functionsOf(code)
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ name, line, lines }) => ({
      path,
      line,
      what: `${name}: ${lines} lines, ${FUNCTION_LINES_MAX} at most`,
    }))
}

interface Pattern {
  readonly what: string
  readonly pattern: RegExp
  readonly where: (path: string) => boolean
  /** Comments and strings count, too. */
  readonly everywhere?: boolean
}

const always = () => true

/**
 * Words that these rules name are written apart, so that this file does not fall under its own
 * rules.
 */
const word = (...parts: string[]) => new RegExp(`\\b${parts.join('')}\\b`, 'g')

const PATTERNS: readonly Pattern[] = [
  { what: 'randomness that was not handed in', pattern: /\bMath\.random\b/g, where: isCore },
  { what: 'a clock that was not handed in', pattern: /\bDate\s*[.(]/g, where: isCore },
  { what: 'waiting in core', pattern: /\b(?:async|await)\b/g, where: isCore },
  { what: 'transcendental maths may differ', pattern: /\bMath\.(?:sin|cos|tan)\b/g, where: isCore },
  { what: 'a cast to any', pattern: /\bas any\b/g, where: always },
  { what: 'any', pattern: /[:<]\s*any\b/g, where: always },
  { what: 'a non-null assertion', pattern: /[\w\])]!(?=[.,;)\][]|\s*$)/gm, where: always },
  { what: 'an enum', pattern: /^\s*(?:export\s+)?(?:const\s+)?enum\s/gm, where: always },
  { what: 'an empty catch', pattern: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/g, where: always },
  {
    what: 'a promise for later without a decision record',
    pattern: word('(?:TO', 'DO|FIX', 'ME|XX', 'X)'),
    where: always,
    everywhere: true,
  },
  {
    what: 'a compiler check switched off',
    pattern: word('@ts-(?:ignore|no', 'check|expect-error)'),
    where: always,
    everywhere: true,
  },
  {
    what: 'Node loops for ever at some folders (daemons/runtime/folder.ts)',
    pattern: /\bmkdir(?:Sync)?\([^\n]*\brecursive\b/g,
    where: (path) => path.startsWith('daemons/') || path.startsWith('commands/'),
  },
  {
    what: 'a timer outside the one clock',
    pattern: /\bset(?:Timeout|Interval)\b/g,
    where: (path) => isCore(path),
  },
]

function patterns({ path, text, code }: Source): Complaint[] {
  return PATTERNS.filter(({ where }) => where(path)).flatMap(({ what, pattern, everywhere }) =>
    [...(everywhere ? text : code).matchAll(pattern)].map((match) => ({
      path,
      line: lineAt(text, match.index),
      what: `${what}: ${match[0].trim()}`,
    })),
  )
}

/** A cast, but for `a[i] as T`, is for a decoder's edge and says why: on its line or before it. */
function bareCasts({ path, text, code }: Source): Complaint[] {
  if (isTest(path)) return []
  const lines = text.split('\n')
  return [...code.matchAll(CAST)].flatMap((match) => {
    const line = lineAt(text, match.index)
    const near = `${lines[line - 2]}\n${lines[line - 1]}`
    if (/\/\/|\*\//.test(near) || IMPORTING.test(lines[line - 1] ?? '')) return []
    return [{ path, line, what: `a cast without a reason: ${match[0].trim()}` }]
  })
}

const CAST = /(?<=[\w)}'"`]\s+)as\s+(?!const\b)[\w{([]+/g
const IMPORTING = /^\s*(?:import|export)\b|^\s*(?:type\s+)?\w+ as \w+,?$/

/** What must stand in no text file of the project: paths of one machine, hosts of a registry. */
export function strangePlaces(path: string, text: string): Complaint[] {
  return [...text.matchAll(STRANGE)].map((match) => ({
    path,
    line: lineAt(text, match.index),
    what: `a path or host of somebody's own: ${match[0]}`,
  }))
}

const STRANGE = new RegExp(
  ['/wo', 'rk/(?:main|shared)|/ro', 'ot/|/ho', 'me/(?!USER|\\w+/?\\[)|registry\\.np', 'mjs'].join(
    '',
  ),
  'g',
)

/** Rooms of core, bottom first: each imports only from those before it. */
export const ROOMS: readonly string[] = [
  'ground',
  'wire',
  'state',
  'config',
  'route',
  'filter',
  'solo',
  'replica',
  'raft',
  'raftnode',
  'swim',
  'kv',
  'sessions',
  'coordinates',
  'catalog',
  'local',
  'events',
  'registry',
  'dns',
  'absent',
  'acl',
  'txn',
  'autopilot',
  'self',
  'fsm',
  'api',
  'agent',
  'kvnode',
  'sim',
]

/** Files of core's own folder that are machines and not ground. */
const MACHINES = ['solo']

/** Every package has one home; core has the pure ones of its allow-list. */
const HOMES: Readonly<Record<string, readonly RegExp[]>> = {
  '@oclif/core': [/^commands\//, /^completions\//, /^man\//, /^build\//],
  chalk: [/^commands\/kit\/output\.ts$/, /^daemons\/runtime\/log\.ts$/],
  'dns-packet': [/^test\//],
  execa: [/^daemons\/runtime\/probe\.ts$/, /^commands\/kit\/launch\.ts$/, /^test\//],
  re2js: [/^core\/regexp\.ts$/],
  uvu: [/^test\//],
  'fast-check': [/^test\/kit\/property\.ts$/],
  consul: [/^test\/clients\//],
  'js-hcl-parser': [/^test\//],
  peggy: [/^test\//],
  esbuild: [/^build\//, /^test\/sim\//, /^test\/core\/raft\/kills\.ts$/],
}

function importComplaints(source: Source): Complaint[] {
  return importsOf(source.text, source.code).flatMap((found) => {
    const what = found.specifier.startsWith('.')
      ? insideProblem(source.path, found)
      : outsideProblem(source.path, found.specifier)
    return what === undefined ? [] : [{ path: source.path, line: found.line, what }]
  })
}

interface Import {
  readonly specifier: string
  readonly dynamic: boolean
  readonly typeOnly: boolean
}

function outsideProblem(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return isCore(path) ? `core imports ${specifier}` : undefined
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
  const homes = HOMES[name]
  if (homes === undefined) return `the package ${name} has no home`
  return homes.some((home) => home.test(path)) ? undefined : `${name} is imported outside its home`
}

function insideProblem(path: string, found: Import): string | undefined {
  const target = resolve(path, found.specifier)
  const [from, to] = [topOf(path), topOf(target)]
  if (to === 'test' && from !== 'test') return `the test tree is imported: ${target}`
  if (from === 'core') return coreProblem(path, target)
  if (from === 'daemons' && to === 'commands') return `daemons import a command: ${target}`
  if (path.startsWith('daemons/runtime/') && to === 'daemons' && !inRuntime(target)) {
    return `the runtime imports a daemon: ${target}`
  }
  if (from === 'commands' && to === 'daemons') return launchProblem(path, found)
  return undefined
}

const inRuntime = (path: string) => path.startsWith('daemons/runtime/')

function launchProblem(path: string, { specifier, dynamic, typeOnly }: Import): string | undefined {
  if (path === 'commands/kit/launch.ts' && (dynamic || typeOnly)) return undefined
  return `only commands/kit/launch.ts opens the door to daemons, and only dynamically: ${specifier}`
}

function coreProblem(path: string, target: string): string | undefined {
  if (topOf(target) !== 'core') return `core imports ${target}`
  const [from, to] = [roomOf(path), roomOf(target)]
  const [low, high] = [ROOMS.indexOf(to), ROOMS.indexOf(from)]
  if (low < 0 || high < 0) return `a room without a place in the order: ${low < 0 ? to : from}`
  return low <= high ? undefined : `${from} imports upwards from ${to}: ${target}`
}

/** The room of a core file: its folder, or the ground. */
function roomOf(path: string): string {
  const [, first = '', second] = path.split('/')
  if (second !== undefined) return first
  const name = first.replace(/\.ts$/, '')
  return MACHINES.includes(name) ? name : 'ground'
}

const topOf = (path: string) => path.split('/')[0] ?? ''

function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
