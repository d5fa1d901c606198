// Lists that were printed. Who asks for the same list as somebody before, while nothing in it has
// changed, gets the same bytes; one in which little has changed is joined anew from its parts.
// Bounded: the lists that nobody has asked for the longest go first.
import { assert } from '../assert.ts'
import { utf8 } from '../bytes.ts'

/** A part of a list: the rows it was printed from, the key first, and its text. */
interface Part {
  readonly rows: readonly object[]
  readonly text: string
}

interface PrintedList {
  /** What it stands for. */
  readonly mark: object
  readonly bytes: Uint8Array
  /** By the first of its rows. */
  readonly parts: ReadonlyMap<object, Part>
  /** Of memory. */
  readonly size: number
}

export interface Printed {
  /** The one that was asked for last stands last. */
  readonly lists: Map<string, PrintedList>
  size: number
}

export const PRINTED_BYTES_MAX = 64 << 20

export const createPrinted = (): Printed => ({ lists: new Map(), size: 0 })

export interface Listing<Row> {
  /** What was asked for: two lists with one key and mark are the same. */
  readonly key: string
  /** Undefined: not to be kept. */
  readonly mark: object | undefined
  readonly rows: () => readonly Row[]
  /** What a row of the list is printed from: as long as all are the same, so is its text. */
  readonly partsOf: (row: Row) => readonly object[]
  readonly print: (row: Row) => string
}

/** The list as compact JSON. */
export function printList<Row>(printed: Printed, listing: Listing<Row>): Uint8Array {
  const { key, mark } = listing
  const known = printed.lists.get(key)
  if (known !== undefined) {
    printed.lists.delete(key)
    if (known.mark === mark) {
      printed.lists.set(key, known)
      return known.bytes
    }
    printed.size -= known.size
  }
  const parts = listing.rows().map((row) => partOf(listing, row, known))
  const bytes = utf8(`[${parts.map(({ text }) => text).join(',')}]`)
  if (mark !== undefined) keep(printed, key, { mark, bytes, parts })
  return bytes
}

/** What was made of rows that are all here. */
interface Made {
  readonly rows: readonly object[]
  readonly bytes: Uint8Array
}

/** `print` may copy from what was made of the rows of another moment. */
export interface RowListing<Kind extends Made> {
  /** Each key belongs to one kind. */
  readonly key: string
  readonly rows: readonly object[]
  readonly print: (before: Kind | undefined) => Kind
}

/** The bytes of a list: as long as each of its rows is the same, so are they. */
export function printRows<Kind extends Made>(
  printed: Printed,
  listing: RowListing<Kind>,
): Uint8Array {
  const { key, rows, print } = listing
  const known = printed.lists.get(key)
  const before = known?.mark as Kind | undefined // what this key belongs to
  if (known !== undefined) {
    printed.lists.delete(key)
    if (before !== undefined && isSameList(before.rows, rows)) {
      printed.lists.set(key, known)
      return known.bytes
    }
    printed.size -= known.size
  }
  const made = print(before)
  keep(printed, key, { mark: made, bytes: made.bytes, parts: [] })
  return made.bytes
}

const isSameList = (some: readonly object[], rows: readonly object[]): boolean =>
  some.length === rows.length && rows.every((row, at) => some[at] === row)

function partOf<Row>(
  { partsOf, print }: Listing<Row>,
  row: Row,
  known: PrintedList | undefined,
): Part {
  const rows = partsOf(row)
  const [first] = rows
  const part = first && known?.parts.get(first)
  const isSame = part?.rows.length === rows.length && rows.every((one, i) => part.rows[i] === one)
  return isSame && part !== undefined ? part : { rows, text: print(row) }
}

function keep(
  printed: Printed,
  key: string,
  { mark, bytes, parts }: { mark: object; bytes: Uint8Array; parts: readonly Part[] },
): void {
  const size = 3 * bytes.length // the bytes, and the texts of the parts with what belongs to them
  if (size > PRINTED_BYTES_MAX / 2) return
  const byFirst = new Map(parts.flatMap((part) => part.rows.slice(0, 1).map((row) => [row, part])))
  printed.lists.set(key, { mark, bytes, parts: byFirst, size })
  printed.size += size
  for (const [oldest, list] of printed.lists) {
    if (printed.size <= PRINTED_BYTES_MAX) break
    printed.lists.delete(oldest)
    printed.size -= list.size
  }
  assert(printed.size >= 0, 'no list was counted out twice')
}
