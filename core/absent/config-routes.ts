// /v1/config while there are no config entries: each kind that Consul knows is an empty list, and
// no entry of it is there (consul-surface 3.1, config-entry quirks).
import { textOfByteString } from '../bytes.ts'
import { ApiError, type ErrorCode } from '../errors.ts'
import { type Found, type Input, local, noBody, read, type Said } from '../route/route.ts'
import { parseU64, u64Complaint } from '../u64.ts'
import { NOTHING } from './nothing.ts'

const KINDS: ReadonlySet<string> = new Set([
  'service-defaults',
  'proxy-defaults',
  'service-router',
  'service-splitter',
  'service-resolver',
  'ingress-gateway',
  'terminating-gateway',
  'service-intentions',
  'mesh',
  'exported-services',
  'sameness-group',
  'api-gateway',
  'bound-api-gateway',
  'http-route',
  'tcp-route',
  'file-system-certificate',
  'inline-certificate',
  'jwt-provider',
])

/** `KIND/NAME`, or `KIND` alone; a name may hold slashes. */
function entryOf({ rest }: Input): readonly [kind: string, name: string | undefined] {
  const text = textOfByteString(rest)
  const cut = text.indexOf('/')
  return cut < 0 ? [text, undefined] : [text.slice(0, cut), text.slice(cut + 1)]
}

function checkKind(kind: string, code: ErrorCode): void {
  if (!KINDS.has(kind)) throw new ApiError(code, `invalid config entry kind: ${kind}`)
}

const entries = read({
  path: 'GET /v1/config/*entry',
  about: 'config entries of a kind, or one of them; none in this version',
  acl: { resource: 'operator', access: 'read' },
  meta: 'index',
  blocking: true,
  run: (_view, input): Found<readonly never[]> => {
    const [kind, name] = entryOf(input)
    if (kind !== '') checkKind(kind, 'invalid')
    if (!name) return NOTHING
    const [shownKind, shownName] = [kind, name].map((text) => JSON.stringify(text))
    throw new ApiError('not-found', `Config entry not found for ${shownKind} / ${shownName}`)
  },
})

const forget = local({
  path: 'DELETE /v1/config/*entry',
  about: 'remove a config entry; none in this version',
  acl: { resource: 'operator', access: 'write' },
  parsesOptions: true,
  body: noBody,
  run: (_site, input: Input): Said<Readonly<Record<string, never>> | boolean> => {
    const [kind, name] = entryOf(input)
    if (name === undefined) {
      throw new ApiError('not-found', 'Must provide both a kind and name to delete')
    }
    checkKind(kind, 'bad-request')
    const cas = input.query.get('cas')
    if (cas === undefined) return { json: {} }
    const index = parseU64(cas)
    if (!index.ok) throw new ApiError('invalid', u64Complaint(cas, index.why))
    return { json: false }
  },
})

export const configRoutes = [entries, forget] as const
