// What must hold, and what must never be reached. A failed assertion is a bug of ours: nobody
// catches it, the process ends with exit code 70. Input from outside is never asserted, it is
// refused.

/** A broken invariant. Only the outermost loop of a program may see it, to report it and end. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new AssertionError(mustHold)
}

/**
 * Ends a switch over a union: the compiler proves that no case is missing, the runtime stops if one
 * was.
 */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`)
}

/** The value, which must be there by the logic of the caller. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new AssertionError(`${what} must be there`)
  return value
}
