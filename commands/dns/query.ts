// lictor dns query: one question, and the whole answer.
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { columns } from '../kit/output.ts'
import type { DnsRecord, TypeName } from './message.ts'
import { fullName, wireName } from './name.ts'
import { askServer, DNS_FLAGS, serverOf } from './server.ts'

const FLAGS = {
  ...DNS_FLAGS,
  tcp: boolean('ask over TCP'),
} as const satisfies Flags

const TYPES: readonly TypeName[] = ['A', 'AAAA', 'SRV', 'TXT', 'PTR', 'CNAME', 'NS', 'SOA', 'ANY']

export const command = defineCommand({
  id: 'dns query',
  summary: 'Ask the DNS of the agent',
  description: [
    'NAME is a name, or a service alone: web is web.service.consul. An answer that does not ' +
      'fit a datagram is asked for again over TCP. The exit code is 1 when there is no answer: ' +
      'no such name, or nothing of this type.',
    `TYPE is one of ${TYPES.join(', ')}.`,
  ],
  examples: [
    { does: 'Addresses of a service', command: 'dns query web' },
    { does: 'Where its instances listen', command: 'dns query web.service.consul SRV' },
    { does: 'For programs', command: 'dns query web -json', pipe: '| jq -r ".answer[].data"' },
  ],
  args: [
    { name: 'NAME', about: 'a name, or a service', required: true, completes: 'service' },
    { name: 'TYPE', about: 'of the records; A unless given' },
  ],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [typed = '', wanted = 'A'] = call.args
    const type = typeNamed(wanted)
    const question = { name: wireName(fullName(typed)), type }
    const server = await serverOf(call)
    const asked = await askServer(server, question, call.flags.tcp ? 'tcp' : 'udp')
    const { rcode, answer, authority, additional } = asked.reply
    const exit = answer.length === 0 ? 1 : 0
    const name = fullName(typed)
    const { transport } = asked
    const json = { name, type, rcode, transport, answer, authority, additional }
    if (answer.length === 0) return { json, text: '', note: nothing(name, type, rcode), exit }
    return { json, text: columns([...answer, ...additional].map(cells)), exit }
  },
})

function typeNamed(wanted: string): TypeName {
  const type = TYPES.find((one) => one === wanted.toUpperCase())
  if (type !== undefined) return type
  throw misuse(`no type ${wanted}`, { next: [`one of ${TYPES.join(', ')}`] })
}

const cells = ({ name, ttl, type, data }: DnsRecord): string[] => [name, String(ttl), type, data]

function nothing(name: string, type: string, rcode: string): string {
  if (rcode === 'NOERROR') return `${name}: there is the name, but nothing of type ${type}`
  return `${name}: ${rcode}${rcode === 'NXDOMAIN' ? ', there is no such name' : ''}`
}
