// lictor dns curl-args: lets curl find a service by its name, without any setup of the machine.
import { type Answer, count, defineCommand, type Flags } from '../kit/declare.ts'
import { answerIsNo } from '../kit/failure.ts'
import type { DnsRecord } from './message.ts'
import { fullName, wireName } from './name.ts'
import { askServer, DNS_FLAGS, type Server, serverOf } from './server.ts'

const FLAGS = {
  ...DNS_FLAGS,
  port: count('the port of the URL (default: the ports of the instances)', 0, {
    placeholder: 'PORT',
  }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'dns curl-args',
  summary: 'Let curl find a service by its name',
  description: [
    'Prints the flags of curl that make http://NAME:PORT/ work on a machine whose resolver knows ' +
      'nothing of such names. lictor dns-setup is for the whole machine.',
  ],
  examples: [
    { does: 'What to add', command: 'dns curl-args web' },
    { does: 'For another port', command: 'dns curl-args -port=8080 web.service.consul' },
    { does: 'As a list', command: 'dns curl-args web -json', pipe: '| jq -r ".[]"' },
  ],
  args: [{ name: 'NAME', about: 'a name, or a service', required: true, completes: 'service' }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const name = fullName(call.args[0] ?? '')
    const server = await serverOf(call)
    const addresses = [...new Set(await addressesOf(server, name))]
    const ports = call.flags.port > 0 ? [call.flags.port] : await portsOf(server, name)
    const args = ports.flatMap((port) => ['--resolve', `${name}:${port}:${addresses.join(',')}`])
    return { json: args, text: `${args.join(' ')}\n` }
  },
})

async function addressesOf(server: Server, name: string): Promise<readonly string[]> {
  const wire = wireName(name)
  const both = [
    await askServer(server, { name: wire, type: 'A' }),
    await askServer(server, { name: wire, type: 'AAAA' }),
  ]
  const found = both.flatMap(({ reply }) => reply.answer).filter(isAddress)
  if (found.length > 0) return found.map(addressIn)
  throw answerIsNo('no_answer', `DNS knows no address of ${name}`, {
    next: [`lictor dns trace ${name}`],
  })
}

const isAddress = ({ type }: DnsRecord): boolean => type === 'A' || type === 'AAAA'
const addressIn = ({ type, data }: DnsRecord): string => (type === 'AAAA' ? `[${data}]` : data)

async function portsOf(server: Server, name: string): Promise<readonly number[]> {
  const { reply } = await askServer(server, { name: wireName(name), type: 'SRV' })
  const ports = reply.answer
    .filter(({ type }) => type === 'SRV')
    .map(({ data }) => Number(data.split(' ')[2]))
    .filter((port) => port > 0)
  if (ports.length > 0) return [...new Set(ports)]
  throw answerIsNo('no_port', `DNS knows no port of ${name}`, { next: ['give -port'] })
}
