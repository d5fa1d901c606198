// The build's second half (tsc is the first): bundles the executable for a quick start, and writes
// oclif's manifest.
//
// A command loads main, its own chunk and what it shares with others; packages stay outside and
// load where they are used. What is there is replaced, never missing: a program may be running.
import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Plugin } from '@oclif/core'
import { build } from 'esbuild'

const root = process.cwd()
/** Another folder for a build beside the real one. */
const outdir = join(root, process.argv[2] ?? 'dist/bin')
const manifestFile = join(root, 'oclif.manifest.json')

const { metafile } = await build({
  entryPoints: {
    lictor: 'commands/main.ts',
    oclif: 'commands/oclif.ts',
    testing: 'daemons/testing.ts',
  },
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
  metafile: true,
})
await chmod(join(outdir, 'lictor.js'), 0o755)

const built = new Set(Object.keys(metafile.outputs).map((path) => basename(path)))
const chunks = join(outdir, 'chunks')
const stale = (await readdir(chunks)).filter((name) => !built.has(name))
await Promise.all(stale.map((name) => rm(join(chunks, name))))

const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
})
await plugin.load()
await writeFile(`${manifestFile}.new`, `${JSON.stringify(plugin.manifest, null, 1)}\n`)
await rename(`${manifestFile}.new`, manifestFile)
