// Who is a majority. Only voters count, whatever else a configuration holds.
import { assert } from '../assert.ts'
import type { LogIndex } from '../ids.ts'
import { logIndex } from '../ids.ts'
import type { Configuration, Server, ServerId } from './messages.ts'

export const votersOf = ({ servers }: Configuration): readonly Server[] =>
  servers.filter(({ suffrage }) => suffrage === 'voter')

export const isVoter = (configuration: Configuration, id: ServerId): boolean =>
  configuration.servers.some((server) => server.id === id && server.suffrage === 'voter')

export const majorityOf = (count: number): number => Math.floor(count / 2) + 1

/** Whether those for whom `has` is true are a majority of the voters. Without voters nobody is. */
export function hasMajority({ servers }: Configuration, has: (id: ServerId) => boolean): boolean {
  let [voters, having] = [0, 0]
  for (const { id, suffrage } of servers) {
    if (suffrage !== 'voter') continue
    voters++
    if (has(id)) having++
  }
  return voters > 0 && having >= majorityOf(voters)
}

/**
 * The highest value that a majority of the voters has reached (Raft figure 2, the commit rule
 * without its term). Asked after every step of a leader: it makes one list and no more.
 */
export function majorityReached(
  { servers }: Configuration,
  reached: (id: ServerId) => number,
): number {
  const values: number[] = []
  for (const { id, suffrage } of servers) if (suffrage === 'voter') values.push(reached(id))
  if (values.length === 0) return 0
  values.sort((a, b) => b - a)
  const value = values[majorityOf(values.length) - 1]
  assert(value !== undefined, 'a majority is not larger than the whole')
  return value
}

export const majorityIndex = (
  configuration: Configuration,
  matched: (id: ServerId) => LogIndex,
): LogIndex => logIndex(majorityReached(configuration, matched))
