// A copy of the simulator and all it runs, with one rule made wrong. The product has no switches
// for this: the sources are bundled with a text replaced on the way, and what is replaced must be
// there exactly once, so that a mutant cannot quietly lose its meaning.
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { inProject } from '../../kit/paths.ts'

export interface Patch {
  /** From the root of the project. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** What can be called of a mutant. */
const ENTRIES = {
  cluster: ['run', 'shrink', 'play', 'scenario', 'trace']
    .map((file) => `export * from './core/sim/${file}.ts'`)
    .join('\n'),
  lone: "export * from './test/sim/lone/simulate.ts'",
} as const

export interface Planting {
  readonly id: string
  readonly patches: readonly Patch[]
  readonly world?: keyof typeof ENTRIES
}

/** Where the mutant can be imported from. Throws if a patch does not fit. */
export async function plant(dir: string, { id, patches, world }: Planting): Promise<string> {
  const applied = new Set<Patch>()
  const built = await build({
    stdin: { contents: ENTRIES[world ?? 'cluster'], resolveDir: inProject(), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const file = relative(inProject(), path).replaceAll('\\', '/')
            const text = await readFile(path, 'utf8')
            const ofFile = patches.filter((patch) => patch.file === file)
            for (const patch of ofFile) applied.add(patch)
            return { contents: ofFile.reduce(replaceOnce, text), loader: 'ts' }
          })
        },
      },
    ],
  })
  const missed = patches.filter((patch) => !applied.has(patch))
  if (missed.length > 0) throw new Error(`${id}: ${missed[0]?.file} is not in the simulator`)
  const [output] = built.outputFiles
  if (output === undefined) throw new Error(`${id}: nothing was built`)
  const path = join(dir, `${id.replaceAll(/[^\w-]/g, '-')}.mjs`)
  await writeFile(path, output.text)
  return pathToFileURL(path).href
}

function replaceOnce(text: string, { file, from, to }: Patch): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`)
  return parts.join(to)
}
