// The first lesson with real processes: what replication without consensus does, and what it
// cannot do.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { before, within } from '../kit/within.ts'
import { openWire, type StoreNode, startStoreNode, type Wire } from './kvstore-nodes.ts'

const kvstore = suite('kvstore')

const TEST_MS = 40_000
const SEEN_MS = 10_000

interface Given {
  readonly home: Home
  start(...args: string[]): Promise<StoreNode>
  wire(to: StoreNode): Promise<Wire>
  killAll(): Promise<void>
}

function test(name: string, work: (given: Given) => Promise<void>): void {
  kvstore(name, async () => {
    const home = await openHome()
    const nodes: StoreNode[] = []
    const wires: Wire[] = []
    const killAll = async () => {
      for (const node of nodes) {
        node.signal('SIGCONT')
        await node.end('SIGKILL')
      }
    }
    const given: Given = {
      home,
      killAll,
      start: async (...args) => {
        const node = await startStoreNode(home, args)
        nodes.push(node)
        return node
      },
      wire: async (to) => {
        const wire = await openWire(to.address)
        wires.push(wire)
        return wire
      },
    }
    try {
      await before(TEST_MS, () => work(given), name)
    } finally {
      await killAll()
      for (const wire of wires) await wire.close()
      await home.close()
    }
  })
}

const follow = (leader: StoreNode | Wire): [string, string] => [
  '--role=follower',
  `--leader=${leader.address}`,
]

test('a follower answers what the leader was told, byte for byte', async ({ start }) => {
  const leader = await start()
  const follower = await start(...follow(leader))
  assert.equal(await leader.put('a/b c', 'Douglas'), { success: true, replicated_to: 1 })
  assert.equal(await follower.get('a/b c'), { key: 'a/b c', value: 'Douglas' })
  await leader.put('bytes', new Uint8Array([0, 255, 10]))
  assert.equal(await follower.get('bytes'), { key: 'bytes', value: 'AP8K', encoding: 'base64' })
  assert.equal(await follower.put('x', '1'), {
    success: true,
    replicated_to: 1,
    forwarded_to: leader.address,
  })
  assert.equal(await follower.get('none'), { error: 'not found' })
})

test('a follower that comes late gets everything before it is ready', async ({ start }) => {
  const leader = await start()
  const value = 'v'.repeat(100_000)
  for (let i = 0; i < 300; i++) await leader.put(`k${i}`, value) // more than is kept as a log
  const follower = await start(...follow(leader))
  assert.equal(await follower.get('k0'), { key: 'k0', value })
  assert.equal(await follower.get('k299'), { key: 'k299', value })
  assert.is((await follower.status()).behind, 0)
})

test('a stopped follower is left out, and catches up afterwards', async (given) => {
  const leader = await given.start()
  const first = await given.start(...follow(leader))
  const second = await given.start(...follow(leader))
  second.signal('SIGSTOP')
  assert.equal(await leader.put('a', '1'), { success: true, replicated_to: 1 })
  await leader.put('b', '2')
  const lags = (await leader.status()).followers?.map(({ behind }) => behind)
  assert.equal(lags?.sort(), [0, 2])
  second.signal('SIGCONT')
  await within(SEEN_MS, async () => (await second.status()).index === 2, 'it has caught up')
  assert.equal(await first.get('b'), { key: 'b', value: '2' })
})

test('an acknowledged write is lost when the leader is killed at the right time', async (given) => {
  const leader = await given.start('--sync=none')
  const follower = await given.start(...follow(leader))
  await leader.put('name', 'Douglas')
  await within(SEEN_MS, async () => (await follower.status()).index === 1, 'the first copy')
  follower.signal('SIGSTOP')
  // The first may be on its way already; the second waits for a question that does not come.
  for (const name of ['Arthur', 'Adams']) {
    assert.equal(await leader.put('name', name), { success: true, replicated_to: 0 })
  }
  await leader.end('SIGKILL')
  follower.signal('SIGCONT')
  const { exit } = await run(given.home, ['kvstore', 'promote', `--node=${follower.address}`])
  assert.is(exit, 0)
  const found = await follower.get('name')
  assert.not.equal(found, { key: 'name', value: 'Adams' })
})

test('cut off from each other two leaders take writes, and show how they differ', async (given) => {
  const { home, start, wire } = given
  const old = await start()
  const way = await wire(old)
  const fresh = await start(...follow(way))
  await old.put('name', 'Douglas')
  way.cut()
  await within(SEEN_MS, async () => (await fresh.status()).state === 'no-leader', 'the cut')
  assert.is((await run(home, ['kvstore', 'promote', `--node=${fresh.address}`])).exit, 0)
  await old.put('name', 'Arthur')
  await fresh.put('name', 'Trillian')
  way.mend()
  const conflict = async (node: StoreNode) => (await node.status()).conflicts?.[0]
  await within(SEEN_MS, async () => (await conflict(old)) !== undefined, 'the old one knows')
  await within(SEEN_MS, async () => (await conflict(fresh)) !== undefined, 'the new one knows')
  assert.equal((await conflict(old))?.keys, [{ key: 'name', here: 'Arthur', there: 'Trillian' }])
  assert.equal((await conflict(fresh))?.keys, [{ key: 'name', here: 'Trillian', there: 'Arthur' }])
  const shown = await run(home, ['kvstore', 'status', `--node=${old.address}`])
  assert.is(shown.exit, 1)
  assert.match(shown.stdout, /^TWO LEADERS: \S+ and \S+ have parted after write 1$/m)
  assert.match(shown.stdout, /^name +"Arthur" +"Trillian"$/m)
  await run(home, ['kvstore', 'follow', fresh.address, `--node=${old.address}`])
  const isTaken = async () => JSON.stringify(await old.get('name')).includes('Trillian')
  await within(SEEN_MS, isTaken, 'the old one has given up')
  await within(SEEN_MS, async () => (await conflict(fresh)) === undefined, 'the new one knows, too')
})

test('writes under way when the leader is killed end with an answer', async ({ start }) => {
  const leader = await start()
  const follower = await start(...follow(leader))
  const other = await start(...follow(leader))
  other.signal('SIGSTOP') // so that writes wait
  const writes = Array.from({ length: 20 }, (_, i) => follower.put(`k${i}`, 'v'))
  await within(SEEN_MS, async () => (await leader.status()).index > 0, 'writes')
  await leader.end('SIGKILL')
  for (const answer of await Promise.all(writes)) {
    const { success, error } = answer as { success?: boolean; error?: string }
    assert.ok(success === true || error !== undefined, JSON.stringify(answer))
  }
})

test('with data folders an acknowledged write survives that all are killed', async (given) => {
  const { start } = given
  const dir = (name: string) => `--data-dir=${name}`
  const leader = await start(dir('a'))
  const first = await start(...follow(leader), dir('b'))
  await start(...follow(leader), dir('c'))
  await leader.put('name', 'Douglas')
  await leader.put('gone', 'soon')
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? leader : first).put(`k${i}`, `v${i}`)),
  )
  assert.ok(answers.every((answer) => (answer as { success?: boolean }).success === true))
  await given.killAll()
  const again = await start(dir('a'))
  const copies = [await start(...follow(again), dir('b')), await start(...follow(again), dir('c'))]
  for (const node of [again, ...copies]) {
    assert.equal(await node.get('name'), { key: 'name', value: 'Douglas' })
    for (const i of [0, 1, 48, 49]) {
      assert.equal(await node.get(`k${i}`), { key: `k${i}`, value: `v${i}` })
    }
  }
  assert.equal(await copies[0]?.put('more', '1'), {
    success: true,
    replicated_to: 2,
    forwarded_to: again.address,
  })
})

test('a copy that takes the place of another history is there after a kill, too', async (given) => {
  const { start } = given
  const other = await start('--data-dir=a')
  for (const key of ['x', 'y', 'z']) await other.put(key, 'of another')
  await given.killAll()
  const leader = await start()
  await leader.put('name', 'Douglas')
  const promoted = await start(...follow(leader))
  await run(given.home, ['kvstore', 'promote', `--node=${promoted.address}`])
  const node = await start(...follow(promoted), '--data-dir=a') // a higher epoch than its own
  assert.equal(await node.get('name'), { key: 'name', value: 'Douglas' })
  assert.equal(await node.get('x'), { error: 'not found' })
  await node.end('SIGKILL')
  const again = await start(...follow(promoted), '--data-dir=a')
  assert.equal(await again.get('name'), { key: 'name', value: 'Douglas' })
  assert.equal(await again.get('x'), { error: 'not found' })
})

kvstore.run()
