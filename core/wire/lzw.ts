// LZW in the flavour of GIF and PDF, which memberlist uses to shrink packets and streams: codes of
// 9 to 12 bits, least significant bit first, 8-bit literals, 256 clears the table, 257 ends the
// stream (memberlist-wire 1.2).
//
// Tables are sized by the input, so that shrinking a packet of 100 bytes costs what 100 bytes are
// worth.
import { assert } from '../assert.ts'

const CLEAR = 256
const END = 257
const FIRST_WIDTH = 9
const LAST_WIDTH = 12
const CODES_MAX = 1 << LAST_WIDTH
const NONE = -1

export type Expanded =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: 'truncated' | 'bad-code' | 'too-large' }

export function compressLzw(plain: Uint8Array): Uint8Array {
  const out = createBitWriter(plain.length)
  const table = createPairTable(plain.length)
  let width = FIRST_WIDTH
  let last = END // the newest code in the table
  let prefix = NONE
  writeBits(out, CLEAR, width)
  for (const byte of plain) {
    if (prefix === NONE) {
      prefix = byte
      continue
    }
    const pair = (prefix << 8) | byte
    const known = findPair(table, pair)
    if (known !== NONE) {
      prefix = known
      continue
    }
    writeBits(out, prefix, width)
    prefix = byte
    last += 1
    if (last === 1 << width) width += 1
    if (last === CODES_MAX - 1) {
      writeBits(out, CLEAR, LAST_WIDTH)
      table.slots.fill(0)
      width = FIRST_WIDTH
      last = END
    } else addPair(table, pair, last)
  }
  if (prefix !== NONE) {
    writeBits(out, prefix, width)
    last += 1
    if (last === 1 << width) width += 1
    if (last === CODES_MAX - 1) {
      writeBits(out, CLEAR, LAST_WIDTH)
      width = FIRST_WIDTH
    }
  }
  writeBits(out, END, width)
  return finishBits(out)
}

/**
 * The plain bytes, unless they would be more than `sizeMax`: memory stays bounded whatever the
 * input claims.
 */
export function expandLzw(packed: Uint8Array, sizeMax: number): Expanded {
  const prefixes = new Uint16Array(CODES_MAX)
  const suffixes = new Uint8Array(CODES_MAX)
  const lengths = new Uint32Array(CODES_MAX)
  let out = new Uint8Array(Math.min(sizeMax, Math.max(64, packed.length * 4)))
  let size = 0
  let width = FIRST_WIDTH
  let next = END // the code that the next pair will get; END itself right after a clear
  let last = NONE
  let held = 0
  let heldBits = 0
  let at = 0
  for (;;) {
    while (heldBits < width) {
      if (at >= packed.length) return { ok: false, reason: 'truncated' }
      held |= (packed[at++] as number) << heldBits
      heldBits += 8
    }
    const code = held & ((1 << width) - 1)
    held >>>= width
    heldBits -= width
    if (code === CLEAR) {
      width = FIRST_WIDTH
      next = END
      last = NONE
      continue
    }
    if (code === END) return { ok: true, bytes: out.subarray(0, size) }
    if (code > next || (code === next && last === NONE)) return { ok: false, reason: 'bad-code' }
    const length = code === next ? lengthOf(lengths, last) + 1 : lengthOf(lengths, code)
    if (size + length > sizeMax) return { ok: false, reason: 'too-large' }
    if (size + length > out.length) out = grown(out, size + length, sizeMax)
    const first = writeBackwards(
      { out, prefixes, suffixes },
      size + length,
      code === next ? last : code,
      code === next,
    )
    if (code === next) out[size + length - 1] = first // the code that is defined by its own use
    size += length
    if (last !== NONE) {
      prefixes[next] = last
      suffixes[next] = first
      lengths[next] = lengthOf(lengths, last) + 1
    }
    last = code
    next += 1
    if (next < 1 << width) continue
    if (width < LAST_WIDTH) width += 1
    else {
      next -= 1 // the table is full: codes are read on, pairs are not added
      last = NONE
    }
  }
}

interface Strings {
  readonly out: Uint8Array
  readonly prefixes: Uint16Array
  readonly suffixes: Uint8Array
}

/**
 * Unrolls the string of `code` so that it ends before `end` (one earlier if its own first byte
 * follows); returns that first byte.
 */
function writeBackwards(
  { out, prefixes, suffixes }: Strings,
  end: number,
  code: number,
  doubled: boolean,
): number {
  let to = doubled ? end - 2 : end - 1
  let from = code
  while (from >= CLEAR) {
    out[to--] = suffixes[from] as number
    from = prefixes[from] as number
  }
  out[to] = from
  return from
}

const lengthOf = (lengths: Uint32Array, code: number): number =>
  code < CLEAR ? 1 : (lengths[code] as number)

function grown(out: Uint8Array, needed: number, sizeMax: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(sizeMax, Math.max(needed, out.length * 2)))
  larger.set(out)
  return larger
}

interface BitWriter {
  bytes: Uint8Array
  size: number
  held: number
  heldBits: number
}

function createBitWriter(plainLength: number): BitWriter {
  // At worst every byte costs a 12-bit code, plus clear and end codes.
  return {
    bytes: new Uint8Array(Math.ceil(plainLength * 1.5) + 16),
    size: 0,
    held: 0,
    heldBits: 0,
  }
}

function writeBits(writer: BitWriter, code: number, width: number): void {
  writer.held |= code << writer.heldBits
  writer.heldBits += width
  while (writer.heldBits >= 8) {
    writer.bytes[writer.size++] = writer.held & 255
    writer.held >>>= 8
    writer.heldBits -= 8
  }
}

function finishBits(writer: BitWriter): Uint8Array {
  if (writer.heldBits > 0) writer.bytes[writer.size++] = writer.held & 255
  assert(writer.size <= writer.bytes.length, 'a code per byte fits the worst case')
  return writer.bytes.subarray(0, writer.size)
}

/**
 * An open-addressing table from (prefix code, byte) to code. A slot holds pair and code; 0 is free.
 */
interface PairTable {
  readonly slots: Uint32Array
  readonly mask: number
}

function createPairTable(plainLength: number): PairTable {
  const entries = Math.min(Math.max(plainLength, 16), CODES_MAX)
  const size = 1 << (32 - Math.clz32(entries * 2 - 1))
  return { slots: new Uint32Array(size), mask: size - 1 }
}

// A pair has 20 bits, a code 12: together they fill a word. The code of a pair is never 0.
const hash = (pair: number) => Math.imul(pair, 0x9e3779b1) >>> 12

function findPair(table: PairTable, pair: number): number {
  for (let at = hash(pair) & table.mask; ; at = (at + 1) & table.mask) {
    const slot = table.slots[at] as number
    if (slot === 0) return NONE
    if (slot >>> 12 === pair) return slot & 0xfff
  }
}

function addPair(table: PairTable, pair: number, code: number): void {
  let at = hash(pair) & table.mask
  while (table.slots[at] !== 0) at = (at + 1) & table.mask
  table.slots[at] = ((pair << 12) | code) >>> 0
}
