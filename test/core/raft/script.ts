// The language of the transcripts in scripts/*.txt. A line that begins at the margin is a command,
// an indented line is what came of it, # begins a remark. Running a transcript gives its text
// anew; README.md beside the scripts lists the commands.
import { utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { logIndex, type Term, term } from '../../../core/ids.ts'
import type { RaftRequest } from '../../../core/raft/messages.ts'
import { candidateName } from '../../../core/raft/save.ts'
import {
  bootstrap,
  change,
  onLeaderGone,
  onPersistRefused,
  onTick,
  propose,
  read,
  transfer,
} from '../../../core/raft/server.ts'
import {
  addNode,
  bootstrapAll,
  type Cluster,
  configurations,
  crashNode,
  createCluster,
  deliver,
  endInstall,
  endWrite,
  entryOf,
  isHeld,
  land,
  type Message,
  type Node,
  nodeOf,
  pass,
  peerOf,
  raftOf,
  receive,
  round,
  saveSnapshot,
  settle,
  startNode,
  step,
  voter,
  votersNamed,
  wipeNode,
} from './cluster.ts'
import { entriesText, expectText, factsOf, messageText, nodeText, progressText } from './words.ts'

/** How finely `run` lets time pass. */
const TICK_MS = 20

type Words = readonly string[]
type Verb = (cluster: Cluster, words: Words) => void

/** The transcript with the output of every command as it is now. */
export function runScript(text: string): string {
  const lines: string[] = []
  const cluster = createCluster((line) => lines.push(`  ${line}`))
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) continue
    lines.push(line)
    if (line.trim() === '' || line.startsWith('#')) continue
    runLine(cluster, line)
  }
  return lines.join('\n')
}

function runLine(cluster: Cluster, line: string): void {
  const [name = '', ...words] = line.trim().split(/\s+/)
  const verb = VERBS[name]
  if (verb === undefined) throw new Error(`no such command: ${line}`)
  try {
    verb(cluster, words)
  } catch (error) {
    if (error instanceof Error) error.message = `${line}: ${error.message}`
    throw error
  }
}

const word = (words: Words, at: number): string => {
  const found = words[at]
  if (found === undefined) throw new Error('a word is missing')
  return found
}

/** `key=value` words as a record. */
function options(words: Words): Readonly<Record<string, string>> {
  const pairs = words.filter((each) => each.includes('=')).map((each) => each.split('='))
  return Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value]))
}

const VERBS: Readonly<Record<string, Verb>> = {
  set: (cluster, [key = '', value = '']) => {
    cluster.settings = { ...cluster.settings, [settingOf(key)]: JSON.parse(value) }
  },
  start: (cluster, names) => {
    cluster.voters = [...names]
    for (const name of names) startNode(cluster, addNode(cluster, name), 'first')
    quietly(cluster, () => bootstrapAll(cluster))
  },
  voters: (cluster, names) => {
    cluster.voters = [...names]
  },
  begin: (cluster, [name = '', ...names]) =>
    step(cluster, nodeOf(cluster, name), (raft) => {
      const begun = bootstrap(raft, votersNamed(names), nodeOf(cluster, name).now)
      cluster.tell(begun.ok ? `entry ${begun.index}` : `refused: ${begun.why}`)
    }),
  add: (cluster, [name = '']) => startNode(cluster, addNode(cluster, name), 'first'),
  load,
  campaign: (cluster, [name = '']) => {
    const node = nodeOf(cluster, name)
    const { role } = raftOf(cluster, name)
    if (role.type === 'leader') throw new Error('a leader does not campaign')
    node.now = Math.max(node.now, role.electionDue)
    step(cluster, node, (raft) => onTick(raft, node.now))
  },
  elect: (cluster, words) => {
    VERBS['campaign']?.(cluster, words)
    settle(cluster)
    const { role } = raftOf(cluster, word(words, 0))
    if (role.type !== 'leader') throw new Error('it was not elected')
  },
  tick: (cluster, words) => {
    const [first = '', second] = words
    const ms = Number(second ?? first)
    for (const node of cluster.nodes.values())
      if (second === undefined || node.name === first) pass(cluster, node, ms)
  },
  /** The process stands still: time passes, and its timers do not fire yet. */
  late: (cluster, [name = '', ms = '0']) => {
    nodeOf(cluster, name).now += Number(ms)
  },
  run: (cluster, [ms = '0']) => {
    for (let past = 0; past < Number(ms); past += TICK_MS) {
      for (const node of cluster.nodes.values()) pass(cluster, node, TICK_MS)
      settle(cluster)
    }
  },
  settle: (cluster) => settle(cluster),
  round: (cluster, [count = '1']) => {
    for (let i = 0; i < Number(count); i++) round(cluster)
  },
  propose: (cluster, [name = '', ...data]) => {
    for (const each of data) {
      step(cluster, nodeOf(cluster, name), (raft) => {
        const made = propose(raft, utf8(each), nodeOf(cluster, name).now)
        cluster.tell(made.ok ? `entry ${made.index}: ${each}` : `refused: ${made.why}`)
      })
    }
  },
  read: (cluster, [name = '', ...ids]) => {
    for (const id of ids)
      step(cluster, nodeOf(cluster, name), (raft) => {
        if (!read(raft, Number(id), nodeOf(cluster, name).now)) cluster.tell('refused')
      })
  },
  transfer: (cluster, [name = '', to]) =>
    step(cluster, nodeOf(cluster, name), (raft) => {
      const begun = transfer(raft, to, nodeOf(cluster, name).now)
      if (!begun.ok) cluster.tell(`refused: ${begun.why}`)
    }),
  change: changeVerb,
  gone: (cluster, [name = '']) =>
    step(cluster, nodeOf(cluster, name), (raft) => onLeaderGone(raft, nodeOf(cluster, name).now)),
  snapshot: (cluster, [name = '']) => saveSnapshot(cluster, nodeOf(cluster, name)),
  rpc,

  deliver: (cluster, words) => {
    for (const message of take(cluster, words)) {
      cluster.tell(messageText(message))
      deliver(cluster, message)
    }
  },
  drop: (cluster, words) => {
    for (const message of take(cluster, words)) cluster.tell(`lost: ${messageText(message)}`)
  },
  duplicate: (cluster, words) => {
    const taken = take(cluster, words)
    cluster.wire.push(...taken, ...taken)
  },
  hold: (cluster, links) => {
    for (const link of links) cluster.held.add(link)
  },
  release: (cluster, links) => {
    for (const link of links) cluster.held.delete(link)
  },
  cut: (cluster, words) => cutLinks(cluster, words, (link) => cluster.cut.add(link)),
  heal: (cluster, words) => {
    if (words.length === 0) cluster.cut.clear()
    cutLinks(cluster, words, (link) => cluster.cut.delete(link))
  },

  disk: diskVerb,
  crash: crashVerb,
  restart: (cluster, [name = '', how = 'again']) => {
    const node = nodeOf(cluster, name)
    if (node.raft !== undefined) crashNode(node)
    if (how !== 'first' && how !== 'again' && how !== 'damaged') throw new Error(`how: ${how}`)
    startNode(cluster, node, how)
    if (node.raft !== undefined) step(cluster, node, (raft) => onTick(raft, node.now))
  },
  wipe: (cluster, [name = '']) => {
    crashNode(nodeOf(cluster, name))
    wipeNode(nodeOf(cluster, name))
  },
  refuse: (cluster, [name = '']) => {
    const node = nodeOf(cluster, name)
    const { writing } = node
    if (writing === undefined) throw new Error('there is no write under way')
    node.writing = undefined
    step(cluster, node, (raft) => onPersistRefused(raft, writing.token, node.now))
  },
  rot: (cluster, [name = '', from = '']) => {
    const { platter } = nodeOf(cluster, name)
    platter.entries = platter.entries.filter(({ index }) => index < Number(from))
  },

  show: (cluster, names) => {
    for (const node of chosen(cluster, names)) cluster.tell(nodeText(node))
  },
  log: (cluster, names) => {
    for (const node of chosen(cluster, names))
      cluster.tell(`${node.name}: ${entriesText(raftOf(cluster, node.name).log.entries)}`)
  },
  platter: (cluster, names) => {
    for (const { name, platter } of chosen(cluster, names)) {
      const { vote, entries } = platter
      const voted = vote.votedFor || '-'
      cluster.tell(`${name}: term ${vote.term}, voted ${voted}, ${entriesText(entries)}`)
    }
  },
  wire: (cluster) => {
    for (const message of cluster.wire) cluster.tell(messageText(message))
  },
  followers: (cluster, [name = '']) => {
    for (const line of progressText(raftOf(cluster, name))) cluster.tell(line)
  },
  expect: (cluster, [name = '', ...facts]) => {
    const node = nodeOf(cluster, name)
    for (const fact of facts) {
      const [key = '', wanted = ''] = fact.split('=')
      const found = factsOf(cluster, node)[key]
      if (found !== wanted) throw new Error(expectText(node, key, found))
    }
  },
  silent: (cluster, words) => {
    const [name = '', ...rest] = words
    quietly(cluster, () => VERBS[name]?.(cluster, rest))
  },
}

const SETTING_NAMES: Readonly<Record<string, string>> = {
  heartbeat: 'heartbeatMs',
  election: 'electionMs',
  lease: 'leaseMs',
  commit: 'commitMs',
  entries: 'appendEntriesMax',
  bytes: 'appendBytesMax',
  window: 'inflightMax',
  trailing: 'trailingEntries',
  drift: 'leaseDrift',
  promotion: 'promotion',
}

function settingOf(key: string): string {
  const name = SETTING_NAMES[key]
  if (name === undefined) throw new Error(`no such setting: ${key}`)
  return name
}

/** Does it without telling what happens. */
function quietly(cluster: Cluster, run: () => void): void {
  const { tell } = cluster
  cluster.tell = () => undefined
  try {
    run()
  } finally {
    cluster.tell = tell
  }
}

const chosen = (cluster: Cluster, names: Words): readonly Node[] =>
  names.length === 0 ? [...cluster.nodes.values()] : names.map((name) => nodeOf(cluster, name))

/** `load NAME TERM… [term=T] [voted=NAME]`: starts with such a log; entry 1 has all voters. */
function load(cluster: Cluster, words: Words): void {
  const [name = '', ...rest] = words
  const terms = rest.filter((each) => !each.includes('=')).map(Number)
  const { term: found = String(Math.max(1, ...terms)), voted } = options(rest)
  const node = addNode(cluster, name)
  node.platter.vote = {
    term: term(Number(found)),
    votedFor: voted === undefined ? '' : candidateName(peerOf(voted)),
  }
  node.platter.entries = terms.map((inTerm, at) =>
    at === 0 ? firstEntry(cluster, term(inTerm)) : entryOf(at + 1, inTerm, `t${inTerm}`),
  )
  startNode(cluster, node, 'again')
}

const firstEntry = ({ voters }: Cluster, inTerm: Term): Entry => ({
  index: logIndex(1),
  term: inTerm,
  type: ENTRY.configuration,
  data: configurations.encode(votersNamed(voters)),
})

function changeVerb(cluster: Cluster, [name = '', what = '', id = '', ...rest]: Words): void {
  const node = nodeOf(cluster, name)
  const { at, address } = options(rest)
  const onlyAt = at === undefined ? {} : { onlyAt: logIndex(Number(at)) }
  const server = { id, address: address ?? peerOf(id).address }
  step(cluster, node, (raft) => {
    const made =
      what === 'add-voter' || what === 'add-nonvoter'
        ? change(raft, { type: what, server, ...onlyAt }, node.now)
        : change(raft, { type: what === 'demote' ? 'demote' : 'remove', id, ...onlyAt }, node.now)
    cluster.tell(made.ok ? `entry ${made.index}` : `refused: ${made.why}`)
  })
}

function cutLinks(cluster: Cluster, words: Words, change: (link: string) => void): void {
  for (const each of words) {
    if (each.includes('>')) change(each)
    else
      for (const other of cluster.nodes.keys()) {
        change(`${each}>${other}`)
        change(`${other}>${each}`)
      }
  }
  const isCut = ({ from, to }: Message) => cluster.cut.has(`${from}>${to}`)
  cluster.wire = cluster.wire.filter((message) => !isCut(message))
}

/** Takes messages off the wire: of a link `1>2` or all, of one kind or all, `n=1`: the first. */
function take(cluster: Cluster, words: Words): readonly Message[] {
  const link = words.find((each) => each.includes('>'))
  const kind = words.find((each) => !each.includes('>') && !each.includes('='))
  const { n = '100000' } = options(words)
  const isWanted = (message: Message) =>
    (link === undefined ? !isHeld(cluster, message) : link === `${message.from}>${message.to}`) &&
    (kind === undefined || kind === kindOf(message))
  const taken = cluster.wire.filter(isWanted).slice(0, Number(n))
  if (taken.length === 0) throw new Error('there is no such message')
  cluster.wire = cluster.wire.filter((message) => !taken.includes(message))
  return taken
}

const kindOf = (message: Message): string =>
  message.kind === 'call' ? message.request.type : message.reply.type

function diskVerb(cluster: Cluster, [name = '', what = '']: Words): void {
  const node = nodeOf(cluster, name)
  if (what === 'hold') node.diskHeld = true
  else if (what === 'release') node.diskHeld = false
  else if (what === 'full') node.diskFull = true
  else if (what === 'room') node.diskFull = false
  else if (what === 'hold-install') node.installHeld = true
  else if (what === 'installed') endInstall(cluster, node)
  else if (what === 'refuse-install') node.installFails = true
  else if (what !== 'done') throw new Error(`what: ${what}`)
  else if (!endWrite(cluster, node)) throw new Error('there is no write under way')
}

/** `crash NAME`: the write under way is lost; `kept`: not. `crash NAME before|after N`: later. */
function crashVerb(cluster: Cluster, [name = '', when, count = '1']: Words): void {
  const node = nodeOf(cluster, name)
  if (when === 'before' || when === 'after') {
    node.trap = { count: Number(count), when }
    return
  }
  if (when === 'kept' && node.writing !== undefined) land(node.platter, node.writing)
  crashNode(node)
}

/** `rpc TO FROM KIND key=value…`: a call made by hand. Its answer is told when it is given. */
function rpc(cluster: Cluster, [to = '', from = '', kind = '', ...rest]: Words): void {
  const node = nodeOf(cluster, to)
  const given = options(rest)
  const request = requestOf(kind, given)
  if (request.type === 'append') cluster.vouched = Math.max(cluster.vouched, request.commit)
  if (request.type === 'install-snapshot') cluster.vouched = request.snapshot.index
  const image =
    request.type === 'install-snapshot' && given['damaged'] === undefined
      ? { meta: request.snapshot, state: imageState(cluster, request.snapshot.index) }
      : undefined
  receive(cluster, node, { from, call: -1, start: 0, request, image })
}

/** What was committed up to there, as a server would have it. */
const imageState = ({ history }: Cluster, through: number): Entry[] =>
  [...history.values()].filter(({ index }) => index <= through).sort((a, b) => a.index - b.index)

type Given = Readonly<Record<string, string>>

/** `5/2`: index and term. */
const position = (text = '0/0') => {
  const [index, inTerm] = text.split('/').map(Number)
  return { index: logIndex(index ?? 0), term: term(inTerm ?? 0) }
}

function requestOf(kind: string, given: Given): RaftRequest {
  const inTerm = term(Number(given['term'] ?? 0))
  const last = position(given['last'])
  switch (kind) {
    case 'vote': {
      const transfer = given['transfer'] !== undefined
      return { type: 'vote', term: inTerm, lastIndex: last.index, lastTerm: last.term, transfer }
    }
    case 'pre-vote':
      return { type: 'pre-vote', term: inTerm, lastIndex: last.index, lastTerm: last.term }
    case 'heartbeat':
      return { type: 'heartbeat', term: inTerm }
    case 'timeout-now':
      return { type: 'timeout-now' }
    case 'append': {
      const prev = position(given['prev'])
      const entries = (given['entries'] ?? '').split(',').filter((each) => each !== '')
      return {
        type: 'append',
        term: inTerm,
        prevIndex: prev.index,
        prevTerm: prev.term,
        entries: entries.map(entryFrom),
        commit: logIndex(Number(given['commit'] ?? 0)),
      }
    }
    case 'install': {
      const names = (given['voters'] ?? '').split('+').filter((each) => each !== '')
      const configuration = { servers: names.map(voter) }
      const at = logIndex(Number(given['at'] ?? 1))
      return {
        type: 'install-snapshot',
        term: inTerm,
        snapshot: { ...last, configuration, configurationIndex: at },
      }
    }
    default:
      throw new Error(`no such call: ${kind}`)
  }
}

/** `4/2:x`, or `4/2:{a+b}` for a configuration of voters. */
function entryFrom(text: string): Entry {
  const [at = '', data = ''] = text.split(':')
  const { index, term: inTerm } = position(at)
  const voters = /^\{(.*)\}$/.exec(data)?.[1]
  if (voters === undefined) return entryOf(index, inTerm, data)
  const encoded =
    voters === '' ? utf8('none') : configurations.encode(votersNamed(voters.split('+')))
  return { index, term: inTerm, type: ENTRY.configuration, data: encoded }
}
