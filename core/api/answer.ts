// From what a route found or said to a response: the one place where headers, JSON, pretty
// printing and the text of errors are made.
import { unreachable } from '../assert.ts'
import { utf8 } from '../bytes.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { ApiError } from '../errors.ts'
import { encodeJson } from '../route/json.ts'
import type { Response } from '../route/request.ts'
import type { Found, MetaHeaders, Said } from '../route/route.ts'
import { encodeSpaced } from '../route/spaced.ts'
import type { U64 } from '../u64.ts'
import type { Consistency } from './options.ts'

/** The headers that do not depend on the answer, made once for a configuration. */
export interface Letterhead {
  /** Of http_config.response_headers: on every response. */
  readonly custom: readonly string[]
  /** Of every answer of an endpoint. */
  readonly endpoint: readonly string[]
  /** `endpoint` and a JSON content type. */
  readonly json: readonly string[]
  /** Of refusals in JSON: those of the lessons say nothing of Consul. */
  readonly refusal: readonly string[]
  readonly errorFormat: 'text' | 'json'
  readonly dialect: 'consul' | 'lesson'
}

const PLAIN_TEXT = ['Content-Type', 'text/plain; charset=utf-8'] as const
const JSON_TYPE = ['Content-Type', 'application/json'] as const

export function createLetterhead(config: AgentConfig): Letterhead {
  const custom = Object.entries(config.httpConfig.responseHeaders).flat()
  const plain = [...custom, 'Vary', 'Accept-Encoding']
  const endpoint = [...plain]
  endpoint.push('X-Consul-Default-Acl-Policy', config.acl.defaultPolicy)
  if (config.translateWanAddrs) endpoint.push('X-Consul-Translate-Addresses', 'true')
  const json = [...endpoint, ...JSON_TYPE]
  const { errorFormat, dialect } = config.httpConfig
  const refusal = dialect === 'lesson' ? [...plain, ...JSON_TYPE] : json
  return { custom, endpoint, json, refusal, errorFormat, dialect }
}

/** What an answer tells of the state that it was read from. */
export interface Meta {
  readonly index: U64
  readonly knownLeader: boolean
  readonly lastContactMs: number
  /** It comes out of a view that events keep up to date. */
  readonly streamed?: boolean
}

export interface Manner {
  readonly meta: MetaHeaders
  readonly consistency: Consistency
  readonly layout: Layout
}

/**
 * How JSON is laid out. A dev agent indents all of it, `?pretty` adds a newline at the end; the
 * lessons put blanks and a newline at the end.
 */
export type Layout = 'compact' | 'indented' | 'pretty' | 'spaced'

export function answerFound(
  head: Letterhead,
  found: Found,
  how: Manner & { state: Meta; extra?: readonly string[] },
): Response {
  const hash = found.hash === undefined ? [] : ['X-Consul-ContentHash', found.hash]
  const shown = found.bare === true ? 'none' : how.meta
  const extra = how.extra ?? []
  const meta = [...metaHeaders(shown, how.state, how.consistency), ...hash, ...extra]
  if (found.raw !== undefined) {
    const headers = [...head.endpoint, ...meta, ...found.raw.headers]
    return { status: 200, headers, body: found.raw.bytes }
  }
  if (how.layout === 'compact' && found.compact !== undefined) {
    return answerJson(head, { status: 200, extra: meta, print: found.compact })
  }
  if (found.value === undefined && found.later === undefined)
    return { status: 404, headers: [...head.endpoint, ...meta], body: '' }
  // null is a value like others.
  const value = () => (found.value === undefined ? found.later?.() : found.value)
  const print = () => printJson(value(), how.layout)
  return answerJson(head, { status: 200, extra: meta, print })
}

export function answerSaid(head: Letterhead, said: Said, layout: Layout): Response {
  const status = said.status ?? 200
  const extra = [...(said.headers ?? []), ...(said.meta === undefined ? [] : saidMeta(said.meta))]
  if (said.live !== undefined) {
    return { status, headers: [...head.endpoint, ...extra], body: said.live }
  }
  if (said.json !== undefined) {
    return answerJson(head, { status, extra, print: () => printJson(said.json, layout) })
  }
  if (said.text !== undefined) {
    return { status, headers: [...head.endpoint, ...PLAIN_TEXT, ...extra], body: said.text }
  }
  return { status, headers: [...head.endpoint, ...extra], body: said.bytes ?? '' }
}

/**
 * The engine's bound on a text, 2^29 characters, is one on answers: the client must ask for less.
 */
function answerJson(
  head: Letterhead,
  json: { status: number; extra: readonly string[]; print: () => string | Uint8Array },
): Response {
  const { status, extra, print } = json
  try {
    return { status, headers: [...head.json, ...extra], body: print() }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const why = 'the answer is longer than any text can be: ask for less'
    return answerError(head, new ApiError('invalid', why, { cause: error }))
  }
}

/** The meta headers of answers that have no index of their own. */
function saidMeta(meta: NonNullable<Said['meta']>): readonly string[] {
  const shared = ['X-Consul-KnownLeader', String(meta.knownLeader), 'X-Consul-LastContact', '0']
  return meta.index === undefined ? shared : ['X-Consul-Index', String(meta.index), ...shared]
}

/**
 * Index 0 would mean "never block" to a client that repeats it: 1 is sent instead (Consul:
 * blocking queries).
 */
export function metaHeaders(which: MetaHeaders, state: Meta, consistency: Consistency): string[] {
  if (which === 'none') return []
  const index = ['X-Consul-Index', String(state.index === 0 ? 1 : state.index)]
  if (which === 'bare') return index
  const headers = [
    ...index,
    'X-Consul-KnownLeader',
    state.knownLeader ? 'true' : 'false',
    'X-Consul-LastContact',
    String(state.lastContactMs),
    'X-Consul-Query-Backend',
    state.streamed === true ? 'streaming' : 'blocking-query',
  ]
  if (which === 'effective') {
    const effective = consistency === 'default' ? 'leader' : consistency
    headers.push('X-Consul-Effective-Consistency', effective)
  }
  return headers
}

/** Some messages repeat what they were sent, and that may be a megabyte. */
const ERROR_HEADER_CHARS_MAX = 1_000

/**
 * A refusal with the text that Consul's clients match on; `meta` for routes that show it even
 * then.
 */
export function answerError(
  head: Letterhead,
  error: ApiError,
  meta: readonly string[] = [],
): Response {
  const { message } = error
  // In a lesson whoever asks wrongly is told so; Consul's 500 for it is no model.
  const status = head.dialect === 'lesson' && error.code === 'invalid' ? 400 : error.status
  if (head.errorFormat === 'text' || message === '') {
    return { status, headers: [...head.endpoint, ...PLAIN_TEXT, ...meta], body: message }
  }
  // The exact text stays in reach of whoever debugs a client that matches on it.
  const shown = message.trim().slice(0, ERROR_HEADER_CHARS_MAX).toWellFormed()
  const exact = ['X-Lictor-Error', encodeURI(shown)]
  const said = { error: message.trim() }
  const headers = [...head.refusal, ...exact]
  if (head.dialect === 'lesson') return { status, headers, body: printJson(said, 'spaced') }
  return { status, headers: [...headers, ...meta], body: encodeJson(said) }
}

/**
 * What the router itself answers, before any endpoint: only the configured headers, and not even
 * these to a path that is none.
 */
export function answerBare(
  head: Letterhead,
  status: number,
  { text, headers = [] }: { text?: string; headers?: readonly string[] },
): Response {
  const own = [...(status === 400 ? [] : head.custom), ...headers]
  if (text === undefined) return { status, headers: own, body: '' }
  if (head.dialect === 'consul') return { status, headers: [...own, ...PLAIN_TEXT], body: text }
  return {
    status,
    headers: [...own, ...JSON_TYPE],
    body: printJson({ error: text.trim() }, 'spaced'),
  }
}

/** Where a path should have led. A browser gets a line of HTML, as Go's mux writes it. */
export function answerRedirect(head: Letterhead, { status, to, method }: Redirect): Response {
  // The path is cleaned before anything of Consul's sees the request.
  const headers = [...(status === 307 ? [] : head.custom), 'Location', to]
  if (method !== 'GET') return { status, headers, body: '' }
  headers.push('Content-Type', 'text/html; charset=utf-8')
  return { status, headers, body: `<a href="${escapeHtml(to)}">${REASONS[status]}</a>.\n\n` }
}

interface Redirect {
  readonly status: 301 | 307
  readonly to: string
  readonly method: string
}

const REASONS = { 301: 'Moved Permanently', 307: 'Temporary Redirect' } as const

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => HTML[c] as string)

const printJson = (value: unknown, layout: Layout): string | Uint8Array => {
  const text = layOut(value, layout)
  return text.length > ENCODE_EARLY_CHARS ? utf8(text) : text
}

function layOut(value: unknown, layout: Layout): string {
  switch (layout) {
    case 'compact':
      return encodeJson(value)
    case 'indented':
      return encodeJson(value, 4)
    case 'pretty':
      return `${encodeJson(value, 4)}\n`
    case 'spaced':
      return `${encodeSpaced(value)}\n`
    default:
      return unreachable(layout)
  }
}

/**
 * Long texts are encoded at once: a string of two bytes a character would live until the socket
 * has taken it.
 */
const ENCODE_EARLY_CHARS = 65_536
