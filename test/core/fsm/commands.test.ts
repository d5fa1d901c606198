import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AssertionError } from '../../../core/assert.ts'
import { concatBytes, hex, parseHex, utf8 } from '../../../core/bytes.ts'
import { type Command, decodeCommand, encodeCommand } from '../../../core/fsm/commands.ts'
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
