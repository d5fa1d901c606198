// What the network brings to a member, and what a member sends into it: the boundary between the
// machine and its sockets. Everything here is plain text; sealing is the runtime's.
import { unreachable } from '../assert.ts'
import type { Instant } from '../time.ts'
import type { Address } from '../wire/memberlist.ts'
import type { SwimEffect } from './effects.ts'
import {
  failStream,
  receiveAnswer,
  receivePacket,
  receiveRefusal,
  receiveStream,
} from './server.ts'
import { refusePacket, type Swim } from './swim.ts'

export type GossipInput =
  | { readonly type: 'packet'; readonly from: Address; readonly bytes: Uint8Array }
  /** Somebody opened a stream and said this. */
  | { readonly type: 'stream'; readonly stream: number; readonly bytes: Uint8Array }
  /** The answer on a stream of ours. */
  | { readonly type: 'answer'; readonly stream: number; readonly bytes: Uint8Array }
  /** A stream of ours came to nothing. */
  | { readonly type: 'stream-failed'; readonly stream: number; readonly why: string }
  /** A watched packet of ours came to a port that refuses. */
  | { readonly type: 'port-refused'; readonly to: Address }
  /** Something that could not be opened: another key, another pool, no gossip at all. */
  | { readonly type: 'unreadable'; readonly from: string; readonly why: string }

/** What is for the sockets. */
export type GossipOutput = Extract<
  SwimEffect,
  { readonly type: 'packet' | 'open-stream' | 'close-stream' | 'use-keys' }
>

export function receive(swim: Swim, input: GossipInput, now: Instant): void {
  switch (input.type) {
    case 'packet':
      receivePacket(swim, input, now)
      break
    case 'stream':
      receiveStream(swim, input, now)
      break
    case 'answer':
      receiveAnswer(swim, input, now)
      break
    case 'stream-failed':
      failStream(swim, input, now)
      break
    case 'port-refused':
      receiveRefusal(swim, input.to, now)
      break
    case 'unreadable':
      refusePacket(swim, input.from, input.why)
      break
    default:
      unreachable(input)
  }
}
