// What an agent keeps of its own services and checks: texts under keys, in one file of the data
// folder that is appended to. A line is a checksum and a record; the last line of a key counts.
//
//   2f0a9c1e ["service web","{…}"]
//   90b1d2aa ["service web",null]        forgotten
//
// A line at the end that is not whole was never acknowledged and is left out. Any other damage is
// named, and the agent does not start. The file is written anew (beside, then renamed) when it has
// become long, at every start, and after a write that the disk had no room for.
import { join } from 'node:path'
import type { OwnSave } from '../../core/agent/keeper.ts'
import { strictTextOf, utf8 } from '../../core/bytes.ts'
import type { KeepOrder, KeptRecord } from '../../core/local/keep.ts'
import { crc32 } from '../../core/wire/crc32.ts'
import { DataDirRefused, isFull, isMissing } from './disk-errors.ts'
import { type FileSystem, type OpenFile, publish, readAll, writeAll } from './files.ts'

export interface Registrations {
  readonly records: readonly KeptRecord[]
  /** One at a time. Rejects with a DiskFailure. */
  save(save: OwnSave): Promise<'saved' | 'full'>
  close(): Promise<void>
}

const NAME = 'registrations'
/** Lines that say nothing any more are put up with until there are this many of them. */
const STALE_LINES_MAX = 2_000

interface Journal {
  readonly files: FileSystem
  readonly path: string
  readonly texts: Map<string, string>
  /** Undefined: it has to be written anew first. */
  file: OpenFile | undefined
  size: number
  lines: number
}

export async function openRegistrations(files: FileSystem, dir: string): Promise<Registrations> {
  const path = join(dir, NAME)
  const texts = new Map<string, string>()
  for (const { key, text } of readLines(path, await readBytes(files, path))) {
    if (text === undefined) texts.delete(key)
    else texts.set(key, text)
  }
  const journal: Journal = { files, path, texts, file: undefined, size: 0, lines: 0 }
  return {
    records: [...texts].map(([key, text]) => ({ key, text })),
    save: (save) => saveIn(journal, save),
    close: async () => {
      await journal.file?.close()
    },
  }
}

async function readBytes(files: FileSystem, path: string): Promise<Uint8Array> {
  try {
    const file = await files.open(path)
    const bytes = await readAll(file, { offset: 0, length: await file.size() })
    await file.close()
    return bytes
  } catch (error) {
    if (isMissing(error)) return new Uint8Array(0)
    throw error
  }
}

const LINE_END = 10

function readLines(path: string, bytes: Uint8Array): KeepOrder[] {
  const orders: KeepOrder[] = []
  let broken: number | undefined
  let [start, number] = [0, 0]
  while (start < bytes.length) {
    const end = bytes.indexOf(LINE_END, start)
    const line = bytes.subarray(start, end < 0 ? bytes.length : end)
    const order = end < 0 ? undefined : parseLine(line)
    number++
    start += line.length + 1
    if (order === undefined) broken ??= number
    else if (broken !== undefined) throw damaged(path, broken)
    else orders.push(order)
  }
  return orders
}

const damaged = (path: string, line: number) =>
  new DataDirRefused(
    'corrupt',
    `${path}: line ${line} is damaged, and what follows it is not. It holds the services that ` +
      'were registered with this agent: restore it from a backup, or remove the file and ' +
      'register them again',
  )

function parseLine(line: Uint8Array): KeepOrder | undefined {
  const text = strictTextOf(line)
  const match = text === undefined ? null : /^([0-9a-f]{8}) (\[.*\])$/s.exec(text)
  if (match === null || checksum(match[2] ?? '') !== match[1]) return undefined
  // What bears its checksum was written by `lineOf`.
  const [key, kept] = JSON.parse(match[2] ?? '') as [string, string | null]
  return { key, text: kept ?? undefined }
}

const checksum = (text: string): string => crc32(utf8(text)).toString(16).padStart(8, '0')

function lineOf({ key, text }: KeepOrder): string {
  const record = JSON.stringify([key, text ?? null])
  return `${checksum(record)} ${record}\n`
}

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
    await journal.file?.close()
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
  const { file } = journal
  if (file === undefined) return
  const bytes = utf8(orders.map(lineOf).join(''))
  await writeAll(file, bytes, journal.size)
  if (durable) await file.datasync()
  journal.size += bytes.length
  journal.lines += orders.length
}

async function writeAnew(journal: Journal): Promise<void> {
  const { files, path, texts } = journal
  const beside = `${path}.new`
  await journal.file?.close()
  journal.file = undefined
  await removeIfThere(files, beside)
  const bytes = utf8([...texts].map(([key, text]) => lineOf({ key, text })).join(''))
  const file = await files.create(beside)
  try {
    await writeAll(file, bytes, 0)
    await file.datasync()
    await publish(files, beside, path)
  } catch (error) {
    await file.close()
    throw error
  }
  journal.file = file
  journal.size = bytes.length
  journal.lines = texts.size
}

async function removeIfThere(files: FileSystem, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
