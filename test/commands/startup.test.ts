// Start-up is a feature: a command costs little more than Node itself.
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { always, withStub } from './kit/stub.ts'

/** The promise of the manual: a control command against `node -e 0`. */
const RATIO_MAX = 2.2
/** The best of some: what else the machine does only makes a run slower. */
const RUNS = 7

const startup = suite<{ home: Home }>('startup')

startup.before(async (context) => {
  context.home = await openHome()
})
startup.after(({ home }) => home.close())

/** Both in turn, some times; a line of each run with its processor time in user and system. */
const script = (line: string) => `TIMEFORMAT='%3U %3S'
for i in $(seq ${RUNS}); do
  time node -e 0
  time lictor ${line} >out
done`

/** The best of every second line, in milliseconds: what else the machine does cannot shorten it. */
function best(lines: readonly string[], from: 0 | 1): number {
  const spent = lines
    .filter((_, i) => i % 2 === from)
    .map((line) => line.split(' ').reduce((sum, seconds) => sum + Number(seconds), 0))
  return Math.min(...spent) * 1_000
}

startup('a control command takes at most 2.2 times as long as node -e 0', async ({ home }) => {
  const body =
    '[{"Key":"a","Flags":0,"Value":"eA==","LockIndex":0,"CreateIndex":1,"ModifyIndex":1}]'
  await withStub(always(200, body), async (address) => {
    const env = { CONSUL_HTTP_ADDR: address }
    for (const line of ['kv get a', 'kv get -json a', 'version']) {
      const { stderr } = await run(home, ['bash', '-c', script(line)], { env, timeoutMs: 60_000 })
      const lines = stderr.trim().split('\n')
      assert.is(lines.length, 2 * RUNS, stderr)
      const [floor, spent] = [best(lines, 0), best(lines, 1)]
      const ratio = spent / floor
      console.log(
        `${line}: ${spent.toFixed(0)} ms of processor, ${ratio.toFixed(2)} times node -e 0`,
      )
      assert.ok(ratio <= RATIO_MAX, `${line}: ${ratio.toFixed(2)} times node -e 0`)
    }
  })
})

/** Prints which files of ours were loaded, as CommonJS or as ES modules. */
const PRELOAD = `
const hook = 'export async function load(url, context, next) {' +
  ' if (url.startsWith("file:")) console.error("loaded " + url); return next(url, context) }'
require('node:module').register('data:text/javascript,' + encodeURIComponent(hook))
const say = (file) => console.error('loaded ' + file)
process.on('exit', () => Object.keys(require.cache).forEach(say))`

startup('a command that talks to an agent loads itself alone', async ({ home }) => {
  const preload = join(home.work, 'preload.cjs')
  await writeFile(preload, PRELOAD)
  const loadedBy = (words: readonly string[]) => {
    const argv = ['--require', preload, home.program('lictor'), ...words]
    const env = { ...home.env, CONSUL_HTTP_ADDR: '127.0.0.1:1' }
    const { stderr } = spawnSync(process.execPath, argv, { env, encoding: 'utf8' })
    const files = [...stderr.matchAll(/^loaded .*\/dist\/bin\/(.*)$/gm)].map(
      (match) => match[1] ?? '',
    )
    return files.sort()
  }
  assert.equal(loadedBy(['kv', 'get', 'a']), ['commands/kv-get.js', 'lictor.js'])
  assert.equal(loadedBy(['version']), ['commands/version.js', 'lictor.js'])
  assert.ok(loadedBy(['agent', '-hcl=bogus = 1']).includes('agent.mjs'))
})

startup.run()
