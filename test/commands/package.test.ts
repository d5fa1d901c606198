// What npm would publish: all that an installation needs, and nothing else.
import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { idsOf } from '../../commands/kit/table.ts'
import { TABLE } from '../../commands/table.ts'
import { inProject } from '../kit/paths.ts'
import { patient } from '../kit/within.ts'

const PACK_MS = patient(60_000)
/** A surprise of this size is a mistake: dependencies or recordings have slipped in. */
const BYTES_MAX = 8_000_000

const published = suite('package')

async function packed(): Promise<{ size: number; files: string[] }> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await execa('npm', args, { cwd: inProject(), timeout: PACK_MS })
  const [pack] = JSON.parse(stdout)
  return { size: pack.unpackedSize, files: pack.files.map(({ path }: { path: string }) => path) }
}

const pack = await packed()
const has = (path: string) => assert.ok(pack.files.includes(path), `${path} is missing`)

published('the program, its manifest, completions and manual are in it', () => {
  has('dist/bin/lictor.js')
  has('oclif.manifest.json')
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']) has(name)
  for (const shell of ['bash', 'zsh', 'fish']) has(`completions/lictor.${shell}`)
  for (const page of ['lictor.1', 'lictor-kv-get.1', 'lictor-kv.7', 'lictor-config.5']) {
    has(`man/${page}`)
  }
  assert.ok(pack.files.some((path) => path.startsWith('dist/bin/chunks/')))
})

published('tests, sources, recordings and maps are not', () => {
  const strange = pack.files.filter(
    (path) => /^(?:dist\/)?(?:test|build)\/|\.map$/.test(path) || /(?<!\.d)\.ts$/.test(path),
  )
  assert.equal(strange, [])
  assert.ok(pack.size < BYTES_MAX, `${pack.size} bytes`)
})

published('what package.json points at is in it', async () => {
  const manifest = JSON.parse(await readFile(inProject('package.json'), 'utf8'))
  for (const path of Object.values<string>(manifest.bin)) has(path)
  has(manifest.oclif.commands.target.replace(/^\.\//, ''))
  for (const target of targetsOf(manifest.exports ?? {})) has(target.replace(/^\.\//, ''))
})

/** Every file that a condition of `exports` leads to. */
function targetsOf(found: unknown): string[] {
  if (typeof found === 'string') return [found]
  if (typeof found !== 'object' || found === null) return []
  return Object.values(found).flatMap(targetsOf)
}

published('lictor/testing is what a test of others imports, by that name', async () => {
  const script = `
    import { startDevAgent } from 'lictor/testing'
    const agent = await startDevAgent({ kv: { a: 'b' } })
    const response = await fetch(agent.url + '/v1/kv/a?raw', { headers: { connection: 'close' } })
    console.log(await response.text())
    await agent.stop()`
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await execa('node', args, { cwd: inProject(), timeout: PACK_MS })
  assert.is(stdout, 'b')
})

published('its types need no library that their reader has not named', async () => {
  const types = inProject('dist/bin/testing.d.mts')
  const plain = ['--ignoreConfig', '--noEmit', '--module', 'nodenext', '--lib', 'es2022']
  const args = [inProject('node_modules/.bin/tsc'), ...plain, '--types', '', types]
  const { exitCode, stdout } = await execa('node', args, { reject: false, timeout: PACK_MS })
  assert.equal([exitCode, stdout], [0, ''])
})

published('the manifest of oclif knows every command', async () => {
  const manifest = JSON.parse(await readFile(inProject('oclif.manifest.json'), 'utf8'))
  const ids = idsOf(TABLE, 'lictor').map((id) => id.replaceAll(' ', ':'))
  assert.equal(Object.keys(manifest.commands).sort(), [...ids].sort())
  for (const [id, command] of Object.entries<{ summary: string; args: object }>(
    manifest.commands,
  )) {
    assert.ok(command.summary, id)
  }
})

published.run()
