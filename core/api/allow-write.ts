// http_config.allow_write_http_from: whether an address lies in one of some networks (CIDR, RFC
// 4632 and RFC 4291 §2.3). A peer on a Unix socket has no address and is never refused.

/** An address as bytes: 4 of IPv4, 16 of IPv6; an IPv4 address inside IPv6 counts as IPv4. */
function addressBytes(text: string): readonly number[] | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1]
  const plain = mapped ?? text
  if (/^\d+(\.\d+){3}$/.test(plain)) {
    const bytes = plain.split('.').map(Number)
    return bytes.every((byte) => byte < 256) ? bytes : undefined
  }
  return plain.includes(':') ? ipv6Bytes(plain) : undefined
}

function ipv6Bytes(text: string): readonly number[] | undefined {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'))
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  const missing = 8 - front.length - back.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...front, ...Array<string>(missing).fill('0'), ...back]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16)).flatMap((n) => [n >> 8, n & 255])
}

/**
 * Whether `address` lies in a network such as `10.0.0.0/8`. False for what is no address or no
 * network.
 */
function isInNetwork(address: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/')
  const from = addressBytes(base)
  const bytes = addressBytes(address)
  if (from === undefined || bytes === undefined || from.length !== bytes.length) return false
  const bits = Number(length)
  if (length === '' || !Number.isInteger(bits) || bits > 8 * from.length) return false
  return bytes.every((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * i))
    const mask = 256 - 2 ** (8 - kept)
    return (byte & mask) === ((from[i] as number) & mask) // both have the same length
  })
}

export const isWriteAllowed = (networks: readonly string[], remote: string): boolean =>
  remote === '' || networks.some((network) => isInNetwork(remote, network))
