// The flags of every command that speaks to an agent, with Consul's names. What concerns an agent
// alone (its members, its maintenance) has no datacenter to choose, and nothing could be stale.
import { boolean, duration, type Flags, optional } from './declare.ts'

const GROUP = { group: 'connection' } as const

export const AGENT_HTTP_FLAGS = {
  'http-addr': optional(
    'where the agent listens: host:port, http://, https:// or unix://, path prefix allowed',
    {
      ...GROUP,
      placeholder: 'ADDR',
      env: ['CONSUL_HTTP_ADDR'],
    },
  ),
  token: optional('the ACL token; better give a file, arguments are visible to others', {
    ...GROUP,
    placeholder: 'TOKEN',
    env: ['CONSUL_HTTP_TOKEN'],
  }),
  'token-file': optional('file that holds the ACL token', {
    ...GROUP,
    placeholder: 'FILE',
    env: ['CONSUL_HTTP_TOKEN_FILE'],
    completes: 'file',
  }),
  'ca-file': optional('certificates of the authorities to trust, as PEM', {
    ...GROUP,
    placeholder: 'FILE',
    env: ['CONSUL_CACERT'],
    completes: 'file',
  }),
  'ca-path': optional('folder of such files', {
    ...GROUP,
    placeholder: 'DIR',
    env: ['CONSUL_CAPATH'],
    completes: 'file',
  }),
  'client-cert': optional('our certificate, where the agent asks for one', {
    ...GROUP,
    placeholder: 'FILE',
    env: ['CONSUL_CLIENT_CERT'],
    completes: 'file',
  }),
  'client-key': optional('the key of our certificate', {
    ...GROUP,
    placeholder: 'FILE',
    env: ['CONSUL_CLIENT_KEY'],
    completes: 'file',
  }),
  'tls-server-name': optional('the name to expect in the certificate of the agent', {
    ...GROUP,
    placeholder: 'NAME',
    env: ['CONSUL_TLS_SERVER_NAME'],
  }),
  namespace: optional('Consul Enterprise only', {
    ...GROUP,
    placeholder: 'NAME',
    env: ['CONSUL_NAMESPACE'],
  }),
  partition: optional('Consul Enterprise only', {
    ...GROUP,
    placeholder: 'NAME',
    env: ['CONSUL_PARTITION'],
  }),
  timeout: duration('give up when no answer came in this time (default 60s)', {
    ...GROUP,
    only: 'lictor',
  }),
  trace: boolean('show each HTTP exchange on stderr as a curl command, tokens hidden', {
    ...GROUP,
    only: 'lictor',
  }),
} as const satisfies Flags

export const HTTP_FLAGS = {
  ...AGENT_HTTP_FLAGS,
  datacenter: optional('ask this datacenter, not the one of the agent', {
    ...GROUP,
    placeholder: 'DC',
  }),
  stale: boolean('let any server answer, even one that lags behind the leader', GROUP),
} as const satisfies Flags

export type HttpFlags = typeof HTTP_FLAGS
/** What a client needs to know: a command need not have the rest. */
export type AgentHttpFlags = typeof AGENT_HTTP_FLAGS
