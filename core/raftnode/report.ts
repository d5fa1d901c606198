// What a server tells of itself: the answers of its control socket, and the lines made of them.
import { base64, textOf } from '../bytes.ts'
import { ENTRY, type Entry, type EntryType } from '../entry.ts'
import { lastIndex } from '../raft/log.ts'
import type { Peer, Server } from '../raft/messages.ts'
import { configurationOf, type Raft } from '../raft/raft.ts'
import { configurationCodec } from '../raft/wire.ts'

export interface NodeReport {
  readonly id: string
  readonly address: string
  readonly role: 'leader' | 'follower' | 'candidate'
  readonly term: number
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly lastIndex: number
  /** Of what the newest snapshot covers; 0: there is none. */
  readonly snapshotIndex: number
  /** As far as it knows; null: nobody. */
  readonly leader: Peer | null
  /** When it last heard its leader; 0 for the leader itself. */
  readonly lastContactMs: number
  readonly servers: readonly Server[]
  /** It has lost something and does not vote before it has everything again. */
  readonly quarantined: boolean
}

export function reportOf(raft: Raft, now: number): NodeReport {
  const { self, role, vote, commit, delivered, log, snapshot, leader, lastContact } = raft
  return {
    id: self.id,
    address: self.address,
    role: role.type,
    term: vote.term,
    commitIndex: commit,
    appliedIndex: delivered,
    lastIndex: lastIndex(log),
    snapshotIndex: snapshot?.index ?? 0,
    leader: leader === undefined ? null : { id: leader.id, address: leader.address },
    lastContactMs: role.type === 'leader' ? 0 : Math.round(now - lastContact),
    servers: configurationOf(raft).servers,
    quarantined: raft.quarantine !== undefined,
  }
}

/** `Node 1: LEADER (term 5, commit index 42)` */
export const reportLine = ({ id, role, term, commitIndex }: NodeReport): string =>
  `Node ${id}: ${role.toUpperCase()} (term ${term}, commit index ${commitIndex})`

export interface EntryReport {
  readonly index: number
  readonly term: number
  readonly type: 'command' | 'noop' | 'barrier' | 'configuration'
  /** Of a command, if it is text. */
  readonly command?: string
  /** Of a command that is none. */
  readonly base64?: string
  readonly servers?: readonly Server[]
}

export function entryReport({ index, term, type, data }: Entry): EntryReport {
  const common = { index, term, type: NAMES[type] }
  if (type === ENTRY.configuration)
    return { ...common, servers: configurationCodec.decode(data)?.servers ?? [] }
  if (type !== ENTRY.command) return common
  const text = textOf(data)
  return text.includes('\ufffd')
    ? { ...common, base64: base64(data) }
    : { ...common, command: text }
}

const NAMES: Readonly<Record<EntryType, EntryReport['type']>> = {
  [ENTRY.command]: 'command',
  [ENTRY.noop]: 'noop',
  [ENTRY.barrier]: 'barrier',
  [ENTRY.configuration]: 'configuration',
}

/** What an entry says, in a line. */
export function entryText({ type, command, base64: bytes, servers }: EntryReport): string {
  if (servers !== undefined) return `${type} ${servers.map(serverText).join(', ')}`
  return command ?? (bytes === undefined ? type : `${type} ${bytes} (base64)`)
}

const serverText = ({ id, suffrage }: Server): string =>
  suffrage === 'voter' ? id : `${id} (no vote)`
