// Local health (Lifeguard, LHA-Probe): a member that misses what it should have heard doubts itself
// first. The score stretches the time that our probes are given, so that a slow member accuses
// fewer healthy ones.

export interface Awareness {
  /** 0 is healthy; at most `max - 1`. */
  score: number
  readonly max: number
}

export const createAwareness = (max: number): Awareness => ({ score: 0, max })

/** Positive for evidence against us, negative for evidence that we are well. */
export function adjustAwareness(awareness: Awareness, delta: number): void {
  awareness.score = Math.min(Math.max(awareness.score + delta, 0), awareness.max - 1)
}

/** An interval of ours, stretched by our own bad health. */
export const stretched = (awareness: Awareness, ms: number): number => ms * (awareness.score + 1)
