// Help of every command, and what every command must declare.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { flagsOf } from '../../commands/kit/declare.ts'
import { idsOf, loadAll } from '../../commands/kit/table.ts'
import { TABLE } from '../../commands/table.ts'
import { TOPICS } from '../../commands/topics.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'

const COLUMNS_MAX = 100

const help = suite<{ home: Home }>('help')

help.before(async (context) => {
  context.home = await openHome()
})
help.after(({ home }) => home.close())

const ours = await loadAll(TABLE, 'lictor')
const consuls = await loadAll(TABLE, 'consul')

help('a record stands in the table under its own name, and in the profiles that know it', () => {
  assert.equal(
    ours.map((one) => one.id),
    idsOf(TABLE, 'lictor'),
  )
  for (const one of ours) {
    const only = TABLE.commands[one.id]?.only
    assert.is(only === 'lictor', one.consul === undefined, one.id)
  }
})

help(
  'every command has two examples that begin with its name, and flags that say what they do',
  () => {
    for (const one of ours) {
      assert.ok(one.examples.length >= 2, one.id)
      const named = one.examples.filter(({ command }) => `${command} `.startsWith(`${one.id} `))
      assert.ok(named.length >= 2, `${one.id}: examples of other commands`)
      for (const [name, flag] of Object.entries(flagsOf(one, 'lictor'))) {
        assert.ok(flag.about.length > 5, `${one.id} -${name}`)
        assert.not.match(flag.about, /\.$/, `${one.id} -${name}: half a sentence`)
      }
      assert.ok('json' in flagsOf(one, 'lictor'))
      assert.not.ok('json' in flagsOf(one, 'consul'))
    }
  },
)

const checkHelp = (line: string, { exit, stdout, stderr }: Awaited<ReturnType<typeof run>>) => {
  assert.is(exit, 0, `${line}: ${stderr}`)
  assert.is(stderr, '', line)
  const wide = stdout.split('\n').filter((text) => [...text].length > COLUMNS_MAX)
  assert.equal(wide, [], line)
  assert.match(stdout, /\n$/, line)
}

help('-h of every command goes to stdout, in 100 columns, with its flags', async ({ home }) => {
  for (const one of ours) {
    const ran = await run(home, ['lictor', ...one.id.split(' '), '-h'])
    checkHelp(one.id, ran)
    assert.match(ran.stdout, `$ lictor ${one.id}`)
    const said = ran.stdout.split('\n').filter((line) => line.trim() === one.summary)
    assert.is(said.length, 1, `${one.id}: its summary is said once`)
    for (const name of Object.keys(flagsOf(one, 'lictor'))) {
      assert.match(ran.stdout, new RegExp(`--${name}\\b`), one.id)
    }
  }
})

help('as consul it has the layout of Consul', async ({ home }) => {
  for (const one of consuls) {
    const ran = await run(home, ['consul', ...one.id.split(' '), '--help'])
    checkHelp(`consul ${one.id}`, ran)
    assert.ok(ran.stdout.startsWith(`Usage: consul ${one.consul?.usage}\n`), one.id)
    for (const name of Object.keys(flagsOf(one, 'consul'))) {
      assert.match(ran.stdout, new RegExp(`\n {2}-${name}\\b`), one.id)
    }
  }
})

help('groups, topics and the whole have help, and it names what there is', async ({ home }) => {
  for (const words of [[], ['-h'], ['--help'], ['help']]) {
    const ran = await run(home, ['lictor', ...words])
    checkHelp(`lictor ${words}`, ran)
    assert.match(ran.stdout, /^ {2}watch +Follow a key/m)
    assert.not.match(ran.stdout, /__complete/)
  }
  for (const words of [['kv'], ['kv', '-h'], ['help', 'kv']]) {
    const ran = await run(home, ['lictor', ...words])
    checkHelp(words.join(' '), ran)
    assert.match(ran.stdout, /^ {2}kv export +Print keys/m)
  }
  for (const topic of Object.keys(TOPICS)) {
    checkHelp(topic, await run(home, ['lictor', 'help', topic]))
  }
  assert.match(
    (await run(home, ['consul-clone', 'kv', 'get', '-h'])).stdout,
    '$ consul-clone kv get',
  )
})

help('a flag behind two dashes asks for no help', async ({ home }) => {
  const { exit, stdout } = await run(home, ['lictor', 'kv', 'put', '--', '-h', 'value'], {
    env: { CONSUL_HTTP_ADDR: '127.0.0.1:1' },
  })
  assert.is(exit, 3)
  assert.is(stdout, '')
})

help.run()
