// Help in the layout of Consul's program: for the `consul` profile, and after its usage errors.
import { byName } from '../../core/sorted.ts'
import { type AnyCommand, type Flag, flagsOf } from './declare.ts'
import type { Group } from './table.ts'

const WIDTH = 79

/** `Usage: consul kv get [options] [KEY_OR_PREFIX]`, then what it does, examples and flags. */
export function commandUsage(declared: AnyCommand): string {
  const usage = declared.consul?.usage ?? declared.id
  const paragraphs = [declared.summary.replace(/\.?$/, '.'), ...(declared.description ?? [])]
  const examples = declared.examples.map(
    ({ does, command }) => `${wrap(does, 2)}\n\n      $ consul ${command}`,
  )
  return [
    `Usage: consul ${usage}`,
    ...paragraphs.map((paragraph) => wrap(paragraph, 2)),
    ...examples,
    'Options:',
    ...flagUsages(declared),
    '',
  ].join('\n\n')
}

/** What Go's flag package shows behind a complaint of its own. */
export const flagsUsage = (declared: AnyCommand): string =>
  ['Usage:', ...flagUsages(declared), ''].join('\n')

const flagUsages = (declared: AnyCommand): string[] =>
  Object.entries(flagsOf(declared, 'consul'))
    .sort(byName)
    .map(([name, flag]) => flagUsage(name, flag))

function flagUsage(name: string, flag: Flag): string {
  const label = flag.kind === 'boolean' ? `  -${name}` : `  -${name}=<${flag.placeholder}>`
  const env = flag.env === undefined ? '' : ` Also from ${flag.env.join(', ')}.`
  return `${label}\n${wrap(`${sentence(flag.about)}${env}`, 5)}`
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/\.?$/, '.')

/** `rows`: its commands and the groups in it, by the word that follows. */
export function groupUsage(group: Group, rows: readonly (readonly [string, string])[]): string {
  return [
    `Usage: consul ${group.name} <subcommand> ${group.consulUsage ?? '[options] [args]'}`,
    wrap(`${group.about}.`, 2),
    'Subcommands:',
    `${listing(rows)}\n`,
  ].join('\n\n')
}

export const rootUsage = (rows: readonly (readonly [string, string])[]): string =>
  [
    'Usage: consul [--version] [--help] <command> [<args>]',
    'Available commands are:',
    `${listing(rows)}\n`,
  ].join('\n\n')

function listing(rows: readonly (readonly [string, string])[]): string {
  const widest = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, about]) => `    ${name.padEnd(widest)}    ${about}`).join('\n')
}

/** Breaks a paragraph at spaces. */
export function wrap(text: string, indent: number, width = WIDTH): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((one) => `${' '.repeat(indent)}${one}`).join('\n')
}
