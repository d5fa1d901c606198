// Exchanging states, joining, leaving, remembering (memberlist-wire §1.4, §1.6, §3.5, §3.7, §4).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EMPTY, utf8 } from '../../../core/bytes.ts'
import type { SwimEffect } from '../../../core/swim/effects.ts'
import { exchangeIntervalMs } from '../../../core/swim/exchange.ts'
import {
  failStream,
  join,
  leave,
  receiveAnswer,
  receiveStream,
  setTags,
} from '../../../core/swim/server.ts'
import { parseAddress, readSnapshot, snapshotLines } from '../../../core/swim/snapshot.ts'
import type { Swim } from '../../../core/swim/swim.ts'
import { packStream } from '../../../core/wire/gossip-stream.ts'
import type { NodeState, PushPull, StreamMessage } from '../../../core/wire/memberlist.ts'
import { decodeAs, encodeSerf, encodeTags, type SerfState } from '../../../core/wire/serf.ts'
import {
  addressOf,
  aliveOf,
  deadOf,
  effectsOf,
  emptyQueues,
  hear,
  member1,
  memberNamed,
  memberOf,
  nameOf,
  openedOf,
  passTime,
  passTimeAnswered,
  sentOf,
  sentSerf,
  serfOf,
  settled,
  stateOf,
  statusOf,
  streamMessageOf,
  suspectOf,
  VERSIONS,
  waitingOf,
  whatOf,
} from './kit.ts'

const STATES = { alive: 0, suspect: 1, dead: 2, left: 3 }

const stateIn = (
  n: number,
  state: keyof typeof STATES,
  more: Partial<NodeState> = {},
): NodeState => ({
  name: nameOf(n),
  addr: addressOf(n).ip,
  port: 7946,
  meta: encodeTags(new Map()),
  incarnation: 1,
  state: STATES[state],
  vsn: VERSIONS,
  ...more,
})

const serfState = (more: Partial<SerfState> = {}): Uint8Array =>
  encodeSerf({
    type: 'pushPull',
    lTime: 1,
    statusLTimes: new Map(),
    leftMembers: [],
    eventLTime: 1,
    events: [],
    queryLTime: 1,
    ...more,
  })

const pushPull = (states: NodeState[], more: Partial<PushPull> = {}): PushPull => ({
  type: 'pushPull',
  join: false,
  states,
  userState: EMPTY,
  ...more,
})

/** Somebody opens a stream and says this; the answer. */
function dial(
  swim: Swim,
  message: StreamMessage,
): { answer: StreamMessage | undefined; effects: readonly SwimEffect[] } {
  receiveStream(swim, { stream: 7, bytes: packStream(message, true) }, swim.now)
  const effects = settled(swim)
  const [closed] = effectsOf(effects, 'close-stream')
  const bytes = closed?.bytes
  return { answer: bytes === undefined ? undefined : streamMessageOf(bytes), effects }
}

const exchange = suite('exchange')

exchange('the answer is what was known before the question was read', () => {
  const swim = memberOf(3)
  const { answer } = dial(swim, pushPull([stateIn(2, 'alive'), stateIn(9, 'alive')]))
  assert.ok(answer?.type === 'pushPull')
  if (answer?.type !== 'pushPull') return
  assert.equal(answer.states.map(({ name }) => name).sort(), [1, 2, 3].map(nameOf))
  assert.is(stateOf(swim, 9), 'alive')
})

exchange('it tells every state, and of Serf the clocks, times and those who left', () => {
  const swim = memberOf(6)
  hear(swim, [suspectOf(2, 3), deadOf(4, 3)])
  hear(swim, [serfOf({ type: 'leave', lTime: 8, node: nameOf(5), prune: false }), deadOf(5, 5)])
  hear(swim, serfOf({ type: 'userEvent', lTime: 3, name: 'e', payload: utf8('p'), cc: true }))
  const { answer } = dial(swim, pushPull([]))
  if (answer?.type !== 'pushPull') throw new Error('no state')
  const states = Object.fromEntries(answer.states.map(({ name, state }) => [name, state]))
  assert.equal(
    [1, 2, 3, 4, 5].map((n) => states[nameOf(n)]),
    [0, 1, 0, 2, 3],
  )
  const state = decodeAs('pushPull', answer.userState)
  if (!state.ok) throw new Error(state.why)
  const { lTime, eventLTime, queryLTime, leftMembers, statusLTimes, events } = state.value
  assert.equal([lTime, eventLTime, queryLTime], [9, 4, 1])
  assert.equal(leftMembers, [nameOf(5)])
  assert.is(statusLTimes?.get(nameOf(5)), 8)
  assert.equal(events, [{ lTime: 3, events: [{ name: 'e', payload: utf8('p') }] }])
})

exchange('whom another takes for dead is only suspected, with our own word', () => {
  const swim = memberOf(6)
  dial(swim, pushPull([stateIn(2, 'dead'), stateIn(3, 'suspect'), stateIn(4, 'left')]))
  assert.equal(
    [2, 3, 4].map((n) => stateOf(swim, n)),
    ['suspect', 'suspect', 'left'],
  )
  const accusations = waitingOf(swim).filter(({ type }) => type === 'suspect')
  assert.is(accusations.length, 2)
  assert.ok(accusations.every((each) => each.type === 'suspect' && each.from === nameOf(1)))
})

exchange('an old state brings nobody back', () => {
  const swim = memberOf(6)
  hear(swim, aliveOf(2, { incarnation: 4 }))
  hear(swim, deadOf(2, 3, 4))
  for (const incarnation of [1, 3, 4]) dial(swim, pushPull([stateIn(2, 'alive', { incarnation })]))
  assert.is(stateOf(swim, 2), 'dead')
})

exchange('what another says of ourselves is refuted', () => {
  const swim = memberOf(3)
  dial(swim, pushPull([stateIn(1, 'dead', { incarnation: 6 })]))
  assert.is(memberNamed(swim, 1).incarnation, 7)
  dial(swim, pushPull([stateIn(1, 'left', { incarnation: 9 })]))
  assert.is(memberNamed(swim, 1).incarnation, 10)
})

exchange('a state that nobody knows yet is skipped', () => {
  const swim = memberOf(3)
  dial(swim, pushPull([{ ...stateIn(9, 'alive'), state: 4 }, stateIn(8, 'alive')]))
  assert.not.ok(swim.members.has(nameOf(9)))
  assert.ok(swim.members.has(nameOf(8)))
})

exchange("Serf's part: clocks, intents and events that were missed", () => {
  const swim = memberOf(6)
  hear(swim, deadOf(4, 3))
  const events = [
    null,
    { lTime: 5, events: [{ name: 'a', payload: null }] },
    { lTime: 2, events: [{ name: 'b', payload: utf8('x') }] },
    null,
  ]
  const userState = serfState({
    lTime: 20,
    eventLTime: 30,
    queryLTime: 40,
    statusLTimes: new Map([
      [nameOf(3), 12],
      [nameOf(4), 9],
    ]),
    leftMembers: [nameOf(4)],
    events,
  })
  const { effects } = dial(swim, pushPull([], { userState }))
  const { clocks } = swim
  assert.equal([clocks.members.time, clocks.events.time, clocks.queries.time], [20, 30, 40])
  assert.is(swim.roster.get(nameOf(3))?.statusLTime, 12)
  assert.is(statusOf(swim, 4), 'left')
  assert.equal(
    effectsOf(effects, 'event').map(({ event }) => [event.name, event.lTime]),
    [
      ['a', 5],
      ['b', 2],
    ],
  )
  assert.is(swim.queues.events.waiting.length, 0, 'not passed on')
  assert.equal(effectsOf(dial(swim, pushPull([], { userState })).effects, 'event'), [])
  assert.equal([clocks.members.time, clocks.events.time, clocks.queries.time], [20, 30, 40])
})

exchange('somebody who left and came back is not sent away by an old state', () => {
  const swim = memberOf(4)
  hear(swim, [serfOf({ type: 'leave', lTime: 8, node: nameOf(2), prune: false }), deadOf(2, 2)])
  hear(swim, aliveOf(2, { incarnation: 2 }))
  const old = serfState({ leftMembers: [nameOf(2)], statusLTimes: new Map([[nameOf(2), 8]]) })
  for (let i = 0; i < 3; i++) dial(swim, pushPull([], { userState: old }))
  assert.is(statusOf(swim, 2), 'alive')
  hear(swim, serfOf({ type: 'join', lTime: 9, node: nameOf(2) }))
  assert.is(statusOf(swim, 2), 'alive')
  assert.is(swim.roster.get(nameOf(2))?.statusLTime, 9)
})

const leaveOf = (n: number, lTime: number) =>
  serfOf({ type: 'leave', lTime, node: nameOf(n), prune: false })

exchange('who is about to leave is among those who left, not among those who joined', () => {
  const [a, b] = [memberOf(5), memberOf(5)]
  hear(a, leaveOf(2, 8))
  const { answer } = dial(a, pushPull([]))
  if (answer === undefined) throw new Error('no state')
  dial(b, answer)
  assert.is(statusOf(b, 2), 'leaving')
  hear(b, [leaveOf(2, 8), deadOf(2, 2)])
  assert.is(statusOf(b, 2), 'left')
})

exchange('where the time of a leave is told as that of a join, the leave is news still', () => {
  const swim = memberOf(6)
  const times = [2, 3, 4, 5].map((n) => [nameOf(n), 8] as const)
  dial(swim, pushPull([], { userState: serfState({ statusLTimes: new Map(times) }) }))
  emptyQueues(swim)
  hear(swim, leaveOf(2, 8))
  assert.is(statusOf(swim, 2), 'leaving')
  assert.is(swim.queues.intents.waiting.length, 1, 'and is passed on')
  hear(swim, [leaveOf(2, 8), deadOf(2, 2)])
  assert.is(statusOf(swim, 2), 'left')
  assert.is(swim.queues.intents.waiting.length, 1, 'once')
  hear(swim, [deadOf(3, 3), leaveOf(3, 8)])
  assert.is(statusOf(swim, 3), 'left', 'whichever comes first')
  hear(swim, leaveOf(4, 7))
  assert.is(statusOf(swim, 4), 'alive', 'an older one is old')
  hear(swim, [deadOf(5, 4), aliveOf(5, { incarnation: 2 }), leaveOf(5, 8)])
  assert.is(statusOf(swim, 5), 'alive', 'a leave from before somebody came back is old')
})

exchange('two members with the same dead do not drive up their clocks for ever', () => {
  const [a, b] = [memberOf(4), memberOf(4)]
  for (const swim of [a, b])
    hear(swim, [serfOf({ type: 'leave', lTime: 8, node: nameOf(2), prune: false }), deadOf(2, 2)])
  for (let i = 0; i < 10; i++) {
    const { answer } = dial(a, pushPull([]))
    if (answer !== undefined) dial(b, answer)
    const back = dial(b, pushPull([])).answer
    if (back !== undefined) dial(a, back)
  }
  assert.is(a.clocks.members.time, 9)
  assert.is(b.clocks.members.time, 9)
})

exchange('a state without Serf, or with one that cannot be read, is taken for the rest', () => {
  const swim = memberOf(3)
  dial(swim, pushPull([stateIn(8, 'alive')]))
  const { effects } = dial(swim, pushPull([stateIn(9, 'alive')], { userState: utf8('??') }))
  assert.ok(whatOf(effects).includes('bad-packet'))
  assert.ok(swim.members.has(nameOf(8)) && swim.members.has(nameOf(9)))
})

exchange('now and then it is our turn, with a random member, less often in a large pool', () => {
  const swim = memberOf(5)
  const opened = openedOf(passTimeAnswered(swim, 61_000))
  assert.ok(opened.length === 2 || opened.length === 3)
  assert.ok(opened.every(({ message }) => message.type === 'pushPull' && !message.join))
  const intervals = [2, 32, 33, 64, 65, 128, 129].map(
    (size) => exchangeIntervalMs(memberOf(size)) / 30_000,
  )
  assert.equal(intervals, [1, 1, 2, 2, 3, 3, 4])
})

exchange('a ping on a stream is answered, one for somebody else is not', () => {
  const swim = memberOf(3)
  const ping = (node: string): StreamMessage => ({
    type: 'ping',
    seqNo: 5,
    node,
    sourceAddr: '',
    sourcePort: 0,
    sourceNode: '',
  })
  assert.equal(dial(swim, ping(nameOf(1))).answer, { type: 'ack', seqNo: 5, payload: null })
  assert.is(dial(swim, ping('node-old')).answer, undefined)
})

exchange('a message on a stream is heard like one in a packet', () => {
  const swim = memberOf(3)
  const body = encodeSerf({ type: 'userEvent', lTime: 4, name: 'e', payload: EMPTY, cc: false })
  const { effects } = dial(swim, { type: 'user', body })
  assert.is(effectsOf(effects, 'event').length, 1)
})

exchange('what cannot be read is answered with an error, and the stream is closed', () => {
  const swim = memberOf(3)
  receiveStream(swim, { stream: 7, bytes: Uint8Array.of(6, 0xff) }, swim.now)
  const effects = settled(swim)
  const [closed] = effectsOf(effects, 'close-stream')
  assert.is(streamMessageOf(closed?.bytes ?? EMPTY).type, 'error')
  assert.ok(whatOf(effects).includes('bad-packet'))
})

exchange.run()

const versions = suite('protocol versions')

versions('a pool that speaks what we do not understand, or does not understand us, is none', () => {
  const cases: [Partial<typeof VERSIONS>, boolean][] = [
    [{}, true],
    [{ protocolMax: 9 }, true],
    [{ protocolCur: 6, protocolMax: 6 }, false],
    [{ protocolMin: 3, protocolCur: 3 }, false],
    [{ delegateMin: 0, delegateMax: 0, delegateCur: 0 }, false],
    [{ delegateCur: 4 }, true],
    [{ delegateMax: 4, delegateCur: 4 }, false],
  ]
  for (const [vsn, fits] of cases) {
    const swim = member1()
    dial(swim, pushPull([stateIn(2, 'alive', { vsn: { ...VERSIONS, ...vsn } })], { join: true }))
    assert.is(swim.members.has(nameOf(2)), fits, JSON.stringify(vsn))
  }
})

versions('the versions of the dead do not count', () => {
  const swim = member1()
  const odd = { ...VERSIONS, protocolMin: 9, protocolMax: 9, protocolCur: 9 }
  dial(swim, pushPull([stateIn(2, 'alive'), stateIn(3, 'dead', { vsn: odd })], { join: true }))
  assert.ok(swim.members.has(nameOf(2)))
})

versions.run()

const joining = suite('joining')

const ORDER = {
  id: 5,
  addresses: [addressOf(2), addressOf(3)],
  mode: 'all',
  ignoresOldEvents: false,
  attempts: 1,
} as const

const answered = (swim: Swim, stream: number, message: StreamMessage) => {
  receiveAnswer(swim, { stream, bytes: packStream(message, true) }, swim.now)
  return settled(swim)
}

const failed = (swim: Swim, stream: number, why: string) => {
  failStream(swim, { stream, why }, swim.now)
  return settled(swim)
}

joining('everybody named is asked; it ends when each has answered or failed', () => {
  const swim = member1()
  join(swim, ORDER, swim.now)
  const opened = openedOf(settled(swim))
  assert.equal(
    opened.map(({ to, message }) => [to, message.type === 'pushPull' && message.join]),
    [
      [addressOf(2), true],
      [addressOf(3), true],
    ],
  )
  const [first, second] = opened.map(({ stream }) => stream)
  assert.equal(effectsOf(failed(swim, first ?? 0, 'refused'), 'joined'), [])
  const effects = answered(swim, second ?? 0, pushPull([stateIn(3, 'alive')], { join: true }))
  assert.equal(effectsOf(effects, 'joined'), [
    { type: 'joined', join: 5, reached: 1, failures: ['10.0.0.2:7946: refused'] },
  ])
  assert.is(stateOf(swim, 3), 'alive')
})

joining('who has joined tells the pool itself, in both layers', () => {
  const swim = member1()
  join(swim, { ...ORDER, addresses: [addressOf(2)] }, swim.now)
  const [opened] = openedOf(settled(swim))
  const userState = serfState({ lTime: 30 })
  answered(swim, opened?.stream ?? 0, pushPull([stateIn(2, 'alive')], { join: true, userState }))
  const own = waitingOf(swim).filter(
    (message) => message.type === 'alive' && message.node === nameOf(1),
  )
  assert.is(own.length, 1)
  const effects = passTime(swim, 400)
  assert.equal(sentSerf(effects)[0], { type: 'join', lTime: 30, node: nameOf(1) })
  assert.is(swim.roster.get(nameOf(1))?.statusLTime, 30)
})

joining('a pool that would not have us, or that we would not have, is no success', () => {
  const swim = member1({
    admit: ({ tags }) => (tags.get('dc') === 'dc2' ? 'another datacenter' : undefined),
  })
  join(swim, ORDER, swim.now)
  const [first, second] = openedOf(settled(swim)).map(({ stream }) => stream)
  const dc2 = encodeTags(new Map([['dc', 'dc2']]))
  answered(swim, first ?? 0, pushPull([stateIn(2, 'alive', { meta: dc2 })], { join: true }))
  const odd = stateIn(3, 'alive', { vsn: { ...VERSIONS, protocolCur: 9, protocolMax: 9 } })
  const effects = answered(swim, second ?? 0, pushPull([odd], { join: true }))
  const [joined] = effectsOf(effects, 'joined')
  assert.is(joined?.reached, 0)
  assert.is(joined?.failures.length, 2)
  assert.is(swim.members.size, 1)
})

joining('an error in place of a state is a failure, and says why', () => {
  const swim = member1()
  join(swim, { ...ORDER, addresses: [addressOf(2)] }, swim.now)
  const [opened] = openedOf(settled(swim))
  const effects = answered(swim, opened?.stream ?? 0, { type: 'error', error: 'no' })
  assert.equal(effectsOf(effects, 'joined')[0]?.failures, ['10.0.0.2:7946: no'])
})

joining('who starts first tries again until somebody answers', () => {
  const swim = member1()
  join(swim, { ...ORDER, addresses: [addressOf(2)], attempts: 4 }, swim.now)
  for (let attempt = 1; attempt <= 3; attempt++) {
    const [opened] = openedOf(attempt === 1 ? settled(swim) : passTime(swim, 500))
    assert.ok(opened, `attempt ${attempt}`)
    assert.equal(effectsOf(failed(swim, opened?.stream ?? 0, 'refused'), 'joined'), [])
  }
  const [last] = openedOf(passTime(swim, 500))
  const effects = answered(swim, last?.stream ?? 0, pushPull([stateIn(2, 'alive')]))
  assert.is(effectsOf(effects, 'joined')[0]?.reached, 1)
  assert.is(swim.joins.size, 0)
})

joining('who is not taken in says so once, after a few tries, and with the reason', () => {
  const swim = member1()
  join(swim, { ...ORDER, addresses: [addressOf(2)], attempts: Number.POSITIVE_INFINITY }, swim.now)
  const said: unknown[] = []
  for (let attempt = 1; attempt <= 6; attempt++) {
    const [opened] = openedOf(attempt === 1 ? settled(swim) : passTime(swim, 500))
    const notes = effectsOf(failed(swim, opened?.stream ?? 0, 'refused'), 'note')
    for (const { note } of notes)
      if (note.what === 'join-again') said.push([attempt, note.failures])
  }
  assert.equal(said, [[3, ['10.0.0.2:7946: refused']]])
})

joining('tries come to an end', () => {
  const swim = member1()
  join(swim, { ...ORDER, addresses: [addressOf(2)], attempts: 2 }, swim.now)
  const [first] = openedOf(settled(swim))
  failed(swim, first?.stream ?? 0, 'refused')
  const [second] = openedOf(passTime(swim, 500))
  const effects = failed(swim, second?.stream ?? 0, 'refused')
  assert.is(effectsOf(effects, 'joined')[0]?.reached, 0)
})

joining('of those it knew, a member asks one after the other until one answers', () => {
  const swim = member1()
  join(swim, { ...ORDER, mode: 'first' }, swim.now)
  const [first] = openedOf(settled(swim))
  assert.equal(first?.to, addressOf(2))
  const [second] = openedOf(failed(swim, first?.stream ?? 0, 'refused'))
  assert.equal(second?.to, addressOf(3))
  const effects = answered(swim, second?.stream ?? 0, pushPull([stateIn(3, 'alive')]))
  assert.is(effectsOf(effects, 'joined')[0]?.reached, 1)
})

joining('nobody joins itself; with nobody else named it ends at once', () => {
  const swim = member1()
  join(swim, { ...ORDER, addresses: [addressOf(1)] }, swim.now)
  assert.equal(effectsOf(settled(swim), 'joined')[0]?.reached, 0)
})

joining('events from before the join can be left out', () => {
  const events = [{ lTime: 5, events: [{ name: 'old', payload: null }] }]
  for (const ignoresOldEvents of [true, false]) {
    const swim = member1()
    join(swim, { ...ORDER, addresses: [addressOf(2)], ignoresOldEvents }, swim.now)
    const [opened] = openedOf(settled(swim))
    const userState = serfState({ eventLTime: 6, events })
    const state = pushPull([stateIn(2, 'alive')], { join: true, userState })
    const effects = answered(swim, opened?.stream ?? 0, state)
    assert.is(effectsOf(effects, 'event').length, ignoresOldEvents ? 0 : 1)
    const next = serfOf({ type: 'userEvent', lTime: 6, name: 'n', payload: null, cc: false })
    assert.is(effectsOf(hear(swim, next), 'event').length, 1)
  }
})

joining('a failed member is tried now and then, and comes back', () => {
  const swim = memberOf(3)
  hear(swim, deadOf(2, 3))
  const opened = openedOf(passTimeAnswered(swim, 120_000)).filter(
    ({ to }) => to.ip === addressOf(2).ip,
  )
  assert.ok(opened.length >= 1)
  const back = stateIn(2, 'alive', { incarnation: 2 })
  answered(swim, opened.at(-1)?.stream ?? 0, pushPull([back], { join: true }))
  assert.is(statusOf(swim, 2), 'alive')
})

joining.run()

const leaving = suite('leaving')

leaving('first the intent, then the end, then a while in which probes are answered', () => {
  const swim = memberOf(4)
  leave(swim, swim.now)
  const started = settled(swim)
  assert.is(statusOf(swim, 1), 'leaving')
  assert.equal(effectsOf(started, 'left'), [])
  const effects = passTimeAnswered(swim, 800)
  const [intent] = sentSerf(effects)
  assert.equal(intent, { type: 'leave', lTime: 1, node: nameOf(1), prune: false })
  const ends = sentOf(effects, 'dead')
  assert.equal(ends[0], deadOf(1, 1))
  assert.is(stateOf(swim, 1), 'left')
  const probe = hear(swim, {
    type: 'ping',
    seqNo: 4,
    node: nameOf(1),
    sourceAddr: addressOf(2).ip,
    sourcePort: 7946,
    sourceNode: nameOf(2),
  })
  assert.is(sentOf(probe, 'ack').length, 1)
  const rest = passTimeAnswered(swim, 2_500)
  assert.is(effectsOf(rest, 'left').length, 1)
})

leaving('who leaves does not refute, and does not come back to life', () => {
  const swim = memberOf(4)
  leave(swim, swim.now)
  passTimeAnswered(swim, 1_000)
  emptyQueues(swim)
  for (const message of [
    suspectOf(1, 2, 5),
    deadOf(1, 2, 5),
    aliveOf(1, { incarnation: 9 }),
    serfOf({ type: 'leave', lTime: 50, node: nameOf(1), prune: false }),
  ])
    hear(swim, message)
  assert.is(stateOf(swim, 1), 'left')
  assert.is(memberNamed(swim, 1).incarnation, 1)
  assert.equal(waitingOf(swim), [])
})

leaving('who leaves says nothing new of itself', () => {
  const swim = memberOf(4)
  join(swim, { ...ORDER, addresses: [addressOf(9)] }, swim.now)
  const [opened] = openedOf(settled(swim))
  leave(swim, swim.now)
  assert.ok(setTags(swim, new Map([['a', 'b']]), swim.now))
  passTimeAnswered(swim, 1_500)
  emptyQueues(swim)
  answered(swim, opened?.stream ?? 0, pushPull([stateIn(9, 'alive')], { join: true }))
  assert.ok(
    waitingOf(swim).every((message) => message.type === 'alive' && message.node === nameOf(9)),
  )
  assert.is(stateOf(swim, 1), 'left')
})

leaving('the leave is newer than the join before it', () => {
  const swim = memberOf(4)
  hear(swim, serfOf({ type: 'join', lTime: 40, node: nameOf(1) }))
  leave(swim, swim.now)
  const [intent] = sentSerf(passTimeAnswered(swim, 600))
  assert.ok(intent?.type === 'leave' && Number(intent.lTime) > 40)
})

leaving('alone it is over at once, but for the while', () => {
  const swim = member1()
  leave(swim, swim.now)
  assert.is(effectsOf(passTime(swim, 1_000), 'left').length, 1)
})

leaving('whose word cannot be sent goes after the time for it', () => {
  const swim = memberOf(4, { settings: { gossipIntervalMs: 1e9, probeIntervalMs: 1e9 } })
  leave(swim, swim.now)
  assert.is(effectsOf(passTime(swim, 10_900), 'left').length, 0)
  assert.is(effectsOf(passTime(swim, 200), 'left').length, 1)
})

leaving('twice is once', () => {
  const swim = memberOf(4)
  leave(swim, swim.now)
  leave(swim, swim.now)
  assert.is(effectsOf(passTimeAnswered(swim, 20_000), 'left').length, 1)
})

leaving.run()

const memory = suite('memory')

memory('what is remembered is what is read', () => {
  const swim = memberOf(3)
  hear(swim, deadOf(3, 2))
  hear(swim, serfOf({ type: 'userEvent', lTime: 7, name: 'e', payload: EMPTY, cc: false }))
  const lines = effectsOf(passTimeAnswered(swim, 600), 'remember').flatMap((each) => each.lines)
  const { remembered, skipped } = readSnapshot(`${lines.join('\n')}\n`)
  assert.is(skipped, 0)
  assert.equal(remembered, {
    alive: [
      { name: nameOf(1), address: addressOf(1) },
      { name: nameOf(2), address: addressOf(2) },
    ],
    clock: 0,
    eventClock: 7,
    queryClock: 0,
    hasLeft: false,
  })
  assert.equal(readSnapshot(snapshotLines(swim).join('\n')).remembered, remembered)
})

memory('clocks are written when they have moved', () => {
  const swim = memberOf(3)
  passTimeAnswered(swim, 2_000)
  assert.equal(effectsOf(passTimeAnswered(swim, 5_000), 'remember'), [])
})

memory('lines that make no sense are skipped', () => {
  const text = [
    'alive: a 10.0.0.1:7946',
    'alive: b [::1]:7946',
    'alive: c 10.0.0.1',
    'alive: d 10.0.0.1:99999',
    'alive:',
    'what: x',
    'clock: -3',
    'clock: 99999999999999999999',
    'event-clock: 12',
    'coordinate: {}',
    '# comment',
    'not-alive: a',
    'ali',
  ].join('\n')
  const { remembered, skipped } = readSnapshot(text)
  assert.equal(remembered.alive, [{ name: 'b', address: { ip: '::1', port: 7946 } }])
  assert.is(remembered.eventClock, 12)
  assert.is(skipped, 7)
})

memory('who left joins nobody by itself, unless it has joined since', () => {
  assert.ok(readSnapshot('alive: a 10.0.0.1:1\nleave\n').remembered.hasLeft)
  assert.not.ok(readSnapshot('leave\nalive: a 10.0.0.1:1\n').remembered.hasLeft)
})

memory('events and queries of before are not told again', () => {
  const { remembered } = readSnapshot('clock: 5\nevent-clock: 7\nquery-clock: 3')
  const swim = member1({ remembered })
  const event = (lTime: number) =>
    effectsOf(
      hear(swim, serfOf({ type: 'userEvent', lTime, name: 'e', payload: null, cc: false })),
      'event',
    ).length
  assert.equal([event(7), event(8)], [0, 1])
  const { clocks } = swim
  assert.equal([clocks.members.time, clocks.queries.time], [6, 4])
})

memory('addresses are read in their text form only', () => {
  assert.equal(parseAddress('10.0.0.1:80'), { ip: '10.0.0.1', port: 80 })
  assert.equal(parseAddress('[0:0:0:0:0:0:0:1]:80'), { ip: '::1', port: 80 })
  for (const text of ['', ':80', '10.0.0.1:', '10.0.0.1:0', 'host:80', '10.0.0:80', '::1:80'])
    assert.is(parseAddress(text), undefined, text)
})

memory('tags are told again after a restart with a higher incarnation, by refuting', () => {
  const swim = member1()
  setTags(swim, new Map([['role', 'web']]), swim.now)
  join(swim, { ...ORDER, addresses: [addressOf(2)] }, swim.now)
  const [opened] = openedOf(settled(swim))
  const old = stateIn(1, 'dead', { incarnation: 12 })
  answered(swim, opened?.stream ?? 0, pushPull([stateIn(2, 'alive'), old], { join: true }))
  const [own] = waitingOf(swim).filter((each) => each.type === 'alive' && each.node === nameOf(1))
  assert.ok(own?.type === 'alive' && own.incarnation === 13)
})

memory.run()
