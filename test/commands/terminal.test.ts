// What is different at a terminal: newlines, indented JSON, colours, questions.
import { spawn, spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { before } from '../kit/within.ts'

interface Context {
  home: Home
  agent: AgentProcess
  /** Runs a line with a terminal for all three streams; the terminal's line ends are undone. */
  typed(line: string, input?: string): Promise<Shown>
  /** The same with one key, pressed when the line asks. */
  pressed(line: string, key: string): Promise<Shown>
}

interface Shown {
  readonly exit: number
  readonly shown: string
}

/** Arguments of script(1) that run a line with a terminal. */
const inTerminal = (line: string): string[] => {
  const quiet = ['--quiet', '--return', '--echo', 'never']
  return [...quiet, '--command', line, '/dev/null']
}

interface Press {
  readonly home: Home
  readonly env: Record<string, string>
  readonly line: string
  readonly key: string
}

/** A key pressed once the question stands there: before it, the terminal itself would take it. */
function pressAtQuestion({ home, env, line, key }: Press): Promise<Shown> {
  return new Promise((resolve) => {
    const child = spawn('script', inTerminal(line), {
      cwd: home.work,
      env: { ...home.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let shown = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const asked = shown.includes('[y/N] ')
      shown += chunk
      if (!asked && shown.includes('[y/N] ')) child.stdin.write(key)
    })
    child.once('close', (exit) => resolve({ exit: exit ?? -1, shown }))
  })
}

const terminal = suite<Context>('terminal')

terminal.before(async (context) => {
  const home = await openHome()
  context.home = home
  context.agent = await startAgent(home)
  const env = { CONSUL_HTTP_ADDR: context.agent.httpAddr, TERM: 'xterm-256color' }
  context.typed = async (line, input = '') => {
    const { exit, stdout } = await run(home, ['script', ...inTerminal(line)], { env, input })
    return { exit, shown: stdout.replaceAll('\r\n', '\n') }
  }
  context.pressed = (line, key) =>
    before(10_000, () => pressAtQuestion({ home, env, line, key }), `the end after ${line}`)
})
terminal.after(async ({ home, agent }) => {
  await agent?.stop()
  await home.close()
})

/** Runs an agent at a terminal, and closes the terminal. */
async function closeTerminal(home: Home): Promise<{ pid: number; url: string }> {
  const line = 'exec lictor agent -dev -http-port=0 -dns-port=0 -serf-lan-port=0'
  const child = spawn('script', inTerminal(line), {
    cwd: home.work,
    env: home.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ready = await before(
    20_000,
    () =>
      new Promise<RegExpExecArray>((resolve) => {
        let shown = ''
        child.stdout.on('data', (chunk: Buffer) => {
          shown += chunk
          const found = /ready: http (\S+?),? .*\(pid (\d+)\)/.exec(shown)
          if (found !== null) resolve(found)
        })
      }),
    'an agent at a terminal',
  )
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await before(10_000, () => ended, 'the end of its terminal')
  return { pid: Number(ready[2]), url: `http://${ready[1]}` }
}

if (spawnSync('script', ['--version']).error !== undefined) {
  console.log('SKIP no script')
  terminal('nothing without script(1)', () => undefined)
} else {
  terminal('an agent serves on when its terminal is closed', async ({ home }) => {
    const { pid, url } = await closeTerminal(home)
    let isStopped = false
    try {
      for (let i = 0; i < 5; i++) {
        const reloaded = await fetch(`${url}/v1/agent/reload`, { method: 'PUT' })
        assert.is(reloaded.status, 200, 'it has much to say, and nobody to say it to')
      }
      const { exit, stdout } = await run(home, ['lictor', 'stop', String(pid)])
      isStopped = exit === 0
      assert.match(stdout, `(pid ${pid})`)
    } finally {
      if (!isStopped) process.kill(pid, 'SIGKILL')
    }
  })

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

  terminal('Ctrl-C and Ctrl-D at the question delete nothing', async ({ typed, pressed }) => {
    await typed('lictor kv put ask/a 1')
    const interrupted = await pressed('lictor kv delete -recurse ask/', '\x03')
    assert.is(interrupted.exit, 130)
    assert.match(interrupted.shown, '1 key? [y/N]')
    assert.match(interrupted.shown, 'interrupted, nothing done')
    const ended = await pressed('lictor kv delete -recurse ask/', '\x04')
    assert.is(ended.exit, 1)
    assert.match(ended.shown, 'nothing deleted')
    assert.is((await typed('lictor kv get -keys ask/')).shown, 'ask/a\n')
  })

  terminal('a value that is no text is not shown', async ({ typed }) => {
    await typed('printf "\\033[31m" | lictor kv put binary -')
    const refused = await typed('lictor kv get binary')
    assert.is(refused.exit, 1)
    assert.match(refused.shown, 'no text (5 bytes)')
    assert.is((await typed('lictor kv get -raw binary')).shown, '\x1b[31m')
    assert.is((await typed('lictor kv get -base64 binary')).shown, 'G1szMW0=\n')
  })

  terminal('as consul nothing is asked', async ({ typed }) => {
    await typed('lictor kv put tree/a 1')
    const { exit, shown } = await typed('consul kv delete -recurse tree/')
    assert.is(exit, 0)
    assert.is(shown, 'Success! Deleted keys with prefix: tree/\n')
  })

  terminal('help fits a narrow terminal', async ({ typed }) => {
    const esc = String.fromCharCode(27)
    const colour = new RegExp(`${esc}\\[[\\d;]*m`, 'g')
    for (const line of ['lictor -h', 'lictor kv get -h', 'lictor lock -h', 'lictor help files']) {
      const { shown } = await typed(`stty cols 50; ${line}`)
      const wide = shown
        .replaceAll(colour, '')
        .split('\n')
        .filter((one) => one.length > 50 && one.trim().includes(' '))
      assert.equal(wide, [], line)
    }
  })

  terminal('a table with colours keeps its columns', async ({ typed }) => {
    const esc = String.fromCharCode(27)
    const { shown } = await typed('lictor members')
    assert.ok(shown.includes(`${esc}[32malive${esc}[39m`))
    const [header = '', row = ''] = shown.replaceAll(/.\[\d+m/g, '').split('\n')
    assert.is(header.indexOf('Type'), row.indexOf('server'))
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
