// Manual recovery (raft-wire §2.8): when a majority is gone for good an operator writes down who
// is left, in peers.json, and starts each of them with it. Everything in the log counts then,
// committed or not: nobody is left to ask. The only way to lose or resurrect writes knowingly, and
// for an operator only.
import { ENTRY, type Entry, type Recovered } from '../entry.ts'
import { logIndex } from '../ids.ts'
import { createLog, lastPosition, NOWHERE } from './log.ts'
import { complaintAbout } from './membership.ts'
import type { Configuration, Server, ServerId, SnapshotMeta } from './messages.ts'
import { votersOf } from './quorum.ts'
import { configurationCodec } from './wire.ts'

export type PeersFile =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly why: string }

/** peers.json: a list of `{ "id", "address", "non_voter" }`. */
export function parsePeers(text: string): PeersFile {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { ok: false, why: `it is no JSON: ${error.message}` }
  }
  if (!Array.isArray(parsed)) return { ok: false, why: 'it is no list of servers' }
  const servers: Server[] = []
  for (const item of parsed) {
    const server = serverOf(item)
    if (server === undefined)
      return { ok: false, why: `${JSON.stringify(item)} is no {"id", "address", "non_voter"}` }
    servers.push(server)
  }
  const why = complaintAbout({ servers })
  return why === undefined ? { ok: true, configuration: { servers } } : { ok: false, why }
}

function serverOf(item: unknown): Server | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { id, address, non_voter = false } = item as Record<string, unknown> // looked at below
  if (typeof id !== 'string' || typeof address !== 'string') return undefined
  if (typeof non_voter !== 'boolean') return undefined
  return { id, address, suffrage: non_voter ? 'nonvoter' : 'voter' }
}

export interface Recovery {
  /** To be applied to the state of the old snapshot, in order. */
  readonly entries: readonly Entry[]
  /** Of a snapshot of the state after that. When it is durable the log begins anew behind it. */
  readonly snapshot: SnapshotMeta
}

/** How a server starts over with the given servers; undefined: there is nothing to start from. */
export function planRecovery(
  { entries, snapshot }: Recovered,
  configuration: Configuration,
): Recovery | undefined {
  // Not what a snapshot from elsewhere has made void: see createLog.
  const log = createLog(snapshot ?? NOWHERE, entries)
  const { index, term } = lastPosition(log)
  if (index === 0) return undefined
  return {
    entries: log.entries,
    snapshot: { index, term, configuration, configurationIndex: logIndex(1) },
  }
}

/**
 * Whether other voters can give this server back what its disk has lost, as far as that still tells
 * who there is; undefined: it does not.
 */
export function hasOtherVoters(
  { entries, snapshot }: Pick<Recovered, 'entries' | 'snapshot'>,
  self: ServerId,
): boolean | undefined {
  const entry = entries.findLast(({ type }) => type === ENTRY.configuration)
  const data = entry?.data ?? snapshot?.configuration?.data
  const configuration = data && configurationCodec.decode(data)
  return configuration && votersOf(configuration).some(({ id }) => id !== self)
}
