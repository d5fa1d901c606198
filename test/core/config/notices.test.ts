// What Consul's `validate` prints beside its verdict.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Answer, load } from './load.ts'

const notices = suite('config notices')

const AGENT = 'data_dir = "/d"\nbind_addr = "10.0.0.1"\n'

function noticesOf(hcl: string): readonly string[] {
  const files = { 'a.hcl': `${AGENT}${hcl}` }
  const answer: Answer = load({ profile: 'consul', purpose: 'check', files })
  if (!answer.ok) throw new Error(answer.consul)
  return answer.notices
}

const deprecated = (from: string, to: string) =>
  `The '${from}' field is deprecated. Use the '${to}' field instead.`
const enterprise = (key: string) =>
  `"${key}" is a Consul Enterprise configuration and will have no effect`

const CASES: readonly (readonly [hcl: string, ...notices: string[]])[] = [
  [''],
  ['server = true'],
  ['server = true\nbootstrap = true', 'bootstrap = true: do not enable unless necessary'],
  [
    'server = true\nbootstrap_expect = 1',
    'BootstrapExpect is set to 1; this is the same as Bootstrap mode.',
    'bootstrap = true: do not enable unless necessary',
  ],
  ['server = true\nbootstrap_expect = 3', 'bootstrap_expect > 0: expecting 3 servers'],
  [
    'ui = true\nacl_token = "x"\nstart_join = ["a"]',
    deprecated('acl_token', 'acl.tokens.default'),
    deprecated('start_join', 'retry_join'),
    deprecated('ui', 'ui_config.enabled'),
  ],
  [
    'segment = "s"\nnon_voting_server = true\nread_replica = true\nacl_ttl = "1s"',
    enterprise('read_replica (or the deprecated non_voting_server)'),
    enterprise('segment'),
    deprecated('acl_ttl', 'acl.token_ttl'),
  ],
  [
    'tls_prefer_server_cipher_suites = true',
    "The 'tls_prefer_server_cipher_suites' field is deprecated and will be ignored.",
  ],
  [
    'acl_enforce_version_8 = true',
    'config key "acl_enforce_version_8" is deprecated and should be removed',
  ],
  [
    'telemetry { prefix_filter = ["x", "+y"] }',
    `Filter rule must begin with either '+' or '-': "x"`,
  ],
  [
    'rpc { enable_streaming = true }',
    'rpc.enable_streaming = true has no effect when not running in server mode',
  ],
  [
    'node_name = "a_b"',
    'Node name "a_b" will not be discoverable via DNS due to invalid characters. ' +
      'Valid characters include all alpha-numerics and dashes.',
  ],
]

notices('speak of what is out of use, without effect, or dangerous', () => {
  for (const [hcl, ...said] of CASES) assert.equal(noticesOf(hcl), said, hcl)
})

notices.run()
