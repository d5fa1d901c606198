// A state machine behind raft: one outcome for each ticket, and not before it is certain.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { textOf, utf8 } from '../../../core/bytes.ts'
import type { Entry } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { checkStep, watch } from '../../../core/raft/invariants.ts'
import { createRaft, type Settings } from '../../../core/raft/raft.ts'
import {
  coveredOf,
  createReplicated,
  drainReplicated,
  metaOf,
  type Outcome,
  type Replicated,
  type ReplicatedEffect,
  type ReplicatedEvent,
  type StateMachine,
  stepReplicated,
} from '../../../core/raft/replicated.ts'
import { bootstrap } from '../../../core/raft/server.ts'
import { configurationCodec } from '../../../core/raft/wire.ts'

const SETTINGS: Settings = {
  heartbeatMs: 100,
  electionMs: 100,
  leaseMs: 100,
  commitMs: 10,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 4,
  trailingEntries: 2,
  leaseDrift: undefined,
}

interface Node {
  readonly id: string
  readonly replicated: Replicated<string>
  readonly texts: string[]
  readonly outcomes: [number, Outcome<string>][]
  /** What came with calls that install a snapshot, by their number here. */
  readonly images: Map<number, readonly Uint8Array[]>
  saved: readonly Uint8Array[]
  isDown: boolean
}

/** Servers whose disks and wires take no time; calls to a server that is down fail. */
interface Net {
  readonly nodes: Map<string, Node>
  now: number
  lastCall: number
}

const peerOf = (id: string) => ({ id, address: `${id}:1` })
const VOTERS = ['a', 'b', 'c']
const founders = { servers: VOTERS.map((id) => ({ ...peerOf(id), suffrage: 'voter' as const })) }

function machineOf(texts: string[]): StateMachine<string> {
  return {
    apply: ({ data }: Entry) => `${texts.push(textOf(data))}`,
    snapshot: () => [utf8(JSON.stringify(texts))],
    restore: (chunks) => {
      const text = [...chunks].map((chunk) => textOf(chunk)).join('')
      texts.splice(0, texts.length, ...(JSON.parse(text) as string[]))
    },
  }
}

/** When a snapshot is. */
interface Due {
  readonly snapshotEntries: number
  readonly snapshotBytes?: number
}

function addNode(net: Net, id: string, due: Due): Node {
  const raft = createRaft({
    self: peerOf(id),
    settings: SETTINGS,
    prng: createPrng(id.charCodeAt(0)),
    configurations: configurationCodec,
    recovered: { vote: { term: term(0), votedFor: '' }, entries: [], snapshot: undefined },
    snapshot: undefined,
    now: net.now,
    boot: 'first',
    firstElectionMs: VOTERS.indexOf(id) * 1_000,
  })
  const texts: string[] = []
  const node: Node = {
    id,
    replicated: createReplicated({ raft, machine: machineOf(texts), ...due }),
    texts,
    outcomes: [],
    images: new Map(),
    saved: [],
    isDown: false,
  }
  net.nodes.set(id, node)
  return node
}

function begin(due: Due = { snapshotEntries: 1_000 }): Net & { a: Node; b: Node; c: Node } {
  const net: Net = { nodes: new Map(), now: 0, lastCall: 0 }
  const [a, b, c] = VOTERS.map((id) => addNode(net, id, due))
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes')
  for (const { replicated } of net.nodes.values()) bootstrap(replicated.raft, founders, net.now)
  run(net, 50)
  return Object.assign(net, { a, b, c })
}

function step(net: Net, node: Node, event: ReplicatedEvent): void {
  if (node.isDown) return
  const { replicated } = node
  const before = watch(replicated.raft)
  stepReplicated(replicated, event, net.now)
  checkStep(replicated.raft, before)
  for (const effect of drainReplicated(replicated)) perform(net, node, effect)
}

function perform(net: Net, node: Node, effect: ReplicatedEffect<string>): void {
  switch (effect.type) {
    case 'persist':
      step(net, node, { type: 'persisted', token: effect.persist.token })
      break
    case 'call': {
      const to = net.nodes.get(effect.to.id)
      if (to === undefined || to.isDown) {
        step(net, node, { type: 'call-failed', call: effect.call })
        break
      }
      const id = ++net.lastCall
      waiting.set(id, { node, call: effect.call })
      if (effect.request.type === 'install-snapshot') to.images.set(id, node.saved)
      step(net, to, {
        type: 'call',
        call: { id, from: peerOf(node.id), request: effect.request },
      })
      break
    }
    case 'reply': {
      const asked = waiting.get(effect.id)
      waiting.delete(effect.id)
      if (asked !== undefined && !node.isDown)
        step(net, asked.node, { type: 'reply', call: asked.call, reply: effect.reply })
      break
    }
    case 'install': {
      const chunks = node.images.get(effect.id) ?? []
      node.saved = chunks
      step(net, node, { type: 'installed', id: effect.id, meta: effect.snapshot, chunks })
      break
    }
    case 'save-snapshot':
      node.saved = [...effect.chunks]
      step(net, node, { type: 'snapshot-saved', meta: effect.meta })
      break
    case 'outcome':
      node.outcomes.push([effect.ticket, effect.outcome])
      break
    default:
  }
}

const waiting = new Map<number, { node: Node; call: number }>()

function run(net: Net, ms: number): void {
  for (const end = net.now + ms; net.now < end; net.now += 5)
    for (const node of net.nodes.values()) step(net, node, { type: 'tick' })
}

const commands = (ticket: number, ...texts: string[]): ReplicatedEvent => ({
  type: 'propose',
  commands: texts.map((text, at) => ({ ticket: ticket + at, data: utf8(text) })),
})

const replicated = suite('replicated')

replicated('the first founder leads, and what it is given is applied everywhere', () => {
  const net = begin()
  assert.is(net.a.replicated.raft.role.type, 'leader')
  step(net, net.a, commands(1, 'x', 'y'))
  assert.equal(net.a.outcomes, [
    [1, { type: 'applied', index: 3, result: '1' }],
    [2, { type: 'applied', index: 4, result: '2' }],
  ])
  run(net, 50)
  for (const { texts } of [net.a, net.b, net.c]) assert.equal(texts, ['x', 'y'])
})

replicated('a server that does not lead says who does, and does nothing', () => {
  const net = begin()
  step(net, net.b, commands(1, 'x'))
  step(net, net.b, { type: 'read', ticket: 2 })
  step(net, net.b, { type: 'transfer', ticket: 3, to: undefined })
  step(net, net.b, { type: 'change', ticket: 4, change: { type: 'remove', id: 'c' } })
  const outcome = { type: 'elsewhere', leader: peerOf('a') }
  assert.equal(net.b.outcomes, [
    [1, outcome],
    [2, outcome],
    [3, outcome],
    [4, outcome],
  ])
})

replicated('a read is answered when a majority has said that the leader still leads', () => {
  const net = begin()
  step(net, net.a, { type: 'read', ticket: 1 })
  assert.equal(net.a.outcomes, [[1, { type: 'readable', index: 2 }]])
  net.b.isDown = true
  net.c.isDown = true
  step(net, net.a, { type: 'read', ticket: 2 })
  assert.is(net.a.outcomes.length, 1)
  run(net, 300)
  assert.equal(net.a.outcomes[1], [2, { type: 'elsewhere', leader: undefined }])
})

replicated('a leader that is cut off knows nothing of what it was given', () => {
  const net = begin()
  net.b.isDown = true
  net.c.isDown = true
  step(net, net.a, commands(1, 'x'))
  assert.equal(net.a.outcomes, [])
  run(net, 300)
  assert.equal(net.a.outcomes, [[1, { type: 'unknown' }]])
  assert.equal(net.a.texts, [])
})

replicated('a change of the servers and a transfer are told when they are done', () => {
  const net = begin()
  step(net, net.a, { type: 'change', ticket: 1, change: { type: 'demote', id: 'c' } })
  step(net, net.a, { type: 'change', ticket: 2, change: { type: 'remove', id: 'nobody' } })
  step(net, net.a, { type: 'transfer', ticket: 3, to: 'b' })
  run(net, 50)
  assert.equal(net.a.outcomes, [
    [1, { type: 'applied', index: 3, result: undefined }],
    [2, { type: 'refused', why: 'no server has the id nobody' }],
    [3, { type: 'transferred', to: 'b' }],
  ])
  assert.is(net.b.replicated.raft.role.type, 'leader')
})

replicated('a snapshot is saved when it is due or asked for, and who is far behind gets it', () => {
  const net = begin({ snapshotEntries: 10 })
  net.c.isDown = true
  for (let i = 0; i < 12; i++) step(net, net.a, commands(i, `${i}`))
  const { raft } = net.a.replicated
  assert.ok((raft.snapshot?.index ?? 0) >= 10)
  assert.ok(raft.log.base.index > 2, 'the log before it has gone')
  step(net, net.a, { type: 'snapshot', ticket: 100 })
  step(net, net.a, { type: 'snapshot', ticket: 101 })
  const saved = { type: 'saved', index: raft.delivered }
  assert.equal(net.a.outcomes.slice(-2), [
    [100, saved],
    [101, saved],
  ])
  net.c.isDown = false
  run(net, 3_000)
  assert.equal(net.c.texts, net.a.texts)
  assert.is(net.c.replicated.raft.snapshot?.index, raft.snapshot?.index)
})

replicated('a few entries of many bytes are a reason for a snapshot, too', () => {
  const net = begin({ snapshotEntries: 1_000, snapshotBytes: 1_000 })
  step(net, net.a, commands(1, 'x'.repeat(600)))
  assert.is(net.a.replicated.raft.snapshot, undefined)
  step(net, net.a, commands(2, 'x'.repeat(600)))
  assert.is(net.a.replicated.raft.snapshot?.index, 4)
})

replicated('what a snapshot says of the servers comes back from the disk', () => {
  const meta = {
    index: logIndex(9),
    term: term(2),
    configuration: founders,
    configurationIndex: logIndex(1),
  }
  assert.equal(metaOf(coveredOf(meta)), meta)
  assert.is(metaOf({ index: logIndex(9), term: term(2) }), undefined)
})

replicated.run()
