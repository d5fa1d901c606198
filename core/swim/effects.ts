// Everything that a member of a pool can ask for, and everything that it notes on its way. Effects
// are performed in order; the owner remembers no rule.
import type { LogLine } from '../log.ts'
import type { Instant } from '../time.ts'
import type { Address } from '../wire/memberlist.ts'
import type { PoolMember } from './member.ts'

export type MemberChange = 'join' | 'leave' | 'failed' | 'update' | 'reap'

export interface PoolEvent {
  readonly name: string
  readonly payload: Uint8Array
  readonly lTime: number
  /** Newer events of the same name may stand for older ones. */
  readonly coalesce: boolean
}

/** A question that somebody asked the whole pool. */
interface PoolQuestion {
  /** Answered with this number, until the deadline. */
  readonly id: number
  readonly name: string
  readonly payload: Uint8Array
  readonly from: string
  readonly deadline: Instant
}

export type SwimEffect =
  /** `watched`: tell us if the port refuses it (onRefused). */
  | {
      readonly type: 'packet'
      readonly to: Address
      readonly bytes: Uint8Array
      readonly watched: boolean
    }
  /** Answered by onStreamAnswer, unless nothing is `awaited`, or by onStreamFailed. */
  | {
      readonly type: 'open-stream'
      readonly stream: number
      readonly to: Address
      readonly bytes: Uint8Array
      readonly awaited: boolean
      readonly timeoutMs: number
    }
  /** Says the last word on a stream that somebody opened, if any, and closes it. */
  | {
      readonly type: 'close-stream'
      readonly stream: number
      readonly bytes: Uint8Array | undefined
    }
  | {
      readonly type: 'members'
      readonly change: MemberChange
      readonly members: readonly PoolMember[]
    }
  | { readonly type: 'event'; readonly event: PoolEvent }
  | { readonly type: 'question'; readonly question: PoolQuestion }
  /** What came of a query of ours. */
  | { readonly type: 'query-ack'; readonly query: number; readonly from: string }
  | {
      readonly type: 'query-answer'
      readonly query: number
      readonly from: string
      readonly payload: Uint8Array
    }
  | { readonly type: 'query-end'; readonly query: number }
  /** A join is over: how many answered, and what the others said. */
  | {
      readonly type: 'joined'
      readonly join: number
      readonly reached: number
      readonly failures: readonly string[]
    }
  /** Everybody was told, and had time to hear it: sockets may close. */
  | { readonly type: 'left' }
  /** Seal with the first of these from now on, open with any; keep them. */
  | { readonly type: 'use-keys'; readonly keys: readonly Uint8Array[] }
  /** Lines for the file from which a restarted member knows whom to join. */
  | { readonly type: 'remember'; readonly lines: readonly string[] }
  /** Most of the pool knows another member by our name. */
  | { readonly type: 'name-lost' }
  | { readonly type: 'note'; readonly note: SwimNote }

/** What happened inside, for logs, traces and transcripts. */
export type SwimNote =
  | { readonly what: 'probe'; readonly node: string; readonly seqNo: number }
  | { readonly what: 'ack'; readonly node: string; readonly ms: number; readonly by: AckWay }
  | { readonly what: 'ask-helpers'; readonly node: string; readonly helpers: readonly string[] }
  | { readonly what: 'nack'; readonly node: string }
  | { readonly what: 'refused'; readonly node: string }
  | { readonly what: 'no-answer'; readonly node: string; readonly health: number }
  | { readonly what: 'void-probe'; readonly node: string }
  | { readonly what: 'stood-still'; readonly ms: number }
  | { readonly what: 'suspect'; readonly node: string; readonly from: string }
  | { readonly what: 'confirm'; readonly node: string; readonly from: string }
  | { readonly what: 'refute'; readonly incarnation: number; readonly accusation: string }
  | { readonly what: 'cleared'; readonly node: string; readonly incarnation: number }
  | { readonly what: 'dead'; readonly node: string; readonly from: string }
  | { readonly what: 'left'; readonly node: string }
  | { readonly what: 'alive'; readonly node: string; readonly address: string }
  | { readonly what: 'conflict'; readonly node: string; readonly address: string }
  | { readonly what: 'exchange'; readonly with: string; readonly members: number }
  | { readonly what: 'stream-failed'; readonly with: string; readonly why: string }
  | { readonly what: 'bad-packet'; readonly from: string; readonly why: string }
  | { readonly what: 'not-admitted'; readonly node: string; readonly why: string }
  | { readonly what: 'full'; readonly of: string }
  | { readonly what: 'udp-blocked'; readonly node: string }
  | { readonly what: 'join-again'; readonly failures: readonly string[] }

/** By which way an ack came. */
export type AckWay = 'packet' | 'helper' | 'stream'

/** Notes of these are for who traces, of the others for every log. */
const LEVELS: Readonly<Record<SwimNote['what'], LogLine['level']>> = {
  probe: 'trace',
  ack: 'trace',
  'ask-helpers': 'debug',
  nack: 'trace',
  refused: 'debug',
  'no-answer': 'debug',
  'void-probe': 'debug',
  'stood-still': 'warn',
  suspect: 'info',
  confirm: 'debug',
  refute: 'warn',
  cleared: 'info',
  dead: 'info',
  left: 'info',
  alive: 'info',
  conflict: 'error',
  exchange: 'debug',
  'stream-failed': 'debug',
  'bad-packet': 'warn',
  'not-admitted': 'warn',
  full: 'warn',
  'udp-blocked': 'warn',
  'join-again': 'warn',
}

const WORDS: Readonly<Record<SwimNote['what'], string>> = {
  probe: 'Pinged',
  ack: 'Answered',
  'ask-helpers': 'Did not answer, asked others to ping',
  nack: 'A helper got no answer either',
  refused: 'The port refuses',
  'no-answer': 'Neither answered nor was reached by helpers',
  'void-probe': 'Stood still during a probe, which counts for nothing',
  'stood-still': 'Stood still; suspicions last that much longer',
  suspect: 'Suspected',
  confirm: 'Suspected by another member, too',
  refute: 'Refuted what was said of this member',
  cleared: 'Refuted a suspicion',
  dead: 'Declared dead',
  left: 'Left the pool',
  alive: 'Is alive',
  conflict: 'Another member has this name',
  exchange: 'Exchanged states',
  'stream-failed': 'A stream failed',
  'bad-packet': 'Dropped what could not be read',
  'not-admitted': 'Refused a member',
  full: 'A limit is reached',
  'udp-blocked': 'Answers by stream only: packets seem to be blocked',
  'join-again': 'Nobody took this member in yet; trying again',
}

/**
 * A note as a line of the log.
 *
 * @public for the daemon that runs a pool
 */
export function logLineOf(note: SwimNote): LogLine {
  const { what, ...rest } = note
  const fields = Object.entries(rest).map(([name, value]): [string, string | number] => [
    name,
    typeof value === 'object' ? value.join(',') : value,
  ])
  return {
    level: LEVELS[what],
    room: 'swim',
    message: WORDS[what],
    fields: Object.fromEntries(fields),
  }
}
