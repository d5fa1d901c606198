// IPv6 addresses as text.

/** The first of the longest runs of zeros, two at least, is written `::` (RFC 5952 §4.2). */
export function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  const { from, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  const [before, after] = [groups.slice(0, from), groups.slice(from + length)]
  return `${before.join(':')}::${after.join(':')}`
}

function longestZeros(groups: readonly string[]): { from: number; length: number } {
  let best = { from: 0, length: 0 }
  for (let from = 0; from < groups.length; from++) {
    let length = 0
    while (groups[from + length] === '0') length++
    if (length > best.length) best = { from, length }
  }
  return best
}
