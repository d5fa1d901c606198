// Addresses: what templates stand for, which one an agent tells others.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fillTemplates } from '../../../core/config/addresses.ts'
import type { MachineFacts } from '../../../core/config/facts.ts'
import { load, loaded, MACHINE, refused } from './load.ts'

const network = suite('config network')

const FACTS: MachineFacts = {
  ...MACHINE,
  interfaces: [
    { name: 'lo', address: '127.0.0.1', internal: true },
    { name: 'docker0', address: '172.17.0.1', internal: false },
    { name: 'eth0', address: '192.168.1.10', internal: false },
    { name: 'eth0', address: 'fe80::1', internal: false },
    { name: 'ppp0', address: '203.0.113.9', internal: false },
  ],
}

network('templates stand for addresses of the machine', () => {
  const fill = (text: string) => {
    const filled = fillTemplates(text, FACTS)
    return filled.ok ? filled.text : filled.why
  }
  assert.is(fill('{{ GetPrivateIP }}'), '192.168.1.10')
  assert.is(fill('{{GetPublicIP}}'), '203.0.113.9')
  assert.is(fill('{{ GetInterfaceIP "docker0" }}'), '172.17.0.1')
  assert.is(fill('{{ GetInterfaceIP `eth0` }} 127.0.0.1'), '192.168.1.10 127.0.0.1')
  assert.is(fill('{{ GetInterfaceIPs "eth0" }}'), '192.168.1.10 fe80::1')
  assert.is(fill('{{ GetInterfaceIP "none" }}'), '')
  assert.is(fill('{{ GetEverything }}'), 'unknown template "{{ GetEverything }}"')
  assert.is(fill('{{ GetPrivateIP'), 'a template has no end')
  assert.is(fill('10.0.0.1'), '10.0.0.1')
})

network('a template picks, orders and prints addresses step by step', () => {
  const interfaces = [
    ...FACTS.interfaces,
    { name: 'eth1', address: '10.4.0.9', internal: false },
    { name: 'eth1', address: '2001:db8::9', internal: false },
  ]
  const fill = (expression: string) => {
    const filled = fillTemplates(`{{ ${expression} }}`, { ...FACTS, interfaces })
    return filled.ok ? filled.text : undefined
  }
  const cases: readonly (readonly [expression: string, text: string | undefined])[] = [
    ['GetAllInterfaces | include "network" "10.0.0.0/8" | attr "address"', '10.4.0.9'],
    [
      'GetAllInterfaces | include "name" "^eth" | include "type" "ipv6" | join "address" ","',
      'fe80::1,2001:db8::9',
    ],
    ['GetAllInterfaces | include "flags" "loopback" | attr "address"', '127.0.0.1'],
    [
      'GetAllInterfaces | exclude "flags" "loopback|up" | exclude "type" "ipv6" | limit 2 ' +
        '| join "address" " "',
      '172.17.0.1 192.168.1.10',
    ],
    ['GetPrivateInterfaces | exclude "name" "docker0|eth1" | attr "address"', '192.168.1.10'],
    ['GetPrivateInterfaces | sort "-address" | offset 1 | attr "address"', '172.17.0.1'],
    ['GetPublicInterfaces | join "address" " "', '203.0.113.9 2001:db8::9'],
    ['GetDefaultInterfaces | attr "name"', 'eth0'],
    [
      'GetAllInterfaces | include "rfc" "1918" | unique "name" | join "name" " "',
      'docker0 eth0 eth1',
    ],
    ['GetAllInterfaces | include "name" "^none" | attr "address"', ''],
    ['GetPrivateIPs', '172.17.0.1 192.168.1.10 10.4.0.9'],
    ['GetAllInterfaces', undefined],
    ['GetAllInterfaces | include "colour" "red" | attr "address"', undefined],
    ['GetAllInterfaces | attr "constructor"', undefined],
    ['GetAllInterfaces | sort "constructor" | attr "address"', undefined],
    ['GetPrivateIP | attr "address"', undefined],
    ['GetInterfaceIP', undefined],
    ['', undefined],
  ]
  for (const [expression, text] of cases) assert.is(fill(expression), text, expression)
})

const SERVER = ['-server', '-bootstrap', '-data-dir=/d']

network('templates in settings are filled, unknown ones refused with a hint', () => {
  const config = loaded({
    flags: [
      ...SERVER,
      '-bind={{ GetInterfaceIP "docker0" }}',
      '-client={{ GetPrivateIP }} 127.0.0.1',
    ],
    facts: FACTS,
  })
  assert.is(config.advertiseAddr, '172.17.0.1')
  assert.equal(
    config.http.map((one) => (one.type === 'tcp' ? one.host : '')),
    ['192.168.1.10', '127.0.0.1'],
  )
  const { ours } = refused(load({ flags: [...SERVER, '-client={{ GetX }}'] }))
  assert.equal(ours, [
    '-client: client_addr has a template that is not understood: unknown template "{{ GetX }}"',
    '  next: lictor-config(5) tells which are',
  ])
})

network('the only private address is told to others', () =>
  assert.is(loaded({ flags: SERVER }).advertiseAddr, '192.168.1.10'),
)

network('of several private addresses that of the default route is picked, with a warning', () => {
  const answer = load({ flags: SERVER, facts: FACTS })
  if (!answer.ok) return assert.unreachable(answer.ours.join())
  assert.is(answer.config.advertiseAddr, '192.168.1.10')
  assert.is(
    answer.warnings[0],
    'several private IPv4 addresses, picked 192.168.1.10 (eth0, default route); ' +
      'others: 172.17.0.1 (docker0); to choose: -advertise=172.17.0.1',
  )
})

network('of several private addresses none is picked as consul', () => {
  const answer = load({ flags: SERVER, facts: FACTS, profile: 'consul' })
  assert.is(
    refused(answer).consul,
    "Multiple private IPv4 addresses found. Please configure one with 'bind' and/or 'advertise'.",
  )
  assert.is(load({ flags: SERVER, facts: FACTS, profile: 'consul', purpose: 'check' }).ok, true)
})

network('without a private address another one is told, at worst the loopback', () => {
  const only = FACTS.interfaces.filter(({ name }) => name === 'ppp0')
  assert.is(loaded({ flags: SERVER, facts: { interfaces: only } }).advertiseAddr, '203.0.113.9')
  assert.is(loaded({ flags: SERVER, facts: { interfaces: [] } }).advertiseAddr, '127.0.0.1')
  const six = [...SERVER, '-bind=::']
  assert.is(loaded({ flags: six, facts: { interfaces: [] } }).advertiseAddr, '::1')
  const public6 = [{ name: 'eth0', address: '2001:db8::5', internal: false }]
  assert.is(loaded({ flags: six, facts: { interfaces: public6 } }).advertiseAddr, '2001:db8::5')
})

network('a listener stands where it is told, on sockets too, or nowhere', () => {
  const http = (...flags: string[]) => loaded({ flags: ['-dev', ...flags] }).http
  assert.equal(http('-http-port=-1'), [])
  assert.equal(http('-client=::1', '-http-port=0'), [{ type: 'tcp', host: '::1', port: 0 }])
  assert.equal(http('-hcl=addresses { http = "unix:///run/x.sock 10.0.0.1" }'), [
    { type: 'unix', path: '/run/x.sock' },
    { type: 'tcp', host: '10.0.0.1', port: 8500 },
  ])
  assert.equal(http('-http-port=-1', '-hcl=addresses { http = "unix:///x" }'), [
    { type: 'unix', path: '/x' },
  ])
})

network('port 0 may be asked for everywhere, and never collides', () => {
  const flags = [
    '-dns-port=0',
    '-http-port=0',
    '-server-port=0',
    '-serf-lan-port=0',
    '-serf-wan-port=0',
  ]
  const { ports } = loaded({ flags: ['-dev', ...flags] })
  assert.equal([ports.dns, ports.http, ports.server, ports.serfLan, ports.serfWan], [0, 0, 0, 0, 0])
})

network('each family may be told another address; the node itself is where it is bound', () => {
  const hcl = `
    advertise_addr_ipv4 = "10.0.0.4"
    advertise_addr_ipv6 = "2001:db8::4"
    advertise_addr_wan = "203.0.113.1"
    advertise_addr_wan_ipv6 = "2001:db8::5"`
  const { advertiseAddr, taggedAddresses } = loaded({ flags: ['-dev'], files: { 'a.hcl': hcl } })
  assert.is(advertiseAddr, '127.0.0.1')
  assert.equal(taggedAddresses, {
    lan: '127.0.0.1',
    lan_ipv4: '10.0.0.4',
    lan_ipv6: '2001:db8::4',
    wan: '203.0.113.1',
    wan_ipv4: '203.0.113.1',
    wan_ipv6: '2001:db8::5',
  })
})

network('ports end at 65535', () => {
  assert.is(loaded({ flags: ['-dev', '-http-port=65535'] }).ports.http, 65_535)
  assert.is(load({ flags: ['-dev', '-http-port=65536'] }).ok, false)
})

network.run()
