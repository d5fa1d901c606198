// A small disk of its own: a tmpfs with a size, unmounted at the end. Only root can mount one;
// elsewhere it is said that the test was skipped.
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export const isRoot = process.getuid?.() === 0

/** Whether the command ends well. */
export const works = (words: readonly string[]): boolean =>
  spawnSync(words[0] ?? '', words.slice(1), { stdio: 'ignore' }).status === 0

/** `options` as of mount: `size=1m,ro`. */
export async function withSmallDisk(
  dir: string,
  options: string,
  work: (disk: string) => Promise<void>,
): Promise<void> {
  const disk = join(dir, 'disk')
  await mkdir(disk)
  if (!isRoot || !works(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', disk])) {
    console.log('SKIP mounting a tmpfs needs root')
    return
  }
  let isFree = false
  try {
    await work(disk)
  } finally {
    isFree = works(['umount', disk])
    if (!isFree) works(['umount', '--lazy', disk])
  }
  if (!isFree) throw new Error(`a file on ${disk} is left open`)
}
