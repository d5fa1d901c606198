// kv against an agent of ours, under our own name: what Consul's recordings do not say.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type RunOptions, run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'

interface Context {
  home: Home
  agent: AgentProcess
  lictor(line: string, options?: RunOptions): ReturnType<typeof run>
}

const kv = suite<Context>('kv')

kv.before(async (context) => {
  context.home = await openHome()
  context.agent = await startAgent(context.home)
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr }
  context.lictor = (line, options = {}) =>
    run(context.home, ['lictor', ...line.split(' ')], { ...options, env })
})
kv.after(async ({ home, agent }) => {
  await agent?.stop()
  await home.close()
})

kv('a value comes back byte by byte, with no newline in a pipe', async ({ lictor }) => {
  const value = Buffer.from([0, 1, 10, 0x7f])
  await lictor('kv put bytes -', { input: value })
  assert.is((await lictor('kv get bytes')).stdout, value.toString())
  await lictor('kv put line -', { input: 'text\n' })
  assert.is((await lictor('kv get line')).stdout, 'text\n')
})

kv('a missing key is exit 1, a prefix without keys is not', async ({ lictor }) => {
  const missing = await lictor('kv get nothing')
  assert.equal(missing, { exit: 1, stdout: '', stderr: 'lictor kv get: no key "nothing"\n' })
  assert.equal(await lictor('kv get -recurse nothing'), { exit: 0, stdout: '', stderr: '' })
  assert.is((await lictor('kv get -recurse -json nothing')).stdout, '[]\n')
})

kv('-json prints what the API answers, -decode adds the text', async ({ lictor, agent }) => {
  await lictor('kv put -flags=18446744073709551615 json/a wörld')
  const { stdout } = await lictor('kv get -json json/a')
  const api = await (await fetch(agent.url('/v1/kv/json/a'))).text()
  assert.is(stdout.replace(/\s/g, ''), api.replace(/\s/g, ''))
  assert.match(stdout, '"Flags":18446744073709551615')
  const decoded = (await lictor('kv get -json -decode json/a')).stdout
  assert.is(await jq(decoded, '.[0].Text'), 'wörld')
  await lictor('kv put json/bin -', { input: Buffer.from([0xff]) })
  assert.is(await jq((await lictor('kv get -json -decode json/bin')).stdout, '.[0].Text'), 'null')
})

kv('a lost comparison is exit 1 and tells why', async ({ lictor }) => {
  assert.is((await lictor('kv put -cas cas/a one')).exit, 0)
  const lost = await lictor('kv put -cas cas/a two')
  assert.is(lost.exit, 1)
  assert.match(lost.stderr, 'cas/a is not written\n  why: it exists already\n')
  const index = await jq((await lictor('kv get -json cas/a')).stdout, '.[0].ModifyIndex')
  assert.is((await lictor(`kv put -cas -modify-index=${index} cas/a two`)).exit, 0)
  const late = await lictor(`kv put -cas -modify-index=${index} cas/a three`)
  assert.match(late.stderr, 'why: its index has changed\n')
  assert.is((await lictor(`kv delete -cas -modify-index=${index} cas/a`)).exit, 1)
})

kv('conditions that exclude each other are wrong use', async ({ lictor }) => {
  const lines = [
    'kv put -acquire -release a b',
    'kv put -acquire a b',
    'kv put -cas -acquire -session=x a b',
    'kv delete -cas -recurse a',
    'kv delete -cas a',
    'kv delete -modify-index=1 a',
    'kv put -modify-index=1 a b',
    'kv put /a b',
    'kv get',
    'kv delete',
    'kv put a @missing.txt',
    'kv put -base64 a %%%',
  ]
  for (const line of lines) assert.is((await lictor(line)).exit, 2, line)
})

kv('as consul what cannot be done is said in its words', async ({ home, agent, lictor }) => {
  await lictor('kv put held x')
  const session = 'Error! Missing -session (required with -acquire and -release)'
  const cases: [string, string][] = [
    ['put -acquire held x', session],
    ['put -release held x', session],
    ['put -release -session=s held x', 'Error! Did not release lock'],
    [
      'put -cas held x',
      'Error! Did not write to held: CAS performed with index=0 and key already exists.',
    ],
    ['put -cas -modify-index=1 held x', 'Error! Did not write to held: CAS failed'],
    [
      'delete -cas held',
      'Cannot delete a key that does not exist. Provide a -modify-index greater than than 0.',
    ],
    ['delete -modify-index=3 held', 'Cannot specify -modify-index without -cas!'],
    ['delete -cas -modify-index=3 -recurse held', 'Cannot specify both -cas and -recurse!'],
    ['delete -cas -modify-index=1 held', 'Error! Did not delete key held: CAS failed'],
  ]
  const env = { CONSUL_HTTP_ADDR: agent.httpAddr }
  for (const [line, said] of cases) {
    const answer = await run(home, ['consul', 'kv', ...line.split(' ')], { env })
    assert.equal(answer, { exit: 1, stdout: '', stderr: `${said}\n` }, line)
  }
})

kv('-keys stops at the separator, with -recurse it does not', async ({ lictor }) => {
  await lictor('kv put deep/a/b 1')
  await lictor('kv put -flags=0x10 deep/c 2')
  assert.is((await lictor('kv get -keys deep/')).stdout, 'deep/a/\ndeep/c\n')
  assert.is((await lictor('kv get -keys -recurse deep/')).stdout, 'deep/a/b\ndeep/c\n')
  const { stdout } = await lictor('kv get -keys -recurse -detailed deep/')
  assert.match(stdout, /^CreateIndex {6}\d+\n[\s\S]*Session {10}-\n\n\nCreateIndex {6}/)
  assert.match(stdout, /Flags {12}16\nKey {14}deep\/c\n[\s\S]*Session {10}-\n\n$/)
  assert.not.match(stdout, 'Value')
})

kv('-base64 stores what the text stands for', async ({ lictor }) => {
  await lictor('kv put -base64 b64 aGVsbG8=')
  assert.is((await lictor('kv get b64')).stdout, 'hello')
  assert.is((await lictor('kv get -base64 b64')).stdout, 'aGVsbG8=')
})

kv('deleting a tree needs -force where nobody can be asked', async ({ lictor }) => {
  await lictor('kv put tree/a 1')
  await lictor('kv put tree/b 2')
  const refused = await lictor('kv delete -recurse tree/')
  assert.is(refused.exit, 2)
  assert.match(refused.stderr, /-force/)
  assert.is((await lictor('kv delete -recurse -dry-run tree/')).stdout, 'tree/a\ntree/b\n')
  assert.is((await lictor('kv get -keys tree/')).stdout, 'tree/a\ntree/b\n')
  assert.is((await lictor('kv delete -recurse -force tree/')).exit, 0)
  assert.is((await lictor('kv get -keys tree/')).stdout, '')
})

kv('an export is imported to the same keys, whatever they hold', async ({ lictor, home }) => {
  await lictor('kv put -flags=18446744073709551615 port/a -', { input: Buffer.from([0, 255]) })
  await lictor('kv put port/b')
  const { stdout } = await lictor('kv export port/')
  await writeFile(join(home.work, 'port.json'), stdout)
  const imported = await lictor('kv import -prefix=copy @port.json')
  assert.is(imported.stdout, 'Imported: copy/port/a\nImported: copy/port/b\n')
  const copied = (await lictor('kv export copy/')).stdout
  assert.is(copied.replaceAll('copy/port/', 'port/'), stdout)
})

kv('an import with one bad entry writes nothing', async ({ lictor }) => {
  const cases = [
    '[{"key":"bad/a","value":"YQ=="},{"key":"bad/b","value":"!!"}]',
    '[{"key":"bad/a","value":"YQ=="},{"key":1}]',
    '[{"key":"bad/a","flags":-1}]',
    '[{"key":"bad/a","flags":18446744073709551616}]',
    '[{"key":"bad/a"}] trailing',
    '{}',
    'null',
  ]
  for (const input of cases) {
    const { exit, stdout } = await lictor('kv import -', { input })
    assert.is(exit, 2, input)
    assert.is(stdout, '', input)
  }
  assert.is((await lictor('kv get -keys bad/')).stdout, '')
  const dry = await lictor('kv import -dry-run -', { input: '[{"key":"bad/a"}]' })
  assert.is(dry.stdout, 'Would import: bad/a\n')
  assert.is((await lictor('kv get -keys bad/')).stdout, '')
})

kv('the name of a file without @ is not taken for JSON', async ({ lictor, home }) => {
  await writeFile(join(home.work, 'plain.json'), '[]')
  const { exit, stderr } = await lictor('kv import plain.json')
  assert.is(exit, 2)
  assert.match(stderr, 'next: lictor kv import @plain.json\n')
})

kv('names that need escaping are the same on the way in and out', async ({ home, agent }) => {
  const env = { CONSUL_HTTP_ADDR: agent.httpAddr }
  for (const key of ['odd/a b', 'odd/100%', 'odd/q?x#y', 'odd/ü🐎', 'odd/a&b=c;d', 'odd/+plus']) {
    await run(home, ['lictor', 'kv', 'put', key, key], { env })
    assert.is((await run(home, ['lictor', 'kv', 'get', key], { env })).stdout, key)
  }
  const { stdout } = await run(home, ['lictor', 'kv', 'get', '-keys', 'odd/'], { env })
  assert.is(stdout.split('\n').length, 7)
})

kv('data is on stdout alone: without stderr every read still parses', async ({ lictor }) => {
  await lictor('kv put quiet 1')
  for (const line of ['kv get -json quiet', 'kv export quiet', 'info -json', 'version -json']) {
    const { stdout, stderr } = await lictor(line)
    assert.is(stderr, '', line)
    assert.type(JSON.parse(stdout), 'object', line)
  }
})

kv.run()
