// Members that are gone for long are forgotten; those that failed are tried now and then, for the
// network may have healed (memberlist-wire §4).

import { startExchange } from './exchange.ts'
import { isUp } from './member.ts'
import { eraseMember } from './roster.ts'
import type { Swim } from './swim.ts'

export function reap(swim: Swim): void {
  const { now, settings } = swim
  for (const member of [...swim.roster.values()]) {
    if (member.goneAt === undefined) continue
    const kept =
      member.status === 'left' ? settings.tombstoneTimeoutMs : settings.reconnectTimeoutMs
    if (now - member.goneAt > kept) eraseMember(swim, member)
  }
  for (const [node, { heardAt }] of swim.intents)
    if (now - heardAt > settings.intentTimeoutMs) swim.intents.delete(node)
}

/**
 * One failed member at random; the less likely, the fewer have failed: the pool shares the work.
 */
export function reconnect(swim: Swim): void {
  const failed = [...swim.roster.values()].filter(({ status }) => status === 'failed')
  if (failed.length === 0) return
  const up = swim.order.filter(isUp).length
  if (!swim.prng.chance(failed.length / Math.max(1, up))) return
  const { name, address } = swim.prng.pick(failed)
  startExchange(swim, { to: address, use: { type: 'exchange', with: name }, join: true })
}
