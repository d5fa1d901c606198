// What becomes of what is said about members (memberlist-wire §3.5), rule by rule.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { INCARNATION_MAX } from '../../../core/swim/merge.js'
import { encodeTags } from '../../../core/wire/serf.js'
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
  notesOf,
  passTime,
  passTimeAnswered,
  stateOf,
  statusOf,
  suspectOf,
  VERSIONS,
  waitingOf,
  whatOf,
} from './kit.js'

const alive = suite('alive')
alive('somebody new is taken in, told to people and passed on', () => {
  const swim = member1()
  const effects = hear(swim, aliveOf(2))
  assert.is(stateOf(swim, 2), 'alive')
  assert.is(statusOf(swim, 2), 'alive')
  assert.equal(
    effectsOf(effects, 'members').map(({ change, members }) => [change, members[0]?.name]),
    [['join', 'node-2']],
  )
  assert.equal(waitingOf(swim), [aliveOf(2)])
})
alive('an echo or an older word is neither news nor passed on', () => {
  const swim = memberOf(3)
  hear(swim, aliveOf(2, { incarnation: 5 }))
  emptyQueues(swim)
  for (const incarnation of [0, 1, 4, 5]) {
    hear(swim, aliveOf(2, { incarnation, meta: encodeTags(new Map([['a', 'b']])) }))
    assert.is(memberNamed(swim, 2).incarnation, 5)
    assert.equal(waitingOf(swim), [])
  }
})
alive('a higher incarnation brings new tags, which people are told', () => {
  const swim = memberOf(3)
  const meta = encodeTags(new Map([['role', 'web']]))
  const effects = hear(swim, aliveOf(2, { incarnation: 2, meta }))
  assert.equal(
    effectsOf(effects, 'members').map(({ change, members }) => [
      change,
      [...(members[0]?.tags ?? [])],
    ]),
    [['update', [['role', 'web']]]],
  )
})
alive('a suspect is cleared by its own higher incarnation only', () => {
  const swim = memberOf(5)
  hear(swim, suspectOf(2, 3))
  hear(swim, aliveOf(2))
  assert.is(stateOf(swim, 2), 'suspect', 'the same incarnation refutes nothing')
  const effects = hear(swim, aliveOf(2, { incarnation: 2 }))
  assert.is(stateOf(swim, 2), 'alive')
  assert.ok(whatOf(effects).includes('cleared'))
  assert.equal(effectsOf(effects, 'members'), [], 'people never knew')
  passTime(swim, 60_000 - swim.now)
  assert.is(swim.suspects.size, 0)
})
alive('the dead come back with a higher incarnation, not with an old one', () => {
  const swim = memberOf(5)
  hear(swim, deadOf(2, 3, 4))
  for (const incarnation of [1, 3, 4]) hear(swim, aliveOf(2, { incarnation }))
  assert.is(stateOf(swim, 2), 'dead')
  const effects = hear(swim, aliveOf(2, { incarnation: 5 }))
  assert.is(stateOf(swim, 2), 'alive')
  assert.is(effectsOf(effects, 'members')[0]?.change, 'join')
})
alive('another address under a known name is a conflict', () => {
  const swim = memberOf(3)
  for (const other of [{ addr: '10.0.0.9' }, { port: 1 }]) {
    const effects = hear(swim, aliveOf(2, { incarnation: 9, ...other }))
    assert.ok(whatOf(effects).includes('conflict'))
    assert.equal(memberNamed(swim, 2).address, addressOf(2))
    assert.is(memberNamed(swim, 2).incarnation, 1)
  }
})
alive('the same address mapped into sixteen bytes is another one', () => {
  const swim = memberOf(3)
  const effects = hear(swim, aliveOf(2, { incarnation: 2, addr: '::ffff:10.0.0.2' }))
  assert.ok(whatOf(effects).includes('conflict'))
})
alive('who has left may come back from elsewhere, at once and with any incarnation', () => {
  const swim = memberOf(3)
  hear(swim, deadOf(2, 2, 7))
  assert.is(stateOf(swim, 2), 'left')
  hear(swim, aliveOf(2, { addr: '10.0.0.9' }))
  assert.is(stateOf(swim, 2), 'alive')
  assert.is(memberNamed(swim, 2).address.ip, '10.0.0.9')
})
alive('who is dead may come back from elsewhere after the time for it, if there is one', () => {
  const elsewhere = aliveOf(2, { addr: '10.0.0.9', incarnation: 2 })
  const never = memberOf(3)
  hear(never, deadOf(2, 3))
  passTime(never, 29_000)
  hear(never, elsewhere)
  assert.is(stateOf(never, 2), 'dead')
  const later = memberOf(3, { settings: { deadNodeReclaimMs: 10_000 } })
  hear(later, deadOf(2, 3))
  passTime(later, 9_000)
  hear(later, elsewhere)
  assert.is(stateOf(later, 2), 'dead')
  passTime(later, 2_000)
  hear(later, elsewhere)
  assert.is(stateOf(later, 2), 'alive')
})
alive('what cannot be a member is refused', () => {
  const swim = member1()
  const refused = [
    aliveOf(2, { node: '' }),
    aliveOf(2, { node: 'a b' }),
    aliveOf(2, { node: 'a\u0007' }),
    aliveOf(2, { node: 'x'.repeat(129) }),
    aliveOf(2, { addr: '' }),
    aliveOf(2, { meta: new Uint8Array(513) }),
    aliveOf(2, { vsn: { ...VERSIONS, protocolMin: 0 } }),
    aliveOf(2, { vsn: { ...VERSIONS, protocolMax: 0 } }),
    aliveOf(2, { vsn: { ...VERSIONS, protocolMin: 6 } }),
  ]
  for (const message of refused) {
    const effects = hear(swim, message)
    assert.equal(whatOf(effects), ['not-admitted'])
    assert.is(swim.members.size, 1)
  }
  assert.is(swim.tally.refused, refused.length)
  hear(swim, aliveOf(2, { meta: new Uint8Array(512) }))
  assert.is(swim.members.size, 2)
})
alive('no port is the port of the pool', () => {
  const swim = member1()
  hear(swim, aliveOf(2, { port: 0 }))
  assert.equal(memberNamed(swim, 2).address, { ip: '10.0.0.2', port: 7946 })
})
alive('a pool may choose whom it takes', () => {
  const admit = ({ tags }) => (tags.get('dc') === 'dc1' ? undefined : 'it is of another datacenter')
  const swim = member1({ admit })
  hear(swim, aliveOf(2, { meta: encodeTags(new Map([['dc', 'dc2']])) }))
  hear(swim, aliveOf(3, { meta: encodeTags(new Map([['dc', 'dc1']])) }))
  assert.equal([...swim.members.keys()], ['node-1', 'node-3'])
})
alive('a pool has an end', () => {
  const swim = member1({ settings: { membersMax: 3 } })
  for (let n = 2; n <= 5; n++) hear(swim, aliveOf(n))
  assert.is(swim.members.size, 3)
})
alive('of ourselves an echo is ignored, another self is refuted', () => {
  const swim = memberOf(3)
  hear(swim, aliveOf(1))
  assert.is(memberNamed(swim, 1).incarnation, 1)
  const effects = hear(swim, aliveOf(1, { meta: encodeTags(new Map([['a', 'b']])) }))
  assert.is(memberNamed(swim, 1).incarnation, 2)
  assert.ok(whatOf(effects).includes('refute'))
  hear(swim, aliveOf(1, { incarnation: 1, meta: new Uint8Array(2) }))
  assert.is(memberNamed(swim, 1).incarnation, 2, 'an old self is old')
  hear(swim, aliveOf(1, { incarnation: 40 }))
  assert.is(memberNamed(swim, 1).incarnation, 41)
})
alive.run()
const suspect = suite('suspect')
suspect('an accusation of somebody alive begins a suspicion, and is passed on', () => {
  const swim = memberOf(5)
  const effects = hear(swim, suspectOf(2, 3))
  assert.is(stateOf(swim, 2), 'suspect')
  assert.is(statusOf(swim, 2), 'alive', 'people are not told')
  assert.equal(waitingOf(swim), [suspectOf(2, 3)])
  assert.equal(notesOf(effects), [{ what: 'suspect', node: nameOf(2), from: nameOf(3) }])
})
suspect('of nobody known, of an older incarnation or of the dead it is ignored', () => {
  const swim = memberOf(5)
  hear(swim, suspectOf(9, 3))
  hear(swim, aliveOf(2, { incarnation: 3 }))
  hear(swim, suspectOf(2, 3, 2))
  assert.is(stateOf(swim, 2), 'alive')
  hear(swim, deadOf(4, 3))
  hear(swim, suspectOf(4, 3, 9))
  assert.is(stateOf(swim, 4), 'dead')
  assert.is(memberNamed(swim, 4).incarnation, 1)
})
suspect('a second accuser confirms, a third too, a fourth and an echo are not passed on', () => {
  const swim = memberOf(8)
  hear(swim, suspectOf(2, 3))
  const passedOn = [3, 4, 4, 5, 6].map((from) => {
    emptyQueues(swim)
    hear(swim, suspectOf(2, from))
    return waitingOf(swim).length
  })
  assert.equal(passedOn, [0, 1, 0, 1, 0])
})
suspect('confirmations bring the end nearer, silence does not', () => {
  const alone = memberOf(8)
  hear(alone, suspectOf(2, 3))
  const confirmed = memberOf(8)
  for (const from of [3, 4, 5]) hear(confirmed, suspectOf(2, from))
  const lives = (swim, ms) => {
    passTimeAnswered(swim, ms - swim.now)
    return stateOf(swim, 2)
  }
  assert.is(lives(confirmed, 3_990), 'suspect')
  assert.is(lives(confirmed, 4_010), 'dead')
  assert.is(lives(alone, 23_900), 'suspect')
  assert.is(lives(alone, 24_010), 'dead')
})
suspect('who is accused refutes with a higher incarnation than the accusation', () => {
  const swim = memberOf(3)
  const effects = hear(swim, suspectOf(1, 3, 6))
  assert.is(stateOf(swim, 1), 'alive')
  assert.is(memberNamed(swim, 1).incarnation, 7)
  assert.equal(waitingOf(swim), [aliveOf(1, { incarnation: 7 })])
  assert.is(swim.awareness.score, 1, 'we may have been slow')
  assert.ok(whatOf(effects).includes('refute'))
  hear(swim, suspectOf(1, 3, 6))
  assert.is(memberNamed(swim, 1).incarnation, 7, 'an old accusation is refuted already')
})
suspect('the last incarnation of 32 bits stays: it cannot be refuted, and breaks nothing', () => {
  const swim = memberOf(3)
  hear(swim, suspectOf(1, 3, INCARNATION_MAX))
  assert.is(memberNamed(swim, 1).incarnation, INCARNATION_MAX)
  hear(swim, suspectOf(1, 3, INCARNATION_MAX))
  assert.is(memberNamed(swim, 1).incarnation, INCARNATION_MAX)
})
suspect.run()
const dead = suite('dead')
dead('somebody is declared dead by another: failed, and passed on', () => {
  const swim = memberOf(4)
  const effects = hear(swim, deadOf(2, 3))
  assert.is(stateOf(swim, 2), 'dead')
  assert.is(statusOf(swim, 2), 'failed')
  assert.is(effectsOf(effects, 'members')[0]?.change, 'failed')
  assert.equal(waitingOf(swim), [deadOf(2, 3)])
})
dead('who speaks of its own end has left', () => {
  const swim = memberOf(4)
  hear(swim, deadOf(2, 2))
  assert.is(stateOf(swim, 2), 'left')
})
dead('twice, or of nobody known, or of an older incarnation it is ignored', () => {
  const swim = memberOf(4)
  hear(swim, deadOf(2, 3))
  emptyQueues(swim)
  hear(swim, deadOf(2, 4, 8))
  hear(swim, deadOf(9, 4))
  hear(swim, aliveOf(3, { incarnation: 2 }))
  emptyQueues(swim)
  hear(swim, deadOf(3, 4))
  assert.is(stateOf(swim, 3), 'alive')
  assert.equal(waitingOf(swim), [])
})
dead('who is said to be dead and lives refutes', () => {
  const swim = memberOf(4)
  hear(swim, deadOf(1, 3, 5))
  assert.is(stateOf(swim, 1), 'alive')
  assert.is(memberNamed(swim, 1).incarnation, 6)
})
dead('a newer word about a member takes the place of an older one that still waits', () => {
  const swim = memberOf(4)
  hear(swim, [suspectOf(2, 3), deadOf(2, 3), aliveOf(2, { incarnation: 2 })])
  assert.equal(waitingOf(swim), [aliveOf(2, { incarnation: 2 })])
})
dead('the long dead are dropped at the end of a round, after they were told so', () => {
  const swim = memberOf(4)
  hear(swim, deadOf(2, 3))
  passTime(swim, 29_000)
  assert.ok(swim.members.has(nameOf(2)))
  passTime(swim, 10_000)
  assert.not.ok(swim.members.has(nameOf(2)))
  assert.is(statusOf(swim, 2), 'failed', 'people still see it')
})
dead.run()
//# sourceMappingURL=merge.test.js.map
