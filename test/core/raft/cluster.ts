// A cluster for scripts: servers, their disks and the links between them, in which nothing happens
// that the script has not asked for. After every step of a server its invariants are checked, and
// those that bind servers: one leader in a term, one history, committed means durable on a
// majority.
import { AssertionError } from '../../../core/assert.ts'
import { EMPTY, textOf, utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry, type Persist, type Vote } from '../../../core/entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { dueAt } from '../../../core/raft/due.ts'
import { checkStep, checkThoroughly, type Watched, watch } from '../../../core/raft/invariants.ts'
import type {
  Configuration,
  Peer,
  RaftReply,
  RaftRequest,
  Server,
  SnapshotMeta,
} from '../../../core/raft/messages.ts'
import { hasMajority } from '../../../core/raft/quorum.ts'
import {
  type Boot,
  callTimeoutMs,
  configurationOf,
  createRaft,
  drainRaft,
  type Raft,
  type RaftEffect,
  type Settings,
  snapshotMetaAt,
} from '../../../core/raft/raft.ts'
import {
  bootstrap,
  onCall,
  onCallFailed,
  onInstalled,
  onInstallFailed,
  onPersisted,
  onPersistRefused,
  onReply,
  onSnapshotSaved,
  onTick,
  takeCommitted,
} from '../../../core/raft/server.ts'

interface Image {
  readonly meta: SnapshotMeta
  readonly state: readonly Entry[]
}

/** What survives a crash. */
export interface Platter {
  vote: Vote
  entries: Entry[]
  snapshot: Image | undefined
}

export interface Node {
  readonly name: string
  readonly peer: Peer
  platter: Platter
  raft: Raft | undefined
  watched: Watched | undefined
  now: number
  /** The state: everything that was applied. */
  state: Entry[]
  writing: Persist | undefined
  /** Writes wait until they are let through one by one. */
  diskHeld: boolean
  diskFull: boolean
  /** Crash at the n-th write from now, before or after it has landed. */
  trap: { count: number; when: 'before' | 'after' } | undefined
  /** Calls that wait for our answer. */
  readonly incoming: Map<number, { from: string; call: number; start: number }>
  readonly images: Map<number, Image>
  installing: { id: number; image: Image } | undefined
  installHeld: boolean
  /** The next snapshot that comes cannot be written. */
  installFails: boolean
  /** When our calls fail for want of an answer. */
  readonly deadlines: Map<number, number>
  starts: number
}

export type Message = { readonly from: string; readonly to: string } & (
  | {
      readonly kind: 'call'
      readonly call: number
      readonly start: number
      readonly request: RaftRequest
      readonly image: Image | undefined
    }
  | {
      readonly kind: 'reply'
      readonly call: number
      /** Of the process that called: another one does not know the call. */
      readonly start: number
      readonly reply: RaftReply
    }
)

export interface Cluster {
  settings: Settings
  readonly nodes: Map<string, Node>
  voters: string[]
  wire: Message[]
  /** Directed links `1>2` on which messages wait, and those that lose them. */
  readonly held: Set<string>
  readonly cut: Set<string>
  lastIncoming: number
  /** A call by hand has said that everything up to here is committed. */
  vouched: number
  readonly leaders: Map<Term, string>
  readonly history: Map<LogIndex, Entry>
  tell: (line: string) => void
}

export const SETTINGS: Settings = {
  heartbeatMs: 1_000,
  electionMs: 1_000,
  leaseMs: 500,
  commitMs: 50,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 2,
  trailingEntries: 1_000,
  leaseDrift: undefined,
}

export const configurations = {
  encode: (configuration: Configuration) => utf8(JSON.stringify(configuration)),
  decode: (data: Uint8Array): Configuration | undefined => {
    try {
      return JSON.parse(textOf(data)) as Configuration // what encode has made, or no JSON
    } catch {
      return undefined // a script sends what cannot be read
    }
  },
}

export const createCluster = (tell: (line: string) => void): Cluster => ({
  settings: SETTINGS,
  nodes: new Map(),
  voters: [],
  wire: [],
  held: new Set(),
  cut: new Set(),
  lastIncoming: 0,
  vouched: 0,
  leaders: new Map(),
  history: new Map(),
  tell,
})

export const peerOf = (name: string): Peer => ({ id: name, address: `host${name}:1` })

export const voter = (name: string): Server => ({ ...peerOf(name), suffrage: 'voter' })

export const votersNamed = (names: readonly string[]): Configuration => ({
  servers: names.map(voter),
})

const blank = (): Platter => ({
  vote: { term: term(0), votedFor: '' },
  entries: [],
  snapshot: undefined,
})

export function addNode(cluster: Cluster, name: string): Node {
  const node: Node = {
    name,
    peer: peerOf(name),
    platter: blank(),
    raft: undefined,
    watched: undefined,
    now: 0,
    state: [],
    writing: undefined,
    diskHeld: false,
    diskFull: false,
    trap: undefined,
    incoming: new Map(),
    images: new Map(),
    installing: undefined,
    installHeld: false,
    installFails: false,
    deadlines: new Map(),
    starts: 0,
  }
  cluster.nodes.set(name, node)
  return node
}

export function nodeOf({ nodes }: Cluster, name: string): Node {
  const node = nodes.get(name)
  if (node === undefined) throw new Error(`there is no server ${name}`)
  return node
}

export function raftOf(cluster: Cluster, name: string): Raft {
  const { raft } = nodeOf(cluster, name)
  if (raft === undefined) throw new Error(`server ${name} does not run`)
  return raft
}

export function startNode(cluster: Cluster, node: Node, boot: Boot): void {
  const { platter } = node
  const { vote, entries, snapshot } = platter
  const position = snapshot?.meta
  node.state = [...(snapshot?.state ?? [])]
  node.raft = createRaft({
    self: node.peer,
    settings: cluster.settings,
    prng: createPrng(node.peer.id.charCodeAt(0) * 1_000 + node.starts++),
    configurations,
    recovered: {
      vote,
      entries,
      snapshot: position && { index: position.index, term: position.term, chunks: [] },
    },
    snapshot: position,
    now: node.now,
    boot,
  })
  node.watched = watch(node.raft)
  drainRaft(node.raft) // configurations that it found
}

/** The first configuration, durable on every voter. */
export function bootstrapAll(cluster: Cluster): void {
  for (const name of cluster.voters) {
    const node = nodeOf(cluster, name)
    step(cluster, node, (raft) => {
      const begun = bootstrap(raft, votersNamed(cluster.voters), node.now)
      if (!begun.ok) throw new Error(begun.why)
    })
    endWrite(cluster, node)
  }
}

export function crashNode(node: Node): void {
  node.raft = undefined
  node.writing = undefined
  node.trap = undefined
  node.installing = undefined
  node.incoming.clear()
  node.images.clear()
  node.deadlines.clear()
}

export function wipeNode(node: Node): void {
  node.platter = blank()
  node.state = []
}

/** Something happens to a server: its effects are performed in order. */
export function step(cluster: Cluster, node: Node, happen: (raft: Raft) => void): void {
  const { raft } = node
  if (raft === undefined) throw new Error(`server ${node.name} does not run`)
  happen(raft)
  checkAfter(cluster, node, raft)
  for (const effect of drainRaft(raft)) {
    perform(cluster, node, effect)
    if (node.raft !== raft) return // it crashed between two effects
  }
}

function checkAfter(cluster: Cluster, node: Node, raft: Raft): void {
  try {
    checkThoroughly(raft)
    if (node.watched !== undefined) node.watched = checkStep(raft, node.watched)
  } catch (error) {
    if (error instanceof AssertionError) error.message = `server ${node.name}: ${error.message}`
    throw error
  }
  if (raft.role.type !== 'leader') return
  const { term: leads } = raft.vote
  const known = cluster.leaders.get(leads)
  if (known !== undefined && known !== node.name)
    throw new Error(`${known} and ${node.name} both lead in term ${leads} (I1)`)
  cluster.leaders.set(leads, node.name)
}

function perform(cluster: Cluster, node: Node, effect: RaftEffect): void {
  switch (effect.type) {
    case 'persist':
      startWrite(cluster, node, effect.persist)
      break
    case 'call':
      placeCall(cluster, node, effect)
      break
    case 'reply':
      answer(cluster, node, effect)
      break
    case 'committed':
      applyCommitted(cluster, node)
      break
    case 'install':
      install(cluster, node, effect)
      break
    case 'note':
      cluster.tell(`${node.name}: ${noteText(effect.note)}`)
      break
    case 'lost':
      cluster.tell(`${node.name}: what was proposed from ${effect.from} on is in doubt`)
      break
    case 'readable':
      cluster.tell(`${node.name}: read ${effect.ids.join(' ')} at ${effect.index}`)
      break
    case 'unreadable':
      cluster.tell(`${node.name}: read ${effect.ids.join(' ')} refused`)
      break
    case 'transferred':
      cluster.tell(`${node.name}: transfer to ${effect.to} ${effect.ok ? 'done' : 'failed'}`)
      break
    default:
      throw new Error(`unknown effect ${JSON.stringify(effect)}`)
  }
}

type Note = Extract<RaftEffect, { readonly type: 'note' }>['note']

function noteText(note: Note): string {
  switch (note.what) {
    case 'became': {
      const phase = note.phase === undefined ? '' : ` (${note.phase})`
      return `${note.role}${phase} in term ${note.term}`
    }
    case 'leader':
      return `${note.id} leads term ${note.term}`
    case 'voted':
      return `votes for ${note.for} in term ${note.term}`
    case 'refused-vote':
      return `no vote for ${note.to} in term ${note.term}: ${note.why}`
    case 'commit':
      return `commit ${note.index} (term ${note.term})`
    case 'truncated':
      return `cuts its log from ${note.from}`
    case 'configuration':
      return `configuration of ${note.index}: ${note.servers.join(' ').replaceAll(':voter', '')}`
    case 'snapshot':
      return `takes the snapshot up to ${note.index} (term ${note.term})`
    case 'stepped-down':
      return `steps down in term ${note.term}: ${note.why}`
    case 'disk-full':
      return 'its disk is full'
    case 'disk-has-room':
      return 'its disk has room again'
    default:
      return `quarantine is over at ${note.index}`
  }
}

function startWrite(cluster: Cluster, node: Node, persist: Persist): void {
  if (node.writing !== undefined) throw new Error(`server ${node.name} writes twice at once`)
  node.writing = persist
  if (node.trap === undefined || --node.trap.count > 0) return
  if (node.trap.when === 'after') land(node.platter, persist)
  cluster.tell(`${node.name}: crashes ${node.trap.when} a write`)
  crashNode(node)
}

export function land(platter: Platter, persist: Persist): void {
  const { vote, truncateFrom, restartBehind, entries } = persist
  if (vote !== undefined) platter.vote = vote
  if (truncateFrom !== undefined)
    platter.entries = platter.entries.filter(({ index }) => index < truncateFrom)
  if (restartBehind !== undefined) platter.entries = []
  for (const entry of entries) {
    const last = platter.entries.at(-1)
    if (last !== undefined && entry.index !== last.index + 1)
      throw new Error(`entry ${entry.index} is written behind ${last.index}`)
    platter.entries.push(entry)
  }
}

/** The write under way is done, or refused. False: there is none. */
export function endWrite(cluster: Cluster, node: Node): boolean {
  const { writing } = node
  if (writing === undefined) return false
  node.writing = undefined
  const isRefused = node.diskFull && writing.entries.length > 0
  if (!isRefused) land(node.platter, writing)
  step(cluster, node, (raft) => {
    if (isRefused) onPersistRefused(raft, writing.token, node.now)
    else onPersisted(raft, writing.token, node.now)
  })
  return true
}

const linkOf = (from: string, to: string) => `${from}>${to}`

export const isHeld = ({ held }: Cluster, { from, to }: Message): boolean =>
  held.has(linkOf(from, to))

function send({ wire, cut }: Cluster, message: Message): void {
  if (!cut.has(linkOf(message.from, message.to))) wire.push(message)
}

function placeCall(
  cluster: Cluster,
  node: Node,
  { call, to, request }: Extract<RaftEffect, { readonly type: 'call' }>,
): void {
  node.deadlines.set(call, node.now + callTimeoutMs(cluster.settings, request))
  const image = request.type === 'install-snapshot' ? node.platter.snapshot : undefined
  const { name, starts: start } = node
  send(cluster, { from: name, to: to.id, kind: 'call', call, start, request, image })
}

function answer(
  cluster: Cluster,
  node: Node,
  { id, reply }: Extract<RaftEffect, { readonly type: 'reply' }>,
): void {
  const caller = node.incoming.get(id)
  if (caller === undefined) throw new Error(`${node.name} answers call ${id} twice`)
  node.incoming.delete(id)
  if (caller.call < 0) cluster.tell(`${node.name} answers ${caller.from}: ${replyText(reply)}`)
  else {
    const { from: to, call, start } = caller
    send(cluster, { from: node.name, to, kind: 'reply', call, start, reply })
  }
}

/** A message arrives. At a server that does not run calls fail at once, replies are lost. */
export function deliver(cluster: Cluster, message: Message): void {
  const node = cluster.nodes.get(message.to)
  const isUp = node?.raft !== undefined
  if (message.kind === 'reply') {
    if (!isUp || node.starts !== message.start) return
    node.deadlines.delete(message.call)
    step(cluster, node, (raft) => onReply(raft, message, node.now))
    return
  }
  if (isUp) receive(cluster, node, message)
  else failCall(cluster, nodeOf(cluster, message.from), message.call)
}

export interface Incoming {
  readonly from: string
  readonly call: number
  readonly start: number
  readonly request: RaftRequest
  readonly image: Image | undefined
}

/** A call with a negative number comes from the script: its answer is told. */
export function receive(
  cluster: Cluster,
  node: Node,
  { from, call, start, request, image }: Incoming,
): void {
  const id = ++cluster.lastIncoming
  node.incoming.set(id, { from, call, start })
  if (image !== undefined) node.images.set(id, image)
  step(cluster, node, (raft) => onCall(raft, { id, from: peerOf(from), request }, node.now))
}

function failCall(cluster: Cluster, node: Node, call: number): void {
  if (node.raft === undefined || !node.deadlines.delete(call)) return
  step(cluster, node, (raft) => onCallFailed(raft, call, node.now))
}

function applyCommitted(cluster: Cluster, node: Node): void {
  const { raft } = node
  if (raft === undefined) return
  for (const entry of takeCommitted(raft)) {
    const known = cluster.history.get(entry.index)
    if (known === undefined) checkDurable(cluster, raft, entry)
    else if (!isSame(known, entry))
      throw new Error(`${node.name} commits another entry ${entry.index} (I6)`)
    cluster.history.set(entry.index, entry)
    node.state.push(entry)
  }
}

const isSame = (a: Entry, b: Entry) =>
  a.term === b.term && a.type === b.type && textOf(a.data) === textOf(b.data)

/** I7: read from the disks, not from what servers believe. */
function checkDurable(cluster: Cluster, raft: Raft, entry: Entry): void {
  if (entry.index <= cluster.vouched) return
  const has = (name: string) => {
    const { entries, snapshot } = nodeOf(cluster, name).platter
    if ((snapshot?.meta.index ?? 0) >= entry.index) return true
    return entries.some((each) => each.index === entry.index && each.term === entry.term)
  }
  if (!hasMajority(configurationOf(raft), has))
    throw new Error(`entry ${entry.index} is committed, but not durable on a majority (I7)`)
}

function install(cluster: Cluster, node: Node, { id }: { id: number }): void {
  const image = node.images.get(id)
  node.images.delete(id)
  if (image === undefined || node.installFails) {
    node.installFails = false
    step(cluster, node, (raft) => onInstallFailed(raft, id, node.now))
    return
  }
  node.installing = { id, image }
  if (!node.installHeld) endInstall(cluster, node)
}

export function endInstall(cluster: Cluster, node: Node): void {
  const { installing } = node
  if (installing === undefined) throw new Error(`server ${node.name} installs nothing`)
  const { id, image } = installing
  node.installing = undefined
  keepImage(node, image)
  step(cluster, node, (raft) => {
    const isTaken = onInstalled(raft, { id, snapshot: image.meta }, node.now)
    if (isTaken) node.state = [...image.state]
  })
}

function keepImage(node: Node, image: Image): void {
  if (image.meta.index > (node.platter.snapshot?.meta.index ?? 0)) node.platter.snapshot = image
}

/** A snapshot of everything applied, written, and the log trimmed behind it. */
export function saveSnapshot(cluster: Cluster, node: Node): void {
  const raft = raftOf(cluster, node.name)
  const meta = snapshotMetaAt(raft, raft.delivered)
  if (meta === undefined) throw new Error(`server ${node.name} cannot describe its state`)
  keepImage(node, { meta, state: [...node.state] })
  step(cluster, node, () => {
    const through = onSnapshotSaved(raft, meta, node.now)
    node.platter.entries = node.platter.entries.filter(({ index }) => index > through)
  })
}

/** Lets time pass at a server: whatever is due on the way happens. */
export function pass(cluster: Cluster, node: Node, ms: number): void {
  const until = node.now + ms
  while (node.raft !== undefined && Math.max(node.now + 1, nextDue(node)) < until) {
    node.now = Math.max(node.now + 1, nextDue(node))
    tick(cluster, node)
  }
  node.now = until
  if (node.raft !== undefined) tick(cluster, node)
}

const nextDue = ({ raft, deadlines }: Node): number =>
  Math.min(raft === undefined ? Number.POSITIVE_INFINITY : dueAt(raft), ...deadlines.values())

function tick(cluster: Cluster, node: Node): void {
  const late = [...node.deadlines].filter(([, due]) => due <= node.now).map(([call]) => call)
  for (const call of late) failCall(cluster, node, call)
  step(cluster, node, (raft) => onTick(raft, node.now))
}

/** Delivers and writes until nothing is left to do. */
export function settle(cluster: Cluster): void {
  for (let rounds = 0; rounds < 10_000; rounds++) if (!round(cluster)) return
  throw new Error('the cluster does not come to rest')
}

/** Delivers what is under way, and lets the disks write what they have. False: nothing. */
export function round(cluster: Cluster): boolean {
  const ready = cluster.wire.filter((message) => !isHeld(cluster, message))
  cluster.wire = cluster.wire.filter((message) => isHeld(cluster, message))
  for (const message of ready) deliver(cluster, message)
  let wrote = false
  for (const node of cluster.nodes.values())
    if (!node.diskHeld && endWrite(cluster, node)) wrote = true
  return ready.length > 0 || wrote
}

export const entryOf = (index: number, inTerm: number, text = ''): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  type: text === '' ? ENTRY.noop : ENTRY.command,
  data: text === '' ? EMPTY : utf8(text),
})

export function replyText(reply: RaftReply): string {
  switch (reply.type) {
    case 'append-reply': {
      const hint = reply.noRetryBackoff ? ', at once' : ''
      return `${reply.success ? 'yes' : 'no'} in term ${reply.term}, last ${reply.lastLog}${hint}`
    }
    case 'vote-reply':
      return `${reply.granted ? 'vote' : 'no vote'} in term ${reply.term}`
    case 'pre-vote-reply':
      return `${reply.granted ? 'would vote' : 'would not vote'} in term ${reply.term}`
    case 'timeout-now-reply':
      return 'heard'
    default:
      return `${reply.success ? 'installed' : 'not installed'} in term ${reply.term}`
  }
}
