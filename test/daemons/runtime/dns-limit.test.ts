// Who is far away, and how much goes there over UDP.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createFarLimit, isFar, judgeFar } from '../../../daemons/runtime/dns-limit.ts'

const limit = suite('dns-limit')

limit('this machine and private networks are near, all others far', () => {
  const near =
    '127.0.0.1 ::1 ::ffff:127.0.0.1 10.1.2.3 ::ffff:10.1.2.3 192.168.0.9 172.16.0.1 172.31.9.9 ' +
    '100.64.0.1 169.254.1.1 fe80::1%eth0 fd00::7 fc00::1'
  for (const address of near.split(' ')) assert.is(isFar(address), false, address)
  const far = '1.2.3.4 ::ffff:1.2.3.4 172.32.0.1 11.0.0.1 193.168.0.1 2001:db8::1 ::2 nonsense'
  for (const address of far.split(' ')) assert.is(isFar(address), true, address)
})

limit(
  'a network far away gets so many answers a second, then half of the rest hears of TCP',
  () => {
    const bounded = createFarLimit()
    const judge = (address: string, now: number) => judgeFar(bounded, address, now)
    const said = Array.from({ length: 1_000 }, (_, i) => judge(`1.2.3.${i % 256}`, 5_000))
    const count = (what: string) => said.filter((one) => one === what).length
    assert.equal([count('answer'), count('tcp'), count('drop')], [200, 100, 700])
    assert.is(judge('1.2.4.1', 5_000), 'answer', 'another network')
    assert.is(judge('2001:db8:0:1::1', 5_000), 'answer')
    assert.is(judge('1.2.3.1', 6_000), 'answer', 'another second')
  },
)

limit('memory does not grow with the number of networks', () => {
  const bounded = createFarLimit()
  for (let i = 0; i < 20_000; i++)
    judgeFar(bounded, `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`, 1)
  assert.ok(bounded.counts.size <= 4_097)
})

limit.run()
