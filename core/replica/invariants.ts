// What must hold after every step of a node.
import { assert } from '../assert.ts'
import type { Replica } from './node.ts'
import { FOLLOWERS_MAX, LOG_WRITES_MAX, REIGNS_MAX, WAITING_MAX } from './records.ts'

export function checkReplica(node: Replica): void {
  const { store, role, calls } = node
  const newest = store.log.at(-1)?.write.index ?? store.last
  assert(newest === store.last, 'the log ends with the last write')
  assert(store.log.length <= LOG_WRITES_MAX, 'the log is bounded')
  assert(
    node.kept.last <= store.last || node.keeping.isAnew || node.keeping.underWay !== undefined,
    'no more is kept than there is',
  )
  assert(store.bytes >= 0, 'no key is counted out twice')
  assert(store.history.length <= REIGNS_MAX, 'the history is bounded')
  if (role.type === 'follower') {
    const { question } = role
    assert(question === undefined || calls.has(question), 'a question is under way')
    return
  }
  assert(store.history.at(-1)?.epoch === role.epoch, 'a leader writes into its own reign')
  assert(role.followers.size <= FOLLOWERS_MAX, 'followers are bounded')
  assert(role.waiting.length <= WAITING_MAX, 'waiting writes are bounded')
  for (const { index } of role.followers.values()) {
    assert(index <= store.last, 'no follower is ahead of its leader')
  }
}
