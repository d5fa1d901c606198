// What a node can be asked over its control socket, and over the TCP control port if it has one: a
// table of doors. Answers are JSON; a refusal is `{"error": {"code", "message", "leader"?}}`.
//
//   status 421   another server leads: ask that one (`leader`)
//   status 503   nobody leads, as far as this server knows
//   status 504   this server led when it was asked, and leads no more: it may have been done
import { textOf, utf8 } from '../../core/bytes.ts'
import type { Entry } from '../../core/entry.ts'
import { isLogLevel } from '../../core/log.ts'
import type { MembershipChange } from '../../core/raft/membership.ts'
import type { Peer, ServerId } from '../../core/raft/messages.ts'
import { configurationOf } from '../../core/raft/raft.ts'
import type { Outcome } from '../../core/raft/replicated.ts'
import { entryReport, reportOf } from '../../core/raftnode/report.ts'
import { parseToy, TOY_BYTES_MAX, type Toy, type ToyResult } from '../../core/raftnode/toy.ts'
import type { LiveBody, Request, Response } from '../../core/route/request.ts'
import { readClock } from '../runtime/clock.ts'
import { type Feed, followFeed, keptOf } from '../runtime/feed.ts'
import type { LiveFeed } from '../runtime/http.ts'
import { followLog, type Log } from '../runtime/log.ts'
import { ask, propose, type RaftDriver } from '../runtime/raft-driver.ts'
import { isHostPort } from './home.ts'

type ToyOutcome = Outcome<ToyResult | undefined>

export interface ControlTargets {
  readonly driver: () => RaftDriver<ToyResult | undefined>
  readonly toy: Toy
  readonly log: Log
  readonly trace: Feed
  readonly commits: Feed
  readonly respond: (id: number, response: Response) => void
}

export interface Control {
  request(request: Request): void
  live(body: LiveBody, write: (text: string) => boolean): LiveFeed
  /** What became of what was asked with this id. */
  outcome(ticket: number, outcome: ToyOutcome): void
}

/** Makes the answer of an outcome that is none of the refusals. */
type Answer = (outcome: ToyOutcome) => Response

interface Asked {
  readonly targets: ControlTargets
  readonly id: number
  readonly body: Uint8Array
  readonly query: URLSearchParams
  /** The answer will come with the outcome of this request. */
  readonly later: (answer: Answer) => undefined
  readonly openFeed: (feed: 'trace' | 'commits') => Response
}

/** Undefined: the answer comes later. */
type Door = (asked: Asked) => Response | undefined

const DOORS: Readonly<Record<string, Door>> = {
  'GET /v1/agent/monitor': ({ query }) => {
    const level = query.get('loglevel') ?? 'info'
    if (!isLogLevel(level)) return refusal(400, 'usage', `no log level ${JSON.stringify(level)}`)
    return live({ live: 'log', level, json: query.has('logjson') })
  },
  'GET /v1/get': getDoor,
  'GET /v1/log': logDoor,
  'GET /v1/status': ({ targets }) => json(200, reportOf(raftIn(targets), readClock().now)),
  'GET /v1/trace': ({ query, openFeed, targets }) => {
    const feed = query.has('commits') ? 'commits' : 'trace'
    return query.has('follow') ? openFeed(feed) : json(200, keptOf(targets[feed]))
  },
  'PUT /v1/apply': applyDoor,
  'PUT /v1/servers/add': addDoor,
  'PUT /v1/servers/demote': (asked) => byId(asked, (id) => ({ type: 'demote', id })),
  'PUT /v1/servers/promote': promoteDoor,
  'PUT /v1/servers/remove': (asked) => byId(asked, (id) => ({ type: 'remove', id })),
  'PUT /v1/snapshot': ({ targets, id: ticket, later }) => {
    later(shownAs('saved'))
    return void ask(targets.driver(), { type: 'snapshot', ticket })
  },
  'PUT /v1/transfer': ({ targets, id: ticket, query, later }) => {
    later(shownAs('transferred'))
    return void ask(targets.driver(), {
      type: 'transfer',
      ticket,
      to: query.get('to') || undefined,
    })
  },
}

export function createControl(targets: ControlTargets): Control {
  const waiting = new Map<number, Answer>()
  return {
    request: (request) => {
      const { id, method, path, body } = request
      const door = DOORS[`${method === 'POST' ? 'PUT' : method} ${path}`]
      if (door === undefined) {
        targets.respond(id, refusal(404, 'not_found', `no such endpoint: ${method} ${path}`))
        return
      }
      const query = new URLSearchParams(request.query)
      const later = (answer: Answer) => void waiting.set(id, answer)
      const openFeed = (feed: 'trace' | 'commits') =>
        live({ live: 'feed', feed: FEEDS.indexOf(feed) })
      const answer = door({ targets, id, body, query, later, openFeed })
      if (answer !== undefined) targets.respond(id, answer)
    },
    live: (body, write) =>
      body.live === 'log'
        ? followLog(targets.log, body, write)
        : followFeed(targets[FEEDS[body.feed] ?? 'trace'], write),
    outcome: (ticket, outcome) => {
      const answer = waiting.get(ticket)
      waiting.delete(ticket)
      if (answer !== undefined) targets.respond(ticket, responseTo(outcome, answer))
    },
  }
}

const FEEDS = ['trace', 'commits'] as const

const raftIn = ({ driver }: ControlTargets) => driver().replicated.raft

const LEADERSHIP_LOST = 'the leadership was lost: it may have been done, or be done yet, or never'

function responseTo(outcome: ToyOutcome, answer: Answer): Response {
  switch (outcome.type) {
    case 'elsewhere':
      return outcome.leader === undefined
        ? refusal(503, 'no_leader', 'no leader is known here')
        : refusal(421, 'not_leader', `server ${outcome.leader.id} leads`, outcome.leader)
    case 'refused':
      return refusal(409, 'refused', outcome.why)
    case 'unknown':
      return refusal(504, 'unknown', LEADERSHIP_LOST)
    default:
      return answer(outcome)
  }
}

const JSON_HEADERS: readonly string[] = ['Content-Type', 'application/json']

const json = (status: number, value: unknown): Response => ({
  status,
  headers: JSON_HEADERS,
  body: `${JSON.stringify(value)}\n`,
})

function refusal(status: number, code: string, message: string, leader?: Peer): Response {
  return json(status, {
    error: leader === undefined ? { code, message } : { code, message, leader },
  })
}

const live = (body: LiveBody): Response => ({
  status: 200,
  headers: ['Content-Type', 'application/x-ndjson'],
  body,
})

/** The outcome without its type; any other one is a bug. */
const shownAs =
  (type: ToyOutcome['type']): Answer =>
  (outcome) => {
    if (outcome.type !== type) throw new Error(`${outcome.type} instead of ${type}`)
    const { type: _, ...rest } = outcome
    return json(200, rest)
  }

function applyDoor({ targets, id: ticket, body, later }: Asked): Response | undefined {
  if (body.length > TOY_BYTES_MAX)
    return refusal(413, 'too_large', `a command has at most ${TOY_BYTES_MAX} bytes`)
  const text = textOf(body).trim()
  if (parseToy(text) === undefined) {
    const why = `${JSON.stringify(text)} is none of SET NAME = VALUE, GET NAME, DEL NAME`
    return refusal(400, 'usage', why)
  }
  later(applied)
  propose(targets.driver(), { ticket, data: utf8(text) })
  return undefined
}

/** The answer of most requests: no detours. */
function applied(outcome: ToyOutcome): Response {
  if (outcome.type !== 'applied') throw new Error(`${outcome.type} instead of applied`)
  const { index, result } = outcome
  return json(200, { index, ...result })
}

/** With `stale` whatever this server has; else what is certain. */
function getDoor({ targets, id: ticket, query, later }: Asked): Response | undefined {
  const { toy, driver } = targets
  const key = query.get('key') ?? ''
  const look = (index: number): Response => json(200, { key, value: toy.look(key), index })
  if (query.has('stale')) return look(raftIn(targets).delivered)
  later((outcome) => look(outcome.type === 'readable' ? outcome.index : 0))
  ask(driver(), { type: 'read', ticket })
  return undefined
}

const LOG_ENTRIES_MAX = 1_000

/** From memory: what a snapshot covers may be gone. */
function logDoor({ targets, query }: Asked): Response {
  const { log, commit } = raftIn(targets)
  const from = Number(query.get('from') ?? 1)
  const to = Number(query.get('to') ?? Number.MAX_SAFE_INTEGER)
  const isWanted = ({ index }: Entry) => index >= from && index <= to
  const entries = log.entries.filter(isWanted).slice(0, LOG_ENTRIES_MAX).map(entryReport)
  return json(
    200,
    entries.map((entry) => ({ ...entry, committed: entry.index <= commit })),
  )
}

function changeDoor(asked: Asked, change: MembershipChange): undefined {
  const { targets, id: ticket, later } = asked
  later(shownAs('applied'))
  ask(targets.driver(), { type: 'change', ticket, change })
}

function byId(asked: Asked, changeOf: (id: ServerId) => MembershipChange): Response | undefined {
  const id = asked.query.get('id')
  if (!id) return refusal(400, 'usage', 'id is missing')
  return changeDoor(asked, changeOf(id))
}

function addDoor(asked: Asked): Response | undefined {
  const address = asked.query.get('address')
  if (!address) return refusal(400, 'usage', 'address is missing')
  if (!isHostPort(address))
    return refusal(400, 'usage', `${JSON.stringify(address)} is no HOST:PORT`)
  const type = asked.query.has('voter') ? 'add-voter' : 'add-nonvoter'
  return byId(asked, (id) => ({ type, server: { id, address } }))
}

/** Gives a server its vote, which must be known already. */
function promoteDoor(asked: Asked): Response | undefined {
  const { servers } = configurationOf(raftIn(asked.targets))
  const known = servers.find(({ id }) => id === asked.query.get('id'))
  if (known === undefined)
    return refusal(404, 'not_found', `no server has the id ${asked.query.get('id')}`)
  const { id, address } = known
  return changeDoor(asked, { type: 'add-voter', server: { id, address } })
}
