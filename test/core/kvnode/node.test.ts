// The store over raft, with a server that is alone and a disk that is always quick; and with
// outcomes as a server among others would get them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EMPTY, textOf, utf8 } from '../../../core/bytes.ts'
import { type RequestId, requestId, term } from '../../../core/ids.ts'
import {
  createKvNode,
  drainNode,
  FORWARDED_HEADER,
  type KvEffect,
  type KvNode,
  onAbandoned,
  onForwarded,
  onForwardFailed,
  onOutcome,
  onRequest,
  onTick,
} from '../../../core/kvnode/node.ts'
import { createPrng } from '../../../core/prng.ts'
import type { Peer } from '../../../core/raft/messages.ts'
import { createRaft, type Raft, type Settings } from '../../../core/raft/raft.ts'
import {
  createReplicated,
  drainReplicated,
  type Outcome,
  type Replicated,
  type ReplicatedEvent,
  stepReplicated,
} from '../../../core/raft/replicated.ts'
import { bootstrap } from '../../../core/raft/server.ts'
import { configurationCodec } from '../../../core/raft/wire.ts'
import type { Response } from '../../../core/route/request.ts'
import { testConfig } from '../../kit/config.ts'

const kvnode = suite('kvnode')

const SELF: Peer = { id: 'localhost:8500', address: 'localhost:9500' }
const OTHER: Peer = { id: 'localhost:8501', address: 'localhost:9501' }
const SETTINGS: Settings = {
  heartbeatMs: 300,
  electionMs: 300,
  leaseMs: 300,
  commitMs: 50,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 2,
  trailingEntries: 100,
  leaseDrift: undefined,
}

interface Bench {
  readonly node: KvNode
  readonly raft: Raft
  readonly replicated: Replicated<unknown>
  now: number
  /** Undefined: alone. Else what every question to raft comes to. */
  outcome: Outcome<unknown> | undefined
  readonly responses: Map<RequestId, Response>
  readonly rest: KvEffect[]
  lastId: number
}

function benchOf(): Bench {
  const recovered = {
    vote: { term: term(0), votedFor: '' },
    snapshot: undefined,
    entries: [],
  }
  const raft = createRaft({
    self: SELF,
    settings: SETTINGS,
    prng: createPrng(1),
    configurations: configurationCodec,
    recovered,
    snapshot: undefined,
    now: 0,
    boot: 'first',
  })
  bootstrap(raft, { servers: [{ ...SELF, suffrage: 'voter' }] }, 0)
  const node = createKvNode({
    config: testConfig(),
    self: SELF,
    raft: () => raft,
    prng: createPrng(2),
    entropy: () => new Uint8Array(16),
    clock: { now: 0, wall: 0 },
  })
  const replicated = createReplicated({ raft, machine: node.machine, snapshotEntries: 1_000 })
  const responses = new Map<RequestId, Response>()
  const bench: Bench = {
    node,
    raft,
    replicated,
    now: 0,
    outcome: undefined,
    responses,
    rest: [],
    lastId: 0,
  }
  for (let i = 0; i < 10; i++) tick(bench, 100) // it elects itself
  return bench
}

const clockOf = ({ now }: Bench) => ({ now, wall: now })

function tick(bench: Bench, ms: number): void {
  bench.now += ms
  feed(bench, { type: 'tick' })
  onTick(bench.node, clockOf(bench))
  settle(bench)
}

function feed(bench: Bench, event: ReplicatedEvent): void {
  stepReplicated(bench.replicated, event, bench.now)
  for (const effect of drainReplicated(bench.replicated)) {
    if (effect.type === 'persist') feed(bench, { type: 'persisted', token: effect.persist.token })
    if (effect.type === 'outcome') onOutcome(bench.node, effect, clockOf(bench))
  }
  settle(bench)
}

function settle(bench: Bench): void {
  for (const effect of drainNode(bench.node)) {
    if (effect.type === 'respond') bench.responses.set(effect.id, effect.response)
    else if (effect.type === 'propose' || effect.type === 'read') askRaft(bench, effect)
    else bench.rest.push(effect)
  }
}

function askRaft(bench: Bench, asked: Extract<KvEffect, { type: 'propose' | 'read' }>): void {
  const { ticket } = asked
  if (bench.outcome !== undefined) {
    onOutcome(bench.node, { ticket, outcome: bench.outcome }, clockOf(bench))
    settle(bench)
  } else if (asked.type === 'read') feed(bench, { type: 'read', ticket })
  else feed(bench, { type: 'propose', commands: [{ ticket, data: asked.data }] })
}

/** `PUT /v1/kv/a VALUE`; the id of the request. */
function send(bench: Bench, line: string, headers: Record<string, string> = {}): RequestId {
  const [method = '', target = '', value] = line.split(' ')
  const [path = '', query = ''] = target.split('?')
  const id = requestId(++bench.lastId)
  const body = value === undefined ? EMPTY : utf8(value)
  const header = (name: string) => headers[name]
  onRequest(bench.node, { id, method, path, query, header, body, remote: '' }, clockOf(bench))
  settle(bench)
  return id
}

function shown(bench: Bench, id: RequestId): string | undefined {
  const response = bench.responses.get(id)
  if (response === undefined) return undefined
  const { body, status } = response
  const text = body instanceof Uint8Array ? textOf(body) : String(body)
  return `${status} ${text}`.trim()
}

const answer = (bench: Bench, line: string): string | undefined => shown(bench, send(bench, line))

kvnode('what is written is read, and a swap wins once', () => {
  const bench = benchOf()
  assert.is(answer(bench, 'PUT /v1/kv/a 1'), '200 true')
  assert.is(answer(bench, 'GET /v1/kv/a?raw'), '200 1')
  const [, index] = /"ModifyIndex":(\d+)/.exec(answer(bench, 'GET /v1/kv/a') ?? '') ?? []
  assert.is(answer(bench, `PUT /v1/kv/a?cas=${index} 2`), '200 true')
  assert.is(answer(bench, `PUT /v1/kv/a?cas=${index} 3`), '200 false')
  assert.is(answer(bench, 'DELETE /v1/kv/a'), '200 true')
  assert.match(answer(bench, 'GET /v1/kv/a') ?? '', /^404/)
})

kvnode('a watch waits for its own key, and is answered with the change', () => {
  const bench = benchOf()
  answer(bench, 'PUT /v1/kv/a 1')
  const [, index] = /"ModifyIndex":(\d+)/.exec(answer(bench, 'GET /v1/kv/a') ?? '') ?? []
  const watch = send(bench, `GET /v1/kv/a?raw&index=${index}&wait=1m`)
  answer(bench, 'PUT /v1/kv/b 1')
  assert.is(shown(bench, watch), undefined)
  answer(bench, 'PUT /v1/kv/a 2')
  assert.is(shown(bench, watch), '200 2')
  const idle = send(bench, 'GET /v1/kv/a?raw&index=999&wait=1s')
  tick(bench, 1_100)
  assert.is(shown(bench, idle), '200 2')
})

kvnode('what belongs to agents is not answered here', () => {
  const bench = benchOf()
  for (const path of ['/v1/agent/self', '/v1/catalog/nodes', '/v1/session/list', '/kv/a']) {
    assert.match(answer(bench, `GET ${path}`) ?? '', /^404/, path)
  }
  assert.is(answer(bench, 'GET /v1/status/leader'), '200 "localhost:9500"')
})

kvnode('a state that is restored is the state that was saved, and watchers see it', () => {
  const bench = benchOf()
  answer(bench, 'PUT /v1/kv/a 1')
  const other = benchOf()
  const watch = send(other, 'GET /v1/kv/a?raw&index=1&wait=1m')
  other.node.machine.restore([...bench.node.machine.snapshot()])
  settle(other)
  assert.is(shown(other, watch), '200 1')
})

kvnode('what only the leader can do is handed on once, with its answer', () => {
  const bench = benchOf()
  bench.outcome = { type: 'elsewhere', leader: OTHER }
  const id = send(bench, 'PUT /v1/kv/a 1')
  const [forward] = bench.rest.splice(0)
  assert.is(forward?.type === 'forward' && forward.to, OTHER.id)
  onForwarded(bench.node, id, { status: 200, headers: ['X', 'y'], body: 'true' })
  settle(bench)
  assert.equal(bench.responses.get(id), { status: 200, headers: ['X', 'y'], body: 'true' })
  const again = send(bench, 'PUT /v1/kv/a 1', { [FORWARDED_HEADER]: OTHER.id })
  assert.is(shown(bench, again), '500 No cluster leader')
  assert.equal(bench.rest, [])
})

kvnode('while nobody leads a request is held, then done, or refused in time', () => {
  const bench = benchOf()
  bench.outcome = { type: 'elsewhere', leader: undefined }
  const lucky = send(bench, 'PUT /v1/kv/a 1')
  tick(bench, 1_000)
  assert.is(shown(bench, lucky), undefined)
  bench.outcome = undefined
  tick(bench, 100)
  assert.is(shown(bench, lucky), '200 true')
  bench.outcome = { type: 'elsewhere', leader: undefined }
  const unlucky = send(bench, 'PUT /v1/kv/a 2')
  for (let i = 0; i < 49; i++) tick(bench, 100)
  assert.is(shown(bench, unlucky), undefined)
  tick(bench, 200)
  assert.is(shown(bench, unlucky), '500 No cluster leader')
})

kvnode('a write whose leader breaks off is uncertain, a read is asked again', () => {
  const bench = benchOf()
  bench.outcome = { type: 'elsewhere', leader: OTHER }
  const put = send(bench, 'PUT /v1/kv/a 1')
  onForwardFailed(bench.node, put, false)
  settle(bench)
  assert.match(shown(bench, put) ?? '', /^503 the leader is gone: this write was made or not/)
  const unsent = send(bench, 'PUT /v1/kv/a 2')
  onForwardFailed(bench.node, unsent, true)
  const get = send(bench, 'GET /v1/kv/a?raw&consistent')
  const isRead = bench.rest.some(({ type }) => type === 'forward')
  assert.ok(isRead || shown(bench, get) !== undefined)
  bench.outcome = undefined
  tick(bench, 100)
  assert.is(shown(bench, unsent), '200 true')
})

kvnode('what raft says of a write is told to its client', () => {
  const cases: [Outcome<unknown>, RegExp][] = [
    [{ type: 'refused', why: 'the disk of the leader is full' }, /^503 the disk of the leader/],
    [{ type: 'unknown' }, /^503 the leader is gone/],
  ]
  for (const [outcome, expected] of cases) {
    const bench = benchOf()
    bench.outcome = outcome
    assert.match(answer(bench, 'PUT /v1/kv/a 1') ?? '', expected)
  }
})

kvnode('nothing is kept for a client that has gone', () => {
  const bench = benchOf()
  bench.outcome = { type: 'elsewhere', leader: OTHER }
  const away = send(bench, 'PUT /v1/kv/a 1')
  bench.rest.splice(0)
  onAbandoned(bench.node, away)
  settle(bench)
  assert.equal(bench.rest, [{ type: 'give-up', id: away }])
  onForwarded(bench.node, away, { status: 200, headers: [], body: '' })
  bench.outcome = { type: 'elsewhere', leader: undefined }
  const held = send(bench, 'PUT /v1/kv/a 1')
  onAbandoned(bench.node, held)
  assert.equal([bench.node.held.length, bench.node.waiting.size], [0, 0])
  assert.is(shown(bench, away), undefined)
})

kvnode.run()
