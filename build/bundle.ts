// The build's second half (tsc is the first): bundles the executable for a quick start, and writes
// oclif's manifest.
//
// A command loads main, its own chunk and what it shares with others; packages stay outside and
// load where they are used.
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Plugin } from '@oclif/core'
import { build } from 'esbuild'

const root = process.cwd()
const outdir = join(root, 'dist/bin')
const manifestFile = join(root, 'oclif.manifest.json')

await rm(outdir, { recursive: true, force: true })
await build({
  entryPoints: { lictor: 'commands/main.ts', oclif: 'commands/oclif.ts' },
  outdir,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  legalComments: 'none',
  logLevel: 'warning',
})
await chmod(join(outdir, 'lictor.js'), 0o755)

await rm(manifestFile, { force: true })
const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
})
await plugin.load()
await writeFile(manifestFile, `${JSON.stringify(plugin.manifest, null, 1)}\n`)
