// What reading gossip gives: a value, or why there is none. A bad packet is counted, never thrown.
import type { Decoded } from './msgpack.ts'

export type Opened<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string }

export const refuse = (why: string): { readonly ok: false; readonly why: string } => ({
  ok: false,
  why,
})

/** A value whose place in the bytes is of no interest. */
export const opened = <T>(read: Decoded<T>): Opened<T> =>
  read.ok ? { ok: true, value: read.value } : refuse(read.fault.why)
