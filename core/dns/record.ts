// Questions and resource records as values; their form on the wire is in query.ts and message.ts.
import type { IpBytes } from '../ip.ts'
import type { Name } from './name.ts'

/** RFC 1035 §3.2.2 and §3.2.3, RFC 3596, RFC 2782, RFC 4034 §5, RFC 6891, RFC 5936. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DS: 43,
  OPT: 41,
  AXFR: 252,
  ANY: 255,
} as const

/** RFC 1035 §4.1.1; 16 is BADVERS of RFC 6891 §9. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const

export type Rcode = (typeof RCODE)[keyof typeof RCODE]

export type Content =
  /** 4 bytes: A. 16: AAAA. */
  | { readonly type: 'address'; readonly ip: IpBytes }
  | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: Name }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: Name
    }
  | { readonly type: 'TXT'; readonly text: Uint8Array }
  | { readonly type: 'SOA'; readonly soa: Soa }

interface Soa {
  readonly mname: Name
  readonly rname: Name
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minimum: number
}

export interface ResourceRecord {
  readonly name: Name
  /** Seconds. */
  readonly ttl: number
  readonly content: Content
}

export interface Sections {
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
}

export const NOTHING: Sections = { answer: [], authority: [], additional: [] }

export const typeOf = ({ content }: ResourceRecord): number =>
  content.type === 'address' ? (content.ip.length === 4 ? TYPE.A : TYPE.AAAA) : TYPE[content.type]

export interface Question {
  readonly name: Name
  readonly type: number
}

/** What a client says of itself (RFC 6891). */
export interface Edns {
  /** The longest datagram that it takes. */
  readonly size: number
  readonly version: number
  /** The client-subnet option (RFC 7871), as it came; undefined: none, or one that is none. */
  readonly subnet: Uint8Array | undefined
}

export interface Query {
  readonly id: number
  readonly question: Question
  /** Told back; as in Consul, what is known is answered whichever was asked. */
  readonly rclass: number
  readonly recursionDesired: boolean
  readonly checkingDisabled: boolean
  readonly edns: Edns | undefined
}
