// Breadth first through all that can happen (world.ts): every state once, the nearest first, and in
// each what must hold between servers. What must hold in one is checked with each step.
import { AssertionError } from '../../../core/assert.ts'
import { lastIndex, termAt } from '../../../core/raft/log.ts'
import type { Raft } from '../../../core/raft/raft.ts'
import { keyOf } from './key.ts'
import { type Action, actionsOf, committedIn, type Limits, type State } from './world.ts'

export interface Searched {
  readonly states: number
  /** Actions behind the beginning. */
  readonly depth: number
  /** True: there is no other state within the limits. */
  readonly isAll: boolean
  readonly leaders: number
  readonly commits: number
  readonly finding: { readonly what: string; readonly way: readonly string[] } | undefined
}

/** How a state was come to; the states on the way are not kept. */
interface Way {
  readonly before: Way | undefined
  readonly text: string
}

interface Visit {
  readonly state: State
  readonly way: Way | undefined
}

interface SearchOptions extends Limits {
  readonly statesMax: number
}

export function search(from: State, options: SearchOptions): Searched {
  const seen = new Set<string>([keyOf(from)])
  const found = { leaders: 0, commits: 0 }
  const end = (depth: number, isAll: boolean, finding?: Searched['finding']): Searched => ({
    states: seen.size,
    depth,
    isAll,
    ...found,
    finding,
  })
  let level: Visit[] = [{ state: from, way: undefined }]
  for (let depth = 0; ; depth++) {
    const next: Visit[] = []
    for (const { state, way } of level) {
      count(state, found)
      for (const action of actionsOf(state, options)) {
        const done = act(action)
        const onward = { before: way, text: action.text }
        if ('what' in done) return end(depth, false, { what: done.what, way: textsOf(onward) })
        if (isKnown(seen, done.state)) continue
        next.push({ state: done.state, way: onward })
        if (seen.size >= options.statesMax) return end(depth, false)
      }
    }
    if (next.length === 0) return end(depth, true)
    level = next
  }
}

function isKnown(seen: Set<string>, state: State): boolean {
  const before = seen.size
  return seen.add(keyOf(state)).size === before
}

const raftsIn = ({ nodes }: State): readonly Raft[] =>
  nodes.flatMap(({ raft }) => (raft === undefined ? [] : [raft]))

function count(state: State, found: { leaders: number; commits: number }): void {
  for (const { role, commit, vote } of raftsIn(state)) {
    if (role.type === 'leader') found.leaders = Math.max(found.leaders, vote.term)
    found.commits = Math.max(found.commits, commit)
  }
}

function act({ next }: Action): { readonly state: State } | { readonly what: string } {
  try {
    const state = next()
    const what = complaintAbout(state)
    return what === undefined ? { state } : { what }
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error
    return { what: error.message }
  }
}

function textsOf(last: Way): string[] {
  const texts: string[] = []
  for (let at: Way | undefined = last; at !== undefined; at = at.before) texts.unshift(at.text)
  return texts
}

/** Raft figure 3. */
function complaintAbout(state: State): string | undefined {
  const rafts = raftsIn(state)
  for (const a of rafts) {
    const why = complaintAboutLeader(state, a)
    if (why !== undefined) return why
    for (const b of rafts) {
      if (a.self.id >= b.self.id) continue
      const other = complaintAboutTwo(a, b)
      if (other !== undefined) return `${a.self.id} and ${b.self.id}: ${other}`
    }
  }
  return undefined
}

function complaintAboutTwo(a: Raft, b: Raft): string | undefined {
  const leads = (raft: Raft) => raft.role.type === 'leader'
  if (leads(a) && leads(b) && a.vote.term === b.vote.term) return 'two leaders in one term'
  const both = Math.min(a.commit, b.commit)
  const [ours, theirs] = [committedIn(a), committedIn(b)]
  for (let at = 0; at < both; at++)
    if (ours[at]?.term !== theirs[at]?.term) return `entry ${at + 1} is committed twice`
  return logsPart(a, b) ? 'the logs match, and part before' : undefined
}

/** An entry of one term is the same in both: so is all before it. */
function logsPart(a: Raft, b: Raft): boolean {
  let isSame = false
  for (let at = Math.min(lastIndex(a.log), lastIndex(b.log)) - 1; at >= 0; at--) {
    const agree = a.log.entries[at]?.term === b.log.entries[at]?.term
    if (isSame && !agree) return true
    isSame = agree
  }
  return false
}

/** Whoever leads the newest term has all that any server knows to be committed, and so do disks. */
function complaintAboutLeader({ nodes }: State, leader: Raft): string | undefined {
  if (leader.role.type !== 'leader') return undefined
  for (const { raft } of nodes) {
    if (raft === undefined || raft.vote.term > leader.vote.term) continue
    for (const { index, term } of committedIn(raft))
      if (termAt(leader.log, index) !== term)
        return `${leader.self.id} leads without entry ${index}, which is committed`
  }
  const { commit } = leader
  const holds = nodes.filter(
    ({ entries }) => entries[commit - 1]?.term === termAt(leader.log, commit),
  )
  if (commit > 0 && 2 * holds.length <= nodes.length)
    return `entry ${commit} is committed, and on ${holds.length} disks`
  return undefined
}
