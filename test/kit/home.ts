// A user's account on a machine of its own: a home, a working folder, and every program name of the
// project on the path, as thin links to what was built. Nothing of it outlives the test.
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MARK } from './leftovers.ts'
import { inProject } from './paths.ts'
import { makeTemp } from './tmp.ts'

export interface Home {
  /** The folder that holds all of it. */
  readonly path: string
  /** Where commands start; the seed's `./kvstore` finds its program here. */
  readonly work: string
  /**
   * The whole environment of the account: nothing of the developer's own shines through but PATH.
   */
  readonly env: Readonly<Record<string, string>>
  /** Every name that a program answers to. */
  readonly names: ReadonlySet<string>
  /** The path of a program, under whose name it then answers. */
  program(name: string): string
  close(): Promise<void>
}

export async function openHome(): Promise<Home> {
  const temp = await makeTemp()
  const at = (name: string) => join(temp.path, name)
  for (const name of ['bin', 'home', 'run', 'tmp', 'work']) await mkdir(at(name), { mode: 0o700 })
  const named = await programs()
  for (const [name, built] of named) {
    await symlink(inProject(built), at(`bin/${name}`))
    await symlink(inProject(built), at(`work/${name}`))
  }
  return {
    path: temp.path,
    work: at('work'),
    env: environment(at),
    names: new Set(named.map(([name]) => name)),
    program: (name) => at(`bin/${name}`),
    close: temp.remove,
  }
}

export async function withHome<T>(use: (home: Home) => Promise<T>): Promise<T> {
  const home = await openHome()
  try {
    return await use(home)
  } finally {
    await home.close()
  }
}

/** Every program name, and the built file that answers to it. */
async function programs(): Promise<[string, string][]> {
  const manifest: unknown = JSON.parse(await readFile(inProject('package.json'), 'utf8'))
  const { bin } = manifest as { bin: Record<string, string> } // Our own file, checked by npm.
  return Object.entries(bin)
}

/** What is handed through: the path, the mark of this test, and where coverage goes. */
const INHERITED = [MARK, 'NODE_V8_COVERAGE']

function environment(at: (name: string) => string): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return {
    ...Object.fromEntries(inherited),
    PATH: `${at('bin')}:${process.env['PATH'] ?? ''}`,
    HOME: at('home'),
    XDG_RUNTIME_DIR: at('run'),
    XDG_STATE_HOME: at('home/.local/state'),
    XDG_CONFIG_HOME: at('home/.config'),
    XDG_CACHE_HOME: at('home/.cache'),
    TMPDIR: at('tmp'),
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
  }
}
