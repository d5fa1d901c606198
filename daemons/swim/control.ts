// What a member can be asked over its control socket: a table of doors, each a function of the
// running node. Answers are JSON; what has no end is one JSON object a line (runtime/feed.ts).
import { isLogLevel } from '../../core/log.ts'
import type { LiveBody, Request, Response } from '../../core/route/request.ts'
import { leave } from '../../core/swim/server.ts'
import { memberViews, poolInfo, roundTripMs } from '../../core/swim/views.ts'
import { type Feed, followFeed, keptOf } from '../runtime/feed.ts'
import type { LiveFeed } from '../runtime/http.ts'
import { followLog } from '../runtime/log.ts'
import {
  BadBody,
  eventDoor,
  forceLeaveDoor,
  joinDoor,
  keysDoor,
  queryDoor,
  tagsDoor,
} from './acts.ts'
import { type Asked, json, type OpenFeed, pathOf, refusal } from './asked.ts'
import type { SwimNode } from './node.ts'

type Door = (asked: Asked) => Response | Promise<Response>

const DOORS: Readonly<Record<string, Door>> = {
  'GET /v1/agent/monitor': ({ query }) => {
    const level = query.get('loglevel') ?? 'info'
    if (!isLogLevel(level)) return refusal(400, `no log level ${JSON.stringify(level)}`)
    return live({ live: 'log', level, json: query.has('logjson') })
  },
  'GET /v1/coordinate/rtt': rttDoor,
  'GET /v1/events': (asked) => feedDoor(asked, asked.node.events),
  'GET /v1/info': ({ node }) => json(200, node.pool?.act(poolInfo)),
  'GET /v1/members': ({ node }) => json(200, node.pool?.act(memberViews)),
  'GET /v1/trace': (asked) => feedDoor(asked, asked.node.trace),
  'PUT /v1/event': eventDoor,
  'PUT /v1/force-leave': forceLeaveDoor,
  'PUT /v1/join': joinDoor,
  'PUT /v1/keys': keysDoor,
  'PUT /v1/leave': leaveDoor,
  'PUT /v1/query': queryDoor,
  'PUT /v1/tags': tagsDoor,
}

export interface Control {
  /** To `answer` goes what is to be sent. */
  request(request: Request, answer: (response: Response) => void): void
  live(body: LiveBody, write: (text: string) => boolean): LiveFeed
}

export interface ControlTargets {
  readonly node: SwimNode
  /** Everybody knows that we go: the process may end. */
  readonly onLeft: () => void
}

export function createControl({ node, onLeft }: ControlTargets): Control {
  const feeds = new Map<number, OpenFeed>()
  let lastFeed = 0
  const openFeed = (open: OpenFeed): Response => {
    lastFeed += 1
    feeds.set(lastFeed, open)
    return live({ live: 'feed', feed: lastFeed })
  }
  return {
    request: (request, answer) => {
      const door = DOORS[`${request.method} ${request.path}`]
      if (door === undefined) {
        answer(refusal(404, `no such endpoint: ${pathOf(request)}`))
        return
      }
      const query = new URLSearchParams(request.query)
      answerWith(() => door({ node, request, query, openFeed, onLeft }), answer)
    },
    live: (body, write) => {
      if (body.live === 'log') return followLog(node.log, body, write)
      const open = feeds.get(body.feed)
      feeds.delete(body.feed)
      return open === undefined ? { resume: nothing, stop: nothing } : open(write)
    },
  }
}

const nothing = () => undefined

/** What is wrong with a body is told; anything else is a bug. */
function answerWith(
  work: () => Response | Promise<Response>,
  answer: (response: Response) => void,
): void {
  const refuse = (error: unknown) => {
    if (!(error instanceof BadBody)) throw error
    answer(refusal(400, error.message))
  }
  try {
    Promise.resolve(work()).then(answer).catch(refuse)
  } catch (error) {
    refuse(error)
  }
}

const live = (body: LiveBody): Response => ({
  status: 200,
  headers: ['Content-Type', 'application/x-ndjson'],
  body,
})

/** With `follow` what comes, else what there is. */
function feedDoor({ query, openFeed }: Asked, feed: Feed): Response {
  return query.has('follow')
    ? openFeed((write) => followFeed(feed, write))
    : json(200, keptOf(feed))
}

function rttDoor({ node, query }: Asked): Response {
  const from = query.get('from') || node.name
  const to = query.get('to') || node.name
  const ms = node.pool?.act((swim) => roundTripMs(swim, { from, to }))
  if (ms !== undefined) return json(200, { from, to, ms })
  const known = node.pool?.act(({ roster }) => [from, to].filter((name) => !roster.has(name))) ?? []
  const [unknown] = known
  const why = unknown === undefined ? 'no round trip was measured yet' : `no member ${unknown}`
  return refusal(404, why)
}

function leaveDoor({ node, onLeft }: Asked): Promise<Response> {
  return new Promise((resolve) => {
    node.onLeft.push(() => {
      resolve(json(200, { left: node.name }))
      setImmediate(onLeft) // behind the answer
    })
    node.pool?.act(leave)
  })
}
