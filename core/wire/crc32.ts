// CRC-32 as in IEEE 802.3, zlib and memberlist's packets (polynomial 0xedb88320, reflected). It
// guards the records of the write-ahead log and the packets of the gossip: it finds accidents, not
// attackers.
//
// Eight tables instead of one ("slicing by 8", Kounavis and Berry 2005) let one step take eight
// bytes whose lookups do not wait for one another. TABLES[256 * k + b] is the checksum of the byte
// b followed by k zero bytes.

const POLYNOMIAL = 0xedb88320
const SLICES = 8
const TABLES = makeTables()

/**
 * The checksum of `bytes`; to go on from an earlier part, hand in its checksum: crc32(b, crc32(a))
 * is crc32(a then b).
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const whole = bytes.length - (bytes.length % SLICES)
  let crc = ~previous
  let at = 0
  for (; at < whole; at += SLICES) crc = step(crc, bytes, at)
  for (; at < bytes.length; at++)
    crc = (TABLES[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}

function step(crc: number, b: Uint8Array, at: number): number {
  const low =
    crc ^
    ((b[at] as number) |
      ((b[at + 1] as number) << 8) |
      ((b[at + 2] as number) << 16) |
      ((b[at + 3] as number) << 24))
  return (
    (TABLES[1792 + (low & 255)] as number) ^
    (TABLES[1536 + ((low >>> 8) & 255)] as number) ^
    (TABLES[1280 + ((low >>> 16) & 255)] as number) ^
    (TABLES[1024 + (low >>> 24)] as number) ^
    (TABLES[768 + (b[at + 4] as number)] as number) ^
    (TABLES[512 + (b[at + 5] as number)] as number) ^
    (TABLES[256 + (b[at + 6] as number)] as number) ^
    (TABLES[b[at + 7] as number] as number)
  )
}

function makeTables(): Uint32Array {
  const tables = new Uint32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? POLYNOMIAL ^ (crc >>> 1) : crc >>> 1
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] as number
    tables[at] = (before >>> 8) ^ (tables[before & 255] as number)
  }
  return tables
}
