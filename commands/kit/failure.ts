// How a command fails: three parts on stderr (what, why, what to do next) and an exit code, or
// Consul's own line.
import { EXIT } from '../../core/errors.ts'

export interface FailureParts {
  /** Stable, for machines: `no_leader`. */
  readonly code: string
  readonly what: string
  /** The raw reason. */
  readonly why?: string
  /** Things to do, best first. */
  readonly next?: readonly string[]
  /** Our exit code; as Consul it is 1 unless `consulExit` says otherwise. */
  readonly exit: number
  /** What Consul's command prints here; `Error: what` when absent. */
  readonly consul?: string
  readonly consulExit?: number
  /** As Consul: what follows, all of the command's usage or its flags alone. */
  readonly withUsage?: 'whole' | 'flags'
}

/** Thrown by commands and their kit, printed in one place (kit/command.ts). */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly parts: FailureParts
  constructor(parts: FailureParts, options?: { cause?: unknown }) {
    super(parts.what, options)
    this.parts = parts
  }
}

/** Also of a command that was bundled with its own copy of this file. */
export const isFailure = (error: unknown): error is Failure =>
  error instanceof Error && error.name === 'Failure' && 'parts' in error

/** Wrong use: exit 2, or Consul's line and 1. */
export const misuse = (what: string, more: Partial<FailureParts> = {}): Failure =>
  new Failure({ code: 'usage', what, exit: EXIT.usage, ...more })

/** The answer is no: exit 1. */
export const answerIsNo = (code: string, what: string, more: Partial<FailureParts> = {}): Failure =>
  new Failure({ code, what, exit: EXIT.no, ...more })

/** The code of a system error (`ENOENT`), if it is one. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'i/o timeout',
  EADDRINUSE: 'address already in use',
}

/** A system error in the words that C and Go use. */
export function reasonOf(error: unknown): string {
  const code = errnoOf(error)
  if (code !== undefined && REASONS[code] !== undefined) return REASONS[code]
  return error instanceof Error ? error.message : String(error)
}
