// Messages on a stream stand behind their length in two bytes (RFC 1035 §4.2.2).

/** The length and the message, to be written at once (RFC 7766 §8). */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(2 + message.length)
  framed.writeUInt16BE(message.length)
  framed.set(message, 2)
  return framed
}

/** The first whole message, and what stands behind it. */
export function takeFrame(
  bytes: Buffer,
): { readonly message: Buffer; readonly rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined
  const end = 2 + bytes.readUInt16BE(0)
  if (bytes.length < end) return undefined
  return { message: bytes.subarray(2, end), rest: bytes.subarray(end) }
}
