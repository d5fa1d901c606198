// The code of the disk with one line made wrong. A check counts only once it has caught such a
// mutant.
//
// The mutant lives in a folder of its own that links to the real files; the one that is changed,
// and those on the way to it, are copies. Works on the sources under tsx as well as on the compiled
// files, so a pattern must fit both.
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { withTemp } from '../../kit/tmp.ts'

export interface Mutation {
  /** Without its ending: `daemons/runtime/wal`. */
  readonly file: string
  readonly from: RegExp
  readonly to: string
}

const ROOT = resolve(import.meta.dirname, '../../..')
const ENDING = extname(import.meta.filename)
const FOLDERS = ['core', 'core/wire', 'daemons/runtime']
/** Copied, so that they import the mutant and not what a link leads to. */
const ON_THE_WAY = [
  'core/wire/frame',
  'daemons/runtime/file-head',
  'daemons/runtime/files',
  'daemons/runtime/registrations',
  'daemons/runtime/snapshots',
  'daemons/runtime/wal',
  'daemons/runtime/wal-format',
  'daemons/runtime/wal-recover',
]

/** Hands over a function that imports a module of the mutant. */
export function withMutant<T>(
  mutation: Mutation,
  work: (load: (file: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  return withTemp(async (dir) => {
    await writeFile(join(dir, 'package.json'), '{ "type": "module" }\n')
    for (const folder of FOLDERS) await fill(dir, folder)
    const changed = join(dir, `${mutation.file}${ENDING}`)
    const text = await readFile(changed, 'utf8')
    if (!mutation.from.test(text)) throw new Error(`${mutation.file} has no ${mutation.from}`)
    await writeFile(changed, text.replace(mutation.from, mutation.to))
    return work((file) => import(pathToFileURL(join(dir, `${file}${ENDING}`)).href))
  })
}

async function fill(dir: string, folder: string): Promise<void> {
  await mkdir(join(dir, folder), { recursive: true })
  for (const entry of await readdir(join(ROOT, folder), { withFileTypes: true })) {
    if (!entry.isFile() || extname(entry.name) !== ENDING) continue
    const file = `${folder}/${entry.name}`
    const place = ON_THE_WAY.includes(file.slice(0, -ENDING.length)) ? copyFile : symlink
    await place(join(ROOT, file), join(dir, file))
  }
  await mkdir(dirname(join(dir, folder)), { recursive: true })
}
