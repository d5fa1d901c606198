// The two ways in which a disk says no. Expected fullness is neither: it is an outcome (`full`).
import { EXIT } from '../../core/errors.ts'

/**
 * A call of the file system that failed. Whatever was under way is in doubt: nobody tries again on
 * the same file (after a failed sync the kernel may have dropped what it could not write), the
 * process ends with 71.
 */
export class DiskFailure extends Error {
  override readonly name = 'DiskFailure'
  readonly exit: number = EXIT.disk
  readonly file: string
  /** `EIO`, `ENOSPC`, `EACCES`, … */
  readonly errno: string
  constructor(operation: string, file: string, cause: unknown) {
    const errno = errnoOf(cause)
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`${operation} ${file}: ${why}`, { cause })
    this.file = file
    this.errno = errno
  }
}

function errnoOf(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return 'unknown'
  return String(cause.code)
}

/** No room, or no quota: may pass. */
export const isFull = (error: unknown): error is DiskFailure =>
  error instanceof DiskFailure && (error.errno === 'ENOSPC' || error.errno === 'EDQUOT')

/** Below a file there is nothing either. */
export const isMissing = (error: unknown): error is DiskFailure =>
  error instanceof DiskFailure && (error.errno === 'ENOENT' || error.errno === 'ENOTDIR')

const REFUSED_EXIT = {
  /** Another process holds it. */
  locked: EXIT.no,
  /** What was durable is damaged or missing. */
  corrupt: EXIT.disk,
  /** Written by another node, another program or a newer version. */
  foreign: EXIT.usage,
  /** Cannot be written at all. */
  unwritable: EXIT.usage,
  /** Full at the very start. */
  full: EXIT.disk,
} as const

/** A data folder that is not opened. The message says what was found, where, and what to do. */
export class DataDirRefused extends Error {
  override readonly name = 'DataDirRefused'
  readonly why: keyof typeof REFUSED_EXIT
  readonly exit: number
  constructor(why: keyof typeof REFUSED_EXIT, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.why = why
    this.exit = REFUSED_EXIT[why]
  }
}

export const newerFormat = (path: string, format: number | string): DataDirRefused =>
  new DataDirRefused(
    'foreign',
    `${path} has format ${format}: a newer version of this program wrote it. Start that version`,
  )

export const otherNode = (path: string, { theirs, ours }: Record<'theirs' | 'ours', string>) =>
  new DataDirRefused(
    'foreign',
    `${path} belongs to node ${theirs}, and this is node ${ours}: one node's memory is not ` +
      "another's. Give the agent a folder of its own, or the node id that the file names",
  )
