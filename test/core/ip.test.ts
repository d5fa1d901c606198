import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { holdsIp, isAnyIp, isPrivateIp, parseIp, parseNetwork } from '../../core/ip.ts'

const ip = suite('ip')

ip('addresses are read as strictly as by Go', () => {
  const good = [
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    'fe80::1',
    '1:2:3:4:5:6:7:8',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
  ]
  const bad = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4.5',
    '1.2.3.+4',
    '1.2.3.4 ',
    '1.2.3.4 ',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'fe80::1%eth0',
    '1.2.3.4::',
    'g::',
    '1:2:3:4:5:6:7:1.2.3.4',
  ]
  for (const text of good) assert.ok(parseIp(text) !== undefined, text)
  for (const text of bad) assert.is(parseIp(text), undefined, text)
  assert.equal(parseIp('1::8'), [0, 1, ...new Array(13).fill(0), 8])
  assert.equal(
    [isAnyIp('0.0.0.0'), isAnyIp('::'), isAnyIp('::1'), isAnyIp('x')],
    [true, true, false, false],
  )
})

ip('networks hold the addresses of their first bits', () => {
  const holds = (text: string, address: string) => {
    const parsed = parseNetwork(text)
    const bytes = parseIp(address)
    return parsed !== undefined && bytes !== undefined && holdsIp(parsed, bytes)
  }
  assert.is(holds('10.0.0.0/8', '10.255.1.1'), true)
  assert.is(holds('10.0.0.0/8', '11.0.0.0'), false)
  assert.is(holds('172.16.0.0/12', '172.31.255.255'), true)
  assert.is(holds('172.16.0.0/12', '172.32.0.0'), false)
  assert.is(holds('10.128.0.0/9', '10.200.1.1'), true)
  assert.is(holds('10.128.0.0/9', '10.64.1.1'), false)
  assert.is(holds('10.2.0.0/15', '10.4.0.0'), false)
  assert.is(holds('0.0.0.0/0', '1.2.3.4'), true)
  assert.is(holds('1.2.3.4/32', '1.2.3.4'), true)
  assert.is(holds('fd00::/8', 'fd12::1'), true)
  assert.is(holds('fd00::/8', '1.2.3.4'), false)
  for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '/8', '::/129', 'x/8'])
    assert.is(parseNetwork(bad), undefined, bad)
  const isPrivate = (text: string) => isPrivateIp(parseIp(text) ?? [])
  assert.equal(['10.1.1.1', '100.64.0.1', 'fd00::1'].map(isPrivate), [true, true, true])
  assert.equal(['8.8.8.8', '172.32.0.1', '2001:db8::1'].map(isPrivate), [false, false, false])
})

ip.run()
