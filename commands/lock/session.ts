// The session that holds a lock: renewed until it is no longer needed, and given up for lost as
// soon as the agent may have ended it.
import { formatDuration } from '../../core/time.ts'
import type { Client } from '../kit/client.ts'
import { isFailure } from '../kit/failure.ts'
import { pause } from '../kit/pause.ts'

export interface Keeper {
  readonly id: string
  /** Aborted when the session may have ended: what it holds is no longer ours. */
  readonly lost: AbortSignal
  /** Ends it; what it still holds is let go. */
  end(): Promise<void>
}

/** Long enough for a leader to change, short enough for others to wait for a holder that died. */
const TTL_MS = 15_000
/** So that two renewals may fail. */
const RENEW_MS = TTL_MS / 3
/**
 * Before the TTL is over: a share of it, for clocks that do not run alike, and a second, for a
 * machine that was busy. In this time what runs under the lock has to end.
 */
export const MARGIN_MS = TTL_MS / 10 + 1_000
const RETRY_MS = 1_000
/** Nobody waits longer for a session to be ended. */
const END_MS = 5_000
const FAULT = 'Lock acquisition failed: failed to create session: '

export interface SessionWish {
  readonly name: string
  /** What becomes of its keys: a lock stays for the next, the key of who wants a seat does not. */
  readonly behavior: 'release' | 'delete'
}

export async function keepSession(client: Client, wish: SessionWish): Promise<Keeper> {
  const { name: Name, behavior: Behavior } = wish
  const body = JSON.stringify({ Name, TTL: formatDuration(TTL_MS), Behavior })
  const begun = performance.now()
  const id = (await client.call('PUT /v1/session/create', { body, fault: FAULT })).value().ID
  const [over, lost] = [new AbortController(), new AbortController()]
  // The agent ends a session a TTL after the last renewal at the earliest. From then on nothing is
  // certain, whatever keeps us from renewing: a dead agent, or Ctrl-Z.
  const giveUpIn = (sent: number) => TTL_MS - MARGIN_MS - (performance.now() - sent)
  let timer = setTimeout(() => lost.abort(), giveUpIn(begun))
  const onRenewed = (sent: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => lost.abort(), giveUpIn(sent))
  }
  const renewing = renewLoop({ client, id, stop: over.signal, onRenewed })
  const done = renewing.then((end) => end === 'gone' && lost.abort())
  return {
    id,
    lost: lost.signal,
    end: async () => {
      over.abort()
      await done
      clearTimeout(timer)
      await destroy(client, id)
    },
  }
}

/** One that cannot be reached ends by itself, a TTL later. */
async function destroy(client: Client, session: string): Promise<void> {
  const signal = AbortSignal.timeout(END_MS)
  try {
    await client.call('PUT /v1/session/destroy/*session', { params: { session }, signal })
  } catch (error) {
    if (!isFailure(error)) throw error
  }
}

interface Renewing {
  readonly client: Client
  readonly id: string
  readonly stop: AbortSignal
  /** Told when the request was sent that the agent has answered. */
  readonly onRenewed: (sent: number) => void
}

/** Ends when it is told to, or when the session is gone. What fails otherwise is tried again. */
async function renewLoop({ client, id, stop, onRenewed }: Renewing): Promise<'stopped' | 'gone'> {
  let waitMs = RENEW_MS
  for (;;) {
    await pause(waitMs, stop)
    if (stop.aborted) return 'stopped'
    const sent = performance.now()
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(RENEW_MS)])
      const args = { params: { session: id }, accept: [404], signal }
      const { status } = await client.call('PUT /v1/session/renew/*session', args)
      if (status === 404) return 'gone'
      onRenewed(sent)
      waitMs = RENEW_MS
    } catch (error) {
      if (!isFailure(error)) throw error
      waitMs = RETRY_MS
    }
  }
}
