// What an agent keeps of its own services and checks: texts under keys, in one file of the data
// folder that is appended to. A line is a checksum, how many bytes of the file were surely on the
// disk when it was written, a key and the text that is kept under it, which has no end of a line in
// it; the last line of a key counts.
//
//   07ab11c3 0 "" 3735928559           first: the generation of the file
//   2f0a9c1e 0 "service web" {…}
//   90b1d2aa 2104 "service web"        forgotten
//
// What is written while the log is written goes along with it (redo.ts): it is durable there, and
// comes into the file later.
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
import { DataDirRefused, isFull } from './disk-errors.ts'
import {
  type FileSystem,
  type OpenFile,
  publish,
  readAll,
  readWhole,
  removeIfThere,
  writeAll,
} from './files.ts'
import type { Passenger, Redo } from './redo.ts'

export interface Registrations {
  readonly records: readonly KeptRecord[]
  /** One at a time. Rejects with a DiskFailure. */
  save(save: OwnSave): Promise<'saved' | 'full'>
  /**
   * The save as a passenger of a write of the log, in place of `save`. Undefined: it must be saved
   * by itself.
   */
  board(save: OwnSave): Boarded | undefined
  close(): Promise<void>
}

interface Boarded extends Passenger {
  /** How the write of the log ended: before anything else is asked of either. */
  ended(how: 'durable' | 'full'): void
}

const NAME = 'registrations'
/** So many zeros are written at a time. */
const SPARE_BYTES = 256 << 10
/** Lines that say nothing any more are put up with until there are so many, and half of all. */
const STALE_LINES_MAX = 2_000
/** With more than this the log would have to wait longer for the disk. */
const BOARDED_BYTES_MAX = 12 << 10

interface Journal {
  readonly files: FileSystem
  readonly path: string
  readonly random: () => number
  readonly texts: Map<string, string>
  generation: number
  /** Undefined: it has to be written anew first. */
  file: Both | undefined
  /** Where the next line goes. */
  size: number
  /** Up to here it is on the disk for good. */
  synced: number
  /** Up to here it is on the disk for good, there or in the log. */
  covered: number
  /** What is behind that. */
  uncovered: Uint8Array[]
  /** What is in the log, and not in the file yet: its end. */
  unfiled: Uint8Array[]
  /** Where the zeros end. */
  room: number
  lines: number
  /** What is done with the file: one thing after the other. */
  turn: Promise<unknown>
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

/** `random`: 32 random bits. */
export async function openRegistrations(
  files: FileSystem,
  dir: string,
  random: () => number,
): Promise<Registrations> {
  const path = join(dir, NAME)
  const texts = new Map<string, string>()
  for (const { key, text } of readLines(path, (await readWhole(files, path)) ?? EMPTY)) {
    if (text === undefined) texts.delete(key)
    else if (key !== HEAD_KEY) texts.set(key, text)
  }
  const journal: Journal = {
    files,
    path,
    random,
    texts,
    generation: 0,
    file: undefined,
    size: 0,
    synced: 0,
    covered: 0,
    uncovered: [],
    unfiled: [],
    room: 0,
    lines: 0,
    turn: Promise.resolve(),
  }
  return {
    records: [...texts].map(([key, text]) => ({ key, text })),
    save: (save) => inTurn(journal, () => saveIn(journal, save)),
    board: (save) => board(journal, save),
    async close() {
      if (journal.unfiled.length > 0) await settle(journal)
      await closeBoth(journal.file)
    },
  }
}

/** Puts into the file what went along with the log for it. Before it is opened. */
export async function redoRegistrations(
  files: FileSystem,
  dir: string,
  redo: readonly Redo[],
): Promise<void> {
  const path = join(dir, NAME)
  const found = redo.length === 0 ? undefined : await readWhole(files, path)
  if (found === undefined) return
  const generation = generationOf(found)
  const parts = redo.filter((one) => one.generation === generation)
  if (parts.length === 0) return
  const from = parts.reduce((least, { at }) => Math.min(least, at), found.length)
  const end = parts.reduce((most, { at, bytes }) => Math.max(most, at + bytes.length), from)
  const whole = new Uint8Array(Math.max(found.length, end))
  whole.set(found)
  for (const { at, bytes } of parts) whole.set(bytes, at)
  const file = await files.open(path)
  try {
    await writeAll(file, whole.subarray(from, end), from)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function inTurn<T>(journal: Journal, work: () => Promise<T>): Promise<T> {
  const turn = journal.turn.then(work)
  journal.turn = turn.catch(() => undefined) // whoever waits for it hears of it
  return turn
}

const LINE_END = 10

/** Of the first line; its text is the generation. */
const HEAD_KEY = ''

/** The first line was on the disk for good before the file got its name. */
function generationOf(file: Uint8Array): number | undefined {
  const line = parseLine(file.subarray(0, Math.max(0, file.indexOf(LINE_END))))
  return typeof line === 'object' && line.key === HEAD_KEY ? Number(line.text) : undefined
}

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

async function saveIn(journal: Journal, save: OwnSave): Promise<'saved' | 'full'> {
  const undo = setTexts(journal, save.orders)
  const end = await unlessFull(journal, async () => {
    if (journal.file === undefined || isLong(journal)) await writeAnew(journal)
    else await append(journal, journal.file, save)
  })
  if (end === 'full') undo()
  return end
}

const isLong = ({ lines, texts }: Journal): boolean =>
  lines - texts.size > Math.max(STALE_LINES_MAX, texts.size)

/** Returns how to take it back. */
function setTexts(journal: Journal, orders: readonly KeepOrder[]): () => void {
  const before = orders.map(({ key }) => ({ key, text: journal.texts.get(key) }))
  for (const order of orders) setText(journal, order)
  return () => {
    for (const order of before.reverse()) setText(journal, order)
  }
}

function setText({ texts }: Journal, { key, text }: KeepOrder): void {
  if (text === undefined) texts.delete(key)
  else texts.set(key, text)
}

/** After a write that found no room the file is written anew. */
async function unlessFull(journal: Journal, work: () => Promise<void>): Promise<'saved' | 'full'> {
  try {
    await work()
    return 'saved'
  } catch (error) {
    if (!isFull(error)) throw error
    await voidRefused(journal)
    await closeBoth(journal.file)
    journal.file = undefined
    return 'full'
  }
}

/** Whole lines of what is refused may have found room: the next start would read them. */
async function voidRefused({ file, size }: Journal): Promise<void> {
  if (file === undefined) return
  const length = Math.max(0, (await file.loose.size()) - size)
  const behind = await readAll(file.loose, { offset: size, length })
  if (!behind.includes(LINE_END)) return // a part of one is no line
  await writeAll(file.loose, behind.fill(0), size)
  await file.loose.datasync()
}

async function append(journal: Journal, file: Both, { orders, durable }: OwnSave): Promise<void> {
  // A synced write makes itself durable, not what was written before it and no sync has seen.
  const isSynced = durable && journal.synced === journal.size
  const lines = linesOf(orders, journal.synced)
  await fileLines(journal, isSynced ? file.synced : file.loose, lines)
  if (durable && !isSynced) await file.loose.datasync()
  journal.lines += orders.length
  if (durable) noteSynced(journal)
  else journal.uncovered.push(lines)
}

/** Behind what went along with the log since. */
async function fileLines(journal: Journal, file: OpenFile, lines: Uint8Array): Promise<void> {
  const bytes = concatBytes([...journal.unfiled, lines])
  const end = journal.size + lines.length
  const from = end - bytes.length
  if (end <= journal.room) await writeAll(file, bytes, from)
  else {
    await writeAll(file, padded(bytes), from)
    journal.room = end + SPARE_BYTES
  }
  journal.size = end
  journal.unfiled = []
}

function noteSynced(journal: Journal): void {
  journal.synced = journal.size
  journal.covered = journal.size
  journal.uncovered = []
}

const settle = (journal: Journal): Promise<'saved' | 'full'> =>
  inTurn(journal, () =>
    unlessFull(journal, async () => {
      if (journal.file === undefined) return writeAnew(journal)
      const { loose } = journal.file
      if (journal.unfiled.length > 0) await fileLines(journal, loose, EMPTY)
      await loose.datasync()
      noteSynced(journal)
    }),
  )

function board(journal: Journal, { orders, durable }: OwnSave): Boarded | undefined {
  if (!durable || journal.file === undefined || isLong(journal)) return undefined
  const lines = linesOf(orders, journal.synced)
  const bytes = concatBytes([...journal.uncovered, lines])
  const hasRoom = journal.size + lines.length <= journal.room
  if (!hasRoom || bytes.length > BOARDED_BYTES_MAX) return undefined
  const undo = setTexts(journal, orders)
  return {
    redo: { generation: journal.generation, at: journal.covered, bytes },
    settle: () => settle(journal),
    ended(how) {
      if (how === 'full') {
        undo()
        return
      }
      journal.lines += orders.length
      journal.unfiled.push(lines)
      journal.size += lines.length
      journal.covered = journal.size
      journal.uncovered = []
    },
  }
}

async function writeAnew(journal: Journal): Promise<void> {
  const { files, path, texts } = journal
  const beside = `${path}.new`
  await closeBoth(journal.file)
  journal.file = undefined
  await removeIfThere(files, beside)
  const generation = journal.random()
  const head = { key: HEAD_KEY, text: String(generation) }
  const bytes = linesOf([head, ...Array.from(texts, ([key, text]) => ({ key, text }))], 0)
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
  journal.generation = generation
  journal.size = bytes.length
  journal.unfiled = []
  journal.room = bytes.length + SPARE_BYTES
  journal.lines = texts.size
  noteSynced(journal)
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + SPARE_BYTES)
  whole.set(bytes)
  return whole
}
