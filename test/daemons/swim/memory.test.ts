// What a member keeps: lines that are appended and begun anew, a ring of keys for its eyes only,
// and a disk that takes no more.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StartRefused } from '../../../daemons/runtime/refused.ts'
import { type Memory, openMemory } from '../../../daemons/swim/memory.ts'
import { withTemp } from '../../kit/tmp.ts'

const memory = suite('memory of a member')

const open = (dir: string, onFailed = (what: string) => assert.unreachable(what)): Memory =>
  openMemory({ dir, stem: 'swimnode-1', onFailed })

const ADDRESS = '10.0.0.2:7946'

memory('lines are found again by the next run', () =>
  withTemp(async (dir) => {
    const first = open(dir)
    assert.is(first.remembered, undefined)
    first.addLines([`alive: b ${ADDRESS}`, 'clock: 3'], () => [])
    first.addLines(['event-clock: 4'], () => [])
    const { remembered } = open(dir)
    assert.equal(remembered?.alive, [{ name: 'b', address: { ip: '10.0.0.2', port: 7946 } }])
    assert.equal([remembered?.clock, remembered?.eventClock], [3, 4])
  }),
)

memory('a file that has grown too long begins anew with all that is known', () =>
  withTemp(async (dir) => {
    const kept = open(dir)
    const path = join(dir, 'swimnode-1.snapshot')
    for (let n = 0; n < 8_000; n++)
      kept.addLines([`alive: b ${ADDRESS}`], () => [`alive: b ${ADDRESS}`, `clock: ${n}`])
    assert.ok(statSync(path).size < 140_000, `${statSync(path).size} bytes`)
    assert.ok((open(dir).remembered?.clock ?? 0) > 1_000)
  }),
)

memory(
  'the ring of keys is kept in order, for us alone; one that is damaged is not guessed at',
  () =>
    withTemp(async (dir) => {
      const keys = [Buffer.alloc(16, 1), Buffer.alloc(32, 2)]
      open(dir).keepKeys(keys)
      const path = join(dir, 'swimnode-1.keyring')
      assert.is(statSync(path).mode & 0o077, 0)
      assert.equal(
        open(dir).keys?.map((key) => Buffer.from(key)),
        keys,
      )
      assert.match(readFileSync(path, 'utf8'), /^\["[^"]+==","[^"]+="\]\n$/)
      for (const text of ['[]', '["short"]', 'nonsense']) {
        writeFileSync(path, text)
        assert.throws(
          () => open(dir),
          (error: unknown) => error instanceof StartRefused,
        )
      }
    }),
)

memory('a disk that takes no more is told of, and the member goes on', () =>
  withTemp(async (dir) => {
    const failed: string[] = []
    const kept = open(dir, (what) => void failed.push(what))
    kept.addLines(['clock: 1'], () => [])
    chmodSync(join(dir, 'swimnode-1.snapshot'), 0o400)
    if (process.getuid?.() === 0) return // root may write anyway
    kept.addLines(['clock: 2'], () => [])
    assert.is(failed.length, 1)
  }),
)

memory.run()
