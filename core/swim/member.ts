// Who is in the pool, seen twice. A Member is what the failure detector knows (memberlist's side):
// it is forgotten soon after it died. A PoolMember is what people ask for (Serf's side): it tells
// those who left from those who failed, and stays for a day.
import type { Instant } from '../time.ts'
import type { Address, Versions } from '../wire/memberlist.ts'
import type { Tags } from '../wire/serf.ts'
import type { LTime } from './lamport.ts'
import type { Suspicion } from './suspicion.ts'

export type MemberState =
  | { readonly type: 'alive' }
  | { readonly type: 'suspect'; readonly suspicion: Suspicion }
  | { readonly type: 'dead' }
  /** It said that it goes. */
  | { readonly type: 'left' }

export interface Member {
  readonly name: string
  address: Address
  meta: Uint8Array
  versions: Versions
  /** Raised by the member itself only, to refute what others say of it (SWIM §4.2). */
  incarnation: number
  state: MemberState
  /** When it came into this state. */
  since: Instant
}

export const ALIVE: MemberState = Object.freeze({ type: 'alive' })
export const DEAD: MemberState = Object.freeze({ type: 'dead' })
export const LEFT: MemberState = Object.freeze({ type: 'left' })

/** Alive as far as anybody has proved: a suspect still is. */
export const isUp = ({ state }: Member): boolean =>
  state.type === 'alive' || state.type === 'suspect'

export type Status = 'alive' | 'leaving' | 'left' | 'failed'

export interface PoolMember {
  readonly name: string
  readonly address: Address
  readonly tags: Tags
  readonly versions: Versions
  readonly status: Status
  /** Of the last intent to join or leave; older ones change nothing. */
  readonly statusLTime: LTime
  /** Another's state had this time: of a join, or of a leave that was under way there. */
  readonly isHearsay: boolean
  /** When it left or failed. */
  readonly goneAt: Instant | undefined
  /** To be forgotten as soon as it is gone. */
  readonly isPruned: boolean
}

export const sameAddress = (a: Address, b: Address): boolean => a.port === b.port && a.ip === b.ip

/** `10.0.0.1:7946`, `[::1]:7946`. */
export const addressText = ({ ip, port }: Address): string =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`

export const META_BYTES_MAX = 512
