// What an HTTP status from the agent means for the person who typed the command.
import { EXIT } from '../../core/errors.ts'
import type { Ask, Reply } from './client.ts'
import { Failure, type FailureParts } from './failure.ts'

/** What Consul's commands print before a reason, unless they have words of their own. */
export const DEFAULT_FAULT = 'Error querying Consul agent: '

export interface Refusal {
  readonly ask: Ask
  /** The agent's address. */
  readonly shown: string
}

/** The failure that a refusing answer stands for. The server's text is the reason, whole. */
export function explainStatus(reply: Reply, { ask, shown }: Refusal): Failure {
  const said = reply.body.toString('utf8').trim()
  const fault = ask.fault ?? DEFAULT_FAULT
  return new Failure({
    ...meaningOf(reply.status, said),
    why: said === '' ? `status ${reply.status} from ${shown}` : said,
    consul: `${fault}Unexpected response code: ${reply.status} (${said})`,
  })
}

function meaningOf(status: number, said: string): FailureParts {
  if (isLeaderless(status, said)) {
    return {
      code: 'no_leader',
      what: 'no leader: writes and consistent reads cannot be served',
      next: ['lictor doctor', 'lictor wait leader -timeout 30s'],
      exit: EXIT.noLeader,
    }
  }
  if (status === 401 || status === 403) {
    return {
      code: 'forbidden',
      what: 'permission denied',
      next: ['give a token: -token-file FILE, or CONSUL_HTTP_TOKEN_FILE'],
      exit: EXIT.permission,
    }
  }
  if (status === 429 || status === 503) {
    return {
      code: 'unavailable',
      what: 'the agent cannot serve this now',
      next: ['try again'],
      exit: EXIT.noLeader,
    }
  }
  if (status === 501) {
    return { code: 'not_built', what: 'the agent cannot do this', exit: EXIT.notBuilt }
  }
  if (status === 404) return { code: 'not_found', what: 'not found', exit: EXIT.no }
  const wrongUse = status === 400 || status === 405 || status === 413
  return {
    code: wrongUse ? 'bad_request' : 'refused',
    what: 'the agent refuses',
    exit: wrongUse ? EXIT.usage : EXIT.no,
  }
}

const isLeaderless = (status: number, said: string): boolean =>
  status === 500 && /no cluster leader|leadership lost/i.test(said)
