// lictor version: what we are, and which Consul we speak.
import { CONSUL_VERSION, LICTOR_VERSION } from '../core/version.ts'
import { type Answer, defineCommand, type Flags, text } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'

const FLAGS = {
  format: text('pretty or json', 'pretty', { choices: ['pretty', 'json'], placeholder: 'FORMAT' }),
} as const satisfies Flags

/** The agent protocol of Consul's releases since 0.7: what gossip tags carry. */
const RPC = { Default: 2, Min: 2, Max: 3 } as const

export const command = defineCommand({
  id: 'version',
  summary: 'Show the version',
  description: [
    'As lictor: our version, the release of Consul whose API and commands we speak, and the ' +
      'runtime. As consul: that release, in the layout programs look for.',
  ],
  examples: [
    { does: 'For people', command: 'version' },
    { does: 'For programs', command: 'version -json', pipe: '| jq -r .Lictor' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'version [options]' },
  run: ({ flags, program }): Answer => {
    if (flags.format !== 'pretty' && flags.format !== 'json') {
      throw misuse(`unknown format ${flags.format}`, { consul: `Unknown format: ${flags.format}` })
    }
    const facts = program.profile === 'consul' ? consulFacts() : ourFacts()
    if (flags.format === 'json') return { json: facts, text: `${JSON.stringify(facts, null, 3)}\n` }
    return { json: facts, text: program.profile === 'consul' ? consulText() : ourText() }
  },
})

const consulFacts = () => ({
  Version: CONSUL_VERSION,
  Revision: `lictor-${LICTOR_VERSION}`,
  Prerelease: '',
  BuildDate: '1970-01-01T00:00:01Z',
  RPC,
})

const ourFacts = () => ({
  Lictor: LICTOR_VERSION,
  Version: CONSUL_VERSION,
  Node: process.versions.node,
  RPC,
})

const consulText = (): string =>
  [
    `Consul v${CONSUL_VERSION}`,
    `Revision lictor-${LICTOR_VERSION}`,
    `Speaks protocol ${RPC.Default}, understands ${RPC.Min} to ${RPC.Max}`,
    '',
  ].join('\n')

const ourText = (): string =>
  `lictor ${LICTOR_VERSION} (speaks Consul ${CONSUL_VERSION}, on Node ${process.versions.node})\n`
