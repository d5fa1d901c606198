// How a command may end besides with a value: refused by the state it met. Expected, therefore a
// value, not an exception.

export interface Refused {
  /** What the client reads, without the words that its endpoint puts before it. */
  readonly refused: string
}

export const refused = (why: string): Refused => ({ refused: why })

export const isRefused = (result: unknown): result is Refused =>
  typeof result === 'object' && result !== null && 'refused' in result
