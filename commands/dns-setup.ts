// lictor dns-setup: how the resolver of a machine comes to know names of the domain consul. It
// prints, and changes nothing.
import { isIPv6 } from 'node:net'
import { type Answer, defineCommand, type Flags, text } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'

const FLAGS = {
  domain: text('the domain of the agents', 'consul', { placeholder: 'NAME' }),
  server: text('where the agent answers DNS', '127.0.0.1:8600', { placeholder: 'HOST:PORT' }),
} as const satisfies Flags

interface Target {
  readonly domain: string
  readonly host: string
  readonly port: number
}

interface Setup {
  readonly about: string
  /** Where the text belongs. */
  readonly file: string
  readonly lines: (target: Target) => readonly string[]
  /** What to do then. */
  readonly activate: string
}

const SETUPS: Readonly<Record<string, Setup>> = {
  dnsmasq: {
    about: 'a small forwarder, on many desktops and routers',
    file: '/etc/dnsmasq.d/consul.conf',
    lines: ({ domain, host, port }) => [`server=/${domain}/${host}#${port}`],
    activate: 'systemctl restart dnsmasq',
  },
  unbound: {
    about: 'a resolver that validates',
    file: '/etc/unbound/unbound.conf.d/consul.conf',
    lines: ({ domain, host, port }) => [
      'server:',
      '  do-not-query-localhost: no',
      `  domain-insecure: "${domain}"`,
      'stub-zone:',
      `  name: "${domain}"`,
      `  stub-addr: ${host}@${port}`,
    ],
    activate: 'systemctl restart unbound',
  },
  'systemd-resolved': {
    about: 'what most Linux desktops and servers have today (from version 246)',
    file: '/etc/systemd/resolved.conf.d/consul.conf',
    lines: ({ domain, host, port }) => [
      '[Resolve]',
      `DNS=${isIPv6(host) ? `[${host}]` : host}:${port}`,
      'DNSSEC=false',
      `Domains=~${domain}`,
    ],
    activate: 'systemctl restart systemd-resolved',
  },
}

const NAMES = Object.keys(SETUPS)

export const command = defineCommand({
  id: 'dns-setup',
  summary: 'Show how to make a machine find names of services',
  description: [
    'Prints the lines that a forwarder needs to ask the agent for its domain, and all others for ' +
      `the rest. FORWARDER is one of ${NAMES.join(', ')}. Nothing is changed.`,
  ],
  examples: [
    { does: 'What there is', command: 'dns-setup' },
    { does: 'For one forwarder', command: 'dns-setup unbound' },
    { does: 'The lines alone', command: 'dns-setup dnsmasq -json', pipe: '| jq -r .text' },
  ],
  args: [{ name: 'FORWARDER', about: NAMES.join(', ') }],
  flags: FLAGS,
  run: ({ args, flags }): Answer => {
    const [name] = args
    if (name === undefined) return listing()
    const setup = Object.hasOwn(SETUPS, name) ? SETUPS[name] : undefined
    if (setup === undefined) throw misuse(`no forwarder ${name}`, { next: nextOf() })
    const target = { domain: flags.domain.replace(/\.$/, ''), ...splitServer(flags.server) }
    const lines = `${setup.lines(target).join('\n')}\n`
    const note = `write this to ${setup.file}, then: ${setup.activate}`
    return { json: { file: setup.file, text: lines, activate: setup.activate }, text: lines, note }
  },
})

const nextOf = (): string[] => NAMES.map((name) => `lictor dns-setup ${name}`)

function listing(): Answer {
  const widest = Math.max(...NAMES.map((name) => name.length)) + 2
  const lines = Object.entries(SETUPS).map(
    ([name, { about }]) => `${name.padEnd(widest)}${about}\n`,
  )
  const json = Object.entries(SETUPS).map(([name, { about, file }]) => ({ name, about, file }))
  return { json, text: lines.join('') }
}

function splitServer(server: string): { host: string; port: number } {
  const [, bracketed, bare = '', port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(server) ?? []
  const host = bracketed ?? bare
  if (host === '' || /[\s"]/.test(host)) {
    throw misuse(`-server is HOST:PORT, not ${server}`, { next: ['-server=127.0.0.1:8600'] })
  }
  return { host, port: Number(port) }
}
