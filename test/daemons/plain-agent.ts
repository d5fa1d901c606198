// http.ts with a plain function in the place of the agent, and a clock that the test moves.
import type { ListenAddress } from '../../core/config/agent-config.ts'
import type { RequestId } from '../../core/ids.ts'
import type { Request, Response } from '../../core/route/request.ts'
import {
  closeHttp,
  createHttp,
  type Door,
  type Http,
  type HttpOptions,
  type LiveFeed,
  openDoor,
  respond,
  sweepHttp,
} from '../../daemons/runtime/http.ts'

export interface PlainAgent {
  readonly http: Http
  readonly port: number
  /** Every request so far, answered or not. */
  readonly requests: Request[]
  readonly abandoned: RequestId[]
  /** What live bodies were given to write with. */
  readonly feeds: { write(text: string): boolean; stopped: boolean; resumed: number }[]
  answer(request: Request, response: Response): void
  /** Moves the clock and sweeps. */
  pass(ms: number): void
  close(): Promise<void>
}

export interface PlainOptions
  extends Partial<Pick<HttpOptions, 'connectionsMax' | 'headerBytesMax' | 'late' | 'log'>> {
  readonly bodyBytesMax?: number
  readonly connectionsPerClientMax?: number
  readonly door?: Partial<Door>
  /** Answers at once; undefined leaves the request waiting. */
  readonly onRequest?: (request: Request) => Response | undefined
}

export const said = (body: string, headers: readonly string[] = []): Response => ({
  status: 200,
  headers,
  body,
})

const ANYWHERE: ListenAddress = { type: 'tcp', host: '127.0.0.1', port: 0 }

export async function openPlain(options: PlainOptions = {}): Promise<PlainAgent> {
  const requests: Request[] = []
  const abandoned: RequestId[] = []
  const feeds: PlainAgent['feeds'] = []
  let now = 0
  const http: Http = createHttp({
    now: () => now,
    bodyBytesMax: options.bodyBytesMax ?? 1_000,
    headerBytesMax: options.headerBytesMax ?? 0,
    connectionsMax: options.connectionsMax ?? 1_000,
    ...(options.late === undefined ? {} : { late: options.late }),
    ...(options.log === undefined ? {} : { log: options.log }),
    sink: {
      request: (request) => {
        requests.push(request)
        const response = options.onRequest?.(request)
        if (response !== undefined) respond(http, request.id, response)
      },
      abandoned: (id) => abandoned.push(id),
      live: (_, write): LiveFeed => {
        const feed = { write, stopped: false, resumed: 0 }
        feeds.push(feed)
        return {
          resume: () => {
            feed.resumed++
          },
          stop: () => {
            feed.stopped = true
          },
        }
      },
    },
  })
  http.connectionsPerClientMax = options.connectionsPerClientMax ?? 0
  const bound = await openDoor(http, { address: ANYWHERE, ...options.door })
  return {
    http,
    port: bound.type === 'tcp' ? bound.port : 0,
    requests,
    abandoned,
    feeds,
    answer: (request, response) => respond(http, request.id, response),
    pass: (ms) => {
      now += ms
      sweepHttp(http, now)
    },
    close: () => closeHttp(http),
  }
}

/** Runs a test with a server of its own. */
export async function withPlain(
  options: PlainOptions,
  test: (agent: PlainAgent) => Promise<void>,
): Promise<void> {
  const agent = await openPlain(options)
  try {
    await test(agent)
  } finally {
    await agent.close()
  }
}
