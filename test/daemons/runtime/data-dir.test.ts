// The data folder on the real disk: one process at a time, whose it is, what it remembers, and
// disks that are full or read-only.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Recovered } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { LogLine } from '../../../core/log.ts'
import { createSolo } from '../../../core/solo.ts'
import { type DataDir, openDataDir } from '../../../daemons/runtime/data-dir.ts'
import { DataDirRefused } from '../../../daemons/runtime/disk-errors.ts'
import { acquireLock } from '../../../daemons/runtime/lock.ts'
import { beginArriving, endWriting, keepArrived } from '../../../daemons/runtime/snapshots.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before, within } from '../../kit/within.ts'
import { isRoot, withSmallDisk, works } from '../small-disk.ts'
import { entry, persistOf } from './wal-kit.ts'

const dataDir = suite('data dir')
const DEADLINE_MS = 30_000
const fact = (name: string, check: (dir: string) => Promise<void>) =>
  dataDir(name, async () => {
    try {
      await before(DEADLINE_MS, () => withTemp(check), name)
    } finally {
      await Promise.all([...holders].map(end))
    }
  })

/** Processes that hold a folder, or wanted to. */
const holders = new Set<Holder>()

const SEGMENT = 64 << 10

interface Opened extends DataDir {
  readonly lines: LogLine[]
}

async function open(dir: string, nodeId?: string): Promise<Opened> {
  const lines: LogLine[] = []
  const log = (line: LogLine) => lines.push(line)
  const opened = await openDataDir({
    dir,
    nodeId,
    newNodeId: randomUUID,
    log,
    segmentBytes: SEGMENT,
  })
  return { ...opened, lines }
}

async function refusal(work: Promise<unknown>): Promise<DataDirRefused> {
  try {
    await work
  } catch (error) {
    if (error instanceof DataDirRefused) return error
    throw error
  }
  throw new Error('was not refused')
}

const bytes = (size: number, fill: number) => new Uint8Array(size).fill(fill)
const indexesOf = ({ recovered }: { recovered: Recovered }) =>
  recovered.entries.map(({ index }) => index)

/** Entries from … to, each a kilobyte. */
async function fill(dir: DataDir, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++)
    assert.is(await dir.write(persistOf([entry(i, bytes(1000, i))])), 'durable')
}

const snapshotAt = (index: number) => ({
  index: logIndex(index),
  term: term(1),
  chunks: [bytes(10, index)],
})

fact('a new folder gets an identity, which it keeps, and is for its owner alone', async (dir) => {
  const path = join(dir, 'a/b')
  const first = await open(path)
  await first.close()
  assert.is((await stat(path)).mode & 0o777, 0o700)
  assert.is((await stat(join(path, 'node-id'))).mode & 0o777, 0o600)
  assert.is(await readFile(join(path, 'node-id'), 'utf8'), first.nodeId)
  const second = await open(path, first.nodeId.toUpperCase())
  assert.is(second.nodeId, first.nodeId)
  await second.close()
  assert.equal(await readdir(path), ['format', 'log', 'node-id', 'snapshots', 'votes'])
})

fact(
  'every folder that was made on the way to a new one is synced in the one above',
  async (dir) => {
    const synced = await foldersSynced(async () => {
      await (await open(join(dir, 'a', 'b', 'data'))).close()
    })
    const real = fs.realpathSync(dir)
    for (const folder of ['a/b', 'a', '.'])
      assert.ok(synced.has(join(real, folder)), `${folder}: ${[...synced]}`)
  },
)

/** The paths that `work` has given to fsync. */
async function foldersSynced(work: () => Promise<void>): Promise<ReadonlySet<string>> {
  const { fsync } = fs
  const synced = new Set<string>()
  const noting = (fd: number, done: fs.NoParamCallback) => {
    synced.add(fs.readlinkSync(`/proc/self/fd/${fd}`))
    fsync(fd, done)
  }
  fs.fsync = Object.assign(noting, { __promisify__: fsync.__promisify__ })
  try {
    await work()
  } finally {
    fs.fsync = fsync
  }
  return synced
}

fact('an identity laid down beforehand or demanded by the configuration is taken', async (dir) => {
  const [laid, demanded] = [randomUUID(), randomUUID()]
  await mkdir(join(dir, 'x'))
  await writeFile(join(dir, 'x/node-id'), `${laid}\n`)
  const x = await open(join(dir, 'x'))
  assert.is(x.nodeId, laid)
  await x.close()
  const y = await open(join(dir, 'y'), demanded)
  assert.is(y.nodeId, demanded)
  await y.close()
  const refused = await refusal(open(join(dir, 'y'), laid))
  assert.is(refused.why, 'foreign')
  assert.match(refused.message, demanded)
})

fact('what was written is there again: entries, vote, snapshot', async (dir) => {
  const first = await open(dir)
  const vote = { term: term(3), votedFor: first.nodeId }
  await first.write(persistOf([entry(1, 'a')], { vote }))
  await fill(first, 2, 10)
  assert.is(await first.saveSnapshot(snapshotAt(10)), 'saved')
  await first.trimLog(logIndex(10))
  await first.close()
  const second = await open(dir)
  assert.equal(second.recovered.vote, vote)
  assert.is(second.recovered.snapshot?.index, 10)
  assert.equal([...(second.recovered.snapshot?.chunks ?? [])], [bytes(10, 10)])
  assert.is(createSolo(second.recovered, second.nodeId).term, 4)
  assert.is(second.recovered.entries.at(-1)?.index, 10)
  await second.close()
})

fact('the folder stays bounded, and keeps the log that the older snapshot needs', async (dir) => {
  const held = await open(dir)
  for (let at = 0; at < 1_000; at += 100) {
    await fill(held, at + 1, at + 100)
    await held.saveSnapshot(snapshotAt(at + 100))
    await held.trimLog(logIndex(at + 100))
  }
  await held.close()
  assert.ok((await readdir(join(dir, 'log'))).length <= 5)
  assert.is((await readdir(join(dir, 'snapshots'))).length, 2)
  const newest = join(dir, 'snapshots', (await readdir(join(dir, 'snapshots'))).at(-1) ?? '')
  await writeFile(newest, bytes(700, 1))
  const again = await open(dir)
  assert.is(again.recovered.snapshot?.index, 900)
  assert.ok((indexesOf(again)[0] ?? 0) <= 901)
  assert.is(indexesOf(again).at(-1), 1_000)
  assert.match(again.lines[0]?.message ?? '', 'is damaged at byte 0')
  await again.close()
})

fact('without a good snapshot to meet the log nothing is served', async (dir) => {
  const held = await open(dir)
  for (const at of [0, 200, 400]) {
    await fill(held, at + 1, at + 200)
    await held.saveSnapshot(snapshotAt(at + 200))
    await held.trimLog(logIndex(at + 200))
  }
  await held.close()
  for (const name of await readdir(join(dir, 'snapshots')))
    await writeFile(join(dir, 'snapshots', name), bytes(700, 1))
  const refused = await refusal(open(dir))
  assert.is(refused.why, 'corrupt')
  assert.match(refused.message, /the log begins at entry \d+, and no snapshot covers/)
  assert.match(refused.message, /damaged: .*snapshot-0000000000000600/)
})

fact('a log that ends before a snapshot that a leader sent begins anew behind it', async (dir) => {
  const held = await open(dir)
  await fill(held, 1, 5)
  const configuration = { index: logIndex(1), data: bytes(3, 1) }
  const head = { index: logIndex(9), term: term(2), configuration }
  const arriving = await beginArriving(held.snapshots, head)
  await endWriting(arriving)
  await keepArrived(held.snapshots, arriving)
  await held.close()
  const again = await open(dir)
  assert.not.ok(again.isNew)
  assert.equal(again.recovered.snapshot?.configuration?.data, bytes(3, 1))
  assert.equal(indexesOf(again), [1, 2, 3, 4, 5])
  await again.write({ ...persistOf([entry(10, 'x', 2)]), restartBehind: logIndex(9) })
  await again.close()
  const last = await open(dir)
  assert.equal(indexesOf(last), [10])
  await last.close()
})

fact('a log that ends before the snapshot is refused', async (dir) => {
  const held = await open(dir)
  await fill(held, 1, 5)
  await copyFile(join(dir, 'log/segment-000000000001'), join(dir, 'older'))
  await fill(held, 6, 10)
  await held.saveSnapshot(snapshotAt(10))
  await held.close()
  await copyFile(join(dir, 'older'), join(dir, 'log/segment-000000000001'))
  const refused = await refusal(open(dir))
  assert.match(
    refused.message,
    /the log ends before entry 6, and the snapshot of entry 10 is newer/,
  )
})

fact(
  'a folder of Consul, of a newer version, damaged, or no folder at all is refused in words',
  async (dir) => {
    const at = (name: string) => join(dir, name)
    await mkdir(at('consul/raft'), { recursive: true })
    assert.match((await refusal(open(at('consul')))).message, /folder of a Consul/)
    assert.equal(await readdir(at('consul')), ['raft'])
    await (await open(at('newer'))).close()
    await writeFile(at('newer/format'), 'lictor data folder, format 2\n')
    assert.match((await refusal(open(at('newer')))).message, /format 2: a newer version/)
    await writeFile(at('newer/format'), 'x')
    assert.match((await refusal(open(at('newer')))).message, /format is damaged/)
    await (await open(at('nameless'))).close()
    await writeFile(at('nameless/node-id'), 'x')
    assert.match((await refusal(open(at('nameless')))).message, /holds no node id/)
    await (await open(at('emptied'))).close()
    await rm(at('emptied/log/segment-000000000001'))
    assert.match((await refusal(open(at('emptied')))).message, /holds no segment/)
    await writeFile(at('file'), '')
    assert.match((await refusal(open(at('file')))).message, /is no folder/)
    assert.match((await refusal(open(at('file/below')))).message, /is no folder/)
  },
)

fact('a folder begun by a process that was killed at once is a new one', async (dir) => {
  await (await open(dir)).close()
  await rm(join(dir, 'format'))
  const again = await open(dir)
  await fill(again, 1, 3)
  await again.close()
  assert.equal(indexesOf(await open(dir).then(closed)), [1, 2, 3])
})

async function closed(dir: Opened): Promise<Opened> {
  await dir.close()
  return dir
}

const HOLDER = join(import.meta.dirname, `holder${extname(import.meta.filename)}`)

interface Holder {
  readonly child: ChildProcess
  /** Its first line. */
  readonly said: Promise<string>
}

function startHolder(
  dir: string,
  { lead = [], uid }: { lead?: string[]; uid?: number } = {},
): Holder {
  const [program = '', ...args] = [...lead, process.execPath, ...process.execArgv, HOLDER, dir]
  const as = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...as })
  const said = new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the holder ended with ${code}, silent`)))
  })
  const holder = { child, said }
  holders.add(holder)
  return holder
}

async function end(holder: Holder): Promise<void> {
  const { child } = holder
  holders.delete(holder)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

fact(
  'a second process is refused by the pid of the first, and the folder is free when that is killed',
  async (dir) => {
    const first = startHolder(dir)
    const { pid } = first.child
    assert.is(await first.said, `held by ${pid}\n`)
    const refused = await refusal(open(dir))
    assert.is(refused.why, 'locked')
    assert.is(refused.exit, 1)
    assert.match(refused.message, `in use by process ${pid}`)
    first.child.kill('SIGSTOP')
    assert.is((await refusal(open(dir))).why, 'locked', 'a process that is stopped holds it still')
    await end(first)
    await (await open(dir)).close()
  },
)

const ELSEWHERE: readonly (readonly [string, string[]])[] = [
  ['another network', ['unshare', '--net', '--']],
  ['other processes', ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--']],
]

for (const [name, lead] of ELSEWHERE) {
  fact(`a process in a namespace with ${name} is refused as well`, async (dir) => {
    if (!works([...lead, 'true'])) {
      console.log(`SKIP ${lead.slice(0, 2).join(' ')} is not allowed here`)
      return
    }
    const held = await open(dir)
    const second = startHolder(dir, { lead })
    assert.match(await second.said, `refused: ${dir} is in use by process ${process.pid}`)
    await end(second)
    await held.close()
    const third = startHolder(dir, { lead })
    assert.match(await third.said, /^held by/)
    assert.is((await refusal(open(dir))).why, 'locked')
    await end(third)
    await within(5_000, async () => (await open(dir)).close().then(() => true), 'a free folder')
  })
}

fact('of many that want a folder whose holder was killed, one at a time gets it', async (dir) => {
  const first = startHolder(dir)
  await first.said
  await end(first)
  let [holding, held] = [0, 0]
  const contend = async () => {
    for (let tries = 0; tries < 4; tries++) {
      const lock = await acquireLock(dir).catch((error) => {
        assert.instance(error, DataDirRefused)
        return undefined
      })
      if (lock === undefined) continue
      assert.is(++holding, 1, 'two hold it')
      held++
      await new Promise((resolve) => setImmediate(resolve))
      holding--
      await lock.release()
    }
  }
  await Promise.all(Array.from({ length: 12 }, contend))
  assert.ok(held > 0, 'nobody got it')
  const last = await acquireLock(dir)
  const flags = (await readdir(dir)).filter((name) => name.startsWith('lock'))
  assert.is(flags.length, 2, `flags of the dead are left: ${flags}`)
  await last.release()
  assert.not((await readdir(dir)).some((name) => name.startsWith('lock')))
})

fact('several processes started at once: one holds, the others name it', async (dir) => {
  const all = Array.from({ length: 4 }, () => startHolder(dir))
  const said = await Promise.all(all.map((holder) => holder.said))
  const held = said.filter((line) => line.startsWith('held'))
  assert.is(held.length, 1, said.join(''))
  await Promise.all(all.map((holder) => end(holder)))
})

fact('a folder with a path longer than a socket may have is locked as well', async (dir) => {
  const long = join(dir, 'x'.repeat(100), 'y'.repeat(100))
  const held = await open(long)
  assert.match((await refusal(open(long))).message, `process ${process.pid}`)
  await held.close()
  await (await open(long)).close()
})

fact(
  'where a folder can hold no socket, number and start of the process are the flag',
  async (dir) => {
    if (process.platform !== 'linux') return console.log('SKIP /proc is needed')
    const stat = await readFile('/proc/self/stat', 'utf8')
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    await writeFile(join(dir, `lock-${process.pid}-${start}.pid`), '')
    assert.match((await refusal(open(dir))).message, `process ${process.pid}`)
    await rm(join(dir, `lock-${process.pid}-${start}.pid`))
    await writeFile(join(dir, `lock-${process.pid}-1.pid`), '')
    await (await open(dir)).close()
  },
)

const NOBODY = 65_534

fact('a folder that may not be written to is refused in words', async (dir) => {
  const inner = join(dir, 'inner')
  await (await open(inner)).close()
  await chmod(dir, 0o755)
  await chmod(inner, 0o555)
  if (!isRoot) {
    assert.is((await refusal(open(inner))).why, 'unwritable')
    await chmod(inner, 0o700)
    return
  }
  const other = startHolder(inner, { uid: NOBODY })
  assert.match(await other.said, /refused: \S+ may not be written to/)
  await end(other)
})

fact('a disk that is mounted read-only is refused in words', (dir) =>
  withSmallDisk(dir, 'size=1m', async (disk) => {
    await (await open(disk)).close()
    assert.ok(works(['mount', '-o', 'remount,ro', disk]))
    const refused = await refusal(open(disk))
    assert.is(refused.why, 'unwritable')
    assert.match(refused.message, /mounted read-only/)
    assert.is(refused.exit, 2)
  }),
)

fact('a disk too small for the first segment is refused in words', (dir) =>
  withSmallDisk(dir, 'size=32k', async (disk) => {
    assert.is((await refusal(open(disk))).why, 'full')
  }),
)

fact(
  'on a full disk writes and snapshots are refused, it opens again, and goes on with room',
  (dir) =>
    withSmallDisk(dir, `size=${4 * SEGMENT}`, async (disk) => {
      const held = await open(disk)
      let index = 0
      for (let end = 'durable'; end === 'durable'; index++) {
        end = await held.write(persistOf([entry(index + 1, bytes(1000, index))]))
        assert.ok(index < 1_000, 'it never gets full')
      }
      assert.is(await held.write(persistOf([entry(index, bytes(1000, 1))])), 'full')
      const ballast = join(disk, 'ballast')
      assert.not(works(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=4k']), 'there was room')
      const large = { ...snapshotAt(index - 1), chunks: [bytes(100_000, 1)] }
      assert.is(await held.saveSnapshot(large), 'full')
      assert.equal(await readdir(join(disk, 'snapshots')), [])
      await held.close()
      const again = await open(disk)
      assert.is(again.recovered.entries.length, index - 1)
      assert.is(await again.write(persistOf([entry(index, bytes(9_000, 1))])), 'full')
      await rm(ballast)
      assert.is(await again.saveSnapshot(snapshotAt(index - 2)), 'saved')
      assert.is(await again.saveSnapshot(snapshotAt(index - 1)), 'saved')
      await again.trimLog(logIndex(index - 1))
      assert.is(await again.write(persistOf([entry(index, bytes(9_000, 1))])), 'durable')
      await again.close()
      assert.is(indexesOf(await open(disk).then(closed)).at(-1), index)
    }),
)

dataDir.run()
