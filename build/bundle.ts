// Bundles the executable from the sources, for a quick start, and writes oclif's manifest.
//
// What was measured, on top of `node -e 0`: a module's file costs a millisecond, the loader of ES
// modules five, and the facade of a node: module up to three. So the program and its commands are
// CommonJS, each command one file that holds all it needs; what is large (daemons, oclif) lies
// beside them and is loaded by those who need it. Packages stay outside. What is there is replaced,
// never missing: a program may be running.
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Plugin } from '@oclif/core'
import { type BuildOptions, build, type Plugin as EsbuildPlugin } from 'esbuild'

const root = process.cwd()
const outdir = join(root, 'dist/bin')

/** ES modules of their own: large, or imported by others. */
const MODULES: Readonly<Record<string, string>> = {
  agent: 'daemons/agent.ts',
  config: 'daemons/runtime/config.ts',
  control: 'daemons/runtime/control.ts',
  kvstore: 'daemons/kvstore.ts',
  'kvstore-raft': 'daemons/kvstore-raft.ts',
  'port-holder': 'daemons/runtime/port-holder.ts',
  'raft-offline': 'daemons/raft/offline.ts',
  raftnode: 'daemons/raftnode.ts',
  registry: 'daemons/registry.ts',
  'registry-dns': 'daemons/registry-dns.ts',
  swimnode: 'daemons/swimnode.ts',
  oclif: 'commands/oclif.ts',
  testing: 'daemons/testing.ts',
}

/** Files of CommonJS that the program loads when it needs them. */
const HELPERS: Readonly<Record<string, string>> = {
  'oclif-help': 'commands/kit/oclif.ts',
  chalk: 'chalk',
}

/** Where a dynamic import of this source leads once it is built; undefined: into the same file. */
function builtAs(source: string): string | undefined {
  const command = /^commands\/((?!kit\/)[\w/-]+)\.ts$/.exec(source)?.[1]
  const named = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).find(([, file]) => file === source)?.[0]
  const [esm, helper] = [named(MODULES), named(HELPERS)]
  if (esm !== undefined) return `${esm}.mjs`
  if (helper !== undefined) return `${helper}.js`
  return command === undefined ? undefined : `commands/${commandFile(command)}`
}

const commandFile = (name: string): string => `${name.replaceAll('/', '-')}.js`

/** `depth`: how many folders below the program the file lies. */
const keepApart = (depth: number): EsbuildPlugin => ({
  name: 'keep-apart',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined
      const source = path.startsWith('.') ? relative(root, join(resolveDir, path)) : path
      const built = builtAs(source)
      if (built === undefined) return undefined
      return { path: `./${'../'.repeat(depth)}${built}`, external: true }
    })
  },
})

const common: BuildOptions = {
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  legalComments: 'none',
  logLevel: 'warning',
}

const commonjs: BuildOptions = {
  ...common,
  format: 'cjs',
  define: { 'import.meta.dirname': '__dirname' },
}

const program: BuildOptions = {
  ...commonjs,
  entryPoints: { lictor: 'commands/main.ts' },
  plugins: [keepApart(0)],
  supported: { 'dynamic-import': false }, // what it loads is CommonJS: required, not imported
}

const help: BuildOptions = {
  ...commonjs,
  entryPoints: { 'oclif-help': 'commands/kit/oclif.ts' },
}

const colours: BuildOptions = {
  ...commonjs,
  entryPoints: { chalk: 'chalk' },
  packages: 'bundle',
}

const table = await readFile(join(root, 'commands/table.ts'), 'utf8')
const sources = [...table.matchAll(/import\('\.\/(.+)\.ts'\)/g)].map(([, name = '']) => name)

const commands: BuildOptions = {
  ...commonjs,
  outdir: join(outdir, 'commands'),
  entryPoints: Object.fromEntries(
    sources.map((name) => [commandFile(name).slice(0, -'.js'.length), `commands/${name}.ts`]),
  ),
  plugins: [keepApart(1)],
}

const modules: BuildOptions = {
  ...common,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  entryPoints: MODULES,
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
}

/** Nothing is written unless all of it could be built. */
async function buildAll(): Promise<void> {
  const all = [program, help, colours, commands, modules]
  const built = await Promise.all(all.map((one) => build({ ...one, write: false })))
  const files = built.flatMap(({ outputFiles }) => outputFiles ?? [])
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, contents)
  }
  await writeFile(join(outdir, 'package.json'), '{ "type": "commonjs" }\n')
  await chmod(join(outdir, 'lictor.js'), 0o755)
  await removeStale(new Set(files.map(({ path }) => path)))
}

async function removeStale(kept: ReadonlySet<string>): Promise<void> {
  const there = await readdir(outdir, { recursive: true })
  const stale = there
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => join(outdir, name))
    .filter((path) => !kept.has(path))
  await Promise.all(stale.map((path) => rm(path)))
}

async function writeManifest(): Promise<void> {
  const plugin = new Plugin({
    root,
    type: 'core',
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  })
  await plugin.load()
  const file = join(root, 'oclif.manifest.json')
  await writeFile(`${file}.new`, `${JSON.stringify(plugin.manifest, null, 1)}\n`)
  await rename(`${file}.new`, file)
}

await buildAll()
await writeManifest()
