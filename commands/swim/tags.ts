// lictor swim tags: what a member says of itself.
import { type Answer, defineCommand, type Flags, list } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  set: list('set this tag', { placeholder: 'NAME=VALUE' }),
  delete: list('remove this tag', { placeholder: 'NAME' }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'swim tags',
  summary: 'Show or change the tags of a member',
  description: [
    'Without a change prints them. The others hear of a change at once; all tags together have ' +
      '512 bytes at most. They last until the member ends.',
  ],
  examples: [
    { does: 'One more, one less', command: 'swim tags --set=role=web --delete=old' },
    { does: 'For programs', command: 'swim tags --json', pipe: '| jq .' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags } = call
    const set = Object.fromEntries(
      flags.set.map((pair) => {
        const at = pair.indexOf('=')
        if (at <= 0) throw misuse(`--set=${pair}: NAME=VALUE`)
        return [pair.slice(0, at), pair.slice(at + 1)]
      }),
    )
    const client = await connectMember(call)
    if (flags.set.length === 0 && flags.delete.length === 0) {
      const info = await callMember<{ tags: Record<string, string> }>(client, ['GET', '/v1/info'])
      return { json: info.tags, text: linesOfTags(info.tags) }
    }
    const body = { set, delete: flags.delete }
    const tags = await callMember<Record<string, string>>(client, ['PUT', '/v1/tags'], body)
    return { json: tags, text: 'Successfully updated agent tags\n' }
  },
})

const linesOfTags = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
