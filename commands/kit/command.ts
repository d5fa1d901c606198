// One command from argv to exit code: parse, call, print. The only place that catches a command's
// failures.
import { EXIT } from '../../core/errors.ts'
import {
  type Answer,
  type AnyCommand,
  type Env,
  fallbacksOf,
  flagsOf,
  type Profile,
  type Program,
  typedAs,
} from './declare.ts'
import { type Failure, type FailureParts, isFailure, misuse } from './failure.ts'
import { createOutput, jsonText, type Output } from './output.ts'
import { type Complaint, goComplaint, type Parsed, parseArgv } from './parse.ts'
import { suggest } from './suggest.ts'
import type { Table } from './table.ts'

export interface Start {
  readonly program: Program
  readonly argv: readonly string[]
  readonly env: Env
  readonly table: Table
  /** Shows the command's help. */
  readonly help: () => Promise<number>
}

/** Runs a command to its exit code. */
export async function perform(declared: AnyCommand, start: Start): Promise<number> {
  const { profile } = start.program
  const flags = flagsOf(declared, profile)
  const passthrough = declared.passthrough ?? false
  const parsed = parseArgv(start.argv, { flags, profile, passthrough })
  if (parsed.type === 'help') return start.help()
  const out = await createOutput({ profile, env: start.env, ...wishesOf(parsed, start) })
  try {
    if (parsed.type === 'complaint') throw complaintFailure(parsed.complaint, declared, start)
    checkArguments(declared, parsed.args, start.program)
    const { program, env, table } = start
    const { values, ...line } = parsed
    const flagValues = { ...fallbacksOf(declared), ...values }
    const call = { program, env, table, id: declared.id, out, ...line, flags: flagValues }
    return await printAnswer(await declared.run(call), out)
  } catch (error) {
    const who = typedAs(start.program, declared.id)
    const usage = await usageAfter(error, declared, profile)
    return printFailure(error, { out, who, usage })
  }
}

/** What the output needs to know before it is known whether the rest of the line is right. */
function wishesOf(parsed: Parsed, { argv }: Start): { json: boolean; color: boolean | undefined } {
  if (parsed.type !== 'parsed') {
    return { json: argv.some((word) => /^--?json$/.test(word)), color: undefined }
  }
  const on = (name: string) => parsed.values[name] === true
  const color = on('no-color') ? false : on('color') ? true : undefined
  return { json: on('json'), color }
}

/** What Consul's commands print behind a complaint about their use. */
async function usageAfter(error: unknown, declared: AnyCommand, profile: Profile): Promise<string> {
  if (profile !== 'consul' || !isFailure(error) || !error.parts.withUsage) return ''
  const { commandUsage, flagsUsage } = await import('./usage.ts')
  if (error.parts.withUsage === 'whole') return `\n\n${commandUsage(declared).trimEnd()}`
  return `\n${flagsUsage(declared).trimEnd()}`
}

function complaintFailure(complaint: Complaint, declared: AnyCommand, { program }: Start): Failure {
  const go = goComplaint(complaint)
  if (program.profile === 'consul') return misuse(go, { consul: go, withUsage: 'flags' })
  const help = `${typedAs(program, declared.id)} --help`
  if (complaint.type !== 'unknown-flag') return misuse(go, { next: [help] })
  const near = suggest(complaint.name, Object.keys(flagsOf(declared, 'lictor')))
  const hints = near.slice(0, 2).map((name) => `did you mean -${name}?`)
  return misuse(`unknown flag -${complaint.name}`, { next: [...hints, help] })
}

/** Words that are no flags: as many as declared. Consul has its own complaints, or none. */
function checkArguments(declared: AnyCommand, args: readonly string[], program: Program): void {
  if (program.profile === 'consul') {
    const complaint = declared.consul?.complain?.(args)
    if (complaint === undefined) return
    const { text, withUsage } = typeof complaint === 'string' ? { text: complaint } : complaint
    throw misuse(text, { consul: text, ...(withUsage && { withUsage }) })
  }
  const next = [`${typedAs(program, declared.id)} --help`]
  const missing = declared.args.filter((one) => one.required)[args.length]
  if (missing !== undefined) throw misuse(`${missing.name} is missing`, { next })
  const most = declared.args.some((one) => one.many)
    ? Number.POSITIVE_INFINITY
    : declared.args.length
  if (args.length <= most) return
  throw misuse(`too many words: ${most} expected, ${args.length} given`, { next })
}

async function printAnswer(answer: Answer, out: Output): Promise<number> {
  if (out.json && 'json' in answer) await out.print(jsonText(answer.json, out))
  else if (answer.text !== undefined) await out.print(answer.text)
  if (answer.note !== undefined) out.talk(answer.note)
  return out.gone.aborted ? EXIT.ok : (answer.exit ?? EXIT.ok)
}

interface FailureContext {
  readonly out: Output
  /** `lictor kv get` */
  readonly who: string
  /** Behind Consul's line. */
  readonly usage?: string
}

/**
 * Prints what failed and returns the exit code. A bug of ours is no failure: it ends with 70 and
 * its stack.
 */
export function printFailure(error: unknown, context: FailureContext): number {
  const { out, who, usage = '' } = context
  if (out.gone.aborted) return EXIT.ok // nobody reads any more
  if (!isFailure(error)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    out.talk(`${who}: this is a bug of ours, please report it\n${stack}`)
    return EXIT.bug
  }
  const { parts } = error
  if (out.profile === 'consul') {
    out.talk(`${parts.consul ?? `Error: ${parts.what}`}${usage}`)
    return parts.consulExit ?? 1
  }
  if (out.json) out.talk(failureJson(parts))
  else for (const line of failureLines(parts, who)) out.talk(line)
  return parts.exit
}

function failureJson({ code, what, why, next }: FailureParts): string {
  const message = why === undefined ? what : `${what}: ${why}`
  return JSON.stringify({ error: { code, message, hint: next?.join('; ') } })
}

/** What, why, next: one line each. */
function failureLines({ what, why, next = [] }: FailureParts, who: string): string[] {
  return [
    `${who}: ${what}`,
    ...(why === undefined ? [] : [`  why: ${why}`]),
    ...next.map((step, i) => `  ${i === 0 ? 'next:' : '     '} ${step}`),
  ]
}
