// What the catalog has for a name, and which of it DNS may tell.
import type { Client } from '../kit/client.ts'
import type { Read, SiteNames, Step } from './meaning.ts'

/** No step for names that the catalog knows nothing of. */
export async function lookInCatalog(
  client: Client,
  meaning: Read,
  site: SiteNames,
): Promise<readonly Step[]> {
  if (meaning.type === 'service' && meaning.here)
    return [await lookForService(client, meaning, site)]
  return meaning.type === 'node' && meaning.here ? lookForNode(client, meaning.name) : []
}

export const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`

interface Instance {
  readonly Node: { readonly Node: string; readonly Address: string }
  readonly Service: {
    readonly Address: string
    readonly Port?: number
    readonly Tags: readonly string[] | null
  }
  readonly Checks: readonly { readonly Status: string; readonly CheckID: string }[]
}

/** What the registry of the lesson tells instead: there each instance is a node of its own. */
interface LessonInstance {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly tags?: readonly string[]
  readonly checks: readonly { readonly id: string; readonly status: string }[]
}

const ofLesson = ({ id, address, port, tags = [], checks }: LessonInstance): Instance => ({
  Node: { Node: id, Address: address },
  Service: { Address: address, Port: port, Tags: tags },
  Checks: checks.map((check) => ({ CheckID: check.id, Status: check.status })),
})

async function lookForService(
  client: Client,
  { name, tag, connected }: Extract<Read, { readonly type: 'service' }>,
  { onlyPassing }: SiteNames,
): Promise<Step> {
  const asked = { params: { service: name } }
  const reply = await (connected === true
    ? client.call('GET /v1/health/connect/*service', asked)
    : client.call('GET /v1/health/service/*service', asked))
  const answered: readonly (Instance | LessonInstance)[] = reply.value()
  const all = answered.map((one) => ('Node' in one ? one : ofLesson(one)))
  const named = all.filter(({ Service }) => tag === '' || hasTag(Service.Tags, tag))
  const told = named.filter((one) => isTold(one, onlyPassing))
  const lines = named.map((one) => instanceLine(one, isTold(one, onlyPassing)))
  const withTag = tag === '' ? '' : `, ${named.length} with the tag`
  const found = `${counted(all.length, 'instance')} of ${name}${withTag}`
  const what = `${found}, ${told.length} fit to be told of`
  return { step: 'catalog', ok: told.length > 0, what, more: lines }
}

/** Names of DNS have no case. */
const hasTag = (tags: readonly string[] | null, tag: string): boolean =>
  (tags ?? []).some((one) => one.toLowerCase() === tag)

const isTold = ({ Checks }: Instance, onlyPassing: boolean): boolean =>
  Checks.every(({ Status }) => Status === 'passing' || (!onlyPassing && Status !== 'critical'))

function instanceLine({ Node, Service, Checks }: Instance, told: boolean): string {
  const address = Service.Address || Node.Address
  const bad = Checks.filter(({ Status }) => Status !== 'passing')
  const why = bad.map(({ CheckID, Status }) => `${CheckID} ${Status}`).join(', ')
  const state = `${told ? 'told' : 'not told'}${why === '' ? '' : `: ${why}`}`
  return `${Node.Node} ${address}:${Service.Port ?? 0} ${state}`
}

async function lookForNode(client: Client, name: string): Promise<readonly Step[]> {
  const nodes = (await client.call('GET /v1/catalog/nodes', {})).value()
  // The nodes of a registry of the lesson are not those that its DNS has.
  if (nodes.some((node) => !('Node' in node))) return []
  const found = nodes.find(({ Node }) => Node.toLowerCase() === name)
  const what = found === undefined ? `no node ${name}` : `${found.Node} has ${found.Address}`
  return [{ step: 'catalog', ok: found !== undefined, what }]
}
