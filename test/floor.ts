// Plays the part of the recorded corpus that test/floor.json names against the built program, and
// fails when a folder passes fewer steps than its floor, or a file is not whole and nobody has
// written down why. The corpus itself fails steps that nobody has built yet; those are above the
// floor.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { filesIn, type Played, raised, readFloor, weigh } from './kit/floor.ts'
import { builtProgram, inProject, projectRoot } from './kit/paths.ts'
import { patient } from './kit/within.ts'

const { values } = parseArgs({
  options: {
    summary: { type: 'string' },
    details: { type: 'string', default: '3' },
    raise: { type: 'boolean', default: false },
  },
})

const floor = await readFloor()
const dir = await mkdtemp(join(tmpdir(), 'lc-'))
try {
  const played = await playCorpus(join(dir, 'summary.json'))
  const result = weigh(floor, played)
  if (values.raise) {
    const text = JSON.stringify(raised(floor, played.folders), null, 2)
    await writeFile(inProject('test/floor.json'), `${text}\n`)
    await execa('npx', ['biome', 'format', '--write', 'test/floor.json'], { cwd: projectRoot })
  }
  console.log(result.lines.join('\n'))
  if (values.summary !== undefined) {
    await writeFile(
      values.summary,
      `${JSON.stringify({ passed: result.passed, short: result.short })}\n`,
    )
  }
  console.log(`${result.passed} passed, ${result.short} below the floor`)
  process.exitCode = result.short === 0 ? 0 : 1
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function playCorpus(summary: string): Promise<Played> {
  const play = Object.values(floor.corpus).flatMap((folder) => folder.play)
  const runner = inProject('test/conformance/run.mjs')
  const options = ['--bin', builtProgram, '--details', values.details, '--summary', summary]
  options.push('--patience', String(patient(1)), '--again', '1')
  const child = spawn(process.execPath, [runner, ...options, ...play], {
    stdio: ['inherit', 'pipe', 'inherit'],
  })
  const printed: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    printed.push(chunk)
    process.stdout.write(chunk)
  })
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  return {
    // What run.mjs has written.
    folders: JSON.parse(await readFile(summary, 'utf8')) as Played['folders'],
    files: filesIn(Buffer.concat(printed).toString()),
  }
}
