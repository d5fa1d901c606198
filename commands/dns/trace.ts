// lictor dns trace: from a name to its answer, step by step: how it is read, what the catalog has,
// what the agent answers, and whether the resolver of this machine comes to the same.
import { type Client, connect } from '../kit/client.ts'
import { type Answer, type Call, defineCommand } from '../kit/declare.ts'
import { errnoOf } from '../kit/failure.ts'
import { counted, lookInCatalog } from './catalog.ts'
import { type Read, readName, type SiteNames, type Step } from './meaning.ts'
import { fullName, wireName } from './name.ts'
import { askServer, DNS_FLAGS, debugOf, type Server, serverOf, shownServer } from './server.ts'

export const command = defineCommand({
  id: 'dns trace',
  summary: 'Show how a name becomes an answer',
  description: [
    'Four steps: how the name is read, what the catalog has for it and which instances are ' +
      'fit to be told of, what the DNS of the agent answers, and whether the resolver of this ' +
      'machine finds the same. The exit code is 1 when the agent has no answer.',
  ],
  examples: [
    { does: 'Why a service is not found', command: 'dns trace web' },
    { does: 'A node', command: 'dns trace node-1.node.consul' },
    {
      does: 'Steps that fail',
      command: 'dns trace web -json',
      pipe: "| jq 'map(select(.ok|not))'",
    },
  ],
  args: [{ name: 'NAME', about: 'a name, or a service', required: true, completes: 'service' }],
  flags: DNS_FLAGS,
  run: async (call): Promise<Answer> => {
    const name = fullName(call.args[0] ?? '')
    const client = connect(call)
    const site = await siteOf(client)
    const meaning = readName(wireName(name.toLowerCase()), site)
    const server = await serverOf(call, client)
    const answer = await askAgent(server, name)
    const steps = [
      explain(name, meaning, site),
      ...(await lookInCatalog(client, meaning, site)),
      answer,
      await askMachine(name),
    ]
    const text = steps.map((step) => stepText(call, step)).join('')
    return { json: steps, text, exit: answer.ok ? 0 : 1 }
  },
})

async function siteOf(client: Client): Promise<SiteNames> {
  const self = (await client.call('GET /v1/agent/self', {})).value()
  const { DNSDomain = 'consul.', DNSOnlyPassing = false } = debugOf(self)
  return { datacenter: self.Config.Datacenter, domain: DNSDomain, onlyPassing: DNSOnlyPassing }
}

function explain(name: string, meaning: Read, site: SiteNames): Step {
  const step = (ok: boolean, what: string): Step => ({ step: 'meaning', ok, what })
  switch (meaning.type) {
    case 'foreign':
      return step(false, `${name} does not end in ${site.domain}: recursors are asked, if any`)
    case 'service': {
      const tag = meaning.tag === '' ? '' : `, with the tag ${meaning.tag}`
      const kind = meaning.connected === true ? 'who serves' : 'the service'
      return step(true, `${kind} ${meaning.name}${tag}, ${placeOf(meaning, site)}`)
    }
    case 'node':
      return step(true, `the node ${meaning.name}, ${placeOf(meaning, site)}`)
    case 'addr':
      return step(true, `the address of the digits ${meaning.digits}`)
    case 'virtual':
      return meaning.name === ''
        ? step(false, `${name} is a virtual address of a peer, and there are none`)
        : step(true, `the virtual address of ${meaning.name}`)
    default:
      return step(false, `${name} asks for nothing: ${KINDS}`)
  }
}

const KINDS = 'TAG.NAME.service, NAME.connect, NAME.virtual, NAME.node, DIGITS.addr'

const placeOf = ({ here }: { readonly here: boolean }, { datacenter }: SiteNames): string =>
  here ? `in ${datacenter}` : 'in another datacenter'

async function askAgent(server: Server, name: string): Promise<Step> {
  const { reply } = await askServer(server, { name: wireName(name), type: 'A' })
  const more = reply.answer.map(({ type, ttl, data }) => `${type} ${data} (for ${ttl}s)`)
  const ok = more.length > 0
  const where = `DNS at ${shownServer(server)}`
  const what = ok
    ? `${where} has ${counted(more.length, 'record')}`
    : `${where} answers ${reply.rcode}, empty`
  return { step: 'answer', ok, what, more }
}

async function askMachine(name: string): Promise<Step> {
  const { lookup } = await import('node:dns/promises')
  try {
    const found = await lookup(name, { all: true })
    const addresses = [...new Set(found.map(({ address }) => address))]
    return { step: 'resolver', ok: true, what: `this machine finds ${addresses.join(', ')}` }
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    const what = `the resolver of this machine does not find it (${code}): lictor dns-setup`
    return { step: 'resolver', ok: false, what }
  }
}

function stepText({ out }: Call<typeof DNS_FLAGS>, { step, ok, what, more = [] }: Step): string {
  const mark = ok ? out.paint('green', 'ok') : out.paint('red', 'no')
  return [
    `${mark}  ${step.padEnd(8)}  ${what}`,
    ...more.map((line) => `              ${line}`),
    '',
  ].join('\n')
}
