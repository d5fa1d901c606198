// raftctl scenario: the famous cases of the algorithm, as its machine plays them in the tests.
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { columns, type Output } from '../kit/output.ts'
import { suggest } from '../kit/suggest.ts'
import { CASES } from './cases.generated.ts'

const FLAGS = {
  all: boolean('every case, one after the other'),
} as const satisfies Flags

interface Step {
  /** A remark before it. */
  readonly remark?: string
  /** What is done to the servers. */
  readonly does: string
  /** What comes of it, one thing a line. */
  readonly outcome: readonly string[]
}

interface Case {
  readonly name: string
  readonly title: string
  readonly steps: readonly Step[]
}

export const command = defineCommand({
  id: 'raft scenario',
  summary: 'Play a famous case of raft step by step',
  description: [
    'Without a CASE: what there is. A line at the margin is what is done to the servers, an ' +
      'indented one what comes of it: messages, votes, logs, commits. The servers are the very ' +
      'machine that raftnode runs, with a clock, a disk and a network that do as they are told. ' +
      'lictor-raft(7) explains what is seen.',
    'In `show` a log is the terms of its entries: 1,2,4 are three entries, of terms 1, 2 and 4.',
  ],
  examples: [
    { does: 'Why only entries of the own term are counted', command: 'raft scenario figure8' },
    {
      does: 'What is done in it',
      command: 'raft scenario figure8 --json',
      pipe: "| jq -r '.steps[].does'",
    },
  ],
  args: [{ name: 'CASE', about: 'as figure8; without it: a list' }],
  flags: FLAGS,
  run: ({ args, flags, out }): Answer => {
    const [name] = args
    if (flags.all) return shown(Object.keys(CASES).map(caseNamed), out)
    if (name === undefined) return listed(Object.keys(CASES).map(caseNamed))
    if (CASES[name] !== undefined)
      return { json: caseNamed(name), text: textOf(caseNamed(name), out) }
    const near = suggest(name, Object.keys(CASES)).map((one) => `did you mean ${one}?`)
    throw misuse(`there is no case ${JSON.stringify(name)}`, {
      next: [...near.slice(0, 2), 'raftctl scenario   what there is'],
    })
  },
})

/** `# Title.`, then commands at the margin and what comes of them. */
function caseNamed(name: string): Case {
  const [first = '', ...lines] = (CASES[name] ?? '').split('\n')
  const steps: { remark?: string; does: string; outcome: string[] }[] = []
  let remark: string | undefined
  for (const line of lines) {
    if (line.startsWith('  ')) steps.at(-1)?.outcome.push(line.trim())
    else if (line.startsWith('#')) remark = line.slice(1).trim()
    else if (line !== '') {
      steps.push({ ...(remark === undefined ? {} : { remark }), does: line, outcome: [] })
      remark = undefined
    }
  }
  return { name, title: titleOf(first), steps }
}

/** Rules that the tests count by (`M36`, `I13`, `nasty 6`, `S-SN2`): of no use to a reader. */
const RULE = String.raw`(?:[MI]\d+|nasty \d+)`
const RULES = new RegExp(String.raw`; ${RULE}(?=\))| \(${RULE}(?:, ${RULE})*\)|^S-\w+: `, 'g')

function titleOf(first: string): string {
  const title = first.replace(/^# /, '').replace(RULES, '')
  return title.charAt(0).toUpperCase() + title.slice(1)
}

function listed(all: readonly Case[]): Answer {
  const rows = [['CASE', 'ABOUT'], ...all.map(({ name, title }) => [name, title])]
  return { json: all.map(({ name, title }) => ({ name, title })), text: columns(rows) }
}

const shown = (all: readonly Case[], out: Output): Answer => ({
  json: all,
  text: all.map((one) => textOf(one, out)).join('\n'),
})

function textOf({ title, steps }: Case, out: Output): string {
  const parts = steps.map(({ remark, does, outcome }) => {
    const said = remark === undefined ? '' : `\n${remark}\n`
    return `${said}${out.paint('cyan', does)}\n${outcome.map((line) => `  ${line}\n`).join('')}`
  })
  return `${out.paint('bold', title)}\n\n${parts.join('')}`
}
