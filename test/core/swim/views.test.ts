// What people see of a pool: members with the keys of serf, and the lines of the trace.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { receive } from '../../../core/swim/inputs.ts'
import type { Swim } from '../../../core/swim/swim.ts'
import { traceText } from '../../../core/swim/trace.ts'
import { memberViews, poolInfo, roundTripMs } from '../../../core/swim/views.ts'
import {
  addressOf,
  aliveOf,
  hear,
  memberOf,
  notesOf,
  passTime,
  passTimeAnswered,
  settled,
  suspectOf,
} from './kit.ts'

const views = suite('views of a pool')

const shown = (swim: Swim): string =>
  memberViews(swim, swim.now)
    .map(({ name, state, status }) => `${name} ${state} ${status}`)
    .join(', ')

views('a member is alive, suspect, or dead, and serf’s word stands beside', () => {
  const swim = memberOf(3)
  hear(swim, suspectOf(3, 2))
  assert.is(shown(swim), 'node-1 alive alive, node-2 alive alive, node-3 suspect alive')
  passTime(swim, 60_000)
  assert.match(shown(swim), 'node-3 dead failed')
  const [first] = memberViews(swim, swim.now)
  assert.equal(first?.protocol, { max: 5, min: 2, version: 5 })
  assert.is(first?.addr, '10.0.0.1:7946')
})

views('info counts members by their status, in texts', () => {
  const swim = memberOf(3)
  const { serf, agent } = poolInfo(swim)
  assert.equal([agent.name, serf['members'], serf['encrypted']], ['node-1', '3', 'false'])
})

views('a round trip is known when its members have told their points', () => {
  const swim = memberOf(2)
  assert.is(roundTripMs(swim, { from: 'node-1', to: 'node-2' }), undefined)
  passTimeAnswered(swim, 5_000)
  assert.is(roundTripMs(swim, { from: 'node-1', to: 'nobody' }), undefined)
  assert.ok((roundTripMs(swim, { from: 'node-1', to: 'node-1' }) ?? -1) >= 0)
})

views('every note has a line, with the words of the papers', () => {
  const swim = memberOf(4)
  const notes = notesOf([
    ...passTime(swim, 5_000),
    ...hear(swim, suspectOf(1, 2)),
    ...hear(swim, aliveOf(2, { incarnation: 2 })),
  ])
  const verbs = new Set(notes.map((note) => traceText(note, 'node-1').verb))
  for (const verb of ['ping', 'ping-req', 'no answer', 'suspect', 'refute', 'cleared'])
    assert.ok(verbs.has(verb), `${verb} in ${[...verbs]}`)
  const refuted = notes.find(({ what }) => what === 'refute')
  assert.ok(refuted)
  assert.match(
    traceText(refuted, 'node-1').rest,
    /^we were called suspected by node-2; incarnation/,
  )
})

views('whatever the network brings comes in by one door', () => {
  const swim = memberOf(3)
  receive(swim, { type: 'packet', from: addressOf(2), bytes: new Uint8Array([99]) }, 0)
  receive(swim, { type: 'unreadable', from: 'somebody', why: 'another key' }, 0)
  receive(swim, { type: 'stream', stream: 1, bytes: new Uint8Array([99]) }, 0)
  receive(swim, { type: 'answer', stream: 5, bytes: new Uint8Array([99]) }, 0)
  receive(swim, { type: 'stream-failed', stream: 6, why: 'refused' }, 0)
  receive(swim, { type: 'port-refused', to: addressOf(3) }, 0)
  const effects = settled(swim)
  assert.is(swim.tally.refused, 3)
  assert.is(effects.filter(({ type }) => type === 'close-stream').length, 1)
})

views.run()
