// lictor registry-dns: DNS for the service registry of the lesson, in the foreground.
import {
  type Answer,
  type Call,
  count,
  defineCommand,
  type Flags,
  fromEnv,
  list,
  optional,
  text,
} from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { launchRegistryDns } from './kit/launch.ts'
import { checkedBind, checkedPort, DAEMON_FLAGS, daemonSettings } from './kit/lesson-flags.ts'

const FLAGS = {
  port: count('where DNS listens, UDP and TCP (default 8600)', 8600, { placeholder: 'PORT' }),
  bind: text('the address that DNS listens on; empty: localhost', '', { placeholder: 'ADDR' }),
  registry: optional('where the registry answers (default 127.0.0.1:8500)', {
    placeholder: 'ADDR',
    env: ['CONSUL_HTTP_ADDR'],
  }),
  domain: text('the domain to answer for', 'consul', { placeholder: 'NAME' }),
  ttl: count('for how many seconds an answer may be kept (default 30)', 30, {
    placeholder: 'SECONDS',
  }),
  recursor: list('a DNS server for all other names; repeatable', { placeholder: 'ADDR' }),
  ...DAEMON_FLAGS,
} as const satisfies Flags

export const command = defineCommand({
  id: 'registry-dns',
  summary: 'Answer DNS for a service registry',
  description: [
    'Follows a registry and answers for its healthy instances: NAME.service.consul, ' +
      'TAG.NAME.service.consul and _NAME._tcp.service.consul with A, AAAA and SRV records, and ' +
      'ID.node.consul for each instance, with its metadata as TXT. Runs in the foreground until ' +
      'it gets SIGINT or SIGTERM.',
    'When the registry falls silent its names stay for 30 seconds, and then there are none; it ' +
      'says so, and goes on trying, and says so when one answers again.',
  ],
  examples: [
    { does: 'On port 8600, for the registry on 8500', command: 'registry-dns --port=8600' },
    {
      does: 'For all names, those of others from another server',
      command: 'registry-dns --port=53 --recursor=192.0.2.53',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => ({
    exit: await launchRegistryDns({
      ...daemonSettings(call),
      port: checkedPort(call.flags.port),
      bind: checkedBind(call.flags.bind),
      registry: urlOf(registryOf(call)),
      domain: call.flags.domain,
      ttl: call.flags.ttl,
      recursors: call.flags.recursor,
    }),
  }),
})

const registryOf = ({ flags, env, program }: Call<typeof FLAGS>): string =>
  flags.registry || fromEnv(env, ['CONSUL_HTTP_ADDR'], program.profile) || '127.0.0.1:8500'

function urlOf(address: string): string {
  const url = /^https?:\/\//.test(address) ? address : `http://${address}`
  if (URL.canParse(url)) return url.replace(/\/$/, '')
  throw misuse(`--registry: no address: ${address}`)
}
