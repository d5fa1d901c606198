// lictor help: of everything, of a command, or of a topic.
import { type Answer, defineCommand } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { suggest } from './kit/suggest.ts'
import { idsOf } from './kit/table.ts'
import { wrap } from './kit/usage.ts'
import { TOPICS, type Topic } from './topics.ts'

/** Of a topic, whatever the terminal. */
const WIDTH_MAX = 99

const widthOf = (): number => Math.min((process.stdout.columns ?? Infinity) - 1, WIDTH_MAX)

export const command = defineCommand({
  id: 'help',
  summary: 'Show help of a command or a topic',
  description: [`Topics: ${Object.keys(TOPICS).join(', ')}.`],
  examples: [
    { does: 'A command', command: 'help kv get' },
    { does: 'A topic', command: 'help exit-codes' },
  ],
  args: [{ name: 'SUBJECT', about: 'a command or a topic', many: true }],
  flags: {},
  run: async ({ args, program, table }): Promise<Answer> => {
    const subject = args.join(' ')
    const topic = Object.hasOwn(TOPICS, subject) ? TOPICS[subject] : undefined
    if (topic !== undefined) return { json: topic, text: topicText(topic) }
    const groups = table.groups.map(({ name }) => name)
    const known = [...idsOf(table, 'lictor'), ...groups]
    if (subject !== '' && !known.includes(subject)) throw unknown(subject, known)
    const { helpOf } = await import('./kit/oclif.ts')
    const help = await helpOf({ program, table }, subject === '' ? undefined : subject)
    const text = subject === '' ? `${help}\n${topicList()}` : help
    return { json: text, text }
  },
})

const topicList = (): string =>
  `MORE HELP\n${Object.entries(TOPICS)
    .map(([name, { title }]) => `  help ${name.padEnd(13)} ${title}\n`)
    .join('')}`

function unknown(subject: string, known: readonly string[]) {
  const near = suggest(subject, [...known, ...Object.keys(TOPICS)]).slice(0, 3)
  const next = [...near.map((name) => `did you mean "help ${name}"?`), 'lictor help']
  return misuse(`no help for ${JSON.stringify(subject)}`, { next })
}

export function topicText({ title, intro, rows }: Topic): string {
  const widest = Math.max(...rows.map(([name]) => name.length)) + 4
  const lines = rows.map(([name, about]) => `  ${name}`.padEnd(widest) + wrapRest(about, widest))
  const paragraphs = intro.map((text) => wrap(text, 0, widthOf()))
  return `${[title, ...paragraphs, lines.join('\n')].join('\n\n')}\n`
}

const wrapRest = (text: string, indent: number): string => wrap(text, indent, widthOf()).trimStart()
