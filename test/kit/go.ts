// Whether programs in Go can be built here: there must be a Go, and the modules must be in its
// cache, or to be had.
import { spawnSync } from 'node:child_process'

/** Modules are fetched, where they are not here yet. */
const FETCH_MS = 240_000

/** False: `what` is skipped, and it has been said why. */
export function goBuilds(cwd: string, what: string): boolean {
  const why = hindrance(cwd)
  if (why !== undefined) console.log(`SKIP ${what}: ${why}`)
  return why === undefined
}

function hindrance(cwd: string): string | undefined {
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) return 'there is no Go here'
  const fetched = spawnSync('go', ['mod', 'download'], { cwd, timeout: FETCH_MS })
  if (fetched.status === 0) return undefined
  const said = fetched.stderr.toString().trim().split('\n').at(-1) ?? ''
  return `its modules are not to be had: ${said}`
}
