// Streams that we open, and what for.
import { packStream } from '../wire/gossip-stream.ts'
import type { Address, StreamMessage } from '../wire/memberlist.ts'
import type { Swim } from './swim.ts'

export type StreamUse =
  /** The states of two members, now and then, or to see whether a failed one is back. */
  | { readonly type: 'exchange'; readonly with: string }
  | { readonly type: 'join'; readonly join: number; readonly with: string }
  /** The ping of a probe whose datagrams come to nothing. */
  | { readonly type: 'ping'; readonly seqNo: number; readonly with: string }

export interface Opening {
  readonly to: Address
  readonly message: StreamMessage
  readonly use: StreamUse
  readonly timeoutMs: number
}

/** Returns the number of the stream. */
export function openStream(swim: Swim, { to, message, use, timeoutMs }: Opening): number {
  swim.lastStream += 1
  const stream = swim.lastStream
  swim.streams.set(stream, use)
  const bytes = packStream(message, swim.options.isCompressed)
  swim.effects.push({ type: 'open-stream', stream, to, bytes, awaited: true, timeoutMs })
  return stream
}
