// Deadlines. uvu has none of its own: a test that waits for the world waits in here, and a hang
// becomes a failure with a name. They tell a hang from a wait and nothing else: how fast something
// is, the bench measures.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/** What a condition may say while it does not hold yet. */
type NotYet = false | undefined | null

const POLL_MS = 10

/**
 * A test names the time that is ample on a quiet machine. So many times longer it is waited for: a
 * slow machine, or one with other work, is no failure, and where all is well nobody waits.
 */
const PATIENCE = 8

export const patient = (ms: number): number => ms * PATIENCE

/**
 * Asks again and again until the condition holds, and hands over what it answered. A condition that
 * throws does not hold yet.
 */
export async function within<T>(
  ms: number,
  until: () => Promise<T | NotYet> | T | NotYet,
  what = 'the condition',
): Promise<T> {
  const deadline = performance.now() + patient(ms)
  let cause: unknown
  for (;;) {
    try {
      const answer = await limited(deadline - performance.now(), until, what)
      if (answer !== false && answer !== undefined && answer !== null) return answer
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() >= deadline)
      throw new Error(`${what}: not within ${patient(ms)} ms`, { cause })
    await pause(POLL_MS)
  }
}

/**
 * The result of the work, or a failure once its time is up. The work itself is not stopped: close
 * what it uses.
 */
export const before = <T>(ms: number, work: () => Promise<T> | T, what: string): Promise<T> =>
  limited(patient(ms), work, what)

async function limited<T>(ms: number, work: () => Promise<T> | T, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer in time`)), Math.max(ms, 1))
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
