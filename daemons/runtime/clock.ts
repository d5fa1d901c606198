// The one interval timer of the process, and the one place where clocks are read.
import { type Clock, TICK_MS } from '../../core/agent/events.ts'

export const readClock = (): Clock => ({ now: performance.now(), wall: Date.now() })

/** Calls back every TICK_MS until the returned function is called. A late tick is not made up for. */
export function startTicking(onTick: () => void): () => void {
  const timer = setInterval(onTick, TICK_MS)
  return () => clearInterval(timer)
}

/** Resolves after so many milliseconds. For the seams of a daemon's life, never for the order of things. */
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
