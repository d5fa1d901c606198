// The gossip pool of this agent over the API: join it to others, say that a failed member has left,
// and exchange the keys of gossip while it runs.
import { parseBool } from '../bool.ts'
import { EMPTY, parseBase64, textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { multierror } from '../multierror.ts'
import { quoteGo } from '../quote.ts'
import { jsonBody, struct, text } from '../route/decode.ts'
import type { Query } from '../route/query.ts'
import {
  type Asked,
  EMPTY_JSON,
  type Input,
  type KeyOrder,
  type KeyReport,
  local,
  noBody,
  type Said,
} from '../route/route.ts'
import type { Site } from '../route/site.ts'

function doneOr(answer: unknown): Said {
  // What the pool answers: nothing, or why not.
  const { why } = answer as { readonly why?: string }
  if (why !== undefined) throw new ApiError('invalid', why)
  return EMPTY_JSON
}

const isWan = (query: Query): boolean => (query.get('wan') ?? '') !== ''

const join = local({
  path: 'PUT /v1/agent/join/*address',
  about: 'join the pool that a member at this address is in; ?wan=1 for that of all datacenters',
  acl: { resource: 'agent', access: 'write' },
  body: noBody,
  run: (_site, { rest, query }): Asked => ({
    ask: { type: 'join', address: textOfByteString(rest), wan: isWan(query) },
    say: doneOr,
  }),
})

const forceLeave = local({
  path: 'PUT /v1/agent/force-leave/*node',
  about: 'say that a failed member has left; ?prune forgets it at once',
  acl: { resource: 'operator', access: 'write' },
  body: noBody,
  run: (_site, { rest, query }): Asked => {
    const wan = query.has('wan')
    return {
      // As Consul, which loses the name on its way to the other pool.
      ask: {
        type: 'force-leave',
        node: wan ? '' : textOfByteString(rest),
        prune: query.has('prune'),
        wan,
      },
      say: doneOr,
    }
  },
})

const KEYRING = { acl: { resource: 'keyring', access: 'write' }, parsesOptions: true } as const
const keyBody = jsonBody('Request decode failed', struct({ Key: text }))

const listKeys = local({
  ...KEYRING,
  path: 'GET /v1/operator/keyring',
  about: 'the keys of gossip, and how many members hold each',
  acl: { resource: 'keyring', access: 'read' },
  body: noBody,
  run: (site, input): Asked => {
    const localOnly = localOnlyOf(input.query)
    return ask(site, input, { operation: 'list', key: EMPTY, localOnly })
  },
})

const changeKeys = <const P extends `${'POST' | 'PUT' | 'DELETE'} /${string}`>(
  path: P,
  about: string,
  operation: KeyOrder['operation'],
) =>
  local({
    ...KEYRING,
    path,
    about,
    body: keyBody,
    run: (site, input: Input<{ readonly Key?: string }>): Asked | Said => {
      if (localOnlyOf(input.query)) throw new ApiError('bad-request', LIST_ONLY)
      const parsed = parseBase64(input.body.Key ?? '')
      const order = { operation, key: parsed.ok ? parsed.bytes : EMPTY, localOnly: false }
      const asked = ask(site, input, order)
      if (parsed.ok) return asked
      const why = `illegal base64 data at input byte ${parsed.at}`
      const { datacenter } = site.config
      throw failureOf([`WAN error: ${why}`, `${datacenter} (LAN) error: ${why}`])
    },
  })

const LIST_ONLY = 'Invalid use of local-only: local-only can only be set for list requests'

const installKey = changeKeys(
  'POST /v1/operator/keyring',
  'let all members open with a further key',
  'install',
)
const useKey = changeKeys('PUT /v1/operator/keyring', 'let all members seal with a key', 'use')
const removeKey = changeKeys(
  'DELETE /v1/operator/keyring',
  'let all members forget a key',
  'remove',
)

function ask(site: Site, { query }: Input, order: Omit<KeyOrder, 'relayFactor'>): Asked {
  return {
    ask: { type: 'keyring', order: { ...order, relayFactor: relayFactorOf(query) } },
    say: (answer) => sayReports(site, order, answer as readonly KeyReport[]), // what pools answer
  }
}

function localOnlyOf(query: Query): boolean {
  const given = query.get('local-only') ?? ''
  if (given === '') return false
  const value = parseBool(given)
  if (value !== undefined) return value
  const why = `strconv.ParseBool: parsing ${quoteGo(given)}: invalid syntax`
  throw new ApiError('bad-request', `Error parsing local-only: ${why}`)
}

const RELAY_FACTOR_MAX = 5

function relayFactorOf(query: Query): number {
  const given = query.get('relay-factor') ?? ''
  if (given === '') return 0
  if (!/^[+-]?\d+$/.test(given)) {
    const why = `strconv.Atoi: parsing ${quoteGo(given)}: invalid syntax`
    throw new ApiError('bad-request', `Error parsing relay factor: ${why}`)
  }
  const factor = Number(given)
  if (factor >= 0 && factor <= RELAY_FACTOR_MAX) return factor
  const range = `Relay factor must be in range: [0, ${RELAY_FACTOR_MAX}]`
  throw new ApiError('bad-request', `Invalid relay-factor: ${range}`)
}

function sayReports(
  { config }: Site,
  { operation }: Pick<KeyOrder, 'operation'>,
  reports: readonly KeyReport[],
): Said {
  const complaints = reports.flatMap(({ wan, errors, nodes }) => {
    const failed = Object.entries(errors)
    if (failed.length === 0) return []
    const pool = wan ? 'WAN' : `${config.datacenter} (LAN)`
    const count = `${pool} error: ${failed.length}/${nodes} nodes reported failure`
    return [count, ...failed.map(([node, why]) => `${node}: ${why}`)]
  })
  if (complaints.length > 0) throw failureOf(complaints)
  if (operation !== 'list') return EMPTY_JSON
  const json = reports.map(({ wan, keys, primaryKeys, nodes }) => ({
    WAN: wan,
    Datacenter: config.datacenter,
    Segment: '',
    Keys: keys,
    PrimaryKeys: primaryKeys,
    NumNodes: nodes,
  }))
  return { json }
}

const failureOf = (complaints: readonly string[]) => new ApiError('invalid', multierror(complaints))

export const poolRoutes = [join, forceLeave, listKeys, installKey, useKey, removeKey] as const
