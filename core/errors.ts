// The catalogue of refusals: a code decides the HTTP status and the exit code, so that neither is
// chosen twice.

/**
 * Exit codes of every program of ours (guide: `lictor help exit-codes`). Called as `consul`,
 * Consul's codes apply.
 */
export const EXIT = {
  ok: 0,
  /** The answer is no, or the state refused the act: key missing, CAS lost, lock held. */
  no: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Nobody there: no daemon, connection refused. */
  nobody: 3,
  /** No leader, no quorum: try again. */
  noLeader: 4,
  permission: 5,
  timeout: 6,
  inconclusive: 7,
  /** A program whose lesson is not in this version. */
  notBuilt: 69,
  /** A broken invariant: our bug. */
  bug: 70,
  /** A failed sync: stopped at once, so that nothing false is acknowledged. */
  disk: 71,
} as const

const CATALOGUE = {
  'bad-request': { status: 400, exit: EXIT.usage },
  unauthorized: { status: 401, exit: EXIT.permission },
  forbidden: { status: 403, exit: EXIT.permission },
  'not-found': { status: 404, exit: EXIT.no },
  'method-not-allowed': { status: 405, exit: EXIT.usage },
  conflict: { status: 409, exit: EXIT.no },
  'too-large': { status: 413, exit: EXIT.usage },
  'too-many': { status: 429, exit: EXIT.noLeader },
  /**
   * What Consul answers with 500 although the caller is wrong: bad integers, unknown sessions, bad
   * filters.
   */
  invalid: { status: 500, exit: EXIT.no },
  'no-leader': { status: 500, exit: EXIT.noLeader },
  'no-path': { status: 500, exit: EXIT.no },
  /** It may have been done, or may come to be: only a look at the state tells. */
  uncertain: { status: 503, exit: EXIT.noLeader },
  'disk-full': { status: 503, exit: EXIT.disk },
  unavailable: { status: 503, exit: EXIT.noLeader },
  /** A part of Consul that this version does not have. */
  'not-built': { status: 501, exit: EXIT.notBuilt },
} as const satisfies Record<string, { status: number; exit: number }>

export type ErrorCode = keyof typeof CATALOGUE

/**
 * A refusal with a code. The message is what the client reads, whole: Consul's clients match on it.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
  get status(): number {
    return CATALOGUE[this.code].status
  }
  get exit(): number {
    return CATALOGUE[this.code].exit
  }
}
