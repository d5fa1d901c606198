// What goes along with a write of the log for another file of the data folder: one wait for the
// disk makes both durable. The log holds the bytes and where they belong; at start they are put
// there, and before the log leaves the segment they are in, the file itself is synced.

export interface Redo {
  /** Of the file, which gets another one whenever it is written anew. */
  readonly generation: number
  /** Offset in it. */
  readonly at: number
  readonly bytes: Uint8Array
}

export interface Passenger {
  readonly redo: Redo
  /** Makes durable in the file itself all that ever went along for it. */
  settle(): Promise<'saved' | 'full'>
}
