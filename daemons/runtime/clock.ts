// The one interval timer of the process, and the one place where clocks are read.
import { type Clock, TICK_MS } from '../../core/agent/events.ts'

export const readClock = (): Clock => ({ now: performance.now(), wall: Date.now() })

/** Calls back so often until the returned function is called. A late tick is not made up for. */
export function startTicking(onTick: () => void, everyMs = TICK_MS): () => void {
  const timer = setInterval(onTick, everyMs)
  return () => clearInterval(timer)
}

/** Resolves with a value after so many milliseconds. It keeps no process alive. */
export const pause = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(value), ms).unref()
  })
