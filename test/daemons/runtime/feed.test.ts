// Records that others follow: who comes late, who is slow, who leaves.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  createFeed,
  type Feed,
  followFeed,
  keptOf,
  publish,
} from '../../../daemons/runtime/feed.ts'

const feed = suite('feed')

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** What a follower was sent: the data, or how many were lost. */
function follower(of: Feed, takes: () => boolean) {
  const seen: unknown[] = []
  const followed = followFeed(of, (line) => {
    assert.ok(line.endsWith('\n'))
    const { data } = JSON.parse(line) as { data: unknown } // what feed.ts writes
    seen.push(data)
    return takes()
  })
  return { seen, ...followed }
}

feed('the last records are kept, with numbers that go on', () => {
  const events = createFeed({ topic: 'event', node: 'a', keptMax: 3 })
  for (const n of numbers(1, 10)) publish(events, n)
  assert.equal(
    keptOf(events).map(({ seq, data }) => [seq, data]),
    [
      [8, 8],
      [9, 9],
      [10, 10],
    ],
  )
})

feed('a follower hears what was kept, then what comes, until it leaves', () => {
  const events = createFeed({ topic: 'event', node: 'a', keptMax: 2 })
  for (const n of numbers(1, 3)) publish(events, n)
  const { seen, stop } = follower(events, () => true)
  publish(events, 4)
  stop()
  publish(events, 5)
  assert.equal(seen, [2, 3, 4])
})

feed('a slow follower catches up, and is told how many it has lost', () => {
  const events = createFeed({ topic: 'event', node: 'a', keptMax: 1 })
  let isFast = false
  const { seen, resume } = follower(events, () => isFast)
  const [queued, lost] = [1_024, 7]
  for (const n of numbers(1, 1 + queued + lost)) publish(events, n)
  assert.equal(seen, [1])
  isFast = true
  resume()
  assert.is(seen.length, 1 + queued + 1)
  assert.equal(seen.at(-1), { dropped: lost })
})

feed.run()
