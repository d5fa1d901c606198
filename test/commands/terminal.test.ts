// What is different at a terminal: newlines, indented JSON, colours, questions.
import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'

interface Context {
  home: Home
  agent: AgentProcess
  /** Runs a line with a terminal for all three streams; the terminal's line ends are undone. */
  typed(line: string, input?: string): Promise<{ exit: number; shown: string }>
}

const terminal = suite<Context>('terminal')

terminal.before(async (context) => {
  const home = await openHome()
  context.home = home
  context.agent = await startAgent(home)
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr, TERM: 'xterm-256color' }
  context.typed = async (line, input = '') => {
    const words = [
      'script',
      '--quiet',
      '--return',
      '--echo',
      'never',
      '--command',
      line,
      '/dev/null',
    ]
    const { exit, stdout } = await run(home, words, { env, input })
    return { exit, shown: stdout.replaceAll('\r\n', '\n') }
  }
})
terminal.after(async ({ home, agent }) => {
  await agent?.stop()
  await home.close()
})

if (spawnSync('script', ['--version']).error !== undefined) {
  console.log('SKIP no script')
  terminal('nothing without script(1)', () => undefined)
} else {
  terminal('a value ends with a newline, unless it must not', async ({ typed }) => {
    await typed('lictor kv put a value')
    assert.is((await typed('lictor kv get a')).shown, 'value\n')
    assert.is((await typed('lictor kv get -raw a')).shown, 'value')
    assert.is((await typed('lictor kv get a | cat')).shown, 'value')
  })

  terminal('JSON is indented for who reads it', async ({ typed }) => {
    assert.match((await typed('lictor kv get -json a')).shown, /^\[\n {2}\{\n {4}"/)
  })

  terminal('deleting a tree asks, with the number of keys', async ({ typed }) => {
    await typed('lictor kv put tree/a 1')
    await typed('lictor kv put tree/b 2')
    const no = await typed('lictor kv delete -recurse tree/', 'n\n')
    assert.is(no.exit, 1)
    assert.match(no.shown, 'delete everything below "tree/": 2 keys? [y/N]')
    assert.match(no.shown, 'nothing deleted')
    assert.is((await typed('lictor kv get -keys tree/')).shown, 'tree/a\ntree/b\n')
    const yes = await typed('lictor kv delete -recurse tree/', 'y\n')
    assert.is(yes.exit, 0)
    assert.is((await typed('lictor kv get -keys tree/')).shown, '')
  })

  terminal('as consul nothing is asked', async ({ typed }) => {
    await typed('lictor kv put tree/a 1')
    const { exit, shown } = await typed('consul kv delete -recurse tree/')
    assert.is(exit, 0)
    assert.is(shown, 'Success! Deleted keys with prefix: tree/\n')
  })

  terminal('colours are on, and off when asked', async ({ typed }) => {
    const esc = String.fromCharCode(27)
    const line = 'lictor doctor -http-addr=127.0.0.1:1'
    assert.ok((await typed(line)).shown.includes(esc))
    assert.not.ok((await typed(`${line} -no-color`)).shown.includes(esc))
    assert.not.ok((await typed(`NO_COLOR=1 ${line}`)).shown.includes(esc))
    assert.not.ok((await typed(`TERM=dumb ${line}`)).shown.includes(esc))
  })
}

terminal.run()
