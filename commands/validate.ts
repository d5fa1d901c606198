// lictor validate: whether an agent would start with these files.
import { type Answer, boolean, defineCommand, type Flags, optional } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { checkConfig } from './kit/launch.ts'

const FLAGS = {
  'config-format': optional('the language of files without such an ending', {
    placeholder: 'hcl|json',
    choices: ['hcl', 'json'],
  }),
  quiet: boolean('print nothing when all is well'),
} as const satisfies Flags

const NO_FILE = 'Must specify at least one config file or directory'
const BAD_FORMAT = "-config-format must be either 'hcl' or 'json" // Consul leaves the quote open

export const command = defineCommand({
  id: 'validate',
  summary: 'Check configuration files',
  description: [
    'Reads files and folders as an agent would, all together, and says what is wrong with them.',
  ],
  examples: [
    { does: 'A folder', command: 'validate /etc/lictor.d' },
    {
      does: 'A file whose name does not say what it is',
      command: 'validate -config-format=hcl agent.conf',
    },
  ],
  args: [
    { name: 'PATH', about: 'files and folders', required: true, many: true, completes: 'file' },
  ],
  flags: FLAGS,
  consul: {
    usage: 'validate [options] FILE_OR_DIRECTORY...',
    complain: (args) => (args.length === 0 ? NO_FILE : undefined),
  },
  run: async ({ args, flags, program, out }): Promise<Answer> => {
    const format = flags['config-format']
    if (format !== undefined && format !== 'hcl' && format !== 'json') {
      throw misuse(`-config-format is hcl or json, not ${format}`, { consul: BAD_FORMAT })
    }
    const argv = [
      ...(format === undefined ? [] : [`-config-format=${format}`]),
      ...args.map((path) => `-config-file=${path}`),
    ]
    const loaded = await checkConfig({ profile: program.profile, argv })
    if (!loaded.ok) {
      throw misuse(loaded.message, { consul: `Config validation failed: ${loaded.message}` })
    }
    const said = program.profile === 'lictor' ? loaded.warnings : loaded.notices
    if (!flags.quiet || program.profile === 'lictor') for (const line of said) out.talk(line)
    const text = flags.quiet ? '' : 'Configuration is valid!\n'
    return { json: { valid: true, warnings: loaded.warnings }, text }
  },
})
