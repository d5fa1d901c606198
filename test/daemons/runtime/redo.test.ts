// One write for two files: nothing that it made durable is lost, whatever a crash leaves of either.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDataDir } from '../../../daemons/runtime/data-dir.ts'
import { openRegistrations, redoRegistrations } from '../../../daemons/runtime/registrations.ts'
import { openWal } from '../../../daemons/runtime/wal.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before } from '../../kit/within.ts'
import { createMemoryDisk } from './memory-disk.ts'
import { checkBoth, recordBoth } from './redo-checks.ts'
import { entry, NODE, persistOf } from './wal-kit.ts'

const redo = suite('runtime/redo')
const DEADLINE_MS = 60_000
const rooms = { openWal, openRegistrations, redoRegistrations }

redo('every prefix of the calls gives back what was acknowledged, whatever was not synced', () =>
  before(
    DEADLINE_MS,
    async () => {
      const both = await recordBoth(rooms, { seed: 3, steps: 150 })
      const turns = both.ops.filter(({ type }) => type === 'rename').length
      assert.ok(turns > 3, `${turns} new files`)
      assert.equal(await checkBoth(rooms, both, { draws: 3, seed: 4 }), [])
    },
    'all crashes',
  ),
)

const save = (token: number, key: string, text: string) => {
  return { token, orders: [{ key, text }], durable: true }
}

redo('what went along with the log comes back without its own file', () =>
  withTemp(async (dir) => {
    const options = { dir, nodeId: NODE, newNodeId: () => NODE, log: () => undefined }
    const first = await openDataDir(options)
    await first.saveOwn(save(1, 'a', 'one')) // now there is a file
    const path = join(dir, 'registrations')
    const old = await readFile(path)
    const { log, own } = first.writeBoth(persistOf([entry(1, 'put')]), save(2, 'b', 'two'))
    assert.equal(await Promise.all([log, own]), ['durable', 'saved'])
    assert.equal(await readFile(path), old, 'the file is left alone for now')
    await first.close()
    await writeFile(path, old) // as if the machine had lost power then
    const second = await openDataDir(options)
    const texts = Object.fromEntries(second.kept.map(({ key, text }) => [key, text]))
    assert.equal(texts, { a: 'one', b: 'two' })
    assert.is(second.recovered.entries.length, 1)
    await second.close()
  }),
)

redo('what a log without room has refused is kept nowhere', async () => {
  const disk = createMemoryDisk()
  const open = () => openRegistrations(disk, '/own', () => 1)
  const first = await open()
  await first.save(save(1, 'a', 'one'))
  const boarded = first.board(save(2, 'a', 'two'))
  assert.is.not(boarded, undefined)
  boarded?.ended('full')
  await first.save(save(3, 'b', 'three'))
  const texts = (await open()).records.map(({ key, text }) => [key, text])
  assert.equal(texts, [
    ['a', 'one'],
    ['b', 'three'],
  ])
})

redo.run()
