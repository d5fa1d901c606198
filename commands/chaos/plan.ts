// What `chaos` commands are asked to run, from their flags: a story that is written down, or a
// search run that a seed draws. The same flags and seed mean the same run in all of them.
import { readFileSync } from 'node:fs'
import { isProfile, PROFILE_NAMES } from '../../core/sim/profiles.ts'
import { DOOR_BUGS, type DoorBug } from '../../core/sim/raft-host.ts'
import type { RunOptions } from '../../core/sim/run.ts'
import { parseScenario, type Scenario, type Step } from '../../core/sim/scenario.ts'
import { isSimpler, SIMPLER, type Simpler } from '../../core/sim/simpler.ts'
import { isStory, STORIES, STORY_MS } from '../../core/sim/stories.ts'
import { formatDuration } from '../../core/time.ts'
import { type Call, count, duration, type Flags, list, optional } from '../kit/declare.ts'
import { errnoOf, misuse, reasonOf } from '../kit/failure.ts'

const SEARCH = { group: 'search run' } as const

export const RUN_FLAGS = {
  nodes: count('servers and clients together', 5),
  duration: duration('how much time passes in the run (default 10m)'),
  scenario: optional('what happens: a story of ours, or a file', {
    placeholder: `${Object.keys(STORIES).join('|')}|FILE`,
    completes: 'file',
  }),
  bug: optional('plant a mistake, to see it found', {
    placeholder: DOOR_BUGS.join('|'),
    choices: DOOR_BUGS,
  }),
  profile: optional('let the seed draw everything, aimed at one kind of mistake', {
    placeholder: 'PROFILE',
    choices: PROFILE_NAMES,
    ...SEARCH,
  }),
  events: count('after so many events everything heals', 4_000, SEARCH),
  skip: list('leave a fault (P3, A1) or a request (2:17) out; several with commas', {
    placeholder: 'NAME',
    ...SEARCH,
  }),
  without: list(`leave something out altogether: ${SIMPLER.join(', ')}`, {
    placeholder: 'WHAT',
    choices: SIMPLER,
    ...SEARCH,
  }),
} as const satisfies Flags

export type RunCall = Call<typeof RUN_FLAGS>

export interface StoryPlan {
  readonly type: 'story'
  readonly seed: number
  readonly scenario: Scenario
  readonly servers: number
  readonly clients: number
  readonly bug: DoorBug | undefined
  /** To run it again, without the program's name and `chaos`. */
  readonly again: (verb: string) => string
}

export interface SearchPlan {
  readonly type: 'search'
  readonly seed: number
  readonly options: RunOptions
  readonly again: (verb: string) => string
}

export type Plan = StoryPlan | SearchPlan

const NODES_MAX = 9
const DURATION_MS = { least: 10_000, most: 24 * 3_600_000, usual: STORY_MS } as const

export function planOf(call: RunCall, seed: number): Plan {
  const { profile } = call.flags
  return profile === undefined ? storyOf(call, seed) : searchOf(call, seed, profile)
}

/** A seed from the command line. */
export function seedOf(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffffffff)
    throw misuse(`${JSON.stringify(text)} is no seed`, { why: 'a seed is a number below 2^32' })
  return Number(text)
}

function searchOf(call: RunCall, seed: number, profile: string): SearchPlan {
  const { events, skip, without, given } = { ...call.flags, given: call.given }
  for (const name of ['scenario', 'bug', 'nodes', 'duration'])
    if (given.has(name)) throw misuse(`-profile and -${name} do not go together`)
  if (!isProfile(profile))
    throw misuse(`there is no profile ${profile}`, { next: [PROFILE_NAMES.join(', ')] })
  const simpler = without.flatMap((word) => word.split(',')).map(simplerOf)
  const skipped = skip.flatMap((word) => word.split(','))
  const options: RunOptions = { seed, profile, events, skip: new Set(skipped), simpler }
  return { type: 'search', seed, options, again: (verb) => searchLine(verb, options) }
}

function simplerOf(word: string): Simpler {
  if (isSimpler(word)) return word
  throw misuse(`nothing can be left out that is called ${word}`, { next: [SIMPLER.join(', ')] })
}

/** The line that runs this again. */
export function searchLine(verb: string, options: RunOptions): string {
  const { seed, profile, events, skip = new Set(), simpler = [] } = options
  const parts = [`chaos ${verb} ${seed} -profile=${profile} -events=${events}`]
  if (skip.size > 0) parts.push(`-skip=${[...skip].join(',')}`)
  if (simpler.length > 0) parts.push(`-without=${simpler.join(',')}`)
  return parts.join(' ')
}

function storyOf(call: RunCall, seed: number): StoryPlan {
  const { nodes, scenario: named = 'standard', bug } = call.flags
  for (const name of ['events', 'skip', 'without'])
    if (call.given.has(name)) throw misuse(`-${name} needs -profile`)
  const ms = call.flags.duration ?? DURATION_MS.usual
  if (nodes < 1 || nodes > NODES_MAX) throw misuse(`-nodes is 1 to ${NODES_MAX}, not ${nodes}`)
  if (ms < DURATION_MS.least || ms > DURATION_MS.most)
    throw misuse(`-duration is 10s to 24h, not ${formatDuration(ms)}`)
  const told = scenarioOf(named)
  const clients = clientsAmong(nodes)
  const servers = nodes - clients
  const world = { ...told.world, servers, clients: Math.max(1, clients) * CLIENTS_EACH }
  const scenario = isStory(named) ? lasting({ ...told, world }, ms) : told
  const line = [`-nodes=${nodes}`, `-duration=${formatDuration(ms)}`, `-scenario=${named}`]
  if (bug !== undefined) line.push(`-bug=${bug}`)
  return {
    type: 'story',
    seed,
    scenario,
    servers: scenario.world.servers,
    clients,
    bug: bugOf(bug),
    again: (verb) => `chaos ${verb} ${seed} ${line.join(' ')}`,
  }
}

/** Each client node asks for so many things at once. */
const CLIENTS_EACH = 2

/** Five nodes are three servers and two clients. */
const clientsAmong = (nodes: number): number => (nodes >= 5 ? 2 : nodes >= 4 ? 1 : 0)

function bugOf(name: string | undefined): DoorBug | undefined {
  const bug = DOOR_BUGS.find((known) => known === name)
  if (name !== undefined && bug === undefined)
    throw misuse(`nobody knows the mistake ${name}`, { next: [DOOR_BUGS.join(', ')] })
  return bug
}

function scenarioOf(named: string): Scenario {
  const text = isStory(named) ? STORIES[named] : readScenario(named)
  const parsed = parseScenario(text)
  if (parsed.ok) return parsed.scenario
  throw misuse(`${named}:${parsed.line}: ${parsed.why}`)
}

function readScenario(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    const next = [`stories: ${Object.keys(STORIES).join(', ')}`]
    throw misuse(`cannot read the scenario ${path}`, { why: reasonOf(error), next })
  }
}

/** A story of ours goes on as long as it shall: cut short, or told again and again. */
function lasting(story: Scenario, ms: number): Scenario {
  const times = Math.ceil(ms / STORY_MS)
  const steps = Array.from({ length: times }, (_, round) =>
    story.steps.map((step) => later(step, round * STORY_MS)),
  ).flat()
  return { ...story, endMs: ms, steps: steps.filter((step) => isOverBy(step, ms)) }
}

const later = (step: Step, ms: number): Step =>
  step.when.type === 'at' ? { ...step, when: { type: 'at', ms: step.when.ms + ms } } : step

/** A check that could not be finished is not begun. */
function isOverBy({ when, act }: Step, ms: number): boolean {
  if (when.type !== 'at') return true
  return when.ms + (act.do === 'check' ? act.withinMs : 0) < ms
}
