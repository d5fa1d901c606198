// What an agent keeps of its own: every save survives, a torn end costs nothing acknowledged, and
// damage is named.
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import type { KeepOrder } from '../../../core/local/keep.ts'
import { crc32 } from '../../../core/wire/crc32.ts'
import { DataDirRefused, DiskFailure } from '../../../daemons/runtime/disk-errors.ts'
import { type FileSystem, type OpenFile, realFiles } from '../../../daemons/runtime/files.ts'
import { openRegistrations } from '../../../daemons/runtime/registrations.ts'
import { fc } from '../../kit/property.ts'
import { withTemp } from '../../kit/tmp.ts'
import { createMemoryDisk } from './memory-disk.ts'

const registrations = suite('runtime/registrations')

const orders = (...pairs: readonly (readonly [string, string | undefined])[]): KeepOrder[] =>
  pairs.map(([key, text]) => ({ key, text }))

let token = 0
let drawn = 0
const random = () => ++drawn
const saveOf = (given: KeepOrder[], durable = true) => ({ token: ++token, orders: given, durable })

async function recordsIn(dir: string): Promise<Record<string, string>> {
  const opened = await openRegistrations(realFiles, dir, random)
  await opened.close()
  return Object.fromEntries(opened.records.map(({ key, text }) => [key, text]))
}

registrations('the last text of a key counts, and what was forgotten is gone', () =>
  withTemp(async (dir) => {
    const first = await openRegistrations(realFiles, dir, random)
    assert.equal(first.records, [])
    await first.save(saveOf(orders(['a', 'one'], ['b', 'ümläut "']), true))
    await first.save(saveOf(orders(['a', 'two'], ['c', 'x']), false))
    await first.save(saveOf(orders(['c', undefined])))
    await first.close()
    assert.equal(await recordsIn(dir), { a: 'two', b: 'ümläut "' })
    const second = await openRegistrations(realFiles, dir, random)
    await second.save(saveOf(orders(['d', 'later'])))
    await second.close()
    assert.equal(await recordsIn(dir), { a: 'two', b: 'ümläut "', d: 'later' })
  }),
)

registrations('cut anywhere, the file holds what was whole before the cut', () =>
  withTemp(async (dir) => {
    const opened = await openRegistrations(realFiles, dir, random)
    for (let n = 0; n < 5; n++) await opened.save(saveOf(orders([`k${n}`, `text ${n}`])))
    await opened.close()
    const path = join(dir, 'registrations')
    const file = await readFile(path)
    const whole = file.subarray(0, file.indexOf(0))
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length))
      const lines = whole.subarray(0, length).toString().split('\n').length - 1
      const records = Math.max(0, lines - 1) // the first line is the head
      assert.is(Object.keys(await recordsIn(dir)).length, records)
    }
  }),
)

registrations('after a torn end new saves are read again', () =>
  withTemp(async (dir) => {
    const first = await openRegistrations(realFiles, dir, random)
    await first.save(saveOf(orders(['a', 'one'])))
    await first.close()
    await appendFile(join(dir, 'registrations'), '0000 torn')
    const second = await openRegistrations(realFiles, dir, random)
    await second.save(saveOf(orders(['b', 'two'])))
    await second.save(saveOf(orders(['c', 'three'])))
    await second.close()
    assert.equal(await recordsIn(dir), { a: 'one', b: 'two', c: 'three' })
  }),
)

registrations('more than what stands ready is written as well', () =>
  withTemp(async (dir) => {
    const opened = await openRegistrations(realFiles, dir, random)
    const text = 'x'.repeat(100_000)
    for (let n = 0; n < 8; n++) await opened.save(saveOf(orders([`k${n}`, text])))
    await opened.close()
    assert.is(Object.keys(await recordsIn(dir)).length, 8)
  }),
)

registrations('a flipped bit in what was on the disk is named, and nothing is opened', () =>
  withTemp(async (dir) => {
    const opened = await openRegistrations(realFiles, dir, random)
    for (const key of ['a', 'b', 'c']) await opened.save(saveOf(orders([key, 'text'])))
    await opened.close()
    const path = join(dir, 'registrations')
    const whole = await readFile(path)
    const last = whole.indexOf('"c"') - 14
    for (let at = 0; at < last; at++) {
      const broken = Buffer.from(whole)
      broken[at] = (broken[at] ?? 0) ^ 4
      await writeFile(path, broken)
      const error = await recordsIn(dir).catch((caught: unknown) => caught)
      assert.instance(error, DataDirRefused, `byte ${at}`)
    }
  }),
)

registrations('a whole line of another form is refused, not taken for a torn one', () =>
  withTemp(async (dir) => {
    const body = '0 ["a","one"]'
    const sum = crc32(utf8(body)).toString(16).padStart(8, '0')
    await writeFile(join(dir, 'registrations'), `${sum} ${body}\n`)
    const error = await recordsIn(dir).catch((caught: unknown) => caught)
    assert.instance(error, DataDirRefused)
    assert.match(String(error), /line 1 was written by another version/)
  }),
)

registrations('what a power cut tears out of the middle of what was not synced is no damage', () =>
  withTemp(async (dir) => {
    const opened = await openRegistrations(realFiles, dir, random)
    await opened.save(saveOf(orders(['a', 'one'])))
    await opened.save(saveOf(orders(['b', 'x'.repeat(600)]), false))
    await opened.save(saveOf(orders(['c', 'three']), false))
    await opened.close()
    const path = join(dir, 'registrations')
    const whole = await readFile(path)
    whole.fill(0, whole.indexOf('xxx') + 50, whole.indexOf('xxx') + 550)
    await writeFile(path, whole)
    assert.equal(await recordsIn(dir), { a: 'one' })
  }),
)

registrations('the file does not grow with every heartbeat', () =>
  withTemp(async (dir) => {
    const opened = await openRegistrations(realFiles, dir, random)
    for (let n = 0; n < 5_000; n++) await opened.save(saveOf(orders(['beat', `n${n}`]), false))
    await opened.close()
    const lines = (await readFile(join(dir, 'registrations'), 'utf8')).split('\n').length
    assert.ok(lines < 2_500, `${lines} lines`)
    assert.equal(await recordsIn(dir), { beat: 'n4999' })
  }),
)

registrations('a save that found no room leaves nothing behind, and the next one does', () =>
  withTemp(async (dir) => {
    let isFull = false
    const tight = (path: string, file: OpenFile): OpenFile => ({
      ...file,
      write: async (bytes, offset) => {
        if (!isFull) return file.write(bytes, offset)
        await file.write(bytes.subarray(0, 7), offset)
        throw new DiskFailure('write', path, Object.assign(new Error('full'), { code: 'ENOSPC' }))
      },
    })
    const files: FileSystem = {
      ...realFiles,
      create: async (path) => tight(path, await realFiles.create(path)),
      openSynced: async (path, by) => tight(path, await realFiles.openSynced(path, by)),
    }
    const opened = await openRegistrations(files, dir, random)
    assert.is(await opened.save(saveOf(orders(['a', 'one']))), 'saved')
    isFull = true
    assert.is(await opened.save(saveOf(orders(['a', 'lost'], ['b', 'lost']))), 'full')
    isFull = false
    assert.is(await opened.save(saveOf(orders(['c', 'three']))), 'saved')
    await opened.close()
    assert.equal(await recordsIn(dir), { a: 'one', c: 'three' })
  }),
)

registrations('what was refused for want of room is not there after a restart either', async () => {
  const disk = createMemoryDisk()
  const open = () => openRegistrations(disk, '/data', random)
  const opened = await open()
  assert.is(await opened.save(saveOf(orders(['a', 'one']))), 'saved')
  disk.capacity = 400 << 10 // the line finds room, the zeros behind it do not
  const large = 'x'.repeat(300 << 10)
  assert.is(await opened.save(saveOf(orders(['b', large]))), 'full')
  await opened.close()
  assert.equal((await open()).records, [{ key: 'a', text: 'one' }])
})

/**
 * A disk with one file, where a synced write makes nothing durable but itself, and a sync all that
 * was written. After a power cut each sector of everything else is there or not.
 */
function createStrictDisk() {
  interface Write {
    readonly offset: number
    readonly bytes: Uint8Array
    held: boolean
  }
  let writes: Write[] = []
  const whole = (kept: (write: Write, sector: number) => boolean): Uint8Array => {
    const bytes = new Uint8Array(1 << 20)
    let end = 0
    for (const write of writes) {
      for (let n = 0; n < write.bytes.length; n++) {
        const at = write.offset + n
        if (kept(write, at >> 9)) bytes[at] = write.bytes[n] ?? 0
      }
      end = Math.max(end, write.offset + write.bytes.length)
    }
    return bytes.subarray(0, end)
  }
  const file = (path: string, isSynced: boolean): OpenFile => ({
    path,
    size: async () => whole(() => true).length,
    read: async (into, offset) => {
      const part = whole(() => true).subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    },
    write: async (bytes, offset) => {
      writes.push({ offset, bytes: bytes.slice(), held: isSynced })
      return bytes.length
    },
    datasync: async () => {
      for (const write of writes) write.held = true
    },
    close: async () => undefined,
  })
  const files: FileSystem = {
    ...realFiles,
    create: async (path) => {
      writes = []
      return file(path, false)
    },
    open: async (path) => file(path, false),
    openSynced: async (path) => file(path, true),
    rename: async () => undefined,
    unlink: async () => undefined,
    syncDir: async () => undefined,
  }
  /** What a power cut has left: every sector that nothing holds by the toss of a coin. */
  const cut = (toss: () => boolean) => {
    const lost = new Map<number, boolean>()
    const bytes = whole(({ held }, sector) => {
      if (held) return true
      const keeps = lost.get(sector) ?? toss()
      lost.set(sector, keeps)
      return keeps
    })
    writes = [{ offset: 0, bytes: bytes.slice(), held: true }]
  }
  return { files, cut }
}

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  size: fc.constantFrom(3, 700),
  durable: fc.boolean(),
})

registrations('after a power cut all is there that a durable save has said', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      async (steps, coins) => {
        const { files, cut } = createStrictDisk()
        const opened = await openRegistrations(files, 'dir', random)
        await opened.save(saveOf(orders(['start', 'x'])))
        for (const [n, { key, size, durable }] of steps.entries()) {
          const text = `${n} ${'x'.repeat(size)}`
          await opened.save(saveOf(orders([key, text]), durable))
        }
        let toss = 0
        cut(() => coins[toss++ % coins.length] ?? false)
        const again = await openRegistrations(files, 'dir', random)
        const found = new Map(again.records.map((one) => [one.key, Number.parseInt(one.text, 10)]))
        const last = steps.findLastIndex(({ durable }) => durable)
        for (const [n, { key }] of steps.entries()) {
          const newest = steps.slice(0, last + 1).findLastIndex((one) => one.key === key)
          if (n <= last) assert.ok((found.get(key) ?? -1) >= newest, `${key} of step ${newest}`)
        }
      },
    ),
    { numRuns: 300 },
  )
})

registrations.run()
