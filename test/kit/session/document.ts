// A page that is also a test. Fenced `console` blocks hold commands (`$ …`) and what they must
// print; notes to the harness stand in HTML comments, so that the page reads clean. In the spirit
// of cram and trycmd.
//
//   <!-- prelude [VARIANT]⏎$ …⏎-->   commands that the page does not show, in any number
//   <!-- only VARIANT -->              the next block belongs to one variant of the session
//   <!-- background -->                the next block's command runs on, as in a second terminal
//   <!-- eventually 5s -->             repeat the next block's command until it matches
//   <!-- unordered -->                 lists of the next block compare as sets
//   <!-- paragraphs -->                of the next block's output some paragraphs are shown: see
//                                      paragraphs.ts
//   <!-- untold -->                    the page does not tell what the next block prints
//   <!-- prints⏎…⏎-->                  what the next block's last command prints besides
//   <!-- exit 1 -->                    exit code of the next block's commands
//   <!-- skip: reason -->              leave the next block out, loudly
//   <!-- alias 42 43>42 5+ -->         literals of the text that stand for a value of this machine:
//                                      43 for a greater one than 42; 5 for one that may rise
//   <!-- needs dig -->                 programs without which the page is skipped, loudly
//   <!-- hosts dc2=127.0.2.1 -->       names of the page's own machine
import { parseDuration } from '../../../core/time.ts'
import { withoutComment } from './comment.ts'

export interface Step {
  readonly line: number
  readonly command: string
  readonly expected: readonly string[]
  readonly background: boolean
  readonly hidden: boolean
  readonly unordered: boolean
  readonly paragraphs: boolean
  readonly untold: boolean
  readonly exit: number
  readonly eventuallyMs: number | undefined
  readonly skip: string | undefined
  readonly only: string | undefined
}

export interface Page {
  readonly steps: readonly Step[]
  readonly needs: readonly string[]
  readonly hosts: readonly string[]
  readonly aliases: readonly Alias[]
}

/** A literal of the page. `above` names another whose value it must exceed. */
export interface Alias {
  readonly literal: string
  readonly above: string | undefined
  /** A later value may be greater. */
  readonly rises?: boolean
}

interface Notes {
  background?: boolean
  unordered?: boolean
  paragraphs?: boolean
  untold?: boolean
  prints?: readonly string[]
  exit?: number
  eventuallyMs?: number
  skip?: string
  only?: string
}

interface Draft {
  steps: Step[]
  needs: string[]
  hosts: string[]
  aliases: Alias[]
  notes: Notes
}

const PART =
  /^<!--(?<note>[\s\S]*?)-->|^```(?<lang>[^\n`]*)\n(?<block>[\s\S]*?)^```[ ]*$|^<!--.*$/gm

/**
 * Reads a page. Throws where a note is unknown: a note with a typing error must not pass as a
 * remark.
 */
export function parsePage(text: string): Page {
  const draft: Draft = { steps: [], needs: [], hosts: [], aliases: [], notes: {} }
  for (const part of text.matchAll(PART)) {
    const line = text.slice(0, part.index).split('\n').length
    const { note, lang, block } = part.groups ?? {}
    if (note !== undefined) onNote(draft, note.trim(), line)
    else if (block === undefined) throw new Error(`line ${line}: a comment without end`)
    else if (lang?.trim() === 'console') onBlock(draft, block, line + 1)
  }
  const { steps, needs, hosts, aliases } = draft
  return { steps, needs, hosts, aliases }
}

function onNote(draft: Draft, note: string, line: number): void {
  const [head = '', ...body] = note.split('\n')
  const [word = '', ...words] = head.replace(/^skip:/, 'skip').split(/\s+/)
  const rest = words.join(' ')
  const { notes } = draft
  switch (word) {
    case 'prelude':
      draft.steps.push(...hiddenSteps(body.join('\n'), { line: line + 1, only: words[0] }))
      return
    case 'only':
      notes.only = rest
      return
    case 'background':
    case 'unordered':
    case 'paragraphs':
    case 'untold':
      notes[word] = true
      return
    case 'eventually':
      notes.eventuallyMs = milliseconds(rest, line)
      return
    case 'prints':
      notes.prints = body
      return
    case 'exit':
      notes.exit = Number(rest)
      return
    case 'skip':
      notes.skip = rest
      return
    case 'alias':
      draft.aliases.push(...words.map(readAlias))
      return
    case 'needs':
      draft.needs.push(...words)
      return
    case 'hosts':
      draft.hosts.push(...words)
      return
    default:
      throw new Error(`line ${line}: no such note: ${word}`)
  }
}

function milliseconds(text: string, line: number): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new Error(`line ${line}: not a duration: ${text}`)
  return ms
}

function readAlias(word: string): Alias {
  const [literal = '', above] = word.replace(/\+$/, '').split('>')
  return { literal, above, rises: word.endsWith('+') }
}

function onBlock(draft: Draft, block: string, line: number): void {
  const notes = draft.notes
  draft.notes = {}
  const commands = commandsOf(block, line)
  commands.at(-1)?.expected.push(...(notes.prints ?? []))
  for (const { at, command, expected } of commands) {
    draft.steps.push({
      line: at,
      command,
      expected,
      hidden: false,
      background: notes.background ?? isBackground(command),
      unordered: notes.unordered ?? false,
      paragraphs: notes.paragraphs ?? false,
      untold: notes.untold ?? false,
      exit: notes.exit ?? 0,
      eventuallyMs: notes.eventuallyMs,
      skip: notes.skip,
      only: notes.only,
    })
  }
}

/** In a prelude a command may say `eventually 5s` behind `#`. */
function hiddenSteps(block: string, where: { line: number; only: string | undefined }): Step[] {
  return commandsOf(block, where.line).map(({ at, command, expected }) => {
    const [, patience] = /#\s*eventually\s+(\S+)\s*$/.exec(command) ?? []
    return {
      line: at,
      command,
      expected,
      hidden: true,
      background: isBackground(command),
      unordered: false,
      paragraphs: false,
      untold: false,
      exit: 0,
      eventuallyMs: patience === undefined ? undefined : milliseconds(patience, at),
      skip: undefined,
      only: where.only,
    }
  })
}

interface Command {
  readonly at: number
  command: string
  readonly expected: string[]
}

function commandsOf(block: string, line: number): Command[] {
  const commands: Command[] = []
  for (const [i, text] of block.replace(/\n$/, '').split('\n').entries()) {
    const last = commands.at(-1)
    if (text.startsWith('$ ')) {
      commands.push({ at: line + i, command: text.slice(2), expected: [] })
    } else if (text.startsWith('> ') && last?.expected.length === 0) {
      last.command += `\n${text.slice(2)}`
    } else if (last?.expected.length === 0 && isOpen(last.command)) {
      last.command += `\n${text}`
    } else if (text.startsWith('#')) {
      // A remark of the page, as a shell would read it.
    } else if (last === undefined) {
      if (text.trim() !== '') throw new Error(`line ${line + i}: output before any command`)
    } else {
      last.expected.push(text)
    }
  }
  for (const { expected } of commands) while (expected.at(-1)?.trim() === '') expected.pop()
  return commands
}

/** A quote that does not end goes on in the next line, as a shell reads it. */
const isOpen = (command: string): boolean =>
  /["']/.test(withoutComment(command).replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"|\\./gs, ''))

function isBackground(command: string): boolean {
  const text = withoutComment(command).trimEnd()
  return text.endsWith('&') && !text.endsWith('&&')
}
