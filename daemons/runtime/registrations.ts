// What an agent keeps of its own services and checks: texts under keys, in one file of the data
// folder that is appended to. A line is a checksum, how many bytes of the file were surely on the
// disk when it was written, a key and the text that is kept under it, which has no end of a line in
// it; the last line of a key counts.
//
//   2f0a9c1e 0 "service web" {…}
//   90b1d2aa 2104 "service web"        forgotten
//
// A power cut may tear what was not on the disk yet, in any place of it: what is broken and all
// behind it was never acknowledged, and is left out. If a line behind it says that the place was on
// the disk, it is damage: it is named, and the agent does not start. The file is written anew
// (beside, then renamed) when it has become long, at every start, and after a write that the disk
// had no room for. Zeros stand ready behind the last line: a sync of a file that does not grow
// costs less.
import { join } from 'node:path'
import type { OwnSave } from '../../core/agent/keeper.ts'
import { assert } from '../../core/assert.ts'
import { concatBytes, EMPTY, strictTextOf, utf8 } from '../../core/bytes.ts'
import type { KeepOrder, KeptRecord } from '../../core/local/keep.ts'
import { crc32 } from '../../core/wire/crc32.ts'
import { DataDirRefused, isFull, isMissing } from './disk-errors.ts'
import { type FileSystem, type OpenFile, publish, readWhole, writeAll } from './files.ts'

export interface Registrations {
  readonly records: readonly KeptRecord[]
  /** One at a time. Rejects with a DiskFailure. */
  save(save: OwnSave): Promise<'saved' | 'full'>
  close(): Promise<void>
}

const NAME = 'registrations'
/** So many zeros are written at a time. */
const SPARE_BYTES = 256 << 10
/** Lines that say nothing any more are put up with until there are this many of them. */
const STALE_LINES_MAX = 2_000

interface Journal {
  readonly files: FileSystem
  readonly path: string
  readonly texts: Map<string, string>
  /** Undefined: it has to be written anew first. */
  file: Both | undefined
  /** Where the next line goes. */
  size: number
  /** Up to here it is on the disk for good. */
  synced: number
  /** Where the zeros end. */
  room: number
  lines: number
}

/** The file twice: whose writes wait for nothing, and whose writes are on the disk when done. */
interface Both {
  readonly loose: OpenFile
  readonly synced: OpenFile
}

async function closeBoth(file: Both | undefined): Promise<void> {
  await file?.loose.close()
  await file?.synced.close()
}

export async function openRegistrations(files: FileSystem, dir: string): Promise<Registrations> {
  const path = join(dir, NAME)
  const texts = new Map<string, string>()
  for (const { key, text } of readLines(path, (await readWhole(files, path)) ?? EMPTY)) {
    if (text === undefined) texts.delete(key)
    else texts.set(key, text)
  }
  const journal: Journal = {
    files,
    path,
    texts,
    file: undefined,
    size: 0,
    synced: 0,
    room: 0,
    lines: 0,
  }
  return {
    records: [...texts].map(([key, text]) => ({ key, text })),
    save: (save) => saveIn(journal, save),
    close: () => closeBoth(journal.file),
  }
}

const LINE_END = 10

interface Line extends KeepOrder {
  /** As many bytes of the file were on the disk when it was written. */
  readonly synced: number
}

function readLines(path: string, bytes: Uint8Array): Line[] {
  const lines: Line[] = []
  let broken: { readonly at: number; readonly number: number } | undefined
  let [start, number] = [0, 0]
  while (start < bytes.length) {
    const end = bytes.indexOf(LINE_END, start)
    const line = bytes.subarray(start, end < 0 ? bytes.length : end)
    const parsed = end < 0 ? undefined : parseLine(line)
    number++
    if (parsed === 'unknown') throw unknownLine(path, number)
    if (parsed === undefined) broken ??= { at: start, number }
    else if (broken === undefined) lines.push(parsed)
    else if (parsed.synced > broken.at) throw damaged(path, broken.number)
    start += line.length + 1
  }
  return lines
}

const damaged = (path: string, line: number) =>
  new DataDirRefused(
    'corrupt',
    `${path}: line ${line} is damaged. The file holds the services that were registered with ` +
      'this agent: restore it from a backup, or remove it and register them again',
  )

const unknownLine = (path: string, line: number) =>
  new DataDirRefused(
    'foreign',
    `${path}: line ${line} was written by another version of this program. Start that one, or ` +
      'remove the file and register the services of this agent again',
  )

const LINE = /^([0-9a-f]{8}) (.+)$/s
const BODY = /^(\d+) ("(?:[^"\\]|\\.)*")(?: (.+))?$/s

/** Undefined: it is broken. 'unknown': it is whole, and no line of ours. */
function parseLine(line: Uint8Array): Line | 'unknown' | undefined {
  const text = strictTextOf(line)
  const [, sum, body = ''] = (text === undefined ? null : LINE.exec(text)) ?? []
  if (sum === undefined || checksum(utf8(body)) !== sum) return undefined
  const match = BODY.exec(body)
  if (match === null) return 'unknown'
  const key = JSON.parse(match[2] ?? '') as string // `lineOf` wrote it
  return { key, text: match[3], synced: Number(match[1]) }
}

const SUM_DIGITS = 8

const checksum = (body: Uint8Array): string => crc32(body).toString(16).padStart(SUM_DIGITS, '0')

/** Made into bytes once: the checksum is put in place afterwards. */
function lineOf({ key, text }: KeepOrder, synced: number): Uint8Array {
  const blank = '0'.repeat(SUM_DIGITS)
  assert(text === undefined || !text.includes('\n'), 'a text is one line')
  const kept = text === undefined ? '' : ` ${text}`
  const line = utf8(`${blank} ${synced} ${JSON.stringify(key)}${kept}\n`)
  const sum = checksum(line.subarray(SUM_DIGITS + 1, -1))
  for (let at = 0; at < SUM_DIGITS; at++) line[at] = sum.charCodeAt(at)
  return line
}

const linesOf = (orders: Iterable<KeepOrder>, synced: number): Uint8Array =>
  concatBytes(Array.from(orders, (order) => lineOf(order, synced)))

async function saveIn(journal: Journal, { orders, durable }: OwnSave): Promise<'saved' | 'full'> {
  const before = new Map(orders.map(({ key }) => [key, journal.texts.get(key)]))
  for (const { key, text } of orders) setText(journal, key, text)
  try {
    const isLong = journal.lines - journal.texts.size > STALE_LINES_MAX
    if (journal.file === undefined || isLong) await writeAnew(journal)
    else await append(journal, orders, durable)
    return 'saved'
  } catch (error) {
    if (!isFull(error)) throw error
    for (const [key, text] of before) setText(journal, key, text)
    await closeBoth(journal.file)
    journal.file = undefined
    return 'full'
  }
}

function setText({ texts }: Journal, key: string, text: string | undefined): void {
  if (text === undefined) texts.delete(key)
  else texts.set(key, text)
}

async function append(
  journal: Journal,
  orders: readonly KeepOrder[],
  durable: boolean,
): Promise<void> {
  if (journal.file === undefined) return
  // A synced write makes itself durable, not what was written before it and no sync has seen.
  const isSynced = durable && journal.synced === journal.size
  const file = isSynced ? journal.file.synced : journal.file.loose
  const bytes = linesOf(orders, journal.synced)
  const end = journal.size + bytes.length
  if (end <= journal.room) await writeAll(file, bytes, journal.size)
  else {
    await writeAll(file, padded(bytes), journal.size)
    journal.room = end + SPARE_BYTES
  }
  if (durable && !isSynced) await file.datasync()
  journal.size = end
  if (durable) journal.synced = end
  journal.lines += orders.length
}

async function writeAnew(journal: Journal): Promise<void> {
  const { files, path, texts } = journal
  const beside = `${path}.new`
  await closeBoth(journal.file)
  journal.file = undefined
  await removeIfThere(files, beside)
  const bytes = linesOf(
    Array.from(texts, ([key, text]) => ({ key, text })),
    0,
  )
  const loose = await files.create(beside)
  try {
    await writeAll(loose, padded(bytes), 0)
    await loose.datasync()
    await publish(files, beside, path)
    journal.file = { loose, synced: await files.openSynced(path, 'thread') }
  } catch (error) {
    await loose.close()
    throw error
  }
  journal.size = bytes.length
  journal.synced = bytes.length
  journal.room = bytes.length + SPARE_BYTES
  journal.lines = texts.size
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + SPARE_BYTES)
  whole.set(bytes)
  return whole
}

async function removeIfThere(files: FileSystem, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
