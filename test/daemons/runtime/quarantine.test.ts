// A damaged log of a node that has others (reliability §4): what stands before the damage is kept,
// the term is kept, the vote is withheld; and never anything that was not written.
import { randomUUID } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ENTRY, type Entry, type Persist, type Recovered } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { LogLine } from '../../../core/log.ts'
import { createPrng } from '../../../core/prng.ts'
import { WITHHELD } from '../../../core/raft/raft.ts'
import { hasOtherVoters } from '../../../core/raft/recover.ts'
import { configurationCodec } from '../../../core/raft/wire.ts'
import { type DataDir, openDataDir } from '../../../daemons/runtime/data-dir.ts'
import { DataDirRefused } from '../../../daemons/runtime/disk-errors.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before } from '../../kit/within.ts'
import { entry, persistOf } from './wal-kit.ts'

const quarantine = suite('quarantine')
const DEADLINE_MS = 60_000
const fact = (name: string, check: (dir: string) => Promise<void>) =>
  quarantine(name, () => before(DEADLINE_MS, () => withTemp(check), name))

const SEGMENT = 16 << 10
const SELF = '1'

const open = (dir: string, lines: LogLine[] = []): Promise<DataDir> =>
  openDataDir({
    dir,
    nodeId: undefined,
    newNodeId: randomUUID,
    log: (line) => lines.push(line),
    segmentBytes: SEGMENT,
    hasOthers: (left) => hasOtherVoters(left, SELF) ?? false,
  })

const servers = (...ids: readonly string[]): Entry => ({
  ...entry(1, ''),
  type: ENTRY.configuration,
  data: configurationCodec.encode({
    servers: ids.map((id) => ({ id, address: `h${id}:1`, suffrage: 'voter' })),
  }),
})

const TERMS = 6
const ENTRIES = 60

/** Who the servers are, and entries with votes between them, over several segments. */
async function write(dir: string, ids: readonly string[]): Promise<readonly Entry[]> {
  const held = await open(dir)
  const entries: Entry[] = []
  for (let index = 1; index <= ENTRIES; index++) {
    const now = Math.ceil((index * TERMS) / ENTRIES)
    const one = index === 1 ? servers(...ids) : entry(index, `${index}`.padEnd(900, 'x'), now)
    const vote = { term: term(now), votedFor: `${ids.at(now % ids.length)}@h:1` }
    const more: Partial<Persist> = index % 10 === 1 ? { vote } : {}
    assert.is(await held.write(persistOf([one], more)), 'durable')
    entries.push(one)
  }
  await held.close()
  return entries
}

const segmentsOf = async (dir: string): Promise<string[]> =>
  (await readdir(join(dir, 'log'))).map((name) => join(dir, 'log', name))

async function flip(file: string, at: number, bit = 1): Promise<void> {
  const bytes = await readFile(file)
  bytes[at] = (bytes[at] ?? 0) ^ bit
  await writeFile(file, bytes)
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

const isPrefix = (part: readonly Entry[], whole: readonly Entry[]): boolean =>
  part.every(({ index, term: inTerm, data }, at) => {
    const other = whole[at]
    return index === other?.index && inTerm === other.term && Buffer.compare(data, other.data) === 0
  })

fact('the damaged log is set aside, and what stood before is there without a vote', async (dir) => {
  const whole = await write(dir, ['1', '2', '3'])
  const files = await segmentsOf(dir)
  assert.ok(files.length >= 4)
  await flip(files[1] ?? '', 3_000)
  const lines: LogLine[] = []
  const held = await open(dir, lines)
  assert.match(held.quarantined?.why ?? '', /segment-000000000002 is damaged at byte \d+/)
  assert.is(held.quarantined?.aside, join(dir, 'damaged-log-1'))
  assert.ok(lines.some(({ message }) => message === 'a damaged log was set aside'))
  const { vote, entries } = held.recovered
  assert.equal(vote, { term: TERMS, votedFor: WITHHELD })
  assert.ok(entries.length > 10 && entries.length < whole.length)
  assert.ok(isPrefix(entries, whole))
  await held.write(persistOf(whole.slice(entries.length)))
  await held.close()
  assert.is((await readdir(join(dir, 'damaged-log-1'))).length, files.length)
  const again = await open(dir)
  assert.is(again.quarantined, undefined)
  assert.is(again.recovered.vote.votedFor, WITHHELD, 'a restart does not end it')
  assert.ok(isPrefix(whole, again.recovered.entries))
  await again.close()
})

fact('whatever bit of it rots, nothing is invented and no term is forgotten', async (dir) => {
  const kept = join(dir, 'kept')
  const whole = await write(kept, ['1', '2', '3'])
  const prng = createPrng(11)
  const outcomes = { whole: 0, quarantined: 0 }
  for (let trial = 0; trial < 40; trial++) {
    const at = join(dir, `trial-${trial}`)
    await cp(kept, at, { recursive: true })
    const file = prng.pick(await segmentsOf(at))
    await flip(file, prng.range(0, SEGMENT - 1), 1 << prng.range(0, 7))
    const held = await open(at)
    const { vote, entries } = held.recovered
    assert.is(vote.term, TERMS, `trial ${trial}`)
    assert.ok(isPrefix(entries, whole), `trial ${trial}`)
    if (entries.length < whole.length) assert.is(vote.votedFor, WITHHELD, `trial ${trial}`)
    outcomes[held.quarantined === undefined ? 'whole' : 'quarantined']++
    await held.close()
    await rm(at, { recursive: true })
  }
  assert.ok(outcomes.quarantined > 12, JSON.stringify(outcomes))
})

fact('a segment that is gone counts as damage', async (dir) => {
  const whole = await write(dir, ['1', '2', '3'])
  await rm((await segmentsOf(dir))[2] ?? '')
  const held = await open(dir)
  assert.match(held.quarantined?.why ?? '', /segment-000000000003 is missing/)
  assert.ok(held.recovered.entries.length > 15)
  assert.ok(isPrefix(held.recovered.entries, whole))
  await held.close()
})

/** Everything in a folder, as it is. */
async function contentOf(dir: string): Promise<Map<string, string>> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = names.filter((one) => one.isFile() && !one.name.startsWith('lock'))
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)),
  )
}

fact('a node without others refuses to start, and leaves all as it is', async (dir) => {
  await write(dir, ['1'])
  const [, second = ''] = await segmentsOf(dir)
  await flip(second, 3_000)
  const before = await contentOf(dir)
  const { message, exit } = await refusal(open(dir))
  assert.is(exit, 71)
  assert.match(message, /segment-000000000002 is damaged at byte \d+, where entry \d+ is due/)
  assert.match(message, /truncate -s \d+/)
  assert.equal(await contentOf(dir), before)
})

fact('who cannot tell how it has voted does not come back by itself', async (dir) => {
  await write(dir, ['1', '2', '3'])
  await flip((await segmentsOf(dir))[0] ?? '', 3_000)
  await flip(join(dir, 'votes'), 30)
  const before = await contentOf(dir)
  const { message } = await refusal(open(dir))
  assert.match(message, /damaged at byte \d+.* not known any more how this node has voted/)
  assert.match(message, /Move the data folder away and start again/)
  assert.equal(await contentOf(dir), before)
})

fact('a slot of the votes that has rotted is mended while the log is good', async (dir) => {
  const whole = await write(dir, ['1', '2', '3'])
  for (const at of [30, 542]) {
    await flip(join(dir, 'votes'), at)
    await (await open(dir)).close()
  }
  await flip((await segmentsOf(dir))[0] ?? '', 3_000)
  const held = await open(dir)
  assert.is(held.recovered.vote.term, TERMS)
  assert.ok(isPrefix(held.recovered.entries, whole))
  await held.close()
})

fact('an exchange of logs that a crash has cut short is ended, or begun anew', async (dir) => {
  const whole = await write(dir, ['1', '2', '3'])
  await flip((await segmentsOf(dir))[1] ?? '', 3_000)
  const damaged = join(dir, 'damaged')
  await cp(join(dir, 'log'), damaged, { recursive: true })
  const found = async (): Promise<Recovered> => {
    const held = await open(dir)
    await held.close()
    return held.recovered
  }
  const { entries } = await found()
  assert.ok(isPrefix(entries, whole))
  // Between the two names.
  await rename(join(dir, 'log'), join(dir, 'log.new'))
  assert.equal((await found()).entries.length, entries.length)
  // Before the first name: what was begun beside counts for nothing.
  await rm(join(dir, 'log'), { recursive: true })
  await cp(damaged, join(dir, 'log'), { recursive: true })
  await mkdir(join(dir, 'log.new'))
  await writeFile(join(dir, 'log.new/segment-000000000001'), 'half of it')
  const last = await found()
  assert.is(last.entries.length, entries.length)
  assert.is(last.vote.votedFor, WITHHELD)
  assert.equal(
    (await readdir(dir)).filter((name) => name.startsWith('damaged-log') || name === 'log.new'),
    ['damaged-log-1', 'damaged-log-2'],
  )
})

fact(
  'old damaged logs stay until the log is whole again, then but the newest two go',
  async (dir) => {
    await write(dir, ['1', '2', '3'])
    const aside = async () =>
      (await readdir(dir)).filter((name) => name.startsWith('damaged-log-')).sort()
    for (const earlier of [8, 9, 10]) await mkdir(join(dir, `damaged-log-${earlier}`))
    await flip((await segmentsOf(dir))[0] ?? '', 3_000)
    await (await open(dir)).close()
    assert.is((await aside()).length, 4, 'a vote is withheld')
    const held = await open(dir)
    await held.write(persistOf([], { vote: { term: term(TERMS + 1), votedFor: '' } }))
    await held.close()
    await (await open(dir)).close()
    assert.equal(await aside(), ['damaged-log-10', 'damaged-log-11'])
  },
)

fact('a snapshot that has rotted is fetched again: nothing stands in for it', async (dir) => {
  const held = await open(dir)
  const configuration = { index: logIndex(1), data: servers('1', '2').data }
  const covered = (index: number) => ({
    index: logIndex(index),
    term: term(1),
    configuration,
    chunks: [new Uint8Array(10).fill(index)],
  })
  let next = 1
  for (const through of [20, 40, 60]) {
    for (; next <= through; next++) {
      const vote = { term: term(1), votedFor: '2@h2:1' }
      await held.write(persistOf([entry(next, 'x'.repeat(900))], { vote }))
    }
    await held.saveSnapshot(covered(through))
    await held.trimLog(logIndex(through))
  }
  await held.close()
  const paths = (await readdir(join(dir, 'snapshots'))).map((name) => join(dir, 'snapshots', name))
  for (const path of paths) await writeFile(path, new Uint8Array(700).fill(1))
  const refused = await refusal(open(dir))
  assert.match(refused.message, /the log begins at entry \d+, and no snapshot/, 'nobody is known')
  const again = await openDataDir({
    dir,
    nodeId: undefined,
    newNodeId: randomUUID,
    log: () => undefined,
    segmentBytes: SEGMENT,
    hasOthers: () => true,
  })
  assert.equal(again.recovered.entries, [])
  assert.is(again.recovered.snapshot, undefined)
  assert.equal(again.recovered.vote, { term: 1, votedFor: WITHHELD })
  await again.close()
})

quarantine.run()
