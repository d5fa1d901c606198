// Alias checks mirror the checks of a service or a node: the worst of them wins (consul-surface
// 7.2). Checks of the node count for each of its services, and so an alias that is itself a check
// of that node sees itself: it begins critical and stays so, as in Consul.
import { quoteGo } from '../quote.ts'
import type { Status } from './records.ts'

/** A check as an alias sees it, from this agent or from the catalog. */
export interface Seen {
  readonly name: string
  readonly status: string
  readonly output: string
  /** Empty: a check of the node. */
  readonly serviceId: string
}

export interface Mirrored {
  readonly status: Status
  readonly output: string
}

export interface Aliased {
  /** Empty: the node. */
  readonly serviceId: string
  /** Empty: of this agent, which Consul does not name. */
  readonly nodeName: string
  /** The checks of the node and of all services on it. */
  readonly checks: Iterable<Seen>
  readonly serviceExists: boolean
}

export function mirror({ serviceId, nodeName, checks, serviceExists }: Aliased): Mirrored {
  const seen = [...checks].filter((one) => one.serviceId === '' || one.serviceId === serviceId)
  const isThere = serviceExists || seen.some((one) => one.serviceId === serviceId)
  if (!isThere) {
    const output = `Service ${serviceId} could not be found on node ${nodeName}`
    return { status: 'critical', output }
  }
  const worst = seen.find(isCritical) ?? seen.findLast(({ status }) => status === 'warning')
  if (worst !== undefined) return failing(isCritical(worst) ? 'critical' : 'warning', worst)
  const output = seen.length === 0 ? 'No checks found.' : 'All checks passing.'
  return { status: 'passing', output }
}

const isCritical = ({ status }: Seen): boolean => status === 'critical'

/** Aliases that see themselves or each other quote each other: to this depth, not for ever. */
const QUOTES_MAX = 4
const QUOTE = 'Aliased check '

function failing(status: Status, { name, output }: Seen): Mirrored {
  if (output.split(QUOTE).length > QUOTES_MAX) return { status, output }
  return { status, output: `${QUOTE}${quoteGo(name)} failing: ${output}` }
}
