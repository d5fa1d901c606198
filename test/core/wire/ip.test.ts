import { isIPv4, isIPv6 } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../../../core/bytes.ts'
import { ipBytes, ipText, withoutMapping } from '../../../core/wire/ip.ts'
import { fc } from '../../kit/property.ts'

const ip = suite('ip of the wire')

ip('texts are those of RFC 5952, one for each address', () => {
  const cases: [string, string][] = [
    ['0a000001', '10.0.0.1'],
    ['ffffffff', '255.255.255.255'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00000000000000000000ffff7f000001', '::ffff:127.0.0.1'],
    ['fe800000000000000000000000000000', 'fe80::'],
  ]
  for (const [bytes, text] of cases) {
    const read = ipBytes(text)
    assert.is(read === undefined ? '' : hex(read), bytes, text)
    assert.is(ipText(Uint8Array.from(Buffer.from(bytes, 'hex'))), text)
  }
  assert.is(ipText(new Uint8Array(3)), '')
})

ip('any address survives the way there and back', () => {
  const addresses = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc
      .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
      .map((bytes) => Uint8Array.from(bytes)),
  )
  fc.assert(
    fc.property(addresses, (bytes) => {
      const read = ipBytes(ipText(bytes))
      return read !== undefined && hex(read) === hex(bytes)
    }),
  )
})

ip('a text is read if and only if it is an address', () => {
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom('0', '1', '9', '.', ':', 'f', '25'), maxLength: 20 }),
  )
  fc.assert(
    fc.property(texts, (text) => (ipBytes(text) !== undefined) === (isIPv4(text) || isIPv6(text))),
    { numRuns: 3_000 },
  )
})

ip('the form of IPv4 on a socket of both families is undone, other texts stay', () => {
  assert.is(withoutMapping('::ffff:10.0.0.1'), '10.0.0.1')
  for (const text of ['10.0.0.1', '::1', '::ffff:1', 'fe80::1%eth0'])
    assert.is(withoutMapping(text), text)
})

ip.run()
