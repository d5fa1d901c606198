// Start-up is a feature: a command loads little more than Node itself. `npm run bench` times it.
import { spawnSync } from 'node:child_process'
import { realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Home, openHome } from '../kit/home.ts'

/** Bytes of ours that a control command reads: what it reads is what it waits for. */
const LOADED_MAX = 112 * 1024

const startup = suite<{ home: Home }>('startup')

startup.before(async (context) => {
  context.home = await openHome()
})
startup.after(({ home }) => home.close())

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
  const built = dirname(await realpath(home.program('lictor')))
  const sizes = ['commands/kv-get.js', 'lictor.js'].map(async (file) => {
    const { size } = await stat(join(built, file))
    return size
  })
  const loaded = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  assert.ok(loaded <= LOADED_MAX, `kv get reads ${loaded} bytes of ours`)
  assert.ok(loadedBy(['agent', '-hcl=bogus = 1']).includes('agent.mjs'))
})

startup.run()
