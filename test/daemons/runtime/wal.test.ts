// The log on the disk in memory: what it gives back, when it turns to a new segment, what it does
// when the disk says no.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logIndex, term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { DataDirRefused, DiskFailure } from '../../../daemons/runtime/disk-errors.ts'
import { finishHead } from '../../../daemons/runtime/file-head.ts'
import { before } from '../../kit/within.ts'
import { createMemoryDisk, type Fault, type MemoryDisk, type Op } from './memory-disk.ts'
import { createOn, DIR, entry, NODE, openOn, persistOf, someEntries } from './wal-kit.ts'

const wal = suite('wal')
const DEADLINE_MS = 10_000
const fact = (name: string, check: () => Promise<void>) =>
  wal(name, () => before(DEADLINE_MS, check, name))

const SMALL = { segmentBytes: 16 << 10 }
const segmentsOf = async (disk: MemoryDisk) =>
  (await disk.list(DIR)).filter((name) => name !== 'spare')
const first = `${DIR}/segment-000000000001`

async function refusal(work: Promise<unknown>): Promise<DataDirRefused> {
  try {
    await work
  } catch (error) {
    assert.instance(error, DataDirRefused)
    return error as DataDirRefused
  }
  throw new Error('was not refused')
}

async function failure(work: Promise<unknown>): Promise<DiskFailure> {
  try {
    await work
  } catch (error) {
    assert.instance(error, DiskFailure)
    return error as DiskFailure
  }
  throw new Error('did not fail')
}

/** Fails the calls for which `when` holds. */
function failOn(disk: MemoryDisk, errno: string, when: (op: Op) => boolean): void {
  disk.fault = (op): Fault | undefined => (when(op) ? { errno } : undefined)
}

const isSegmentWrite = (op: Op) => op.type === 'write' && op.path.includes('segment')
const isSegmentSync = (op: Op) => op.type === 'sync' && op.path.includes('segment')

fact('entries come back as they were written, with all that may be missing', async () => {
  const { wal, disk } = await createOn()
  const written = [
    entry(1, ''),
    { ...entry(2, 'two'), extensions: new Uint8Array([0, 1, 2]) },
    { ...entry(3, new Uint8Array(5000)), extensions: new Uint8Array(0) },
    { ...entry(4, new Uint8Array(700).fill(255), 3), appendedAt: new Uint8Array([9, 8]) },
    { ...entry(5, 'x', 3), appendedAt: new Uint8Array(0), extensions: new Uint8Array([7]) },
  ]
  assert.is(await wal.write(persistOf(written.slice(0, 3))), 'durable')
  assert.is(await wal.write(persistOf(written.slice(3))), 'durable')
  await wal.close()
  const { recovered } = await openOn(disk)
  assert.equal(recovered.entries, written)
  assert.is(recovered.nextIndex, 6)
})

fact('a fresh log can begin anywhere, and a gap or a falling term is a bug', async () => {
  const { wal, recovered } = await createOn(undefined, { createAt: logIndex(43) })
  assert.is(recovered.nextIndex, 43)
  assert.is(await wal.write(persistOf([entry(43, 'x')])), 'durable')
  await wal.write(persistOf([entry(45, 'x')])).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /without a gap/),
  )
  await wal.write(persistOf([entry(44, 'x', 0)])).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /terms never fall/),
  )
})

fact('the vote is durable with the write that carries it', async () => {
  const { wal, disk } = await createOn()
  const vote = { term: term(7), votedFor: NODE }
  await wal.write(persistOf([entry(1, 'a', 7)], { vote }))
  assert.equal((await openOn(disk)).recovered.vote, vote)
  assert.equal((await openOn(disk)).recovered.entries, [entry(1, 'a', 7)])
})

fact('a truncation and what replaces it come back in order', async () => {
  const { wal, disk } = await createOn()
  await wal.write(persistOf([entry(1, 'a'), entry(2, 'b'), entry(3, 'c')]))
  await wal.write(persistOf([entry(2, 'B', 2)], { truncateFrom: logIndex(2) }))
  const { recovered } = await openOn(disk)
  assert.equal(recovered.entries, [entry(1, 'a'), entry(2, 'B', 2)])
  assert.is(recovered.nextIndex, 3)
})

fact('a restart voids all entries, and those of older segments hold up nothing', async () => {
  const { wal, disk } = await createOn(undefined, SMALL)
  for (let i = 1; i <= 20; i++) await wal.write(persistOf([entry(i, new Uint8Array(1000).fill(i))]))
  assert.ok((await segmentsOf(disk)).length > 1)
  await wal.write(persistOf([entry(101, 'x', 2)], { restartBehind: logIndex(100) }))
  await wal.trim(logIndex(0))
  assert.is((await segmentsOf(disk)).length, 1)
  const { recovered } = await openOn(disk)
  assert.equal(recovered.entries, [entry(101, 'x', 2)])
})

fact('a full segment is followed by the next, and the log reads through all', async () => {
  const { wal, disk } = await createOn(undefined, SMALL)
  const written = someEntries(createPrng(1), { from: 1, count: 100, bytesMax: 2000 })
  for (const one of written) await wal.write(persistOf([one]))
  const names = await segmentsOf(disk)
  assert.ok(names.length > 5, `${names.length} segments`)
  assert.equal((await openOn(disk, SMALL)).recovered.entries, written)
  await wal.close()
  assert.equal(await disk.list(DIR), names, 'no spare stays behind')
})

fact('a write larger than a segment gets a segment of its size', async () => {
  const { wal, disk } = await createOn(undefined, SMALL)
  const big = [entry(1, 'small'), entry(2, new Uint8Array(100_000).fill(3)), entry(3, 'small')]
  for (const one of big) assert.is(await wal.write(persistOf([one])), 'durable')
  assert.equal((await openOn(disk, SMALL)).recovered.entries, big)
})

fact('a log that was closed goes on where it ended, and one that was not as well', async () => {
  const disk = createMemoryDisk()
  const closed = await createOn(disk)
  await closed.wal.write(persistOf([entry(1, 'a')]))
  await closed.wal.close()
  const killed = await openOn(disk)
  await killed.wal.write(persistOf([entry(2, 'b')]))
  const after = await openOn(disk)
  await after.wal.write(persistOf([entry(3, 'c')]))
  const { recovered, lines } = await openOn(disk)
  assert.equal(recovered.entries, [entry(1, 'a'), entry(2, 'b'), entry(3, 'c')])
  assert.equal(lines, [])
})

fact('trimming removes the segments below, oldest first, and the vote survives it', async () => {
  const { wal, disk } = await createOn(undefined, SMALL)
  const vote = { term: term(1), votedFor: NODE }
  const written = someEntries(createPrng(2), { from: 1, count: 100, bytesMax: 2000 })
  await wal.write(persistOf(written.slice(0, 1), { vote }))
  for (const one of written.slice(1)) await wal.write(persistOf([one]))
  const before = (await segmentsOf(disk)).length
  await wal.trim(logIndex(60))
  const after = (await segmentsOf(disk)).length
  assert.ok(after < before / 2 + 2, `${before} segments, then ${after}`)
  const { recovered } = await openOn(disk, SMALL)
  assert.ok((recovered.entries[0]?.index ?? 0) <= 61)
  assert.equal(recovered.entries.at(-1), written.at(-1))
  assert.equal(recovered.vote, vote)
})

fact('segments that a snapshot covers are not read, and go with the next trim', async () => {
  const { wal, disk } = await createOn(undefined, SMALL)
  const vote = { term: term(1), votedFor: NODE }
  const written = someEntries(createPrng(2), { from: 1, count: 100, bytesMax: 2000 })
  await wal.write(persistOf(written.slice(0, 1), { vote }))
  for (const one of written.slice(1)) await wal.write(persistOf([one]))
  await wal.close()
  const names = await segmentsOf(disk)
  disk.bytesOf(first).fill(1)
  const { wal: again, recovered } = await openOn(disk, { ...SMALL, behind: logIndex(60) })
  const from = recovered.entries[0]?.index ?? 0
  assert.ok(from > 40 && from <= 61, `from ${from} on`)
  assert.equal(recovered.entries, written.slice(from - 1))
  assert.equal(recovered.vote, vote)
  await again.trim(logIndex(60))
  const left = await segmentsOf(disk)
  assert.equal(left, names.slice(-left.length))
  assert.ok(left.length <= names.length / 2 + 1, `${left.length} of ${names.length} are left`)
})

fact('a log of a folder without room for the first segment is refused', async () => {
  const disk = createMemoryDisk()
  disk.capacity = 1000
  const refused = await refusal(createOn(disk))
  assert.is(refused.why, 'full')
  assert.equal(await segmentsOf(disk), [])
})

fact(
  'without room for a segment writes are refused, a vote is taken, and all goes on with room',
  async () => {
    const { wal, disk } = await createOn(undefined, SMALL)
    disk.capacity = 20 << 10
    let index = 0
    for (let end = 'durable'; end === 'durable'; index++)
      end = await wal.write(persistOf([entry(index + 1, new Uint8Array(1000))]))
    assert.equal(await segmentsOf(disk), ['segment-000000000001'])
    assert.is(await wal.write(persistOf([entry(index, new Uint8Array(5000))])), 'full')
    const vote = { term: term(9), votedFor: NODE }
    assert.is(await wal.write(persistOf([], { vote })), 'durable')
    const full = await openOn(disk, SMALL)
    assert.is(full.recovered.nextIndex, index)
    assert.equal(full.recovered.vote, vote)
    disk.capacity = 1 << 20
    assert.is(await wal.write(persistOf([entry(index, 'again', 9)])), 'durable')
    assert.equal((await openOn(disk, SMALL)).recovered.entries.at(-1), entry(index, 'again', 9))
  },
)

fact('entries leave a part of the disk free, which is told once; votes may have it', async () => {
  const { wal, disk, lines } = await createOn(undefined, SMALL)
  disk.capacity = 33 << 10 // a second segment finds room, but leaves less than a twentieth
  let index = 0
  for (let end = 'durable'; end === 'durable'; index++)
    end = await wal.write(persistOf([entry(index + 1, new Uint8Array(1000))]))
  assert.is(await wal.write(persistOf([entry(index, new Uint8Array(1000))])), 'full')
  assert.equal(await segmentsOf(disk), ['segment-000000000001'])
  assert.equal(
    lines.map(({ level }) => level),
    ['warn'],
  )
  assert.match(lines[0]?.message ?? '', /would leave too little of the disk/)
  for (let now = 2; now < 60; now++) {
    const vote = { term: term(now), votedFor: NODE }
    assert.is(await wal.write(persistOf([], { vote })), 'durable', `the vote of term ${now}`)
  }
  assert.is((await segmentsOf(disk)).length, 2)
})

fact(
  'a write cut short by a full disk is not taken for one, before or after the next',
  async () => {
    const { wal, disk } = await createOn()
    await wal.write(persistOf([entry(1, 'a')]))
    let calls = 0
    disk.fault = (op) => {
      if (!isSegmentWrite(op)) return undefined
      return calls++ === 0 ? { errno: 'EDQUOT', short: 700 } : { errno: 'EDQUOT' }
    }
    const refused = persistOf([entry(2, new Uint8Array(3000).fill(7))])
    assert.is(await wal.write(refused), 'full')
    assert.is(await wal.write(refused), 'full')
    const meanwhile = await openOn(copyOf(disk))
    assert.equal(meanwhile.recovered.entries, [entry(1, 'a')])
    disk.fault = undefined
    assert.is(await wal.write(persistOf([entry(2, 'b')])), 'durable')
    const { recovered, lines } = await openOn(disk)
    assert.equal(recovered.entries, [entry(1, 'a'), entry(2, 'b')])
    assert.equal(lines, [])
  },
)

fact('a sync without room leaves nothing that could come back after the refusal', async () => {
  const { wal, disk } = await createOn()
  let calls = 0
  disk.fault = (op) => (isSegmentSync(op) && calls++ === 0 ? { errno: 'ENOSPC' } : undefined)
  assert.is(await wal.write(persistOf([entry(1, 'refused')])), 'full')
  assert.equal((await openOn(copyOf(disk))).recovered.entries, [])
  assert.is(await wal.write(persistOf([entry(1, 'taken')])), 'durable')
  assert.equal((await openOn(disk)).recovered.entries, [entry(1, 'taken')])
})

fact('a short count of a write is no error', async () => {
  const { wal, disk } = await createOn()
  disk.fault = (op) =>
    op.type === 'write' && op.bytes.length > 9 ? { errno: '', short: 9 } : undefined
  const big = entry(1, new Uint8Array(4000).fill(5))
  assert.is(await wal.write(persistOf([big])), 'durable')
  assert.equal((await openOn(disk)).recovered.entries, [big])
})

for (const [name, hits] of [
  ['a failed sync', isSegmentSync],
  ['a failed write', isSegmentWrite],
] as const) {
  fact(`${name} is final: the log refuses everything after it`, async () => {
    const { wal, disk } = await createOn()
    await wal.write(persistOf([entry(1, 'a')]))
    failOn(disk, 'EIO', hits)
    const failed = await failure(wal.write(persistOf([entry(2, 'b')])))
    assert.is(failed.errno, 'EIO')
    assert.is(failed.file, first)
    assert.is(failed.exit, 71)
    assert.ok(failed.cause instanceof Error)
    disk.fault = undefined
    const calls = disk.ops.length
    assert.is(await failure(wal.write(persistOf([entry(2, 'b')]))), failed)
    assert.is(await failure(wal.trim(logIndex(1))), failed)
    assert.is(disk.ops.length, calls, 'the disk was touched again')
    await wal.close()
  })
}

fact(
  'a disk that fails while the next segment is made ready fails the write that needs it',
  async () => {
    const { wal, disk } = await createOn(undefined, SMALL)
    failOn(disk, 'EIO', (op) => op.type === 'sync' && op.path.endsWith('spare'))
    const failed = await failure(
      (async () => {
        for (let i = 1; i < 100; i++) await wal.write(persistOf([entry(i, new Uint8Array(1000))]))
      })(),
    )
    assert.match(failed.file, /spare/)
  },
)

fact('a torn last write is cut and told, with file, offset and index', async () => {
  const { wal, disk } = await createOn()
  await wal.write(persistOf([entry(1, 'a')]))
  await wal.write(persistOf([entry(2, new Uint8Array(2000).fill(1))]))
  disk.bytesOf(first).fill(0, 1500)
  const { recovered, lines } = await openOn(disk)
  assert.equal(recovered.entries, [entry(1, 'a')])
  assert.is(lines.length, 1)
  assert.equal(lines[0]?.fields, { file: first, offset: 608, index: 2 })
  const again = await openOn(disk)
  assert.equal(again.lines, [], 'it is cut once')
})

fact(
  'a damaged record with a good one behind it is refused, and the advice in the message works',
  async () => {
    const { wal, disk } = await createOn()
    for (let i = 1; i <= 5; i++) await wal.write(persistOf([entry(i, `value ${i}`)]))
    const at = 512 + 2 * 96 + 60
    disk.bytesOf(first)[at] = 0
    const refused = await refusal(openOn(disk))
    assert.is(refused.why, 'corrupt')
    assert.is(refused.exit, 71)
    assert.match(refused.message, `${first} is damaged at byte 704, where entry 3 is due`)
    const cut = Number(/truncate -s (\d+)/.exec(refused.message)?.[1])
    disk.put(first, disk.bytesOf(first).slice(0, cut))
    const { recovered, wal: again } = await openOn(disk)
    assert.equal(
      recovered.entries.map(({ index }) => index),
      [1, 2],
    )
    assert.is(await again.write(persistOf([entry(3, 'other')])), 'durable')
    assert.is((await openOn(disk)).recovered.nextIndex, 4)
  },
)

fact(
  'a log is refused when a segment is missing, between others or at its end, or all are',
  async () => {
    const { wal, disk } = await createOn(undefined, SMALL)
    for (let i = 1; i <= 50; i++) await wal.write(persistOf([entry(i, new Uint8Array(1000))]))
    await wal.close()
    const names = await segmentsOf(disk)
    for (const name of names.slice(1)) {
      const copy = copyOf(disk)
      await copy.unlink(`${DIR}/${name}`)
      const refused = await refusal(openOn(copy, SMALL))
      assert.match(refused.message, `${DIR}/${name} is missing`)
    }
    const none = createMemoryDisk()
    assert.match((await refusal(openOn(none))).message, /holds no segment/)
  },
)

fact('segments of another node or of a newer format are refused politely', async () => {
  const { wal, disk } = await createOn()
  await wal.close()
  const other = await refusal(openOn(copyOf(disk), { nodeId: 'another' }))
  assert.is(other.why, 'foreign')
  assert.match(other.message, NODE)
  const bytes = disk.bytesOf(first).slice(0, 512)
  finishHead(bytes, { magic: 'lictor-w', format: 2 })
  disk.bytesOf(first).set(bytes)
  const newer = await refusal(openOn(disk))
  assert.is(newer.why, 'foreign')
  assert.match(newer.message, /format 2/)
})

fact('two writes at once are a bug of the caller', async () => {
  const { wal } = await createOn()
  const one = wal.write(persistOf([entry(1, 'a')]))
  await wal.write(persistOf([entry(2, 'b')])).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /one write is under way/),
  )
  assert.is(await one, 'durable')
})

function copyOf(disk: MemoryDisk): MemoryDisk {
  const copy = createMemoryDisk()
  for (const [path, { bytes }] of disk.names) copy.put(path, bytes.slice())
  return copy
}

wal.run()
