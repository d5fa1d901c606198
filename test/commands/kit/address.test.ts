// Where requests go: flags, our variables, Consul's variables, the default.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveEndpoint } from '../../../commands/kit/address.ts'
import { escapePath } from '../../../commands/kit/client.ts'
import type { Env, Profile, Values } from '../../../commands/kit/declare.ts'
import { Failure } from '../../../commands/kit/failure.ts'
import { HTTP_FLAGS, type HttpFlags } from '../../../commands/kit/http-flags.ts'
import { withTemp } from '../../kit/tmp.ts'

const NO_FLAGS = Object.fromEntries(
  Object.entries(HTTP_FLAGS).map(([name, flag]) => [name, flag.fallback]),
) as unknown as Values<HttpFlags> // every flag at its fallback

const resolve = (given: Partial<Values<HttpFlags>>, env: Env = {}, profile: Profile = 'lictor') => {
  const warnings: string[] = []
  const flags = { ...NO_FLAGS, ...given }
  const endpoint = resolveEndpoint({ flags, env, profile, warn: (line) => warnings.push(line) })
  return { ...endpoint, warnings }
}

const shown = (address: string, env: Env = {}) => {
  const { scheme, host, port, socketPath, prefix } = resolve({ 'http-addr': address }, env)
  return [scheme, host, port, socketPath, prefix]
}

const fails = (work: () => unknown): Failure => {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it did not fail')
}

const address = suite('address')

address('every form of an address is understood', () => {
  assert.equal(shown('10.0.0.1:85'), ['http', '10.0.0.1', 85, undefined, ''])
  assert.equal(shown('host'), ['http', 'host', 80, undefined, ''])
  assert.equal(shown('http://h:1/pre/fix/'), ['http', 'h', 1, undefined, '/pre/fix'])
  assert.equal(shown('https://h'), ['https', 'h', 443, undefined, ''])
  assert.equal(shown('https://[::1]:8501'), ['https', '::1', 8501, undefined, ''])
  assert.equal(shown('unix:///run/a.sock'), ['http', 'localhost', 80, '/run/a.sock', ''])
  assert.equal(shown('h:1', { CONSUL_HTTP_SSL: 'true' }), ['https', 'h', 1, undefined, ''])
  assert.equal(shown('http://h:1', { CONSUL_HTTP_SSL: '1' }), ['https', 'h', 1, undefined, ''])
})

address('nonsense is refused with the code of wrong use', () => {
  for (const bad of ['ftp://x', 'h:port', 'h:99999', '[::1', 'a:b:c']) {
    assert.is(fails(() => shown(bad)).parts.exit, 2, bad)
  }
  const { consul } = fails(() => shown('ftp://x')).parts
  assert.is(consul, 'Error connecting to Consul agent: Unknown protocol scheme: ftp')
})

address('a flag beats LICTOR_, which beats CONSUL_, which beats the default', () => {
  const env = { CONSUL_HTTP_ADDR: 'consul:1', LICTOR_HTTP_ADDR: 'lictor:2' }
  assert.is(resolve({ 'http-addr': 'flag:3' }, env).shown, 'http://flag:3')
  assert.is(resolve({}, env).shown, 'http://lictor:2')
  assert.is(resolve({}, { CONSUL_HTTP_ADDR: 'consul:1' }).shown, 'http://consul:1')
  assert.is(resolve({}, env, 'consul').shown, 'http://consul:1')
  assert.is(resolve({}, { CONSUL_HTTP_ADDR: '' }).shown, 'http://127.0.0.1:8500')
})

address('a token file beats a token from the same place, and flags beat variables', () =>
  withTemp(async (dir) => {
    const file = join(dir, 'token')
    await writeFile(file, 'from-file\n')
    const env = { CONSUL_HTTP_TOKEN: 'from-env' }
    assert.is(resolve({}, env).token, 'from-env')
    assert.is(resolve({}, { ...env, CONSUL_HTTP_TOKEN_FILE: file }).token, 'from-file')
    assert.is(resolve({ token: 'flag' }, { CONSUL_HTTP_TOKEN_FILE: file }).token, 'flag')
    assert.is(resolve({ token: 'flag', 'token-file': file }).token, 'from-file')
    const { consul } = fails(() => resolve({ 'token-file': join(dir, 'none') })).parts
    assert.match(
      consul ?? '',
      /^Error connecting to Consul agent: Error loading token file .* : open/,
    )
  }),
)

address('a certificate of ours comes with its key', () => {
  const connecting = 'Error connecting to Consul agent: '
  const cases: [Record<string, string>, string][] = [
    [{ 'client-cert': 'none' }, 'both client cert and client key must be provided'],
    [{ 'client-key': 'none' }, 'both client cert and client key must be provided'],
    [
      { 'client-cert': '/none/cert', 'client-key': '/none/key' },
      'open /none/cert: no such file or directory',
    ],
  ]
  for (const [flags, said] of cases)
    assert.is(fails(() => resolve(flags)).parts.consul, `${connecting}${said}`)
})

address('a switch that is neither on nor off is refused; as consul it is a warning', () => {
  const env = { CONSUL_HTTP_SSL: 'perhaps' }
  assert.is(fails(() => resolve({}, env)).parts.exit, 2)
  const { scheme, warnings } = resolve({}, env, 'consul')
  assert.is(scheme, 'http')
  assert.is(warnings.length, 2)
})

address('paths are escaped as Go does it', () => {
  const cases: [string, string][] = [
    ['/v1/kv/a b', '/v1/kv/a%20b'],
    ['/v1/kv/a/b+c&d=e;f:g,h@i$j', '/v1/kv/a/b+c&d=e;f:g,h@i$j'],
    ['/v1/kv/100%?#', '/v1/kv/100%25%3F%23'],
    ["/v1/kv/(it's)*!", '/v1/kv/%28it%27s%29%2A%21'],
    ['/v1/kv/ü🐎', '/v1/kv/%C3%BC%F0%9F%90%8E'],
    ['/v1/kv/\ud800', '/v1/kv/%EF%BF%BD'],
  ]
  for (const [path, escaped] of cases) assert.is(escapePath(path), escaped)
})

address.run()
