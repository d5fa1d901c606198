// The typed half of a client, inferred from the table of routes: there is no second definition of any shape.
// Pure: it makes requests and reads answers; the transport belongs to whoever has sockets (commands/kit/client.ts).
import { utf8 } from '../bytes.ts'
import { parseJson, plain } from '../route/json.ts'
import type { Said } from '../route/route.ts'
import type { TABLE } from './table.ts'

type AnyRoute = (typeof TABLE)[number]
/** The pattern of any endpoint: `GET /v1/kv/*key`. */
export type Endpoint = AnyRoute['path']
type RouteAt<P extends Endpoint> = Extract<AnyRoute, { path: P }>

/** What an endpoint answers as JSON. */
export type Answer<P extends Endpoint> = ValueOf<RouteAt<P>>
type ValueOf<R> = R extends { run: (...args: never) => infer Result }
  ? ValueOfResult<Result>
  : R extends { reply: (...args: never) => Said<infer Value> }
    ? Value
    : never
type ValueOfResult<Result> = Result extends { value: infer Value }
  ? Exclude<Value, undefined>
  : Result extends Said<infer Value>
    ? Value
    : never

type ParamsOf<P extends string> = P extends `${string}*${infer Name}`
  ? { readonly [K in Name]: string }
  : unknown

export type Arguments<P extends Endpoint> = {
  /** Values of true stand for a bare name (`?recurse`); undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | bigint | true | undefined>>
  readonly body?: Uint8Array | string
} & (ParamsOf<P> extends Record<string, string> ? { readonly params: ParamsOf<P> } : unknown)

export interface Outgoing {
  readonly method: string
  /** Path and query, percent-encoded. */
  readonly target: string
  readonly body: Uint8Array | undefined
}

/** The request for an endpoint. The last parameter takes slashes, which stay as they are. */
export function requestTo<P extends Endpoint>(endpoint: P, args: Arguments<P>): Outgoing {
  const [method = '', pattern = ''] = endpoint.split(' ')
  const params: Readonly<Record<string, string>> =
    'params' in args ? (args.params as Record<string, string>) : {} // by its type a record of texts
  const path = pattern.replace(/\*(\w+)$/, (_: string, name: string) =>
    encodePath(params[name] ?? ''),
  )
  const query = encodeQuery(args.query ?? {})
  const body = typeof args.body === 'string' ? utf8(args.body) : args.body
  return { method, target: query === '' ? path : `${path}?${query}`, body }
}

/** Dots alone and empty segments would be cleaned away by the server's mux: they are encoded too. */
const encodePath = (text: string): string =>
  text
    .split('/')
    .map((part) =>
      /^\.{1,2}$/.test(part) ? part.replaceAll('.', '%2E') : encodeURIComponent(part),
    )
    .join('/')
    .replace(/^\//, '%2F')
    .replace(/\/(?=\/)/g, '%2F')

function encodeQuery(query: NonNullable<Arguments<Endpoint>['query']>): string {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    pairs.push(value === true ? name : `${name}=${encodeURIComponent(String(value))}`)
  }
  return pairs.join('&')
}

/** The JSON of an answer, 64-bit numbers exact; undefined if it is none. */
export function readAnswer<P extends Endpoint>(_endpoint: P, body: string): Answer<P> | undefined {
  const parsed = parseJson(body)
  return parsed.ok ? (plain(parsed.value) as Answer<P>) : undefined // the server's own route made it
}
