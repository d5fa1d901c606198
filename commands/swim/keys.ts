// lictor swim keys: the keys of an encrypted pool, changed while it runs.
import { byName } from '../../core/sorted.ts'
import { type Answer, boolean, defineCommand, type Flags, optional } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { readStdin } from '../kit/input.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  install: optional('every member can open with this key from now on', { placeholder: 'KEY' }),
  use: optional('every member seals with this key from now on', { placeholder: 'KEY' }),
  remove: optional('no member keeps this key', { placeholder: 'KEY' }),
  list: boolean('which keys there are, and how many members have each'),
} as const satisfies Flags

interface Summary {
  readonly operation: string
  readonly members: number
  readonly answers: number
  readonly errors: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, number>>
  readonly primary_keys: Readonly<Record<string, number>>
}

export const command = defineCommand({
  id: 'swim keys',
  summary: 'Change or list the encryption keys of a gossip pool',
  description: [
    'A key is exchanged in three steps: --install the new one, --use it, --remove the old ' +
      'one. Each step must have reached everybody before the next. Exit code 1: a member did ' +
      'not answer, or could not do it. Serf allows keys on the command line, and so do we, but ' +
      'others may see them there: - reads the key from standard input.',
  ],
  examples: [
    { does: 'What there is', command: 'swim keys --list' },
    { does: 'For a program to read', command: 'swim keys --list --json' },
    {
      does: 'The first step, with a new key',
      command: 'keygen',
      pipe: '| lictor swim keys --install=-',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { operation, key } = wishOf(call.flags)
    const body = { operation, ...(key === undefined ? {} : { key: await readKey(key) }) }
    const client = await connectMember(call)
    const summary = await callMember<Summary>(client, ['PUT', '/v1/keys'], body)
    const { members, answers, errors } = summary
    const problems = Object.entries(errors).map(([name, why]) => `failed: ${name}: ${why}`)
    const silent = members - answers
    if (silent > 0) problems.push(`${silent} of ${members} members did not answer`)
    return {
      json: summary,
      text: operation === 'list' ? listText(summary) : `${WORDS[operation]}\n`,
      ...(problems.length === 0 ? {} : { note: problems.join('\n'), exit: 1 }),
    }
  },
})

type Operation = 'install' | 'use' | 'remove' | 'list'

const WORDS: Readonly<Record<Exclude<Operation, 'list'>, string>> = {
  install: 'Successfully installed new key',
  use: 'Successfully changed primary key',
  remove: 'Successfully removed key',
}

interface Wish {
  readonly operation: Operation
  readonly key: string | undefined
}

function wishOf(flags: {
  readonly install: string | undefined
  readonly use: string | undefined
  readonly remove: string | undefined
  readonly list: boolean
}): Wish {
  const wishes: Wish[] = []
  for (const operation of ['install', 'use', 'remove'] as const)
    if (flags[operation] !== undefined) wishes.push({ operation, key: flags[operation] })
  if (flags.list) wishes.push({ operation: 'list', key: undefined })
  const [wish] = wishes
  if (wish === undefined || wishes.length > 1)
    throw misuse('one of --install, --use, --remove, --list')
  return wish
}

/** `-`: from standard input. */
async function readKey(given: string): Promise<string> {
  if (given !== '-') return given
  return (await readStdin()).toString('utf8').trim()
}

/** The primary key first, in the layout of serf. */
function listText({ keys, primary_keys: primary, members }: Summary): string {
  const rows = (title: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).length === 0
      ? ''
      : `${title}:\n${Object.entries(counts)
          .sort(byName)
          .map(([key, count]) => `  ${key}  [${count}/${members}]\n`)
          .join('')}`
  return `${rows('Primary', primary)}${rows('All', keys)}`
}
