// The node over HTTP, without HTTP: a request as an ask, and an outcome as an answer. The shapes
// are those of the lesson: one line of JSON. Bodies are taken as they are, whatever type they are
// said to have.
import { base64, strictTextOf, textOfByteString } from '../bytes.ts'
import { unescapePercent } from '../route/query.ts'
import type { Request, Response } from '../route/request.ts'
import { spaced } from '../route/spaced.ts'
import type { Ask, Message, Outcome, Refusal } from './messages.ts'
import { KEY_BYTES_MAX, STORE_BYTES_MAX, VALUE_BYTES_MAX, WAITING_MAX } from './records.ts'
import type { Conflict, Following, Status } from './status.ts'
import { decodeMessage } from './wire.ts'

/** What cannot be said (undefined) is left out. */
type Fields = Readonly<Record<string, unknown>>

/** Where nodes speak to each other. */
export const NODES_PATH = '/replica'
const KEYS_PATH = '/kv/'

const PORT_MAX = 65_535

/** A larger body is of no use to any endpoint. */
export const REQUEST_BYTES_MAX = 2 * VALUE_BYTES_MAX

export type Wish =
  | { readonly type: 'ask'; readonly ask: Ask }
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'answer'; readonly response: Response }

const ask = (asked: Ask): Wish => ({ type: 'ask', ask: asked })

/** What a request wants; or its answer, if it can have no other. */
export function wishOf(request: Request): Wish {
  const { method, path } = request
  if (path.startsWith(KEYS_PATH)) return keyWish(request)
  switch (`${method} ${path}`) {
    case 'GET /status':
      return ask({ type: 'status' })
    case 'PUT /promote':
      return ask({ type: 'promote' })
    case 'PUT /follow':
      return followWish(request)
    case `POST ${NODES_PATH}`:
      return messageWish(request)
    default:
      return refuse(404, 'no such endpoint', 'GET, PUT or DELETE /kv/KEY; GET /status')
  }
}

function keyWish({ method, path, body }: Request): Wish {
  const key = keyOf(path)
  if (typeof key !== 'string') return key
  switch (method) {
    case 'GET':
    case 'HEAD':
      return ask({ type: 'get', key })
    case 'PUT':
    case 'POST':
      if (body.length > VALUE_BYTES_MAX) return tooLarge('value', VALUE_BYTES_MAX)
      return ask({ type: 'change', change: { key, value: body } })
    case 'DELETE':
      return ask({ type: 'change', change: { key, value: undefined } })
    default:
      return refuse(405, `no ${method} here`, 'GET, PUT or DELETE', ['Allow', 'GET, PUT, DELETE'])
  }
}

function keyOf(path: string): string | Wish {
  const bytes = unescapePercent(path.slice(KEYS_PATH.length))
  if (bytes === undefined) return refuse(400, 'the key has a bad percent sequence')
  if (bytes === '') return refuse(400, 'the key is missing', 'PUT /kv/KEY')
  if (bytes.length > KEY_BYTES_MAX) return tooLarge('key', KEY_BYTES_MAX)
  return textOfByteString(bytes)
}

function followWish({ query }: Request): Wish {
  const leader = new Map(query.split('&').map((pair) => splitAt(pair))).get('leader')
  if (leader === undefined || !isAddress(leader)) {
    return refuse(400, 'the leader is missing', 'PUT /follow?leader=HOST:PORT')
  }
  return ask({ type: 'follow', leader })
}

function splitAt(pair: string): [string, string] {
  const at = pair.indexOf('=')
  const raw = at < 0 ? '' : pair.slice(at + 1)
  return [pair.slice(0, Math.max(0, at)), textOfByteString(unescapePercent(raw) ?? '')]
}

/** `localhost:8000`, `[::1]:8000`. */
export function isAddress(text: string): boolean {
  const [, port] = /^(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? []
  return port !== undefined && Number(port) <= PORT_MAX
}

function messageWish({ body }: Request): Wish {
  const message = decodeMessage(body)
  return message === undefined ? refuse(400, 'no message of a node') : { type: 'message', message }
}

const tooLarge = (what: string, max: number): Wish =>
  refuse(413, `the ${what} is too large`, `${max} bytes at most`)

function refuse(
  status: number,
  error: string,
  hint?: string,
  headers: readonly string[] = [],
): Wish {
  return { type: 'answer', response: json(status, { error, hint }, headers) }
}

const json = (status: number, fields: Fields, headers: readonly string[] = []): Response => ({
  status,
  headers: ['Content-Type', 'application/json', ...headers],
  body: `${spaced(fields)}\n`,
})

export function responseOf(outcome: Outcome): Response {
  switch (outcome.type) {
    case 'value':
      return json(200, { key: outcome.key, ...valueFields(outcome.value) })
    case 'missing':
      return json(404, { error: 'not found' })
    case 'written':
      return json(200, {
        success: true,
        replicated_to: outcome.replicatedTo,
        forwarded_to: outcome.forwardedTo,
      })
    case 'refused':
      return refusedResponse(outcome.refusal)
    case 'status':
      return json(200, statusFields(outcome.status))
    case 'promoted':
      return json(200, { success: true, role: 'leader', epoch: outcome.epoch })
    case 'followed':
      return json(200, { success: true, role: 'follower', leader: outcome.leader })
    case 'itself':
      return json(400, { error: 'a node cannot follow itself' })
    default:
      return noLeaderResponse(outcome)
  }
}

/** Text as it is; other bytes in base64, and said so. */
function valueFields(value: Uint8Array): Fields {
  const text = strictTextOf(value)
  return text === undefined ? { value: base64(value), encoding: 'base64' } : { value: text }
}

const refusedResponse = (refusal: Refusal): Response =>
  refusal === 'store-full'
    ? json(507, {
        error: 'the store is full',
        hint: `${STORE_BYTES_MAX} bytes at most: delete keys`,
      })
    : json(429, {
        error: 'too many writes wait',
        hint: `${WAITING_MAX} at a time: try again`,
      })

function noLeaderResponse({
  type,
  leader,
}: Extract<Outcome, { type: 'no-leader' | 'unanswered' | 'not-synced' }>): Response {
  switch (type) {
    case 'no-leader':
      return json(503, {
        error: 'no leader',
        leader,
        hint: 'start it again, or make this node the leader: kvstore promote',
      })
    case 'unanswered':
      return json(503, {
        error: 'the leader does not answer',
        leader,
        hint: 'the write may have been done or not: read the key before you write again',
      })
    default:
      return json(503, {
        error: 'nothing is copied yet',
        leader,
        hint: 'this follower waits for its leader: kvstore status',
      })
  }
}

function statusFields(status: Status): Fields {
  const { self, role, epoch, index, keys, sync, follows, followers, rivals } = status
  const shared = { node: self, role, epoch, index, keys }
  if (follows !== undefined) return { ...shared, ...followingFields(follows) }
  return {
    ...shared,
    sync,
    followers: followers.map((one) => ({
      node: one.address,
      index: one.index,
      behind: one.behind,
      lag_ms: Math.round(one.lagMs),
      live: one.live,
    })),
    conflicts: rivals.map(conflictFields),
  }
}

const followingFields = (follows: Following): Fields => ({
  leader: follows.leader,
  state: follows.state,
  behind: follows.behind,
  silent_ms: follows.silentMs === undefined ? undefined : Math.round(follows.silentMs),
  discarded: follows.discarded,
})

const conflictFields = (conflict: Conflict): Fields => ({
  leader: conflict.leader,
  epoch: conflict.epoch,
  since: conflict.since,
  keys: conflict.keys.map(({ key, here, there }) => ({
    key,
    here: shownValue(here),
    there: shownValue(there),
  })),
  only_here: conflict.onlyHere,
  only_there: conflict.onlyThere,
  complete: conflict.complete,
})

/** The beginning of a value; null: deleted. */
const shownValue = (value: Uint8Array | undefined): string | null =>
  value === undefined ? null : (strictTextOf(value) ?? base64(value))
