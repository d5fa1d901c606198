import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AssertionError } from '../../../core/assert.ts'
import { concatBytes, hex, parseHex, utf8 } from '../../../core/bytes.ts'
import {
  type Command,
  decodeCommand,
  encodeCommand,
  encodeRemembered,
} from '../../../core/fsm/commands.ts'
import type { TxnOp } from '../../../core/txn/records.ts'
import { fc } from '../../kit/property.ts'
import { anyCommand, kv } from './commands-any.ts'

const commands = suite('commands')

commands(
  'every command survives the way into the log and back, with all its fields in order',
  () => {
    fc.assert(
      fc.property(anyCommand, (command) => {
        const back = decodeCommand(encodeCommand(command))
        assert.equal(back, command)
        assert.is(shown(back), shown(command))
      }),
      { numRuns: 500 },
    )
  },
)

commands('a command is remembered until it is read, and no longer than that', () => {
  const command = kv('set', 'a')
  const data = encodeRemembered(command)
  assert.is(decodeCommand(data), command)
  const again = decodeCommand(data)
  assert.is.not(again, command, 'from the bytes')
  assert.equal(again, command)
})

/** The order of fields and of dictionaries counts: both are printed. */
const shown = (command: Command): string =>
  JSON.stringify(command, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : sortedMaps(value),
  )

/**
 * Dictionaries are written sorted; records keep their order. Here only dictionaries have such
 * names.
 */
function sortedMaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const names = Object.keys(value)
  if (
    !names.some((name) =>
      ['1', 'b', '__proto__', 'ä', 'n1', 'N1', 'n2', 'web', 'db', ''].includes(name),
    )
  )
    return value
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
}

const ON_CATALOG: readonly TxnOp[] = [
  {
    kind: 'node',
    verb: 'cas',
    node: {
      id: '',
      name: 'n',
      address: 'a',
      datacenter: 'd',
      taggedAddresses: null,
      meta: null,
      locality: null,
    },
    index: 7,
  },
  {
    kind: 'service',
    verb: 'delete',
    on: 'n',
    service: {
      kind: '',
      id: 's',
      name: 's',
      tags: null,
      address: '',
      taggedAddresses: null,
      meta: null,
      port: 0,
      socketPath: '',
      weights: { Passing: 1, Warning: 1 },
      enableTagOverride: false,
      proxy: null,
      native: false,
      locality: null,
    },
    index: 0,
  },
  {
    kind: 'check',
    verb: 'get',
    on: 'n',
    check: {
      id: 'c',
      name: '',
      status: 'critical',
      notes: '',
      output: '',
      serviceId: '',
      type: '',
      interval: '',
      timeout: '',
      exposedPort: 0,
      definition: {},
    },
    index: 0,
  },
]

/** The bytes of the log as they are on users' disks: these lines may be added to, never changed. */
const WRITTEN: readonly (readonly [Command, string])[] = [
  [
    kv('set', 'k', { value: utf8('v'), flags: 2n ** 64n - 1n }),
    '0282a66368616e676585a5666c616773cfffffffffffffffffa5696e64657800' +
      'a36b6579a16ba773657373696f6ea0a576616c7565a176a26f70a3736574',
  ],
  [{ type: 'reap-tombstones', through: 300, wall: 0 }, '0581a77468726f756768cd012c'],
  [
    { type: 'deregister', node: 'n', serviceId: 's', checkId: '', wall: 0 },
    '0183a7636865636b4964a0a46e6f6465a16ea9736572766963654964a173',
  ],
  [{ type: 'txn', ops: [], wall: 0 }, '0881a36f707390'],
  [
    {
      type: 'txn',
      ops: [
        {
          kind: 'kv',
          verb: 'check-index',
          change: { key: 'k', value: utf8('v'), flags: 0, index: 7, session: '' },
        },
      ],
      wall: 0,
    },
    '0881a36f70739183a66368616e676585a5666c61677300a5696e64657807a36b6579a16ba7736573' +
      '73696f6ea0a576616c7565a176a46b696e64a26b76a476657262ab636865636b2d696e646578',
  ],
  [
    { type: 'txn', ops: ON_CATALOG, wall: 0 },
    '0881a36f70739384a5696e64657807a46b696e64a46e6f6465a46e6f646586a761646472657373a1' +
      '61aa6461746163656e746572a164a26964a0a46d657461c0a46e616d65a16eaf7461676765644164' +
      '64726573736573c0a476657262a363617384a46b696e64a773657276696365a26f6ea16ea7736572' +
      '766963658aa761646472657373a0b1656e61626c655461674f76657272696465c2a26964a173a46d' +
      '657461c0a46e616d65a173a4706f727400aa736f636b657450617468a0af74616767656441646472' +
      '6573736573c0a474616773c0a77765696768747382a750617373696e6701a75761726e696e6701a4' +
      '76657262a664656c65746584a5636865636b8baa646566696e6974696f6e80ab6578706f73656450' +
      '6f727400a26964a163a8696e74657276616ca0a46e616d65a0a56e6f746573a0a66f7574707574a0' +
      'a9736572766963654964a0a6737461747573a8637269746963616ca774696d656f7574a0a4747970' +
      '65a0a46b696e64a5636865636ba26f6ea16ea476657262a3676574',
  ],
]

commands('what the log holds already is written and read unchanged', () => {
  for (const [command, bytes] of WRITTEN) {
    assert.is(hex(encodeCommand(command)), bytes)
    assert.equal(decodeCommand(parseHex(bytes) ?? utf8('')), command)
  }
})

commands('fields that an older entry lacks are zero', () => {
  assert.equal(decodeCommand(parseHex('0180') ?? utf8('')), {
    type: 'deregister',
    node: '',
    serviceId: '',
    checkId: '',
    wall: 0,
  })
})

commands('an unknown type, a cut entry and an entry with something behind it are our bugs', () => {
  const good = encodeCommand(kv('set', 'k'))
  const bad = [
    utf8(''),
    Uint8Array.of(99, 0x80),
    good.subarray(0, good.length - 1),
    concatBytes([good, Uint8Array.of(0)]),
  ]
  for (const data of bad)
    assert.throws(
      () => decodeCommand(data),
      (error: unknown) => error instanceof AssertionError,
      hex(data),
    )
})

commands.run()
