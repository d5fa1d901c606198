// A request and its answer, whichever door it came through (HTTP, control socket, another agent).
// No socket in sight.
import type { RequestId } from '../ids.ts'
import type { LogLevel } from '../log.ts'

export interface Request {
  readonly id: RequestId
  readonly method: string
  /** As sent: still percent-encoded, without the query. */
  readonly path: string
  /** As sent, without the question mark. */
  readonly query: string
  /** One header by its lower-case name; several of a name are joined with `, `. */
  header(name: string): string | undefined
  readonly body: Uint8Array
  /**
   * The address of the peer, for limits and `allow_write_http_from`; empty for the control socket.
   */
  readonly remote: string
}

/** Names and values in turn: `['X-Consul-Index', '12', …]`. */
export type Headers = readonly string[]

export interface Response {
  readonly status: number
  readonly headers: Headers
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array | LiveBody
}

/** A body without an end, fed by the runtime until the client leaves: its own log. */
interface LogBody {
  readonly live: 'log'
  readonly level: LogLevel
  readonly json: boolean
}

/** Another body without an end, which the daemon that answers knows by its number. */
interface FeedBody {
  readonly live: 'feed'
  readonly feed: number
}

export type LiveBody = LogBody | FeedBody
