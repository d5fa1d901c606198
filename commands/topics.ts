// Help that belongs to no single command: `lictor help TOPIC`, and the last sections of lictor(1).
import { EXIT } from '../core/errors.ts'

export interface Topic {
  readonly title: string
  /** Paragraphs. */
  readonly intro: readonly string[]
  readonly rows: readonly (readonly [string, string])[]
}

const EXIT_ROWS: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'done, or the answer is yes'],
  [EXIT.no, 'the answer is no, or the state refused: no such key, CAS lost'],
  [EXIT.usage, 'wrong use, or wrong configuration'],
  [EXIT.nobody, 'nobody there: no daemon, connection refused, no socket'],
  [EXIT.noLeader, 'no leader or no quorum: try again'],
  [EXIT.permission, 'permission denied'],
  [EXIT.timeout, 'time is up'],
  [EXIT.inconclusive, 'inconclusive'],
  [EXIT.notBuilt, 'this program is not in this version'],
  [EXIT.bug, 'a bug of ours: please report it'],
  [EXIT.disk, 'the disk failed: stopped, so that nothing false is acknowledged'],
  [130, 'interrupted (SIGINT); 143: terminated (SIGTERM)'],
]

export const TOPICS: Readonly<Record<string, Topic>> = {
  environment: {
    title: 'Environment variables',
    intro: [
      'Flags beat variables. Each CONSUL_ variable also works with the prefix LICTOR_, which ' +
        'then counts first. Called as consul, only the CONSUL_ names are read.',
    ],
    rows: [
      ['CONSUL_HTTP_ADDR', 'where the agent listens; default 127.0.0.1:8500'],
      ['CONSUL_HTTP_TOKEN', 'the ACL token'],
      ['CONSUL_HTTP_TOKEN_FILE', 'file that holds it; beats CONSUL_HTTP_TOKEN'],
      ['CONSUL_HTTP_AUTH', 'user:password for basic authentication'],
      ['CONSUL_HTTP_SSL', 'true: speak HTTPS'],
      ['CONSUL_HTTP_SSL_VERIFY', 'false: trust any certificate'],
      ['CONSUL_CACERT', 'file with the authorities to trust'],
      ['CONSUL_CAPATH', 'folder of such files'],
      ['CONSUL_CLIENT_CERT', 'our certificate'],
      ['CONSUL_CLIENT_KEY', 'the key of our certificate'],
      ['CONSUL_TLS_SERVER_NAME', 'the name to expect in the certificate of the agent'],
      ['CONSUL_NAMESPACE', 'sent as it is; Enterprise only'],
      ['CONSUL_PARTITION', 'sent as it is; Enterprise only'],
      ['LICTOR_RUNTIME_DIR', 'folder of the control sockets'],
      ['NO_COLOR', 'no colours; -color beats it'],
      ['FORCE_COLOR', 'colours even into a pipe; 0: none'],
      ['CLICOLOR', '0: no colours; CLICOLOR_FORCE: colours even into a pipe'],
    ],
  },
  'exit-codes': {
    title: 'Exit codes',
    intro: [
      'Called as consul, the codes of Consul apply: 1 for nearly everything, 127 for an ' +
        'unknown command.',
    ],
    rows: EXIT_ROWS.map(([code, about]) => [String(code), about] as const),
  },
  formatting: {
    title: 'Output',
    intro: [
      'Data goes to standard output, everything else to standard error. Tables are for people ' +
        'and may change; JSON is for programs and stays.',
      'Streams such as watch print one JSON object per line: seq counts from 1, ts is the time, ' +
        'op is snapshot, create, update, delete or heartbeat.',
    ],
    rows: [
      ['-json', 'one JSON value; lists are arrays; what the API answers is not changed'],
      [
        '-json and an error',
        '{"error":{"code","message","hint"}} on standard error, nothing on standard output',
      ],
      ['-plain', 'tables separated by tabs, without a header'],
      [
        '-color, -no-color',
        'beat NO_COLOR, FORCE_COLOR and CLICOLOR; without any, a terminal has colours',
      ],
      ['numbers', 'exact up to 64 bits: the flags of keys are never rounded'],
    ],
  },
  files: {
    title: 'Files and sockets',
    intro: ['Nothing else is read or written.'],
    rows: [
      ['-data-dir', 'the state of an agent: log, snapshots, node id; its own user only'],
      ['-config-file, -config-dir', 'configuration, see lictor-config(5)'],
      ['$LICTOR_RUNTIME_DIR', 'control sockets and records of daemons: KIND-PORT.sock and .json'],
      [
        '$XDG_RUNTIME_DIR/lictor',
        'the same, if that is set; /run/lictor for root; else in $TMPDIR',
      ],
    ],
  },
  ports: {
    title: 'Ports',
    intro: [
      'Each can be moved by a flag or by the block ports of the configuration; 0 takes any ' +
        'free one, -1 none.',
    ],
    rows: [
      ['8500', 'HTTP API (-http-port)'],
      ['8600', 'DNS (-dns-port)'],
      ['8300', 'between servers (-server-port)'],
      ['8301', 'gossip, TCP and UDP (-serf-lan-port)'],
      ['8302', 'gossip between datacenters (-serf-wan-port)'],
    ],
  },
}
