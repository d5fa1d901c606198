// Two members of one name (Serf, memberlist-wire §4). Who sees another with its own name asks the
// pool which of the two it knows, and goes if it is not the one that most know.
import { utf8 } from '../bytes.ts'
import type { Address } from '../wire/memberlist.ts'
import { addressText, type Member } from './member.ts'
import { CONFLICT_QUERY, startQuery } from './query.ts'
import { note, type Swim } from './swim.ts'

export function onConflict(swim: Swim, known: Member, other: Address): void {
  note(swim, { what: 'conflict', node: known.name, address: addressText(other) })
  if (known.name !== swim.name || !swim.options.resolvesConflicts) return
  if (swim.leaving.type !== 'no' || isVoting(swim)) return
  startQuery(
    swim,
    { name: CONFLICT_QUERY, payload: utf8(swim.name) },
    { type: 'conflict', votes: 0, votesForUs: 0 },
  )
}

const isVoting = ({ ownQueries }: Swim) =>
  [...ownQueries.values()].some(({ use }) => use.type === 'conflict')
