// Snapshots on the disk in memory: kept, found, damaged, without room, and at every point of a
// crash.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, utf8 } from '../../../core/bytes.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { LogLine } from '../../../core/log.ts'
import { createPrng } from '../../../core/prng.ts'
import { encodeFrames, firstLink } from '../../../core/wire/frame.ts'
import { DataDirRefused, DiskFailure } from '../../../daemons/runtime/disk-errors.ts'
import { finishHead } from '../../../daemons/runtime/file-head.ts'
import {
  type Arriving,
  beginArriving,
  contentOf,
  discard,
  endWriting,
  keepArrived,
  neededBehind,
  openSnapshots,
  replaceSnapshot,
  type SnapshotOptions,
  saveSnapshot,
  writeChunk,
} from '../../../daemons/runtime/snapshots.ts'
import { before } from '../../kit/within.ts'
import {
  crashImage,
  createMemoryDisk,
  KEEP_ALL,
  KEEP_NONE,
  type MemoryDisk,
} from './memory-disk.ts'

const snapshots = suite('snapshots')
const DEADLINE_MS = 20_000
const fact = (name: string, check: () => Promise<void>) =>
  snapshots(name, () => before(DEADLINE_MS, check, name))

const DIR = '/snapshots'
const NODE = 'a-node'
const fileOf = (index: number) =>
  `${DIR}/snapshot-${String(index).padStart(16, '0')}-0000000000000001`

async function openOn(disk: MemoryDisk, more: Partial<SnapshotOptions> = {}) {
  const lines: LogLine[] = []
  const log = (line: LogLine) => lines.push(line)
  const options = { files: disk, dir: DIR, nodeId: NODE, random: () => 0x5eed_0002, log, ...more }
  return { ...(await openSnapshots(options)), lines }
}

type Opened = Awaited<ReturnType<typeof openOn>>

const order = (index: number, chunks: Iterable<Uint8Array>) => ({
  index: logIndex(index),
  term: term(1),
  chunks,
})

const textsOf = ({ newest }: Opened) =>
  newest === undefined
    ? undefined
    : [...newest.chunks].map((chunk) => new TextDecoder().decode(chunk))

async function savedOn(disk: MemoryDisk, ...indexes: number[]): Promise<Opened> {
  const opened = await openOn(disk)
  for (const index of indexes) {
    const chunks = [utf8(`state ${index}`), utf8(''), utf8('end')]
    assert.is(await saveSnapshot(opened.snapshots, order(index, chunks)), 'saved')
  }
  return opened
}

fact('a snapshot comes back chunk by chunk, of any sizes, and more than once', async () => {
  const disk = createMemoryDisk()
  const opened = await openOn(disk)
  const prng = createPrng(1)
  const sizes = [0, 1, 7, 8, 9, 65_536, 300_000, 2_500_000, 3]
  const chunks = sizes.map((size) => new Uint8Array(size).fill(prng.range(1, 255)))
  assert.is(await saveSnapshot(opened.snapshots, order(5, chunks)), 'saved')
  const { newest, lines } = await openOn(disk)
  assert.is(newest?.index, 5)
  assert.is(newest?.term, 1)
  for (let i = 0; i < 2; i++)
    [...(newest?.chunks ?? [])].forEach((chunk, at) => {
      assert.ok(Buffer.from(chunk).equals(chunks[at] ?? new Uint8Array(0)), `chunk ${at}`)
    })
  assert.is([...(newest?.chunks ?? [])].length, chunks.length)
  assert.equal(lines, [])
})

const SERVERS = { index: logIndex(3), data: utf8('who the servers were') }

async function arrive(opened: Opened, index: number, ...texts: string[]): Promise<Arriving> {
  const head = { index: logIndex(index), term: term(1), configuration: SERVERS }
  const arriving = await beginArriving(opened.snapshots, head)
  for (const text of texts) await writeChunk(arriving, utf8(text))
  await endWriting(arriving)
  return arriving
}

fact('who the servers were is kept with the state, and checked with it', async () => {
  const disk = createMemoryDisk()
  const opened = await openOn(disk)
  const named = { ...order(5, [utf8('state')]), configuration: SERVERS }
  assert.is(await saveSnapshot(opened.snapshots, named), 'saved')
  const { newest } = await openOn(disk)
  assert.equal(newest?.configuration, SERVERS)
  assert.equal(
    [...(newest?.chunks ?? [])].map((chunk) => new TextDecoder().decode(chunk)),
    ['state'],
  )
  const bytes = disk.bytesOf(fileOf(5))
  bytes[530] = (bytes[530] ?? 0) ^ 1
  assert.match((await openOn(disk)).lines[0]?.message ?? '', 'is damaged at byte 512')
})

fact('a snapshot of the first format says nothing of servers, and is read', async () => {
  const disk = createMemoryDisk()
  await savedOn(disk, 10)
  const head = disk.bytesOf(fileOf(10)).slice(0, 512)
  const link = firstLink(finishHead(head, { magic: 'lictor-s', format: 1 }))
  const frames = [
    { kind: 1, joins: false, payload: utf8('old') },
    { kind: 2, joins: false, payload: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) },
  ]
  disk.put(fileOf(10), concatBytes([head, encodeFrames(link, frames).bytes]))
  const opened = await openOn(disk)
  assert.equal(textsOf(opened), ['old'])
  assert.is(opened.newest?.configuration, undefined)
})

fact('one that arrives bears no name before raft says so, and then is the newest', async () => {
  const disk = createMemoryDisk()
  const opened = await savedOn(disk, 10)
  const arriving = await arrive(opened, 20, 'from', 'elsewhere')
  assert.is((await openOn(crashImage(disk, [], KEEP_ALL))).newest?.index, 10)
  await keepArrived(opened.snapshots, arriving)
  assert.is(opened.snapshots.arriving.size, 0)
  const content = contentOf(opened.snapshots, logIndex(20))
  assert.is(content?.size, 13)
  assert.is([...(content?.chunks ?? [])].length, 2)
  const again = await openOn(disk)
  assert.is(again.newest?.index, 20)
  assert.is(contentOf(again.snapshots, logIndex(20))?.size, 13)
  assert.is(contentOf(again.snapshots, logIndex(15)), undefined)
})

fact('what was not kept is gone after a start, and one that is late changes nothing', async () => {
  const disk = createMemoryDisk()
  const opened = await savedOn(disk, 10, 20)
  const late = await arrive(opened, 15, 'late')
  await keepArrived(opened.snapshots, late)
  assert.equal([...disk.names.keys()], [fileOf(10), fileOf(20)])
  const given = await arrive(opened, 30, 'given up')
  await discard(opened.snapshots, given)
  await arrive(opened, 40, 'never kept')
  assert.is((await openOn(disk)).newest?.index, 20)
  assert.equal([...disk.names.keys()], [fileOf(10), fileOf(20)])
})

fact('no more than four arrive at once', async () => {
  const opened = await openOn(createMemoryDisk())
  for (const index of [1, 2, 3, 4]) await arrive(opened, index, 'x')
  await arrive(opened, 5, 'x').then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /4 snapshots arrive already/),
  )
})

fact('the two newest are kept, and the log is needed from the older on', async () => {
  const disk = createMemoryDisk()
  const { snapshots: kept } = await savedOn(disk, 10)
  assert.is(neededBehind(kept), undefined)
  const { snapshots: more } = await savedOn(disk, 20, 30)
  assert.is(neededBehind(more), 20)
  assert.equal([...disk.names.keys()], [fileOf(20), fileOf(30)])
  const { newest, snapshots: found } = await openOn(disk)
  assert.is(newest?.index, 30)
  assert.is(neededBehind(found), 20)
})

fact('the same index is saved once, and an older one is a bug', async () => {
  const disk = createMemoryDisk()
  const { snapshots: kept } = await savedOn(disk, 10)
  const ops = disk.ops.length
  assert.is(await saveSnapshot(kept, order(10, [])), 'saved')
  assert.is(disk.ops.length, ops)
  await saveSnapshot(kept, order(9, [])).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /never go back/),
  )
})

fact(
  'a damaged newest is told, and the one before is used; it goes when the next stands',
  async () => {
    const disk = createMemoryDisk()
    await savedOn(disk, 10, 20)
    disk.bytesOf(fileOf(20)).fill(0xff, 530, 531)
    const opened = await openOn(disk)
    assert.is(opened.newest?.index, 10)
    assert.equal(textsOf(opened), ['state 10', '', 'end'])
    assert.match(opened.lines[0]?.message ?? '', `${fileOf(20)} is damaged at byte 5`)
    assert.is(neededBehind(opened.snapshots), undefined, 'all of the log is needed')
    assert.ok(disk.names.has(fileOf(20)))
    assert.is(await saveSnapshot(opened.snapshots, order(30, [])), 'saved')
    assert.equal([...disk.names.keys()], [fileOf(10), fileOf(30)])
  },
)

fact('a damaged one is written anew under its own name, and stays', async () => {
  const disk = createMemoryDisk()
  await savedOn(disk, 10, 20)
  disk.bytesOf(fileOf(20)).fill(0xff, 530, 531)
  const opened = await openOn(disk)
  assert.is(await saveSnapshot(opened.snapshots, order(20, [utf8('anew')])), 'saved')
  assert.equal(textsOf(await openOn(disk)), ['anew'])
})

fact('one of the same entry is replaced where it has something else to say', async () => {
  const disk = createMemoryDisk()
  const opened = await savedOn(disk, 10, 20)
  assert.is(await saveSnapshot(opened.snapshots, order(20, [utf8('not wanted')])), 'saved')
  assert.equal(textsOf(await openOn(disk)), ['state 20', '', 'end'])
  assert.is(await replaceSnapshot(opened.snapshots, order(20, [utf8('anew')])), 'saved')
  assert.equal(textsOf(await openOn(disk)), ['anew'])
  assert.is(opened.snapshots.kept.length, 2)
})

fact('a snapshot that the disk cannot read counts as damaged', async () => {
  const disk = createMemoryDisk()
  await savedOn(disk, 10, 20)
  const files: MemoryDisk = {
    ...disk,
    openSync(path) {
      if (path !== fileOf(20)) return disk.openSync(path)
      const read = () => {
        throw new DiskFailure('read', path, Object.assign(new Error('EIO'), { code: 'EIO' }))
      }
      return { read, close: () => undefined }
    },
  }
  assert.is((await openOn(disk, { files })).newest?.index, 10)
})

fact('one that is being sent is read to its end, whatever takes its place meanwhile', async () => {
  const disk = createMemoryDisk()
  let opened = 0
  const files: MemoryDisk = {
    ...disk,
    openSync(path) {
      const file = disk.openSync(path)
      opened++
      return {
        ...file,
        close: () => {
          opened--
        },
      }
    },
  }
  const { snapshots: kept } = await openOn(disk, { files })
  const large = [1, 2, 3].map((byte) => new Uint8Array(500_000).fill(byte))
  await saveSnapshot(kept, order(10, large))
  const sent: number[] = []
  let next = 20
  for (const chunk of contentOf(kept, logIndex(10))?.chunks ?? []) {
    sent.push(chunk[0] ?? 0)
    await saveSnapshot(kept, order(next, []))
    next += 10
  }
  assert.equal(sent, [1, 2, 3])
  assert.not(disk.names.has(fileOf(10)))
  await saveSnapshot(kept, order(next, large))
  for (const _ of contentOf(kept, logIndex(next))?.chunks ?? []) break
  assert.is(opened, 0, 'files are closed')
})

fact('without room nothing of the snapshot is left, and the next may succeed', async () => {
  const disk = createMemoryDisk()
  const { snapshots: kept } = await savedOn(disk, 10)
  const before = [...disk.names.keys()]
  disk.capacity = 100_000
  const large = [new Uint8Array(80_000).fill(1), new Uint8Array(80_000).fill(2)]
  assert.is(await saveSnapshot(kept, order(20, large)), 'full')
  assert.equal([...disk.names.keys()], before)
  disk.capacity = 1_000_000
  assert.is(await saveSnapshot(kept, order(20, large)), 'saved')
  assert.is((await openOn(disk)).newest?.index, 20)
})

fact('a failed sync is a failure, and the snapshots before it stand', async () => {
  const disk = createMemoryDisk()
  const { snapshots: kept } = await savedOn(disk, 10)
  disk.fault = ({ type }) => (type === 'sync' ? { errno: 'EIO' } : undefined)
  await saveSnapshot(kept, order(20, [])).then(
    () => assert.unreachable(),
    (error) => assert.instance(error, DiskFailure),
  )
  disk.fault = undefined
  const opened = await openOn(disk)
  assert.is(opened.newest?.index, 10)
  assert.equal([...disk.names.keys()], [fileOf(10)], 'what was unfinished is removed')
})

fact('a snapshot of another node or of a newer format is refused politely', async () => {
  const disk = createMemoryDisk()
  await savedOn(disk, 10)
  const refusal = (more: Partial<SnapshotOptions>) =>
    openOn(disk, more).then(
      () => assert.unreachable(),
      (error) => {
        assert.instance(error, DataDirRefused)
        assert.is(error.why, 'foreign')
        return error.message
      },
    )
  assert.match(await refusal({ nodeId: 'another' }), 'belongs to node a-node')
  const head = disk.bytesOf(fileOf(10)).slice(0, 512)
  finishHead(head, { magic: 'lictor-s', format: 7 })
  disk.bytesOf(fileOf(10)).set(head)
  assert.match(await refusal({}), 'format 7')
})

fact('cut anywhere, with a bit flipped anywhere, or with a tail, it is never served', async () => {
  const disk = createMemoryDisk()
  const prng = createPrng(3)
  const chunks = Array.from({ length: 40 }, () =>
    Uint8Array.from({ length: prng.range(0, 300) }, () =>
      prng.chance(0.5) ? 0 : prng.next() & 255,
    ),
  )
  const { snapshots: kept } = await openOn(disk)
  await saveSnapshot(kept, order(10, chunks))
  const good = disk.bytesOf(fileOf(10)).slice()
  const expectDamaged = async (bytes: Uint8Array, what: string) => {
    disk.put(fileOf(10), bytes)
    const { newest, lines } = await openOn(disk)
    assert.is(newest, undefined, what)
    assert.match(lines[0]?.message ?? '', `${fileOf(10)} is damaged at byte `)
  }
  for (let cut = 0; cut < good.length; cut++)
    await expectDamaged(good.slice(0, cut), `cut at ${cut}`)
  await expectDamaged(concatBytes([good, new Uint8Array(1)]), 'a byte too much')
  for (let i = 0; i < 10_000; i++) {
    const bit = i < 600 * 8 ? i : prng.range(0, good.length * 8 - 1)
    const bytes = good.slice()
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await expectDamaged(bytes, `bit ${bit}`)
  }
})

fact(
  'at every point of a crash the newest good one is the last that was saved, or the one under way',
  async () => {
    const disk = createMemoryDisk()
    const { snapshots: kept } = await openOn(disk)
    for (const index of [10, 20, 30, 40]) {
      const chunks = [utf8(`state ${index}`), new Uint8Array(200_000)]
      assert.is(await saveSnapshot(kept, order(index, chunks)), 'saved')
      disk.note(index)
    }
    const prng = createPrng(4)
    const drawn = { keepSector: () => prng.chance(0.5), keepName: () => prng.chance(0.5) }
    for (let end = 0; end <= disk.ops.length; end++) {
      const ops = disk.ops.slice(0, end)
      const saved = ops.filter(({ type }) => type === 'note').length * 10
      for (const crash of [KEEP_ALL, KEEP_NONE, drawn, drawn, drawn]) {
        const { newest, lines } = await openOn(crashImage(createMemoryDisk(), ops, crash))
        const index = newest?.index ?? 0
        assert.ok(index === saved || index === saved + 10, `${index} after call ${end}`)
        assert.is([...(newest?.chunks ?? [])].length, index === 0 ? 0 : 2)
        assert.equal(lines, [])
      }
    }
  },
)

fact('while a large state is saved others get their turn', async () => {
  const disk = createMemoryDisk()
  const real: MemoryDisk = {
    ...disk,
    create: async (path) => {
      const file = await disk.create(path)
      const later = () => new Promise<void>((resolve) => setImmediate(resolve))
      return { ...file, write: async (bytes, at) => later().then(() => file.write(bytes, at)) }
    },
  }
  const { snapshots: kept } = await openOn(disk, { files: real })
  let turns = 0
  let isDone = false
  const count = () => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const chunks = Array.from({ length: 1_000 }, () => new Uint8Array(10_000))
  await saveSnapshot(kept, order(1, chunks))
  isDone = true
  assert.ok(turns >= 100, `${turns} turns for 10 MB`)
})

snapshots.run()
