// The signals that ask a command to end, for commands that have to tidy up first.
import { ENDING } from './child.ts'

export interface Ending {
  /** Aborted by the first of them. */
  readonly asked: AbortSignal
  /** Which it was. */
  first(): NodeJS.Signals | undefined
  /** From now on they do again what they do by themselves. */
  close(): void
}

/** The second signal is one too many to go on tidying: it ends us at once. */
export function listenForEnding(): Ending {
  const asked = new AbortController()
  let first: NodeJS.Signals | undefined
  const listener = (signal: NodeJS.Signals) => {
    if (first === undefined) {
      first = signal
      asked.abort()
      return
    }
    close()
    process.kill(process.pid, signal)
  }
  const close = () => {
    for (const signal of ENDING) process.off(signal, listener)
  }
  for (const signal of ENDING) process.on(signal, listener)
  return { asked: asked.signal, first: () => first, close }
}
