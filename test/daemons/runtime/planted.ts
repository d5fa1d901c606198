// Planted bugs of the real log (reliability §2.5), and the check of test/daemons/runtime that must
// catch each.
import { type Mutation, withMutant } from './mutant.ts'
import { checkBoth, type Rooms, recordBoth } from './redo-checks.ts'
import {
  checkCrashes,
  checkCuts,
  checkFlips,
  checkHeadFlips,
  recordLife,
  recordLog,
  recordRun,
} from './wal-checks.ts'

type Check = (rooms: Rooms) => Promise<string[]>

const livesWith =
  (fullRate: number, draws: number): Check =>
  async ({ openWal }) => {
    const journal = await recordLife(openWal, { seed: 7, persists: 100, fullRate })
    return (await checkCrashes(openWal, journal, { draws, seed: 8 })).wrong
  }
const crashes = livesWith(0.05, 2)
const fullCrashes = livesWith(0.5, 12)
const cuts: Check = async ({ openWal }) => checkCuts(openWal, await recordRun(openWal, 60), 7)
const flips =
  (isClosed: boolean): Check =>
  async ({ openWal }) =>
    checkFlips(openWal, await recordLog(openWal, isClosed), { count: 1_500, seed: 9 })
const headFlips: Check = async ({ openWal }) =>
  checkHeadFlips(openWal, await recordLog(openWal, false), 3)
const both: Check = async (rooms) =>
  checkBoth(rooms, await recordBoth(rooms, { seed: 3, steps: 150 }), { draws: 3, seed: 4 })

const WAL = 'daemons/runtime/wal'
const FORMAT = 'daemons/runtime/wal-format'
const RECOVER = 'daemons/runtime/wal-recover'
const OWN = 'daemons/runtime/registrations'

interface Planted extends Mutation {
  readonly name: string
  readonly caught: Check
}

export const PLANTED: readonly Planted[] = [
  {
    name: 'M34, M07: acknowledged before the sync',
    file: WAL,
    from: /files\.openSynced\(path, 'caller'\)/,
    to: 'files.open(path)',
    caught: crashes,
  },
  {
    name: 'M42: the checksum of a frame leaves out its head',
    file: 'core/wire/frame',
    from: /crc32\(bytes\.subarray\(at, at \+ (CHECKSUM_AT|HEAD_SUM_AT)\), (of\.)?seed\)/g,
    to: '($2seed >>> 0)',
    caught: headFlips,
  },
  {
    name: 'the checksum of a segment leaves out its fields',
    file: 'daemons/runtime/file-head',
    from: /crc32\(bytes\.subarray\(FIELDS_AT\), (crc32\(bytes\.subarray\(0, SUM_AT\)\))\)/,
    to: '$1',
    caught: flips(true),
  },
  {
    name: 'M41: damage in the middle of the log is cut like a torn end',
    file: RECOVER,
    from: /verdict\.type === 'corrupt' \|\|/,
    to: '',
    caught: flips(true),
  },
  {
    name: 'a rotten last write is cut like a torn one',
    file: RECOVER,
    from: /verdict\.type === 'torn' && !isTear\(bytes, verdict\)/,
    to: 'false',
    caught: flips(false),
  },
  {
    name: 'a torn last write is refused like damage',
    file: FORMAT,
    from: /return now\.bytes > then\.bytes \+ 1 \|\| now\.sectors > then\.sectors/,
    to: 'return false',
    caught: crashes,
  },
  {
    name: 'what is behind a torn write is left there',
    file: RECOVER,
    from: /mended\.fill\(0, end - at\)/,
    to: '',
    caught: cuts,
  },
  {
    name: 'M45: the folder is not synced after a segment got its name',
    file: WAL,
    from: /await files\.syncDir\(dir\)(;?\s+await spare)/,
    to: '$1',
    caught: crashes,
  },
  {
    name: 'a segment takes writes before its zeros are durable',
    file: WAL,
    from: /await writeAll\(spare\.file, head\.bytes, 0\);?\s+await spare\.file\.datasync\(\)/,
    to: 'await writeAll(spare.file, head.bytes, 0)',
    caught: crashes,
  },
  {
    name: 'M44: a short write is not continued',
    file: 'daemons/runtime/files',
    from: /while \(done < bytes\.length\)/,
    to: 'if (done < bytes.length)',
    caught: crashes,
  },
  {
    name: 'the rest of a refused write stays in the way of the next',
    file: WAL,
    from: /this\.#dirtyEnd > this\.#segment\.at &&/,
    to: 'false &&',
    caught: fullCrashes,
  },
  {
    name: 'a write whose sync found no room may come back',
    file: WAL,
    from: /if \(!\(await this\.#wipe\(\)\)\)\s+throw error/,
    to: '',
    caught: crashes,
  },
  {
    name: 'segments are trimmed in one go',
    file: WAL,
    from: /(await files\.unlink\(old\.path\);?\s+)await files\.syncDir\(dir\)/,
    to: '$1',
    caught: crashes,
  },
  {
    name: 'a vote is forgotten with the segment that held it',
    file: WAL,
    from: /const standing = \{ vote: this\.#vote,/,
    to: "const standing = { vote: { term: 0, votedFor: '' },",
    caught: crashes,
  },
  {
    name: 'the log leaves a segment before what went along is in its file',
    file: WAL,
    from: /await this\.#passenger\?\.settle\(\)/,
    to: 'undefined',
    caught: both,
  },
  {
    name: 'what goes along leaves a gap behind what no sync has seen',
    file: OWN,
    from: /concatBytes\(\[\.\.\.journal\.uncovered, lines\]\)/,
    to: 'lines',
    caught: both,
  },
  {
    name: 'what went along is not put into its file again',
    file: OWN,
    from: /one\.generation === generation/,
    to: 'false',
    caught: both,
  },
  {
    name: 'what went along is put into the file that took its place',
    file: OWN,
    from: /one\.generation === generation/,
    to: 'true',
    caught: both,
  },
  {
    name: 'a file that another segment spoke of is not synced again',
    file: OWN,
    from: /if \(journal\.unfiled\.length > 0\)\s+await fileLines\(journal, loose, EMPTY\);?/,
    to: '',
    caught: both,
  },
]

/** What is wrong with the log when one line of it is; nothing: the mutant lives. */
export const complaintsUnder = ({ caught, ...mutation }: Planted): Promise<string[]> =>
  withMutant(mutation, async (load) => {
    const log = (await load(WAL)) as Pick<Rooms, 'openWal'> // but for one line, as is the other
    const own = (await load(OWN)) as Omit<Rooms, 'openWal'>
    return caught({ ...log, ...own }).catch((error: unknown) => [`stopped: ${error}`])
  })
