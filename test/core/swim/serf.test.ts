// Serf's part: intents, events, queries, keys, conflicts (memberlist-wire §4), rule by rule.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { base64, EMPTY, hex, utf8 } from '../../../core/bytes.ts'
import { changeRing } from '../../../core/swim/keys.ts'
import {
  believableTime,
  createClock,
  LTIME_MAX,
  stamp,
  witness,
} from '../../../core/swim/lamport.ts'
import {
  answer,
  forceLeave,
  query,
  queryKeys,
  send,
  setTags,
  tick,
} from '../../../core/swim/server.ts'
import type { Swim } from '../../../core/swim/swim.ts'
import type { Message } from '../../../core/wire/memberlist.ts'
import {
  decodeAs,
  encodeFilter,
  encodeSerf,
  type KeyResponse,
  type Query,
  type QueryFilter,
} from '../../../core/wire/serf.ts'
import {
  addressOf,
  aliveOf,
  deadOf,
  effectsOf,
  emptyQueues,
  hear,
  memberNamed,
  memberOf,
  nameOf,
  packetsOf,
  passTimeAnswered,
  sentSerf,
  serfOf,
  settled,
  statusOf,
  VERSIONS,
  waitingOf,
  whatOf,
} from './kit.ts'

const lamport = suite('lamport')

lamport('a clock passes what it has seen, and never goes back', () => {
  const clock = createClock()
  assert.is(stamp(clock), 1)
  witness(clock, 1)
  assert.is(clock.time, 2)
  witness(clock, 7)
  assert.is(clock.time, 8)
  witness(clock, 3)
  assert.is(clock.time, 8)
})

lamport('times that nobody reaches are not believed', () => {
  assert.is(believableTime(LTIME_MAX), LTIME_MAX)
  assert.is(believableTime(LTIME_MAX + 1), undefined)
  assert.is(believableTime(2n ** 64n - 1n), undefined)
})

lamport.run()

const join = (n: number, lTime: number | bigint) => serfOf({ type: 'join', lTime, node: nameOf(n) })
const leaving = (n: number, lTime: number | bigint, prune = false) =>
  serfOf({ type: 'leave', lTime, node: nameOf(n), prune })

const waitingSerf = ({ queues }: Swim, queue: keyof Swim['queues']) =>
  queues[queue].waiting.map(({ bytes }) => hex(bytes.subarray(1)))

const intents = suite('intents')

intents('who says that it leaves and is then gone has left; else it has failed', () => {
  const swim = memberOf(5)
  hear(swim, leaving(2, 5))
  assert.is(statusOf(swim, 2), 'leaving')
  const effects = hear(swim, deadOf(2, 2))
  assert.is(statusOf(swim, 2), 'left')
  assert.is(effectsOf(effects, 'members')[0]?.change, 'leave')
  const failed = hear(swim, deadOf(3, 3))
  assert.is(statusOf(swim, 3), 'failed', 'even if memberlist says that it left')
  assert.is(effectsOf(failed, 'members')[0]?.change, 'failed')
})

intents('news are passed on as they came, old ones are not', () => {
  const swim = memberOf(5)
  hear(swim, leaving(2, 5))
  assert.equal(waitingSerf(swim, 'intents'), [
    hex(encodeSerf({ type: 'leave', lTime: 5, node: nameOf(2), prune: false })),
  ])
  emptyQueues(swim)
  for (const message of [leaving(2, 5), leaving(2, 4), join(2, 5)]) hear(swim, message)
  assert.equal(waitingSerf(swim, 'intents'), [])
  assert.is(statusOf(swim, 2), 'leaving')
})

intents('a later join takes the leave back', () => {
  const swim = memberOf(5)
  hear(swim, leaving(2, 5))
  hear(swim, join(2, 6))
  assert.is(statusOf(swim, 2), 'alive')
})

intents('a leave about somebody failed removes it: force-leave', () => {
  const swim = memberOf(5)
  hear(swim, deadOf(2, 3))
  const effects = hear(swim, leaving(2, 5))
  assert.is(statusOf(swim, 2), 'left')
  assert.is(effectsOf(effects, 'members')[0]?.change, 'leave')
  hear(swim, deadOf(3, 4))
  const pruned = hear(swim, leaving(3, 6, true))
  assert.is(statusOf(swim, 3), undefined)
  assert.equal(
    effectsOf(pruned, 'members').map(({ change }) => change),
    ['leave', 'reap'],
  )
})

intents('a pruning leave about somebody alive forgets it as soon as it is gone', () => {
  const swim = memberOf(5)
  hear(swim, leaving(2, 5, true))
  assert.is(statusOf(swim, 2), 'leaving')
  hear(swim, deadOf(2, 2))
  assert.is(statusOf(swim, 2), undefined)
})

intents('a leave about ourselves is refuted by a later join', () => {
  const swim = memberOf(5)
  hear(swim, leaving(1, 9))
  assert.is(statusOf(swim, 1), 'alive')
  assert.equal(waitingSerf(swim, 'intents'), [
    hex(encodeSerf({ type: 'join', lTime: 10, node: nameOf(1) })),
  ])
  emptyQueues(swim)
  hear(swim, leaving(1, 9))
  assert.equal(waitingSerf(swim, 'intents'), [], 'old by then')
  hear(swim, leaving(1, 10))
  assert.equal(
    waitingSerf(swim, 'intents'),
    [hex(encodeSerf({ type: 'join', lTime: 11, node: nameOf(1) }))],
    'of the very time of our join: some have heard it first',
  )
  emptyQueues(swim)
  hear(swim, leaving(1, 10))
  assert.equal(waitingSerf(swim, 'intents'), [], 'old by then')
})

intents('an intent that comes before its member waits for it', () => {
  const swim = memberOf(5)
  hear(swim, leaving(8, 5))
  hear(swim, join(9, 7))
  hear(swim, leaving(9, 6))
  hear(swim, [aliveOf(8), aliveOf(9)])
  assert.is(statusOf(swim, 8), 'leaving')
  assert.is(statusOf(swim, 9), 'alive')
  assert.is(swim.roster.get(nameOf(9))?.statusLTime, 7)
})

intents('it waits five minutes, and not more than so many wait', () => {
  const swim = memberOf(5)
  hear(swim, leaving(8, 5))
  passTimeAnswered(swim, 290_000)
  assert.is(swim.intents.size, 1)
  passTimeAnswered(swim, 30_000)
  assert.is(swim.intents.size, 0)
  for (let n = 100; n < 4300; n++) hear(swim, join(n, 1))
  assert.is(swim.intents.size, 4096)
})

intents('an intent of a time that nobody reaches changes nothing', () => {
  const swim = memberOf(5)
  const before = swim.clocks.members.time
  for (const lTime of [2n ** 64n - 1n, LTIME_MAX + 1]) hear(swim, leaving(2, lTime))
  assert.is(statusOf(swim, 2), 'alive')
  assert.is(swim.clocks.members.time, before)
})

intents('an operator can remove a failed member, but not one of whom nobody knows', () => {
  const swim = memberOf(5)
  hear(swim, deadOf(2, 3))
  assert.ok(forceLeave(swim, { name: nameOf(2), prune: false }, swim.now))
  assert.is(statusOf(swim, 2), 'left')
  assert.is(waitingSerf(swim, 'intents').length, 1)
  assert.not.ok(forceLeave(swim, { name: nameOf(9), prune: false }, swim.now))
  assert.not.ok(forceLeave(swim, { name: nameOf(1), prune: false }, swim.now))
})

intents('the failed and the left are forgotten after a day', () => {
  const swim = memberOf(5)
  hear(swim, deadOf(2, 3))
  hear(swim, [leaving(4, 5), deadOf(4, 4)])
  passTimeAnswered(swim, 1_000)
  tick(swim, 24 * 3_600_000 - 100)
  settled(swim)
  assert.is(statusOf(swim, 2), 'failed')
  const effects = passTimeAnswered(swim, 16_000)
  assert.equal(
    effectsOf(effects, 'members').map(({ change, members }) => [change, members[0]?.name]),
    [
      ['reap', nameOf(2)],
      ['reap', nameOf(4)],
    ],
  )
  assert.is(statusOf(swim, 4), undefined)
})

intents.run()

const tags = suite('tags')

tags('new tags are told with a higher incarnation; too many are refused', () => {
  const swim = memberOf(3)
  assert.is(setTags(swim, new Map([['role', 'db']]), swim.now), undefined)
  const effects = settled(swim)
  assert.is(memberNamed(swim, 1).incarnation, 2)
  const [said] = waitingOf(swim)
  assert.ok(said?.type === 'alive' && said.incarnation === 2)
  assert.is(effectsOf(effects, 'members')[0]?.change, 'update')
  assert.ok(setTags(swim, new Map([['role', 'x'.repeat(600)]]), swim.now))
  assert.is(memberNamed(swim, 1).incarnation, 2)
})

tags.run()

const userEvent = (lTime: number | bigint, name: string, text = '', cc = false): Message =>
  serfOf({ type: 'userEvent', lTime, name, payload: utf8(text), cc })

const events = suite('user events')

const heardEvents = (effects: ReturnType<typeof settled>) =>
  effectsOf(effects, 'event').map(({ event }) => `${event.name}@${event.lTime}`)

events('an event is told once, and passed on once, whatever way it comes by', () => {
  const swim = memberOf(5)
  assert.equal(heardEvents(hear(swim, userEvent(5, 'deploy', 'v1'))), ['deploy@5'])
  assert.is(waitingSerf(swim, 'events').length, 1)
  for (let i = 0; i < 3; i++)
    assert.equal(heardEvents(hear(swim, userEvent(5, 'deploy', 'v1'))), [])
  assert.is(waitingSerf(swim, 'events').length, 1)
  assert.equal(heardEvents(hear(swim, userEvent(5, 'deploy', 'v2'))), ['deploy@5'])
  assert.equal(heardEvents(hear(swim, userEvent(4, 'deploy', 'v1'))), ['deploy@4'])
  assert.is(swim.clocks.events.time, 6)
})

events('what is too old to be told from an echo is taken for one', () => {
  const swim = memberOf(5)
  hear(swim, userEvent(1_000, 'new'))
  assert.equal(heardEvents(hear(swim, userEvent(488, 'old'))), [], '1001 - 512 is 489')
  assert.equal(heardEvents(hear(swim, userEvent(489, 'old'))), ['old@489'])
})

events('events of one time are bounded', () => {
  const swim = memberOf(5)
  let heard = 0
  for (let i = 0; i < 300; i++) heard += heardEvents(hear(swim, userEvent(5, `e${i}`))).length
  assert.is(heard, 128)
})

events('our own events are stamped in order, told to ourselves, and bounded', () => {
  const swim = memberOf(5)
  hear(swim, userEvent(9, 'x'))
  emptyQueues(swim)
  const sent = send(swim, { name: 'deploy', payload: utf8('v1'), coalesce: true }, swim.now)
  assert.equal(sent, { ok: true, lTime: 10 })
  assert.equal(heardEvents(settled(swim)), ['deploy@10'])
  assert.is(waitingSerf(swim, 'events').length, 1)
  const large = { name: 'deploy', payload: new Uint8Array(507), coalesce: false }
  assert.not.ok(send(swim, large, swim.now).ok)
  assert.is(swim.clocks.events.time, 11)
  assert.ok(send(swim, { ...large, payload: new Uint8Array(506) }, swim.now).ok)
})

events('a time that nobody reaches is no event', () => {
  const swim = memberOf(5)
  assert.equal(heardEvents(hear(swim, userEvent(2n ** 63n, 'x'))), [])
  assert.is(swim.clocks.events.time, 1)
})

events.run()

const coalescing = suite('coalescing')

coalescing('events that may be coalesced wait; of each name the newest time is told', () => {
  const swim = memberOf(5, { isCoalescing: true })
  passTimeAnswered(swim, 5_000)
  const at = swim.now
  const heard = [
    ...hear(swim, userEvent(5, 'deploy', '1', true)),
    ...hear(swim, userEvent(7, 'deploy', '3', true)),
    ...hear(swim, userEvent(6, 'deploy', '2', true)),
    ...hear(swim, userEvent(8, 'other', '', true)),
  ]
  assert.equal(heardEvents(heard), [])
  assert.equal(heardEvents(hear(swim, userEvent(9, 'now'))), ['now@9'])
  assert.equal(heardEvents(passTimeAnswered(swim, 990)), [])
  assert.equal(heardEvents(passTimeAnswered(swim, 20)), ['deploy@7', 'other@8'])
  assert.ok(swim.now - at < 1_100)
})

coalescing('a stream of them is told every three seconds', () => {
  const swim = memberOf(5, { isCoalescing: true })
  passTimeAnswered(swim, 5_000)
  let told = 0
  for (let i = 1; i <= 50; i++) {
    hear(swim, userEvent(i, 'deploy', '', true))
    told += heardEvents(passTimeAnswered(swim, 100)).length
  }
  assert.is(told, 1)
  told += heardEvents(passTimeAnswered(swim, 1_000)).length
  assert.is(told, 2)
})

coalescing('of a member that flaps only the last state is told, if it is another', () => {
  const swim = memberOf(5, { isCoalescing: true })
  const joined = effectsOf(passTimeAnswered(swim, 5_000), 'members')
  assert.equal(
    joined.map(({ change, members }) => [change, members.length]),
    [['join', 5]],
  )
  hear(swim, deadOf(2, 3))
  hear(swim, aliveOf(2, { incarnation: 2 }))
  hear(swim, deadOf(3, 4))
  const told = effectsOf(passTimeAnswered(swim, 5_000), 'members')
  assert.equal(
    told.map(({ change, members }) => [change, members.map(({ name }) => name)]),
    [['failed', [nameOf(3)]]],
  )
})

coalescing.run()

const queryOf = (more: Partial<Query> = {}): Query => ({
  type: 'query',
  lTime: 5,
  id: 99,
  addr: addressOf(2).ip,
  port: 7946,
  sourceNode: nameOf(2),
  filters: null,
  flags: 0,
  relayFactor: 0,
  timeout: 15e9,
  name: 'uptime',
  payload: utf8('p'),
  ...more,
})

const questions = suite('questions of others')

questions('a question is told once, and passed on unless it says not to', () => {
  const swim = memberOf(5)
  const [asked] = effectsOf(hear(swim, serfOf(queryOf())), 'question')
  assert.is(asked?.question.name, 'uptime')
  assert.is(asked?.question.from, nameOf(2))
  assert.is(asked?.question.deadline, 15_000)
  assert.is(waitingSerf(swim, 'queries').length, 1)
  assert.equal(hear(swim, serfOf(queryOf())), [])
  hear(swim, serfOf(queryOf({ id: 100, flags: 2 })))
  assert.is(waitingSerf(swim, 'queries').length, 1)
})

questions('the answer goes straight to the asker, once, in time and in bounds', () => {
  const swim = memberOf(5)
  const [asked] = effectsOf(hear(swim, serfOf(queryOf())), 'question')
  const id = asked?.question.id ?? 0
  assert.ok(answer(swim, { id, payload: new Uint8Array(1024) }, swim.now))
  assert.is(answer(swim, { id, payload: utf8('12 days') }, swim.now), undefined)
  const [packet] = packetsOf(settled(swim))
  assert.equal(packet?.to, addressOf(2))
  assert.equal(sentOfPacket(packet?.messages), [
    {
      type: 'queryResponse',
      lTime: 5,
      id: 99,
      from: nameOf(1),
      flags: 0,
      payload: utf8('12 days'),
    },
  ])
  assert.ok(answer(swim, { id, payload: EMPTY }, swim.now), 'twice')
  const [late] = effectsOf(hear(swim, serfOf(queryOf({ id: 7 }))), 'question')
  passTimeAnswered(swim, 15_001)
  assert.ok(answer(swim, { id: late?.question.id ?? 0, payload: EMPTY }, swim.now))
  assert.is(swim.asked.size, 0)
})

const sentOfPacket = (messages: readonly Message[] | undefined) =>
  (messages ?? []).flatMap((message) => {
    if (message.type !== 'user') return []
    const read = decodeAs('queryResponse', message.body)
    return read.ok ? [read.value] : []
  })

questions('an ack is sent if one is wanted and the filters fit', () => {
  const swim = memberOf(5)
  setTags(swim, new Map([['role', 'web3']]), swim.now)
  const acked = (id: number, filters: QueryFilter[]) =>
    sentSerf(hear(swim, serfOf(queryOf({ id, flags: 1, filters: filters.map(encodeFilter) }))))
      .length
  const nodes = (...names: string[]): QueryFilter => ({ type: 'nodes', names })
  const tag = (expr: string): QueryFilter => ({ type: 'tag', tag: 'role', expr })
  assert.is(acked(1, []), 1)
  assert.is(acked(2, [nodes(nameOf(1), nameOf(3))]), 1)
  assert.is(acked(3, [nodes(nameOf(3))]), 0)
  assert.is(acked(4, [tag('^web\\d$')]), 1)
  assert.is(acked(5, [tag('eb')]), 1, 'found anywhere')
  assert.is(acked(6, [tag('^db')]), 0)
  assert.is(acked(7, [nodes(nameOf(1)), tag('^db')]), 0, 'all must fit')
  assert.is(acked(8, [tag('(')]), 0, 'no expression')
  assert.is(acked(9, [{ type: 'tag', tag: 'none', expr: '^$' }]), 1)
})

questions('a question that is not for us is passed on all the same', () => {
  const swim = memberOf(5)
  const filters = [encodeFilter({ type: 'nodes', names: ['other'] })]
  assert.equal(effectsOf(hear(swim, serfOf(queryOf({ filters }))), 'question'), [])
  assert.is(waitingSerf(swim, 'queries').length, 1)
})

questions(
  'an expression that would take an engine with backtracking for ever comes to an end',
  () => {
    const swim = memberOf(5)
    setTags(swim, new Map([['role', 'a'.repeat(200)]]), swim.now)
    const filters = [encodeFilter({ type: 'tag', tag: 'role', expr: '(a*)*b' })]
    hear(swim, serfOf(queryOf({ filters })))
  },
)

questions('with a relay factor others hand the answer on, too', () => {
  const swim = memberOf(6)
  const effects = hear(swim, serfOf(queryOf({ flags: 1, relayFactor: 2 })))
  const packets = packetsOf(effects)
  assert.is(packets.length, 3)
  assert.equal(packets[0]?.to, addressOf(2))
  for (const packet of packets.slice(1)) {
    assert.not.equal(packet.to, addressOf(2))
    const [relay] = sentSerf(effects).filter(({ type }) => type === 'relay')
    assert.ok(relay?.type === 'relay')
    if (relay?.type !== 'relay') continue
    assert.equal([relay.ip, relay.port, relay.node], [addressOf(2).ip, 7946, nameOf(2)])
    assert.ok(decodeAs('queryResponse', relay.message).ok)
  }
  const small = memberOf(3)
  assert.is(packetsOf(hear(small, serfOf(queryOf({ flags: 1, relayFactor: 2 })))).length, 1)
})

questions('a relay is handed on to members only', () => {
  const swim = memberOf(4)
  const message = encodeSerf({ ...queryOf(), type: 'query' })
  const relay = { type: 'relay', port: 7946, node: nameOf(3), message } as const
  const [packet] = packetsOf(hear(swim, serfOf({ ...relay, ip: addressOf(3).ip })))
  assert.equal(packet?.to, addressOf(3))
  assert.equal(packet?.messages, [{ type: 'user', body: message }])
  const mapped = packetsOf(hear(swim, serfOf({ ...relay, ip: `::ffff:${addressOf(3).ip}` })))
  assert.equal(mapped[0]?.to, addressOf(3), "Go's long form of an IPv4 address")
  for (const wrong of [{ ip: '10.66.0.1' }, { ip: addressOf(3).ip, node: 'nobody' }])
    assert.equal(packetsOf(hear(swim, serfOf({ ...relay, ...wrong }))), [])
})

questions('questions of Serf itself are answered without asking', () => {
  const swim = memberOf(5)
  const ping = hear(swim, serfOf(queryOf({ name: '_serf_ping', flags: 1 })))
  assert.equal(effectsOf(ping, 'question'), [])
  assert.is(packetsOf(ping).length, 1)
  const conflict = (id: number, name: string) =>
    packetsOf(
      hear(swim, serfOf(queryOf({ id, name: '_serf_conflict', payload: utf8(name) }))),
    ).flatMap(({ messages }) => sentOfPacket(messages))
  const [vote] = conflict(2, nameOf(3))
  const record = decodeAs('member', vote?.payload ?? EMPTY)
  assert.equal(record, {
    ok: true,
    value: {
      type: 'member',
      name: nameOf(3),
      addr: addressOf(3).ip,
      port: 7946,
      tags: new Map(),
      status: 1,
      ...VERSIONS,
    },
  })
  assert.equal(conflict(3, nameOf(1)), [], 'who is asked about does not vote')
  assert.equal(conflict(4, 'nobody'), [])
  assert.equal(hear(swim, serfOf(queryOf({ id: 5, name: '_serf_of-tomorrow' }))), [])
})

questions.run()

const asking = suite('queries of ours')

const responseOf = (from: number, more: object = {}): Message =>
  serfOf({
    type: 'queryResponse',
    lTime: 1,
    id: 0,
    from: nameOf(from),
    flags: 0,
    payload: utf8('x'),
    ...more,
  })

function asked(swim: Swim, more: object = {}): number {
  const done = query(swim, { name: 'uptime', payload: EMPTY, ...more }, swim.now)
  if (!done.ok) throw new Error(done.why)
  return done.query
}

asking('it is spread, and asked of ourselves', () => {
  const swim = memberOf(5)
  const id = asked(swim, { wantsAck: true })
  const effects = settled(swim)
  assert.is(effectsOf(effects, 'question').length, 1)
  assert.equal(effectsOf(effects, 'query-ack'), [{ type: 'query-ack', query: id, from: nameOf(1) }])
  assert.is(waitingSerf(swim, 'queries').length, 1)
  const [own] = effectsOf(effects, 'question')
  answer(swim, { id: own?.question.id ?? 0, payload: utf8('me') }, swim.now)
  assert.is(effectsOf(settled(swim), 'query-answer')[0]?.from, nameOf(1))
})

asking('each member acks once and answers once, whatever way it comes by', () => {
  const swim = memberOf(5)
  const id = asked(swim)
  settled(swim)
  const heard = [
    responseOf(2, { id, flags: 1 }),
    responseOf(2, { id }),
    responseOf(2, { id, flags: 1 }),
    responseOf(2, { id }),
    responseOf(3, { id }),
    responseOf(4, { id: (id ^ 1) >>> 0 }),
    responseOf(4, { id, lTime: 2 }),
  ].flatMap((message) => hear(swim, message))
  assert.equal(
    heard.map((effect) => [effect.type, 'from' in effect ? effect.from : '']),
    [
      ['query-ack', nameOf(2)],
      ['query-answer', nameOf(2)],
      ['query-answer', nameOf(3)],
    ],
  )
})

asking('it ends, and what comes later is not heard', () => {
  const swim = memberOf(5)
  const id = asked(swim)
  const ends = effectsOf(passTimeAnswered(swim, 3_100), 'query-end')
  assert.equal(ends, [], '200 ms × 16 × 1')
  assert.equal(effectsOf(passTimeAnswered(swim, 200), 'query-end'), [
    { type: 'query-end', query: id },
  ])
  assert.equal(hear(swim, responseOf(2, { id })), [])
})

asking('what does not fit into a packet is not asked', () => {
  const swim = memberOf(5)
  const large = query(swim, { name: 'q', payload: new Uint8Array(1000) }, swim.now)
  assert.not.ok(large.ok)
  assert.is(swim.clocks.queries.time, 1)
})

asking.run()

const keys = suite('keys')
const [K1, K2] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)]

keys('installed, used, removed: the first key seals', () => {
  const ring = (...held: Uint8Array[]) => ({ ok: true, keys: held })
  assert.equal(changeRing([K1], 'install', K2), ring(K1, K2))
  assert.equal(changeRing([K1, K2], 'install', K2), ring(K1, K2))
  assert.equal(changeRing([K1, K2], 'use', K2), ring(K2, K1))
  assert.equal(changeRing([K2, K1], 'remove', K1), ring(K2))
  assert.equal(changeRing([K2], 'remove', K1), ring(K2), 'it is gone, as wanted')
  for (const [operation, key] of [
    ['use', K2],
    ['remove', K1],
    ['install', new Uint8Array(15)],
  ] as const)
    assert.not.ok(changeRing([K1], operation, key).ok, operation)
  assert.not.ok(changeRing([], 'install', K1).ok)
  const full = Array.from({ length: 32 }, (_, i) => new Uint8Array(16).fill(i))
  assert.not.ok(changeRing(full, 'install', K1).ok)
})

function keyAnswers(swim: Swim): KeyResponse[] {
  return effectsOf(settled(swim), 'query-answer').flatMap(({ payload }) => {
    const read = decodeAs('keyResponse', payload)
    return read.ok ? [read.value] : []
  })
}

keys('a query changes the ring, and says what came of it', () => {
  const swim = memberOf(3, { keys: [K1] })
  queryKeys(swim, { operation: 'install', key: K2 }, swim.now)
  const effects = settled(swim)
  assert.equal(effectsOf(effects, 'use-keys')[0]?.keys, [K1, K2])
  queryKeys(swim, { operation: 'use', key: K2 }, swim.now)
  assert.equal(keyAnswers(swim)[0]?.result, true)
  assert.equal(swim.keys, [K2, K1])
  queryKeys(swim, { operation: 'remove', key: K2 }, swim.now)
  const [refused] = keyAnswers(swim)
  assert.is(refused?.result, false)
  assert.ok((refused?.message ?? '').includes('primary'))
  queryKeys(swim, { operation: 'list' }, swim.now)
  assert.equal(keyAnswers(swim)[0], {
    type: 'keyResponse',
    result: true,
    message: '',
    keys: [base64(K2), base64(K1)],
    primaryKey: base64(K2),
  })
})

keys('a long list is cut to what an answer may hold', () => {
  const ring = Array.from({ length: 30 }, (_, i) => new Uint8Array(32).fill(i))
  const swim = memberOf(3, { keys: ring })
  queryKeys(swim, { operation: 'list' }, swim.now)
  const [listed] = keyAnswers(swim)
  assert.ok((listed?.keys?.length ?? 0) > 10 && (listed?.keys?.length ?? 99) < 30)
  assert.ok((listed?.message ?? '').includes('30'))
})

keys('a query that is none, or on a pool without keys, is answered so', () => {
  const swim = memberOf(3)
  const bad = hear(swim, serfOf(queryOf({ name: '_serf_use-key', payload: EMPTY })))
  const [sent] = packetsOf(bad).flatMap(({ messages }) => sentOfPacket(messages))
  const read = decodeAs('keyResponse', sent?.payload ?? EMPTY)
  assert.ok(read.ok && !read.value.result)
  queryKeys(swim, { operation: 'install', key: K1 }, swim.now)
  assert.is(keyAnswers(swim)[0]?.result, false)
})

keys.run()

const conflicts = suite('name conflicts')

const vote = (swim: Swim, from: number, ip: string) => {
  const [[id, own] = [0, undefined]] = [...swim.ownQueries]
  const record = encodeSerf({
    type: 'member',
    name: nameOf(1),
    addr: ip,
    port: 7946,
    tags: null,
    status: 1,
    ...VERSIONS,
  })
  hear(swim, responseOf(from, { id, lTime: own?.lTime ?? 0, payload: record }))
}

const otherSelf = aliveOf(1, { addr: '10.0.0.99', incarnation: 3 })

const contested = (options: object = {}) => {
  const swim = memberOf(6, options)
  hear(swim, otherSelf)
  return swim
}

conflicts('whom most know by another address gives the name up', () => {
  for (const [ours, theirs, isLost] of [
    [1, 2, true],
    [2, 1, false],
    [1, 1, true],
    [0, 0, false],
  ] as const) {
    const swim = contested()
    for (let i = 0; i < ours; i++) vote(swim, 2 + i, addressOf(1).ip)
    for (let i = 0; i < theirs; i++) vote(swim, 4 + i, '10.0.0.99')
    const lost = effectsOf(passTimeAnswered(swim, 4_000), 'name-lost')
    assert.is(lost.length, isLost ? 1 : 0, `${ours} : ${theirs}`)
  }
})

conflicts('a conflict is asked about once at a time, and not where it is switched off', () => {
  const swim = contested()
  hear(swim, otherSelf)
  assert.is(swim.ownQueries.size, 1)
  assert.is(contested({ resolvesConflicts: false }).ownQueries.size, 0)
})

conflicts('a conflict of others is noted only', () => {
  const swim = memberOf(4)
  assert.equal(whatOf(hear(swim, aliveOf(2, { addr: '10.0.0.99', incarnation: 3 }))), ['conflict'])
  assert.is(swim.ownQueries.size, 0)
})

conflicts.run()
