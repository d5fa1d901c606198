// Scripts that run when something happens, with the words, variables and input that Serf's event
// handlers know: `member-join,member-failed=SCRIPT`, `user:deploy=SCRIPT`, `query:load=uptime`, or
// a SCRIPT for everything. What the handler of a query prints is the answer.
import { spawn } from 'node:child_process'
import { EMPTY } from '../../core/bytes.ts'
import type { Instant } from '../../core/time.ts'
import type { Tags } from '../../core/wire/serf.ts'
import { readClock } from '../runtime/clock.ts'

export interface EventHandler {
  /** `member-join`, `user`, `query`; `*`: everything. */
  readonly kind: string
  /** Of the event or the query; undefined: of any name. */
  readonly named: string | undefined
  readonly script: string
}

const KINDS: readonly string[] = [
  'member-join',
  'member-leave',
  'member-failed',
  'member-update',
  'member-reap',
  'user',
  'query',
  '*',
]

/** Undefined: what is before the `=` is none of the words. */
export function parseHandler(text: string): readonly EventHandler[] | undefined {
  const [, filters, script] = /^([a-z*-]+(?::[^=,]+)?(?:,[a-z*-]+(?::[^=,]+)?)*)=(.+)$/s.exec(
    text,
  ) ?? [undefined, '*', text]
  const handlers = (filters ?? '').split(',').map((filter) => {
    const at = filter.indexOf(':')
    const kind = at < 0 ? filter : filter.slice(0, at)
    return { kind, named: at < 0 ? undefined : filter.slice(at + 1), script: script ?? '' }
  })
  const isFine = handlers.every(
    ({ kind, named }) =>
      KINDS.includes(kind) && (named === undefined || kind === 'user' || kind === 'query'),
  )
  return isFine ? handlers : undefined
}

export interface Happening {
  readonly kind: string
  readonly named?: string
  readonly self: { readonly name: string; readonly tags: Tags }
  readonly input: string | Uint8Array
  readonly env: Readonly<Record<string, string>>
  /** When nobody waits for the output any more. */
  readonly deadline?: Instant
}

/** A handler that runs longer is killed. */
const HANDLER_MS = 60_000
/** More than an answer may hold is not kept. */
const OUTPUT_BYTES_MAX = 8 << 10
/** At once; what comes while so many run is passed over. */
const RUNNING_MAX = 64

/** All of a member, and how many of them run. */
export interface Handlers {
  readonly all: readonly EventHandler[]
  running: number
}

/** Starts those whom it concerns; each promise brings the output of one. */
export function runHandlers(
  handlers: Handlers,
  happening: Happening,
): readonly Promise<Uint8Array>[] {
  const { kind, named } = happening
  return handlers.all
    .filter((one) => one.kind === '*' || one.kind === kind)
    .filter((one) => one.named === undefined || one.named === named)
    .map(({ script }) => runScript(handlers, script, happening))
}

function runScript(handlers: Handlers, script: string, happening: Happening): Promise<Uint8Array> {
  if (handlers.running >= RUNNING_MAX) return Promise.resolve(EMPTY)
  handlers.running += 1
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...envOf(happening) },
  })
  const chunks: Buffer[] = []
  let size = 0
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= OUTPUT_BYTES_MAX) chunks.push(chunk)
  })
  child.stdin.on('error', () => child.stdin.destroy()) // it does not read what we tell it
  child.stdin.end(happening.input)
  const limit = Math.min(HANDLER_MS, (happening.deadline ?? Infinity) - readClock().now)
  const timer = setTimeout(() => killGroup(child.pid), Math.max(0, limit))
  return new Promise((resolve) => {
    const end = (bytes: Uint8Array) => {
      handlers.running -= 1
      clearTimeout(timer)
      resolve(bytes)
    }
    child.once('error', () => end(EMPTY))
    child.once('close', () => end(Buffer.concat(chunks)))
  })
}

function envOf({ kind, self, env }: Happening): Record<string, string> {
  const tags = [...self.tags].map(([name, value]): [string, string] => [
    `SERF_TAG_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
    value,
  ])
  return {
    SERF_EVENT: kind,
    SERF_SELF_NAME: self.name,
    SERF_SELF_ROLE: self.tags.get('role') ?? '',
    ...Object.fromEntries(tags),
    ...env,
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
