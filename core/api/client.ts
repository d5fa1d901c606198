// The typed half of a client, inferred from the table of routes: there is no second definition of
// any shape. Escaping, sockets and errors belong to whoever has them (commands/kit/client.ts).
import type { Method, Said } from '../route/route.ts'
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

type ParamOf<P extends string> = P extends `${string}*${infer Name}` ? Name : never

/** What fills the star of a pattern: slashes and all. Endpoints without one take nothing. */
export type Params<P extends Endpoint> = [ParamOf<P>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: { readonly [Name in ParamOf<P>]: string } }

/** Method and path of an endpoint; the path is not escaped yet. */
export function locate<P extends Endpoint>(
  endpoint: P,
  { params }: Params<P>,
): { readonly method: Method; readonly path: string } {
  const [method, pattern = ''] = endpoint.split(' ')
  const values: Readonly<Record<string, string>> = params ?? {}
  const path = pattern.replace(/\*(\w+)$/, (_: string, name: string) => values[name] ?? '')
  return { method: method as Method, path } // a pattern begins with its method
}
