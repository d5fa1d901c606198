// What a node writes on its disk: each write as an entry of the log, and all data at one index as a
// snapshot: a line that says how far it goes, and a line for each key.
import { assert } from '../assert.ts'
import { base64, concatBytes, EMPTY, parseBase64, textOf, utf8 } from '../bytes.ts'
import { ENTRY, type Entry, type Recovered } from '../entry.ts'
import { logIndex, type Term, term } from '../ids.ts'
import { rowsFrom } from '../state/tree.ts'
import type { Kept } from './keep.ts'
import type { Stamped } from './messages.ts'
import type { Reign, Row } from './records.ts'
import type { Frozen } from './store.ts'

/** Epochs rise along a history, as terms do along a log. */
export const termOf = (epoch: number): Term => term(epoch)

/** What an entry says besides its index and its term. */
interface EntryText {
  readonly reign: string
  readonly key: string
  /** In base64; absent: deleted. */
  readonly value?: string
}

export function entryOf({ index, epoch, reign, key, value }: Stamped): Entry {
  const text: EntryText = { reign, key, ...(value === undefined ? {} : { value: base64(value) }) }
  const data = utf8(JSON.stringify(text))
  return { index: logIndex(index), term: termOf(epoch), type: ENTRY.command, data }
}

/** Our own writing, whose checksum was right. */
function writeOf({ index, term: epoch, data }: Entry): Stamped {
  const { reign, key, value } = JSON.parse(textOf(data)) as EntryText // see entryOf
  return { index, epoch, reign, key, value: value === undefined ? undefined : bytesOf(value) }
}

function bytesOf(text: string): Uint8Array {
  const parsed = parseBase64(text)
  assert(parsed.ok, 'a value on the disk is in base64')
  return parsed.bytes
}

interface Head {
  readonly history: readonly Reign[]
  readonly last: number
}

const CHUNK_BYTES = 64 << 10

export function* snapshotOf({ history, last, root }: Frozen): Generator<Uint8Array> {
  const head: Head = { history, last }
  let lines = `${JSON.stringify(head)}\n`
  for (const { key, value } of rowsFrom(root, '')) {
    lines += `${JSON.stringify([key, base64(value)])}\n`
    if (lines.length < CHUNK_BYTES) continue
    yield utf8(lines)
    lines = ''
  }
  if (lines !== '') yield utf8(lines)
}

/** What a folder holds, as the node knows it; undefined: nothing. */
export function keptOf({ snapshot, entries }: Recovered): Kept | undefined {
  if (snapshot === undefined && entries.length === 0) return undefined
  const [head, ...lines] = snapshot === undefined ? [] : [...linesOf(snapshot.chunks)]
  const { history, last } = head === undefined ? NOTHING : (JSON.parse(head) as Head) // snapshotOf
  const writes = entries.filter(({ index }) => index > last).map(writeOf)
  return { rows: lines.map(rowOf), history, last, writes }
}

const NOTHING: Head = { history: [], last: 0 }

function rowOf(line: string): Row {
  const [key, value] = JSON.parse(line) as [string, string] // see snapshotOf
  return { key, value: bytesOf(value) }
}

const LINE_END = 0x0a

function* linesOf(chunks: Iterable<Uint8Array>): Generator<string> {
  let rest: Uint8Array = EMPTY
  for (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : concatBytes([rest, chunk])
    const end = bytes.lastIndexOf(LINE_END) + 1
    rest = bytes.slice(end)
    if (end > 0) yield* textOf(bytes.subarray(0, end - 1)).split('\n')
  }
  assert(rest.length === 0, 'a snapshot ends with a line')
}
