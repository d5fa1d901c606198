// What the log says of a request that was answered, in the words of Consul's log.
import type { LogLine } from '../../core/log.ts'
import { formatDuration, type Instant } from '../../core/time.ts'
import type { Noted, Remote } from './connections.ts'

export function requestLine(noted: Noted, remote: Remote, now: Instant): LogLine {
  const fields = {
    method: noted.method,
    url: withoutToken(noted.target),
    from: fromText(remote),
    latency: formatDuration(now - noted.since),
  }
  return { level: 'debug', room: 'agent.http', message: 'Request finished', fields }
}

/** A token in a query is a secret. */
const withoutToken = (target: string): string => target.replace(/([?&]token=)[^&]+/g, '$1<hidden>')

/** A Unix socket has no address; Go shows it so. */
function fromText({ address, port }: Remote): string {
  if (address === '') return '@'
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
