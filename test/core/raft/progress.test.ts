// What a leader knows of a follower: how each answer moves it, how long it waits after failures,
// and how much it may send.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logIndex } from '../../../core/ids.ts'
import {
  backOff,
  backOffHeartbeat,
  becomeProbe,
  becomeSnapshot,
  canSend,
  createProgress,
  onBack,
  onMatch,
  type Progress,
  restartProbe,
} from '../../../core/raft/progress.ts'
import { peerOf } from './cluster.ts'

const progress = suite('raft progress')

const at = (given: Partial<Progress> = {}): Progress => ({
  ...createProgress(peerOf('b'), logIndex(11), 1_000),
  ...given,
})

progress('a follower of whom nothing is known is probed at the end of the log', () => {
  const { state, next, match, inflight, failures } = at()
  assert.equal([state, next, match, inflight, failures], ['probe', 11, 0, 0, 0])
})

for (const [state, inflight, max, allowed] of [
  ['probe', 0, 1, true],
  ['probe', 1, 1, false],
  ['probe', 1, 16, false],
  ['replicate', 0, 1, true],
  ['replicate', 1, 1, false],
  ['replicate', 15, 16, true],
  ['replicate', 16, 16, false],
  ['snapshot', 0, 16, false],
] as const)
  progress(`${state} with ${inflight} of ${max} under way may ${allowed ? '' : 'not '}send`, () => {
    assert.is(canSend(at({ state, inflight }), max, 1_000), allowed)
  })

progress('nothing is sent before the time of a retry', () => {
  const waiting = at({ retryAt: 1_500 })
  assert.not(canSend(waiting, 1, 1_499))
  assert.ok(canSend(waiting, 1, 1_500))
})

for (const [match, next, told, wanted] of [
  [0, 11, 10, [10, 11]],
  [0, 11, 5, [5, 11]],
  [0, 3, 5, [5, 6]],
  [7, 11, 5, [7, 11]],
  [7, 8, 7, [7, 8]],
  [7, 8, 20, [20, 21]],
] as const)
  progress(`a match of ${told}, where ${match} was known and ${next} is next, is ${wanted}`, () => {
    const follower = at({ match: logIndex(match), next: logIndex(next) })
    onMatch(follower, logIndex(told))
    assert.equal([follower.match, follower.next], wanted)
    assert.is(follower.state, 'replicate')
  })

progress('a match does not end the state of a snapshot', () => {
  const follower = at({ state: 'snapshot', pendingSnapshot: logIndex(9) })
  onMatch(follower, logIndex(4))
  assert.is(follower.state, 'snapshot')
})

for (const [match, from, next] of [
  [0, 5, 5],
  [4, 5, 5],
  [7, 5, 8],
  [0, 1, 1],
] as const)
  progress(`a probe at ${from} where ${match} is matched begins at ${next}`, () => {
    const follower = at({ state: 'replicate', inflight: 3, epoch: 6, match: logIndex(match) })
    becomeProbe(follower, logIndex(from))
    const { state, inflight, epoch, commitTold } = follower
    assert.equal([state, follower.next, inflight, epoch, commitTold], ['probe', next, 0, 7, 0])
  })

progress('a snapshot ends what was under way, and remembers its last entry', () => {
  const follower = at({ state: 'replicate', inflight: 2, epoch: 1 })
  becomeSnapshot(follower, logIndex(40))
  const { state, inflight, epoch, pendingSnapshot } = follower
  assert.equal([state, inflight, epoch, pendingSnapshot], ['snapshot', 0, 2, 40])
})

progress('after a failure it goes on from what is matched, or from where it was', () => {
  const matched = at({ match: logIndex(6), next: logIndex(20), state: 'replicate' })
  restartProbe(matched)
  assert.is(matched.next, 7)
  const unknown = at({ next: logIndex(9) })
  restartProbe(unknown)
  assert.is(unknown.next, 9)
})

for (const [failures, ms] of [
  [1, 10],
  [2, 20],
  [3, 40],
  [8, 1_280],
  [9, 2_560],
  [10, 2_560],
  [50, 2_560],
] as const)
  progress(`after ${failures} failures in a row it waits ${ms} ms`, () => {
    const follower = at({ failures: failures - 1 })
    backOff(follower, 5_000)
    assert.equal([follower.failures, follower.retryAt], [failures, 5_000 + ms])
  })

for (const [failures, ms] of [
  [1, 10],
  [4, 80],
  [6, 320],
  [7, 500],
  [30, 500],
] as const)
  progress(`heartbeats wait ${ms} ms after ${failures} failures, no longer than they may`, () => {
    const follower = at({ heartbeatFailures: failures - 1 })
    backOffHeartbeat(follower, 5_000, 500)
    assert.is(follower.heartbeatDue, 5_000 + ms)
  })

progress('who answers a heartbeat after failures need not wait, and is probed again', () => {
  const follower = at({
    heartbeatFailures: 2,
    failures: 5,
    retryAt: 9_000,
    inflight: 3,
    state: 'replicate',
    match: logIndex(4),
  })
  onBack(follower, 5_000)
  const { heartbeatFailures, failures, retryAt, state, next, inflight } = follower
  assert.equal(
    [heartbeatFailures, failures, retryAt, state, next, inflight],
    [0, 0, 5_000, 'probe', 5, 0],
  )
})

progress('an answered heartbeat without failures changes nothing', () => {
  const follower = at({ failures: 3, retryAt: 9_000, inflight: 1, state: 'replicate' })
  onBack(follower, 5_000)
  assert.equal([follower.failures, follower.retryAt, follower.inflight], [3, 9_000, 1])
})

progress.run()
