// /v1/session: create, destroy, renew, info, node, list.

import { textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import {
  DecodeError,
  type Decoder,
  jsonBody,
  list,
  nullable,
  struct,
  text,
  wholeNs,
} from '../route/decode.ts'
import { type Input, noBody, read, type Said, USUAL_READ, write } from '../route/route.ts'
import type { Site } from '../route/site.ts'
import { durationComplaint, formatDurationNs, parseDurationNs } from '../time.ts'
import { listSessions, readSession, sessionsOfNode } from './read.ts'
import type {
  CreateSessionCommand,
  EndSessionCommand,
  SessionBegun,
  SessionSpec,
} from './records.ts'

const DEFAULT_LOCK_DELAY_NS = 15e9
const USUAL_CHECKS = ['serfHealth']
const TTL_NS_MAX = 24 * 3600e9

/** Below this a number means seconds, from here on nanoseconds. */
const SECONDS_BELOW = 1000

/**
 * A duration as text, or a number whose unit its size decides. Other types leave the default, as in
 * Consul.
 */
const lockDelay: Decoder<number | undefined> = (node) => {
  if (node.type === 'number') {
    const number = Number(node.text)
    return wholeNs(Math.trunc(number) * (number < SECONDS_BELOW ? 1e9 : 1))
  }
  if (node.type !== 'string') return undefined
  const ns = parseDurationNs(node.value)
  if (ns === undefined) throw new DecodeError(durationComplaint(node.value))
  return ns
}

const sessionBody = struct(
  {
    Name: text,
    Node: text,
    LockDelay: lockDelay,
    Behavior: text,
    TTL: text,
    Checks: nullable(list(text)),
    NodeChecks: nullable(list(text)),
    ServiceChecks: nullable(list(struct({ ID: text, Namespace: text }, { lenient: true }))),
  },
  { lenient: true },
)

type SentSession = ReturnType<typeof sessionBody>

const decodeSession = jsonBody('Request decode failed', sessionBody)

const createSession = write({
  path: 'PUT /v1/session/create',
  about: 'begin a session, to hold locks with',
  acl: { resource: 'session', access: 'write' },
  body: (bytes): SentSession => (bytes.length === 0 ? {} : decodeSession(bytes)),
  intent: (input, site) => {
    const session = specOf(input, site)
    checkSession(session, site)
    const command: CreateSessionCommand = { type: 'create-session', session }
    return { propose: command }
  },
  reply: (result): Said<{ readonly ID: string }> => {
    const begun = result as SessionBegun // what the state machine answers to a new session
    if (!begun.ok) throw new ApiError('invalid', `apply failed: ${begun.why}`)
    return { json: { ID: begun.id } }
  },
})

function specOf({ body, uuid }: Input<SentSession>, { config }: Site): SessionSpec {
  const refs = body.ServiceChecks?.map(({ ID = '', Namespace = '' }) => ({ ID, Namespace }))
  return {
    id: uuid(),
    name: body.Name ?? '',
    node: body.Node === undefined || body.Node === '' ? config.nodeName : body.Node,
    lockDelayNs: body.LockDelay ?? DEFAULT_LOCK_DELAY_NS,
    behavior: (body.Behavior === undefined || body.Behavior === ''
      ? 'release'
      : body.Behavior) as 'release', // checked below
    ttl: body.TTL ?? '',
    serviceChecks: refs ?? null,
    ...listsOf(body),
  }
}

/**
 * Two lists of checks of the node, the old one and the new one. Who names neither means the usual
 * one; an empty old list says that there shall be none, an empty new one that the old one does not
 * count.
 */
function listsOf(sent: SentSession): Pick<SessionSpec, 'nodeChecks' | 'checks'> {
  const { NodeChecks: named = USUAL_CHECKS, Checks = USUAL_CHECKS } = sent
  if (!Checks?.length) return { nodeChecks: [], checks: null }
  const isUsual = Checks.length === 1 && Checks[0] === USUAL_CHECKS[0]
  return { nodeChecks: named, checks: isUsual || !named?.length ? null : Checks }
}

function checkSession({ behavior, ttl }: SessionSpec, { config }: Site): void {
  if (!['release', 'delete'].includes(behavior)) {
    throw new ApiError('invalid', `Invalid Behavior setting '${behavior}'`)
  }
  if (ttl === '') return
  const ns = parseDurationNs(ttl)
  if (ns === undefined) {
    throw new ApiError('invalid', `Session TTL '${ttl}' invalid: ${durationComplaint(ttl)}`)
  }
  const minNs = config.sessionTtlMinMs * 1e6
  if (ns === 0 || (ns >= minNs && ns <= TTL_NS_MAX)) return
  const bounds = `[${formatDurationNs(minNs)}=${formatDurationNs(TTL_NS_MAX)}]`
  throw new ApiError('invalid', `Invalid Session TTL '${ns}', must be between ${bounds}`)
}

const destroySession = write({
  path: 'PUT /v1/session/destroy/*session',
  about: 'end a session; its locks are given back or deleted',
  acl: { resource: 'session', access: 'write', of: 'session' },
  check: missingSession,
  body: noBody,
  intent: ({ rest, wall }) => {
    const command: EndSessionCommand = { type: 'end-session', id: textOfByteString(rest), wall }
    return { propose: command }
  },
  reply: () => ({ json: true }),
})

export const noSession = (id: string): string => `Session id '${id}' not found`

const renewSession = write({
  path: 'PUT /v1/session/renew/*session',
  about: 'let the TTL of a session run from now',
  acl: { resource: 'session', access: 'write', of: 'session' },
  check: missingSession,
  body: noBody,
  intent: ({ rest }) => ({
    look: (view): Said => {
      const id = textOfByteString(rest)
      const { value } = readSession(view, id)
      const [session] = value
      if (session === undefined) return { status: 404, text: noSession(id) }
      return { json: value, renews: session.ID }
    },
  }),
  reply: () => ({}),
})

function missingSession({ rest }: Input): void {
  if (rest === '') throw new ApiError('bad-request', 'Missing session')
}

const sessionInfo = read({
  ...USUAL_READ,
  path: 'GET /v1/session/info/*session',
  about: 'one session',
  acl: { resource: 'session', access: 'read', of: 'session' },
  check: missingSession,
  run: (view, { rest }) => readSession(view, textOfByteString(rest)),
})

const sessionNode = read({
  ...USUAL_READ,
  path: 'GET /v1/session/node/*node',
  about: 'the sessions of a node',
  acl: { resource: 'session', access: 'read', of: 'node' },
  check: ({ rest }) => {
    if (rest === '') throw new ApiError('bad-request', 'Missing node name')
  },
  run: (view, { rest }) => sessionsOfNode(view, textOfByteString(rest)),
})

const sessionList = read({
  ...USUAL_READ,
  path: 'GET /v1/session/list',
  about: 'all sessions',
  acl: { resource: 'session', access: 'read' },
  run: (view) => listSessions(view),
})

export const sessionRoutes = [
  createSession,
  destroySession,
  renewSession,
  sessionInfo,
  sessionNode,
  sessionList,
] as const
