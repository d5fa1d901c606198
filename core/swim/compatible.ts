// Whether two parts of a pool can speak with one another (memberlist-wire §1.6): what every member
// speaks must lie within what every other one understands.
import type { NodeState, Versions } from '../wire/memberlist.ts'
import { STATES } from '../wire/memberlist.ts'
import type { Swim } from './swim.ts'

interface Span {
  low: number
  high: number
}

/** Why the pools do not fit; undefined if they do. */
export function misfit(swim: Swim, states: readonly NodeState[]): string | undefined {
  const theirs = states.filter(({ state }) => STATES[state] === 'alive')
  const members = [
    ...theirs.map(({ name, vsn }) => ({ name, versions: vsn })),
    ...swim.order.filter(({ state }) => state.type === 'alive'),
  ]
  const [protocol, delegate] = spansOf(members.map(({ versions }) => versions))
  for (const { name, versions } of members) {
    const { protocolCur, delegateCur } = versions
    if (!holds(protocol, protocolCur))
      return `${name} speaks protocol ${protocolCur}, all understand ${show(protocol)}`
    if (!holds(delegate, delegateCur))
      return `${name} speaks Serf ${delegateCur}, all understand ${show(delegate)}`
  }
  return undefined
}

function spansOf(all: readonly Versions[]): [Span, Span] {
  const protocol = { low: 0, high: 255 }
  const delegate = { low: 0, high: 255 }
  for (const versions of all) {
    narrow(protocol, versions.protocolMin, versions.protocolMax)
    narrow(delegate, versions.delegateMin, versions.delegateMax)
  }
  return [protocol, delegate]
}

function narrow(span: Span, low: number, high: number): void {
  span.low = Math.max(span.low, low)
  span.high = Math.min(span.high, high)
}

const holds = ({ low, high }: Span, value: number) => value >= low && value <= high
const show = ({ low, high }: Span) => `${low} to ${high}`
