// One server and nobody else: what it is given, and what it answers. Its disk takes everything at
// once.
import { utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { checkThoroughly } from '../../../core/raft/invariants.ts'
import type { RaftReply, RaftRequest, Server } from '../../../core/raft/messages.ts'
import { createRaft, drainRaft, type Raft, type RaftEffect } from '../../../core/raft/raft.ts'
import { onCall, onPersisted } from '../../../core/raft/server.ts'
import { configurations, peerOf, SETTINGS, votersNamed } from './cluster.ts'

export interface Given {
  readonly term: number
  /** Who has its vote; '': nobody. As it stands on the disk. */
  readonly votedFor?: string
  /** Terms of the entries behind the first, which names the voters. */
  readonly terms: readonly number[]
  readonly voters?: readonly string[]
  readonly servers?: readonly Server[]
  readonly boot?: 'again' | 'damaged'
  readonly settings?: Partial<typeof SETTINGS>
}

/** The first entry is of term 1 and brings the voters; commands follow. */
function entriesOf(terms: readonly number[], first: Entry): Entry[] {
  const commands = terms.map((inTerm, at): Entry => commandAt(at + 2, inTerm))
  return [first, ...commands]
}

export const commandAt = (index: number, inTerm: number): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  type: ENTRY.command,
  data: utf8(`${index}/${inTerm}`),
})

export function configurationAt(index: number, inTerm: number, servers: readonly Server[]): Entry {
  const data = configurations.encode({ servers })
  return { index: logIndex(index), term: term(inTerm), type: ENTRY.configuration, data }
}

/** Server `a`, as it comes up. */
export function serverWith(given: Given): Raft {
  const servers = given.servers ?? votersNamed(given.voters ?? ['a', 'b', 'c']).servers
  const raft = createRaft({
    self: peerOf('a'),
    settings: { ...SETTINGS, ...given.settings },
    prng: createPrng(1),
    configurations,
    recovered: {
      vote: { term: term(given.term), votedFor: given.votedFor ?? '' },
      snapshot: undefined,
      entries: entriesOf(given.terms, configurationAt(1, 1, servers)),
    },
    snapshot: undefined,
    now: 0,
    boot: given.boot ?? 'again',
  })
  settle(raft)
  return raft
}

/** Does what the disk is asked for until it is asked for nothing. Returns all other effects. */
function settle(raft: Raft): RaftEffect[] {
  const others: RaftEffect[] = []
  for (let effects = drainRaft(raft); effects.length > 0; effects = drainRaft(raft))
    for (const effect of effects)
      if (effect.type === 'persist') onPersisted(raft, effect.persist.token, raft.now)
      else others.push(effect)
  checkThoroughly(raft)
  return others
}

/** What `from` is answered, and what else comes of it. */
export function ask(
  raft: Raft,
  from: string,
  request: RaftRequest,
): { readonly reply: RaftReply | undefined; readonly effects: readonly RaftEffect[] } {
  onCall(raft, { id: 1, from: peerOf(from), request }, raft.now)
  const effects = settle(raft)
  const reply = effects.flatMap((effect) => (effect.type === 'reply' ? [effect.reply] : []))
  return { reply: reply[0], effects }
}

export const termsOf = (raft: Raft): number[] => raft.log.entries.map(({ term: each }) => each)
