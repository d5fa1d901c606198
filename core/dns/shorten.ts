// A reply that says nothing but: come by TCP. For datagrams from far away, whose source nobody
// proves: what is sent there must not be worth a lie (RFC 5358, RFC 8482 §7).
import { encodeReply } from './message.ts'
import { decodeQuery } from './query.ts'
import { NOTHING, RCODE } from './record.ts'

/** Undefined: it is no question. */
export function shortened(packet: Uint8Array): Uint8Array | undefined {
  const decoded = decodeQuery(packet)
  if (decoded.type !== 'query') return undefined
  return encodeReply({
    query: decoded.query,
    rcode: RCODE.NOERROR,
    authoritative: false,
    recursionAvailable: false,
    truncated: true,
    sections: NOTHING,
    edns: undefined,
    compress: true,
  })
}

/** What fits every path, whatever a client from far away says of itself (RFC 9715). */
const FAR_BYTES_MAX = 1_232
/** An answer is never so many times as long as its question. */
const FAR_FACTOR = 10

/** The longest datagram that goes far for a question of this size. */
export const farBytes = (questionBytes: number): number =>
  Math.min(FAR_BYTES_MAX, FAR_FACTOR * questionBytes - 1)
