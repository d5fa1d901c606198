// lictor services register: services that stay with the agent until they are deregistered.
import type { ServiceSetting } from '../../core/config/schema-service.ts'
import { quoteGo } from '../../core/quote.ts'
import { connect } from '../kit/client.ts'
import {
  type Answer,
  type Call,
  count,
  defineCommand,
  type Flags,
  list,
  pairs,
  text,
} from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { bodyOf, servicesIn } from './definition.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  address: text('where it listens (default: the address of the node)', '', {
    placeholder: 'ADDRESS',
  }),
  id: text('tells instances on one agent apart (default: the name)', '', { placeholder: 'ID' }),
  kind: text('for proxies of the mesh', '', { placeholder: 'KIND' }),
  meta: pairs('metadata that goes with it'),
  name: text('what it is found by', '', { placeholder: 'NAME' }),
  port: count('the port', 0, { placeholder: 'PORT' }),
  socket: text('a Unix socket instead of address and port', '', {
    placeholder: 'PATH',
    completes: 'file',
  }),
  tag: list('a tag it is found by, too', { placeholder: 'TAG' }),
  'tagged-address': pairs('an address for others: NAME=ADDRESS:PORT', {
    placeholder: 'NAME=ADDRESS',
  }),
} as const satisfies Flags

type Register = Call<typeof FLAGS>

const NOTHING = 'Service registration requires at least one argument or flags.'
const BOTH = 'Service registration requires arguments or -id, not both.'

export const command = defineCommand({
  id: 'services register',
  summary: 'Register services with the agent',
  description: [
    'From files, as an agent reads them (HCL or JSON, with checks and all), or one from flags. ' +
      'What is registered already is replaced. The agent keeps it over restarts.',
  ],
  examples: [
    { does: 'From a file', command: 'services register web.hcl' },
    { does: 'From flags', command: 'services register -name=web -port=80 -tag=v1' },
    {
      does: 'And tell others when it is there',
      command: 'services register -name=web -port=80',
      pipe: '&& lictor wait service/web=passing',
    },
  ],
  args: [{ name: 'FILE', about: 'definitions of services', many: true, completes: 'file' }],
  flags: FLAGS,
  consul: { usage: 'services register [options] [FILE...]' },
  run: async (call): Promise<Answer> => {
    const services = await wantedOf(call)
    const client = connect(call)
    const lines: string[] = []
    for (const service of services) {
      const name = service.name ?? ''
      const fault = `Error registering service ${JSON.stringify(name)}: `
      await client.call('PUT /v1/agent/service/register', {
        body: bodyOf(service, call.program.profile),
        fault,
      })
      lines.push(`Registered service: ${name}\n`)
    }
    return { json: services.map(({ id, name }) => id || name), text: lines.join('') }
  },
})

async function wantedOf({
  args,
  flags,
  program,
  out,
}: Register): Promise<readonly ServiceSetting[]> {
  if (program.profile === 'consul') flags['tagged-address'].forEach(checkTagged)
  if (args.length === 0 && flags.name === '') {
    throw misuse('neither a file nor -name', { consul: NOTHING })
  }
  if (args.length > 0 && flags.name !== '') {
    throw misuse('files and -name exclude each other', { consul: BOTH })
  }
  return args.length > 0 ? servicesIn(args, { program, out }) : [ofFlags(flags)]
}

const ofFlags = (flags: Register['flags']): ServiceSetting => ({
  name: flags.name,
  ...(flags.id === '' ? {} : { id: flags.id }),
  ...(flags.kind === '' ? {} : { kind: flags.kind }),
  ...(flags.address === '' ? {} : { address: flags.address }),
  ...(flags.port === 0 ? {} : { port: flags.port }),
  ...(flags.socket === '' ? {} : { socket_path: flags.socket }),
  ...(flags.tag.length === 0 ? {} : { tags: flags.tag }),
  ...(flags.meta.length === 0 ? {} : { meta: Object.fromEntries(flags.meta.map(splitPair)) }),
  ...(flags['tagged-address'].length === 0
    ? {}
    : { tagged_addresses: Object.fromEntries(flags['tagged-address'].map(taggedAddress)) }),
})

function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}

/** Consul takes an address with a port, ours one without, too. */
function checkTagged(pair: string): void {
  const [, where] = splitPair(pair)
  const fault = faultOfAddress(where)
  if (fault !== undefined) throw misuse(fault, { consul: `Invalid Tagged address: ${fault}` })
}

/** As Go's net.SplitHostPort and strconv.Atoi put it. */
function faultOfAddress(where: string): string | undefined {
  const [, host, port] = /^(.*):([^:\]]*)$/.exec(where) ?? []
  const bracketed = where.startsWith('[')
  if (host === undefined || port === undefined) return `address ${where}: missing port in address`
  if (!bracketed && host.includes(':')) return `address ${where}: too many colons in address`
  return /^[+-]?\d+$/.test(port)
    ? undefined
    : `strconv.Atoi: parsing ${quoteGo(port)}: invalid syntax`
}

/** `lan=10.0.0.1:80`, `lan=[::1]:80`, `lan=10.0.0.1`. */
function taggedAddress(pair: string) {
  const [name, where] = splitPair(pair)
  const [, address = where, port = '0'] = /^\[?(.*?)\]?:(\d{1,5})$/.exec(where) ?? []
  return [name, { address, port: Number(port) }] as const
}
