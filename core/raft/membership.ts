// Changing who takes part, one server at a time (Thesis §4.1), with the correction of 2015: not
// before an entry of the leader's own term is committed, and not while another change is pending
// (M30, M31). No joint consensus: peers on hashicorp/raft have none.
import { unreachable } from '../assert.ts'
import { ENTRY } from '../entry.ts'
import { type LogIndex, term } from '../ids.ts'
import { addEntry, furthestVoter, type Leadership } from './leader.ts'
import { lastIndex } from './log.ts'
import type { Configuration, Server, ServerId } from './messages.ts'
import type { Progress } from './progress.ts'
import { votersOf } from './quorum.ts'
import { configurationOf, latest, type Raft } from './raft.ts'
import { knowsCommit } from './reads.ts'

interface NewServer {
  readonly id: ServerId
  readonly address: string
}

/** `onlyAt`: refused unless the configuration in force came with this entry. */
export type MembershipChange = { readonly onlyAt?: LogIndex } & (
  | /** Adds a server, or gives a known one its vote or a new address. */ {
      readonly type: 'add-voter'
      readonly server: NewServer
    }
  /** Adds a server without a vote; a voter stays one and gets the address. */
  | { readonly type: 'add-nonvoter'; readonly server: NewServer }
  | { readonly type: 'demote'; readonly id: ServerId }
  | { readonly type: 'remove'; readonly id: ServerId }
)

export type Changed =
  | { readonly ok: true; readonly index: LogIndex }
  | { readonly ok: false; readonly why: string }

const refused = (why: string): Changed => ({ ok: false, why })

/** Proposes the change. It is in force at once, agreed on when the entry `index` is committed. */
export function changeMembership(raft: Raft, change: MembershipChange): Changed {
  const why = whyNotNow(raft, change) ?? whyNever(configurationOf(raft), change)
  if (why !== undefined) return refused(why)
  const next = applyChange(configurationOf(raft), change)
  const data = raft.configurations.encode(next)
  return { ok: true, index: addEntry(raft, ENTRY.configuration, data) }
}

function whyNotNow(raft: Raft, { onlyAt }: MembershipChange): string | undefined {
  const { role } = raft
  if (role.type !== 'leader') return 'this server does not lead'
  if (role.transfer !== undefined) return 'the leadership is being transferred'
  if (raft.full !== undefined) return 'the disk of the leader is full'
  if (!knowsCommit(raft)) return 'this leader has not committed an entry of its term yet'
  const { index } = latest(raft)
  if (index > raft.commit) return 'another change is pending'
  if (onlyAt !== undefined && onlyAt !== index)
    return `the configuration is that of entry ${index}, not of ${onlyAt}`
  return undefined
}

function whyNever(configuration: Configuration, change: MembershipChange): string | undefined {
  const isKnown = (id: ServerId) => configuration.servers.some((server) => server.id === id)
  if ((change.type === 'demote' || change.type === 'remove') && !isKnown(change.id))
    return `no server has the id ${change.id}`
  return complaintAbout(applyChange(configuration, change))
}

/** The configuration after a change. One that changes nothing is said once more. */
function applyChange({ servers }: Configuration, change: MembershipChange): Configuration {
  switch (change.type) {
    case 'add-voter':
      return { servers: withServer(servers, { ...change.server, suffrage: 'voter' }) }
    case 'add-nonvoter': {
      const known = servers.find(({ id }) => id === change.server.id)
      const suffrage = known?.suffrage ?? 'nonvoter'
      return { servers: withServer(servers, { ...change.server, suffrage }) }
    }
    case 'demote':
      return {
        servers: servers.map((server) =>
          server.id === change.id ? { ...server, suffrage: 'nonvoter' as const } : server,
        ),
      }
    case 'remove':
      return { servers: servers.filter(({ id }) => id !== change.id) }
    default:
      return unreachable(change)
  }
}

const withServer = (servers: readonly Server[], server: Server): readonly Server[] =>
  servers.some(({ id }) => id === server.id)
    ? servers.map((known) => (known.id === server.id ? server : known))
    : [...servers, server]

/** What is wrong with a configuration; undefined: nothing. */
export function complaintAbout(configuration: Configuration): string | undefined {
  const { servers } = configuration
  if (servers.some(({ id, address }) => id === '' || address === ''))
    return 'a server needs an id and an address'
  if (new Set(servers.map(({ id }) => id)).size < servers.length) return 'two servers have one id'
  if (new Set(servers.map(({ address }) => address)).size < servers.length)
    return 'two servers have one address'
  return votersOf(configuration).length === 0 ? 'no voter would be left' : undefined
}

/** Why the cluster cannot begin with this server and this configuration; undefined: it can. */
export function whyNoBootstrap(raft: Raft, configuration: Configuration): string | undefined {
  const isBlank = lastIndex(raft.log) === 0 && raft.vote.term === term(0)
  if (!isBlank) return 'this server has a state already'
  if (raft.quarantine !== undefined) return 'this server has lost a state'
  if (!configuration.servers.some(({ id }) => id === raft.self.id))
    return 'this server is not among them'
  return complaintAbout(configuration)
}

/** Begins to hand the leadership over. Without a target the voter that is furthest takes it. */
export function transferLeadership(raft: Raft, to?: ServerId): Changed {
  const { role } = raft
  if (role.type !== 'leader') return refused('this server does not lead')
  if (role.transfer !== undefined) return refused('the leadership is being transferred')
  const target = targetOf(raft, role, to)
  if (target === undefined)
    return refused(to === undefined ? 'there is no other voter' : `no other voter has the id ${to}`)
  const deadline = raft.now + raft.settings.electionMs
  role.transfer = { to: { id: target.id, address: target.address }, deadline, told: false }
  return { ok: true, index: lastIndex(raft.log) }
}

function targetOf(
  raft: Raft,
  leadership: Leadership,
  to: ServerId | undefined,
): Server | undefined {
  if (to === undefined) return furthestVoter(raft, leadership)
  if (to === raft.self.id) return undefined
  return votersOf(configurationOf(raft)).find(({ id }) => id === to)
}

/** Gives a nonvoter its vote that has kept up for as long as the rule wants it. */
export function maybePromote(raft: Raft, { followers }: Leadership): void {
  const { promotion } = raft.settings
  if (promotion === undefined) return
  for (const progress of followers.values()) {
    if (progress.isVoter || progress.leavesAt !== undefined) continue
    noteSteadiness(raft, progress, promotion.trailingMax)
    const { steadySince, peer } = progress
    if (steadySince === undefined || raft.now < steadySince + promotion.steadyMs) continue
    if (changeMembership(raft, { type: 'add-voter', server: peer }).ok) return
  }
}

function noteSteadiness(raft: Raft, progress: Progress, trailingMax: number): void {
  const isHeard = progress.heardAt > raft.now - raft.settings.leaseMs
  const isNear = progress.match > 0 && lastIndex(raft.log) - progress.match <= trailingMax
  if (!isHeard || !isNear) progress.steadySince = undefined
  else progress.steadySince ??= raft.now
}
