import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type {
  Configuration,
  Peer,
  RaftReply,
  RaftRequest,
  Suffrage,
} from '../../../core/raft/messages.ts'
import {
  configurationCodec,
  fromAnswer,
  fromRecord,
  fromRpc,
  kindOf,
  PROTOCOL_VERSION,
  toAnswer,
  toRecord,
  toRpc,
  UNSUPPORTED_VERSION,
} from '../../../core/raft/wire.ts'
import { encode } from '../../../core/wire/msgpack.ts'
import { time } from '../../../core/wire/msgpack-time.ts'
import {
  type Answer,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  type RpcRequest,
} from '../../../core/wire/raft.ts'
import { fc } from '../../kit/property.ts'
import { vectors } from '../wire/gossip-golden.ts'
import { framesOf, kindOfType } from '../wire/raft-golden.ts'

const PLAIN = { noNullPrototype: true }
const anyTerm = fc.nat(2 ** 31).map(term)
const anyIndex = fc.nat(2 ** 31).map(logIndex)
const anyName = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const anyPeer: fc.Arbitrary<Peer> = fc.record({ id: anyName, address: anyName }, PLAIN)
const anyTime = fc
  .record(
    {
      seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      nanos: fc.nat(999_999_999),
      zone: fc.constantFrom<'utc' | number>('utc', 0, 7200),
    },
    PLAIN,
  )
  .map((at) => encode(time, at, 'v2'))

const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    index: anyIndex,
    term: anyTerm,
    type: fc.constantFrom(...Object.values(ENTRY)),
    data: fc.uint8Array({ maxLength: 20 }),
    extensions: fc.option(fc.uint8Array({ minLength: 1, maxLength: 5 }), { nil: undefined }),
    appendedAt: fc.option(anyTime, { nil: undefined }),
  })
  .map(({ extensions, appendedAt, ...rest }) => ({
    ...rest,
    ...(extensions === undefined ? {} : { extensions }),
    ...(appendedAt === undefined ? {} : { appendedAt }),
  }))

const anyConfiguration: fc.Arbitrary<Configuration> = fc.record(
  {
    servers: fc.array(
      fc.record(
        { id: anyName, address: anyName, suffrage: fc.constantFrom<Suffrage>('voter', 'nonvoter') },
        PLAIN,
      ),
      { maxLength: 20 },
    ),
  },
  PLAIN,
)

const anyCandidacy = { term: anyTerm, lastIndex: anyIndex, lastTerm: anyTerm }

const anyRequest: fc.Arbitrary<RaftRequest> = fc.oneof(
  fc.record(
    {
      type: fc.constant('append' as const),
      term: anyTerm,
      prevIndex: anyIndex.map((index) => logIndex(index + 1)),
      prevTerm: anyTerm,
      entries: fc.array(anyEntry, { maxLength: 5 }),
      commit: anyIndex,
    },
    PLAIN,
  ),
  fc.record({ type: fc.constant('heartbeat' as const), term: anyTerm }, PLAIN),
  fc.record({ type: fc.constant('vote' as const), ...anyCandidacy, transfer: fc.boolean() }, PLAIN),
  fc.record({ type: fc.constant('pre-vote' as const), ...anyCandidacy }, PLAIN),
  fc.constant({ type: 'timeout-now' as const }),
  fc.record(
    {
      type: fc.constant('install-snapshot' as const),
      term: anyTerm,
      snapshot: fc.record(
        {
          index: anyIndex,
          term: anyTerm,
          configuration: anyConfiguration,
          configurationIndex: anyIndex,
        },
        PLAIN,
      ),
    },
    PLAIN,
  ),
)

const anyReply: fc.Arbitrary<RaftReply> = fc.oneof(
  fc.record(
    {
      type: fc.constant('append-reply' as const),
      term: anyTerm,
      success: fc.boolean(),
      lastLog: anyIndex,
      noRetryBackoff: fc.boolean(),
    },
    PLAIN,
  ),
  fc.record(
    {
      type: fc.constantFrom('vote-reply' as const, 'pre-vote-reply' as const),
      term: anyTerm,
      granted: fc.boolean(),
    },
    PLAIN,
  ),
  fc.constant({ type: 'timeout-now-reply' as const }),
  fc.record(
    {
      type: fc.constant('install-snapshot-reply' as const),
      term: anyTerm,
      success: fc.boolean(),
    },
    PLAIN,
  ),
)

const wire = suite('raft messages on the wire')

wire('every request comes back as it was, with its sender', () => {
  fc.assert(
    fc.property(anyPeer, anyRequest, fc.nat(2 ** 31), (self, request, size) => {
      const bytes = encodeRequest(toRpc(self, request, size))
      const kind = kindOf(request)
      const read = decodeRequest(kind, bytes.subarray(1))
      assert.ok(read.ok)
      if (!read.ok) return
      const found = fromRpc(read.value)
      const expected = request.type === 'install-snapshot' ? size : 0
      assert.equal(found, { ok: true, from: self, request, size: expected })
    }),
    { numRuns: 2_000 },
  )
})

const REQUEST_OF: Readonly<Record<RaftReply['type'], RaftRequest>> = {
  'append-reply': { type: 'heartbeat', term: term(1) },
  'vote-reply': {
    type: 'vote',
    term: term(1),
    lastIndex: logIndex(1),
    lastTerm: term(1),
    transfer: false,
  },
  'pre-vote-reply': {
    type: 'pre-vote',
    term: term(1),
    lastIndex: logIndex(1),
    lastTerm: term(1),
  },
  'timeout-now-reply': { type: 'timeout-now' },
  'install-snapshot-reply': {
    type: 'install-snapshot',
    term: term(1),
    snapshot: {
      index: logIndex(1),
      term: term(1),
      configuration: { servers: [] },
      configurationIndex: logIndex(1),
    },
  },
}

wire('every reply comes back as it was', () => {
  fc.assert(
    fc.property(anyPeer, anyReply, (self, reply) => {
      const request = REQUEST_OF[reply.type]
      const read = decodeAnswer(kindOf(request), encodeAnswer(toAnswer(self, reply)))
      assert.ok(read.ok)
      if (read.ok) assert.equal(fromAnswer(request, read.value), reply)
    }),
    { numRuns: 1_000 },
  )
})

wire('configurations come back as they were', () => {
  fc.assert(
    fc.property(anyConfiguration, (configuration) => {
      const data = configurationCodec.encode(configuration)
      assert.equal(configurationCodec.decode(data), configuration)
    }),
    { numRuns: 500 },
  )
})

wire('what Go servers sent to each other means to us what it meant to them', () => {
  let count = 0
  for (const file of ['raft-cluster.ndjson', 'raft-deposed-leader.ndjson'])
    for (const { bytes, decoded, dir } of framesOf(file)) {
      const kind = kindOfType(decoded?.type ?? '')?.kind
      if (kind === undefined || dir === 'response') continue
      const read = decodeRequest(kind, bytes.subarray(1))
      const found = read.ok ? fromRpc(read.value) : undefined
      assert.ok(found?.ok)
      if (!found?.ok) continue
      const { from, request, size } = found
      const written = encodeRequest(toRpc(from, request, size))
      assert.equal(written, bytes.slice(0, bytes.length - size), decoded?.type)
      count++
    }
  assert.ok(count > 150)
})

wire('what Go servers answered means to us what it meant to them', () => {
  for (const { bytes, decoded, dir } of framesOf('raft-cluster.ndjson')) {
    const kind = kindOfType(decoded?.type ?? '')?.kind
    if (kind === undefined || dir === 'request') continue
    const read = decodeAnswer(kind, bytes)
    const request = Object.values(REQUEST_OF).find((each) => kindOf(each) === kind)
    const reply = request && read.ok ? fromAnswer(request, read.value) : undefined
    assert.ok(reply !== undefined, kind)
  }
})

wire('a heartbeat has nil for entries, an append that only tells the commit index has none', () => {
  const self = { id: 'n1', address: '10.0.0.1:8300' }
  const heartbeat = toRpc(self, { type: 'heartbeat', term: term(5) })
  const push = toRpc(self, {
    type: 'append',
    term: term(5),
    prevIndex: logIndex(1),
    prevTerm: term(1),
    entries: [],
    commit: logIndex(1),
  })
  assert.is((heartbeat.body as { Entries?: unknown }).Entries, null)
  assert.equal((push.body as { Entries?: unknown }).Entries, [])
})

wire('entries leave without extensions as nil, never as empty bytes (raft-wire P3)', () => {
  const bare: Entry = { index: logIndex(1), term: term(1), type: ENTRY.command, data: utf8('x') }
  assert.is(toRecord(bare).Extensions, null)
  assert.is(toRecord({ ...bare, extensions: new Uint8Array(0) }).Extensions, null)
  assert.equal(toRecord({ ...bare, extensions: utf8('e') }).Extensions, utf8('e'))
  const empty = fromRecord({ ...toRecord(bare), Extensions: new Uint8Array(0) })
  assert.equal(empty, bare)
})

wire('a noop and a barrier have nil for data, a command never has', () => {
  const data = new Uint8Array(0)
  const of = (type: Entry['type']) => toRecord({ index: logIndex(1), term: term(1), type, data })
  assert.is(of(ENTRY.noop).Data, null)
  assert.is(of(ENTRY.barrier).Data, null)
  assert.equal(of(ENTRY.command).Data, data)
})

wire('every form of a time leaves as it came', () => {
  const logs = vectors('raft-golden.ndjson').filter(({ type }) => type === 'raft.Log')
  assert.ok(logs.length > 10)
  for (const { name, bytes } of logs) {
    const at = timeIn(bytes)
    const record = {
      Index: 1,
      Term: 1,
      Type: 0,
      Data: null,
      Extensions: null,
      AppendedAt: at,
    }
    const entry = fromRecord(record)
    assert.type(entry, 'object', name)
    if (typeof entry === 'string') continue
    if (entry.appendedAt !== undefined) assert.equal(toRecord(entry).AppendedAt, at, name)
  }
})

/** The raw value behind the key `AppendedAt`, which is the first in a record. */
function timeIn(record: Uint8Array): Uint8Array {
  const from = 12 // a map head and the key with its head
  const head = record[from] ?? 0
  return record.slice(from, head === 0xc0 ? from + 1 : from + 1 + (head & 0x1f))
}

const SELF = { id: 'n1', address: '10.0.0.1:8300' }

/** A request with some fields replaced. */
const bent = (request: RaftRequest, fields: object): RpcRequest => {
  const rpc = toRpc(SELF, request)
  return { ...rpc, body: { ...rpc.body, ...fields } } as RpcRequest
}

const vote = REQUEST_OF['vote-reply']
const install = REQUEST_OF['install-snapshot-reply']

wire(
  'versions that we do not speak are refused with the words that peers know, heartbeats too',
  () => {
    for (const version of [0, 1, PROTOCOL_VERSION + 1, -1, 99])
      for (const request of Object.values(REQUEST_OF)) {
        const found = fromRpc(bent(request, { ProtocolVersion: version }))
        assert.not(found.ok)
        if (!found.ok) assert.is(found.error, UNSUPPORTED_VERSION)
      }
    assert.ok(fromRpc(bent(vote, { ProtocolVersion: 2 })).ok)
  },
)

wire('a peer from before ids is known by its address', () => {
  const old = bent(vote, { ProtocolVersion: 2, ID: null, Addr: null, Candidate: utf8('h:1') })
  const found = fromRpc(old)
  assert.ok(found.ok)
  if (found.ok) assert.equal(found.from, { id: 'h:1', address: 'h:1' })
})

wire('what makes no sense is refused, and the snapshot behind it is read all the same', () => {
  const huge = 2n ** 60n
  const record = toRecord({ index: logIndex(1), term: term(1), type: 0, data: utf8('x') })
  const append = (fields: object) =>
    bent(
      {
        type: 'append',
        term: term(1),
        prevIndex: logIndex(1),
        prevTerm: term(1),
        entries: [],
        commit: logIndex(0),
      },
      { Entries: [{ ...record, ...fields }] },
    )
  const wrong: [RpcRequest, RegExp, number][] = [
    [bent(vote, { Addr: null, Candidate: null }), /without a sender/, 0],
    [bent(vote, { Addr: Uint8Array.of(0xff), Candidate: null }), /without a sender/, 0],
    [bent(vote, { Term: huge }), /too large/, 0],
    [bent(vote, { Term: 2 ** 53 - 1 }), /too large/, 0],
    [bent(vote, { LastLogIndex: huge }), /too large/, 0],
    [append({ Index: huge }), /too large/, 0],
    [append({ Type: 2 }), /has type 2/, 0],
    [append({ Type: 255 }), /has type 255/, 0],
    [
      append({ AppendedAt: encode(time, time.zero, 'v2').subarray(0, 9) }),
      /a time that is none/,
      0,
    ],
    [append({ AppendedAt: Uint8Array.of(0x90) }), /a time that is none/, 0],
    [bent(install, { SnapshotVersion: 0, Size: 7 }), /version 0/, 7],
    [bent(install, { Configuration: null, Size: 7 }), /without a configuration/, 7],
    [bent(install, { Configuration: utf8('x'), Size: 7 }), /without a configuration/, 7],
    [bent(install, { Size: -1 }), /-1 bytes/, Number.MAX_SAFE_INTEGER],
    [bent(install, { LastLogTerm: huge, Size: 9 }), /too large/, 9],
  ]
  for (const [rpc, why, size] of wrong) {
    const found = fromRpc(rpc)
    assert.not(found.ok, String(why))
    if (found.ok) continue
    assert.match(found.error, why)
    assert.is(found.size, size)
  }
})

wire('a peer without pre-vote counts as one that would vote', () => {
  const preVote = REQUEST_OF['pre-vote-reply']
  const unexpected: Answer = { ok: false, error: 'unexpected command' }
  assert.equal(fromAnswer(preVote, unexpected), {
    type: 'pre-vote-reply',
    term: 1,
    granted: true,
  })
  assert.is(fromAnswer(vote, unexpected), undefined)
  assert.is(fromAnswer(preVote, { ok: false, error: UNSUPPORTED_VERSION }), undefined)
})

wire('an answer with numbers that are not exact is none', () => {
  const answer = toAnswer(SELF, { type: 'vote-reply', term: term(1), granted: true })
  assert.ok(answer.ok)
  if (!answer.ok) return
  const { response } = answer
  const bad = { ok: true, response: { ...response, body: { ...response.body, Term: 2n ** 63n } } }
  assert.is(fromAnswer(vote, bad as Answer), undefined)
})

wire('a configuration that cannot be read is none', () => {
  const good = configurationCodec.encode({
    servers: [{ id: 'a', address: 'h:1', suffrage: 'voter' }],
  })
  for (let at = 0; at < good.length; at++)
    assert.is(configurationCodec.decode(good.slice(0, at)), undefined)
  assert.is(configurationCodec.decode(Uint8Array.of(...good, 0)), undefined, 'and nothing behind')
  const strange = good.slice()
  strange[strange.length - 1] = 9 // Suffrage is the last field
  assert.is(configurationCodec.decode(strange), undefined)
  strange[strange.length - 1] = 2
  assert.is(configurationCodec.decode(strange)?.servers[0]?.suffrage, 'nonvoter', 'staging')
})

wire.run()
