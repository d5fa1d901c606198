// `npm run sessions:busy`: every session three times in a row while all processors are kept busy. A
// page that passes only on a quiet machine tells more about the machine than about the programs.
// Words behind it choose pages: `npm run sessions:busy -- 04 05 07`.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROUNDS = 3
const SPIN = 'for (;;) Math.sqrt(2)'

const runner = fileURLToPath(new URL(`../run${extname(import.meta.url)}`, import.meta.url))
const chosen = process.argv.slice(2).map((word) => `sessions/${word}`)
const words = chosen.length > 0 ? chosen : ['sessions/']

const spinning = Array.from({ length: availableParallelism() }, () =>
  spawn(process.execPath, ['-e', SPIN], { stdio: 'ignore' }),
)
try {
  for (let round = 1; round <= ROUNDS && process.exitCode === undefined; round++) {
    console.log(`round ${round} of ${ROUNDS}, ${spinning.length} processors busy`)
    const code = await run()
    if (code !== 0) process.exitCode = code
  }
} finally {
  for (const child of spinning) child.kill('SIGKILL')
}

function run(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, runner, ...words], {
    stdio: 'inherit',
  })
  return new Promise((resolve, reject) =>
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1)),
  )
}
