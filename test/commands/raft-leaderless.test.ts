// What is said when nobody leads, and above all what to do next.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { leaderlessWords } from '../../commands/raft/cluster.ts'
import type { NodeReport } from '../../core/raftnode/report.ts'

const NAME = 'localhost:8001,localhost:8002,localhost:8003'

const reportOf = (id: string, quarantined: boolean): NodeReport => ({
  id,
  address: `localhost:800${id}`,
  role: 'follower',
  term: 3,
  commitIndex: 0,
  appliedIndex: 0,
  lastIndex: 9,
  snapshotIndex: 0,
  leader: null,
  lastContactMs: 10,
  servers: ['1', '2', '3'].map((one) => ({
    id: one,
    address: `localhost:800${one}`,
    suffrage: 'voter',
  })),
  quarantined,
})

const leaderless = suite('raft without a leader')

leaderless('as long as enough may vote, one waits', () => {
  const { next, why } = leaderlessWords(NAME, [reportOf('1', false), reportOf('2', true)])
  assert.match(why, '2 lost data and must not vote')
  assert.is(next, 'start node 3, or: raftctl wait leader --timeout 10s')
})

leaderless('when too few may vote, no waiting helps', () => {
  const reports = [reportOf('1', false), reportOf('2', true), reportOf('3', true)]
  const { next, why } = leaderlessWords(NAME, reports)
  assert.match(why, /^3 of 3 nodes answer \(2 needed\).*; 2, 3 lost data and must not vote$/)
  assert.match(
    next,
    /^stop node 2, 3 and restore its data folder; or, for a new cluster, stop all /,
  )
  assert.not.match(next, 'raftctl wait')
})

leaderless.run()
