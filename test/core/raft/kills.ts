// Which wrong rule kills which transcript. A transcript that nothing kills shows nothing. Part of
// `npm run mutants`.
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { inProject } from '../../kit/paths.ts'
import { MUTANTS } from '../../sim/mutants/table.ts'
import { WRONG_RULES, type WrongRule } from './wrong-rules.ts'

type Run = (text: string) => string

/** The interpreter of transcripts over a machine with one rule made wrong. */
async function withWrongRule(dir: string, { id, patches }: WrongRule): Promise<Run> {
  const built = await build({
    entryPoints: [inProject('test/core/raft/script.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [
      {
        name: 'wrong-rule',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const file = relative(inProject(), path)
            const text = await readFile(path, 'utf8')
            const ofFile = patches.filter((patch) => patch.file === file)
            return { contents: ofFile.reduce(replaceOnce, text), loader: 'ts' }
          })
        },
      },
    ],
  })
  const path = join(dir, `${id}.mjs`)
  await writeFile(path, built.outputFiles[0]?.text ?? '')
  const module = (await import(pathToFileURL(path).href)) as { runScript: Run } // built just now
  return module.runScript
}

function replaceOnce(text: string, { from, to }: { from: string; to: string }): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`is there ${parts.length - 1} times: ${from}`)
  return parts.join(to)
}

function survives(run: Run, text: string): boolean {
  try {
    return run(text) === text
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return false
  }
}

export interface Kills {
  readonly rule: WrongRule
  /** Names of the transcripts that do not come out as they are written. */
  readonly killed: readonly string[]
}

/** What stands around the machine, and not in transcripts. */
const AROUND = 'core/raft/replicated.ts'

const isOfRaft = ({ patches }: WrongRule) =>
  patches.every(({ file }) => file.startsWith('core/raft/') && file !== AROUND)

/** Which transcripts die under each rule, and those that die under none. */
export async function killTranscripts(
  dir: string,
): Promise<{ readonly kills: readonly Kills[]; readonly alive: readonly string[] }> {
  const folder = inProject('test/core/raft/scripts')
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))
  const texts = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  const alive = new Set(names)
  const kills: Kills[] = []
  for (const rule of [...MUTANTS, ...WRONG_RULES].filter(isOfRaft)) {
    const run = await withWrongRule(dir, rule)
    const killed = names.filter((name) => !survives(run, texts.get(name) ?? ''))
    for (const name of killed) alive.delete(name)
    kills.push({ rule, killed })
  }
  return { kills, alive: [...alive] }
}
