// From method and path to a route. Paths are cleaned as Go's mux does, before percent sequences are
// undone.
import { textOfByteString } from '../bytes.ts'
import { unescapePercent } from '../route/query.ts'
import type { Method, Route } from '../route/route.ts'

export interface Router {
  readonly exact: ReadonlyMap<string, Endpoint>
  /** Keyed by the path up to and with the slash before `*name`. */
  readonly prefix: ReadonlyMap<string, Endpoint>
}

/** All methods of one path. */
export interface Endpoint {
  readonly routes: ReadonlyMap<string, Route>
  /** The value of the Allow header. */
  readonly allow: string
}

export type Match =
  | {
      readonly type: 'endpoint'
      readonly endpoint: Endpoint
      readonly path: string
      readonly rest: string
    }
  | { readonly type: 'redirect'; readonly to: string }
  | { readonly type: 'unprintable' }
  | { readonly type: 'malformed' }
  | { readonly type: 'unknown'; readonly path: string }

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE']

export function createRouter(routes: readonly Route[]): Router {
  const exact = new Map<string, Map<string, Route>>()
  const prefix = new Map<string, Map<string, Route>>()
  for (const route of routes) {
    const [method = '', path = ''] = route.path.split(' ')
    const star = path.indexOf('*')
    const [into, key] = star < 0 ? [exact, path] : [prefix, path.slice(0, star)]
    const known = into.get(key) ?? new Map<string, Route>()
    into.set(key, known.set(method, route))
  }
  return { exact: finish(exact), prefix: finish(prefix) }
}

function finish(found: ReadonlyMap<string, ReadonlyMap<string, Route>>): Map<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>()
  for (const [path, routes] of found) {
    const methods = METHODS.filter((method) => routes.has(method))
    endpoints.set(path, { routes, allow: ['OPTIONS', ...methods].join(',') })
  }
  return endpoints
}

const PLAIN = /^[\x21-\x24\x26-\x7e]*$/
const NEEDS_CLEANING = /\/\/|\/\.\.?(?:\/|$)/
/**
 * Control characters, and what Unicode does not count as printable (spaces other than U+0020
 * included).
 */
const UNPRINTABLE = /(?![\ufffd\x20])[\p{C}\p{Z}]/u

export interface MatchOptions {
  /** `disable_http_unprintable_char_filter` */
  readonly allowUnprintable: boolean
}

export function matchPath(router: Router, raw: string, options: MatchOptions): Match {
  if (PLAIN.test(raw) && !NEEDS_CLEANING.test(raw)) return look(router, raw, raw)
  const path = unescapePercent(raw)
  if (path === undefined) return { type: 'malformed' }
  const cleaned = NEEDS_CLEANING.test(raw) ? cleanPath(raw) : raw
  if (!options.allowUnprintable && UNPRINTABLE.test(textOfByteString(path)))
    return { type: 'unprintable' }
  if (cleaned !== raw) return { type: 'redirect', to: withSlash(router, cleaned) }
  return look(router, path, raw)
}

/** No prefix has more behind its first: a key may have thousands, and none of them is looked at. */
const PREFIX_SLASHES_MAX = 8

function look(router: Router, path: string, raw: string): Match {
  const exact = router.exact.get(path)
  if (exact !== undefined) return { type: 'endpoint', endpoint: exact, path, rest: '' }
  let found: Endpoint | undefined
  let end = 0
  // Look at each slash, keep the longest prefix that there is.
  for (
    let at = path.indexOf('/', 1), depth = 0;
    at >= 0 && depth < PREFIX_SLASHES_MAX;
    at = path.indexOf('/', at + 1), depth++
  ) {
    const endpoint = router.prefix.get(path.slice(0, at + 1))
    if (endpoint === undefined) continue
    found = endpoint
    end = at + 1
  }
  if (found !== undefined) return { type: 'endpoint', endpoint: found, path, rest: path.slice(end) }
  const slashed = withSlash(router, raw)
  return slashed === raw ? { type: 'unknown', path } : { type: 'redirect', to: slashed }
}

/** A prefix route answers for its own name with a slash. */
const withSlash = (router: Router, path: string): string =>
  !router.exact.has(path) && router.prefix.has(`${path}/`) ? `${path}/` : path

/** Removes `//`, `.` and `..`, as Go's path.Clean; a slash at the end stays. */
function cleanPath(path: string): string {
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') kept.pop()
    else kept.push(part)
  }
  const cleaned = `/${kept.join('/')}`
  return path.endsWith('/') && cleaned !== '/' ? `${cleaned}/` : cleaned
}
