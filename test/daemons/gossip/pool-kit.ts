// Members of a pool on real sockets of the loopback, and what they were told.
import type { MemberChange } from '../../../core/swim/effects.ts'
import { join, leave } from '../../../core/swim/server.ts'
import { PROFILES, type Settings } from '../../../core/swim/settings.ts'
import type { Address } from '../../../core/wire/memberlist.ts'
import { type Pool, type PoolEffect, type PoolOptions, startPool } from '../../../daemons/pool.ts'
import { within } from '../../kit/within.ts'

/** As stock members are in tests: the LAN profile. */
export const LAN = PROFILES.lan

/** Everything four times as fast, for pools of our own members only. */
const FAST: Settings = {
  ...PROFILES.lan,
  probeIntervalMs: 250,
  probeTimeoutMs: 100,
  gossipIntervalMs: 50,
  refusedTimeoutMs: 250,
  pushPullIntervalMs: 2_000,
  reconnectIntervalMs: 1_000,
  leavePropagateMs: 250,
  joinRetryMs: 100,
}

export interface Member {
  readonly name: string
  readonly pool: Pool
  readonly effects: PoolEffect[]
}

export interface Members {
  start(options: Partial<PoolOptions> & { readonly name: string }): Promise<Member>
}

/** Starts members as asked, and ends all of them, whatever happens. */
export async function withMembers(work: (members: Members) => Promise<void>): Promise<void> {
  const started: Member[] = []
  const start: Members['start'] = async (options) => {
    const effects: PoolEffect[] = []
    const pool = await startPool({
      bind: { ip: '127.0.0.1', port: 0 },
      settings: FAST,
      ...options,
      onEffect: (effect) => {
        effects.push(effect)
        options.onEffect?.(effect)
      },
    })
    const member = { name: options.name, pool, effects }
    started.push(member)
    return member
  }
  try {
    await work({ start })
  } finally {
    await Promise.all(started.map(({ pool }) => pool.close()))
  }
}

/** Resolves with the failures of a join, empty if all answered. */
export async function joinPool(
  member: Member,
  addresses: readonly Address[],
): Promise<readonly string[]> {
  const id = member.effects.length + 1
  member.pool.act((swim, now) =>
    join(swim, { id, addresses, mode: 'all', ignoresOldEvents: false, attempts: 1 }, now),
  )
  const joined = await within(10_000, () =>
    member.effects.find((effect) => effect.type === 'joined' && effect.join === id),
  )
  return joined.type === 'joined' ? joined.failures : []
}

export async function leavePool(member: Member): Promise<void> {
  member.pool.act(leave)
  await within(15_000, () => member.effects.some(({ type }) => type === 'left'), 'a leave')
}

/** `a:alive b:failed`, sorted. */
export const rosterOf = (member: Member): string =>
  member.pool.act((swim) =>
    [...swim.roster.values()]
      .map(({ name, status }) => `${name}:${status}`)
      .sort()
      .join(' '),
  )

export const tagsOf = (member: Member, name: string): Record<string, string> =>
  member.pool.act((swim) => Object.fromEntries(swim.roster.get(name)?.tags ?? []))

export const changesOf = (member: Member): [MemberChange, string][] =>
  member.effects.flatMap((effect) =>
    effect.type === 'members'
      ? effect.members.map(({ name }): [MemberChange, string] => [effect.change, name])
      : [],
  )

export const eventsOf = (member: Member): string[] =>
  member.effects.flatMap((effect) =>
    effect.type === 'event'
      ? [`${effect.event.name} ${Buffer.from(effect.event.payload).toString()}`]
      : [],
  )

export const notesOf = (member: Member, what: string) =>
  member.effects.flatMap((effect) =>
    effect.type === 'note' && effect.note.what === what ? [effect.note] : [],
  )
