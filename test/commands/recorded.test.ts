// The commands against the recorded corpus: every request they can express is typed as a person
// would, sent to a server that answers as Consul 1.21 did, and must show what it answered.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { type RecordedStep, readScenario, serveRecorded } from './kit/recorded.ts'

const recorded = suite<{ home: Home }>('recorded')

recorded.before(async (context) => {
  context.home = await openHome()
})
recorded.after(({ home }) => home.close())

/** Scenarios, and how many of their steps a command can send at least. */
const SCENARIOS = [
  ['kv/put-get-delete.json', 9],
  ['kv/keys.json', 9],
  ['kv/recurse.json', 9],
  ['kv/flags.json', 9],
  ['kv/cas.json', 9],
  ['catalog/service-queries.json', 6],
  ['catalog/register-nodes.json', 3],
  ['catalog/reads-and-methods.json', 3],
  ['session/create-defaults.json', 9],
  ['session/info-node-list-renew.json', 9],
  ['session/destroy-behaviour.json', 3],
  ['operator/raft.json', 1],
] as const

for (const [path, least] of SCENARIOS) {
  recorded(
    `every command that ${path} can be typed as shows the recorded answer`,
    async (context) => {
      const steps = readScenario(path)
      const server = await serveRecorded(steps)
      let played = 0
      try {
        for (const step of steps) {
          const typed = typedAs(step)
          if (typed === undefined) continue
          await playStep(context.home, server.address, { step, typed })
          played++
        }
        assert.equal(server.strays, [])
        assert.ok(played >= least, `only ${played} steps can be typed`)
      } finally {
        await server.close()
      }
    },
  )
}

async function playStep(
  home: Home,
  address: string,
  { step, typed }: { step: RecordedStep; typed: readonly string[] },
): Promise<void> {
  const env = { CONSUL_HTTP_ADDR: address }
  const ran = await run(home, ['lictor', ...typed, '-json'], { env, input: step.body })
  const line = `${step.http}: lictor ${typed.join(' ')}\n${ran.stderr}`
  const { status, body } = step.answer
  const refused = status >= 400 && !(status === 404 && isListing(typed))
  const nothing = typed[1] === 'info' && body.trim() === '[]'
  const no = refused || nothing || body.trim() === 'false'
  assert.is(ran.exit === 0, !no, line)
  if (no) assert.is(ran.stdout, '', line)
  else assert.equal(digits(ran.stdout), digits(status === 404 ? '[]' : body), line)
}

const isListing = (typed: readonly string[]) =>
  typed.includes('-recurse') || typed.includes('-keys')

/** The text without white space: numbers beyond 2^53 must be the same to the digit. */
const digits = (json: string): string => json.replace(/\s/g, '')

/** The command that sends just this request; undefined when none does. */
function typedAs(step: RecordedStep): readonly string[] | undefined {
  const [method, url = ''] = step.http.split(/ (.*)/s)
  const { pathname, searchParams } = new URL(url, 'http://agent')
  if (pathname.startsWith('/v1/kv/')) return typedAsKv(step)
  const names = [...searchParams.keys()].join(' ')
  const [, verb = '', id = ''] = /^\/v1\/session\/(\w+)\/?(.*)$/.exec(pathname) ?? []
  const isRead = SESSION_READS.has(verb) && method === 'GET'
  const isWrite = SESSION_WRITES.has(verb) && method === 'PUT'
  if (isRead || isWrite) return typedAsSession(verb, id, names)
  const [, what = ''] = /^\/v1\/catalog\/(nodes|services|datacenters)$/.exec(pathname) ?? []
  if (what !== '' && method === 'GET') return typedAsCatalog(what, searchParams)
  const isPeers = step.http === 'GET /v1/operator/raft/configuration'
  return isPeers ? ['operator', 'raft', 'list-peers'] : undefined
}

const SESSION_READS = new Set(['info', 'list', 'node'])
const SESSION_WRITES = new Set(['renew', 'destroy'])

function typedAsSession(verb: string, id: string, names: string): readonly string[] | undefined {
  if (names !== '') return undefined
  if (verb === 'list') return ['session', 'list']
  return id === '' ? undefined : ['session', verb, decodeURIComponent(id)]
}

/** By the flag that sends this parameter. */
const CATALOG_FLAGS: Readonly<Record<string, (value: string) => string>> = {
  near: (value) => `-near=${value}`,
  filter: (value) => `-filter=${value}`,
  'node-meta': (value) => `-node-meta=${value.replace(':', '=')}`,
  dc: (value) => `-datacenter=${value}`,
  stale: () => '-stale',
}

function typedAsCatalog(what: string, query: URLSearchParams): readonly string[] | undefined {
  const flags: string[] = []
  for (const [name, value] of query) {
    const flag = what === 'nodes' || name === 'node-meta' ? CATALOG_FLAGS[name] : undefined
    if (flag === undefined) return undefined
    flags.push(flag(value))
  }
  return ['catalog', what, ...flags]
}

function typedAsKv({ http, answer }: RecordedStep): readonly string[] | undefined {
  const [method, url = ''] = http.split(/ (.*)/s)
  const { pathname, searchParams } = new URL(url, 'http://agent')
  if (answer.status === 307) return undefined
  const key = decodeURIComponent(pathname.slice('/v1/kv/'.length))
  const names = [...searchParams.keys()].sort().join(' ')
  const value = (name: string) => searchParams.get(name) ?? ''
  if (method === 'GET') {
    if (names === '' && key !== '') return ['kv', 'get', key]
    if (names === 'recurse' && value('recurse') === '') return ['kv', 'get', '-recurse', key]
    if (names !== 'keys separator') return undefined
    return ['kv', 'get', '-keys', `-separator=${value('separator')}`, key]
  }
  if (method === 'DELETE') {
    if (names === 'recurse') return ['kv', 'delete', '-recurse', '-force', key]
    return names === '' && key !== '' ? ['kv', 'delete', key] : undefined
  }
  if (method !== 'PUT' || key === '' || !/^\d+$/.test(value('cas') || '1')) return undefined
  if (names === '') return ['kv', 'put', key, '-']
  if (names === 'cas') return ['kv', 'put', '-cas', `-modify-index=${value('cas')}`, key, '-']
  const exact = /^[1-9]\d*$/.test(value('flags')) && BigInt(value('flags')) < 2n ** 64n
  return names === 'flags' && exact
    ? ['kv', 'put', `-flags=${value('flags')}`, key, '-']
    : undefined
}

recorded.run()
