// A network of one's own: fixed ports such as 8500 are free in it, whatever else runs on the
// machine. What is mounted in it, as a resolv.conf of its own, nobody else sees.
import { spawnSync } from 'node:child_process'

/**
 * The command that runs another in a fresh network namespace with loopback up, or undefined where
 * the system forbids it.
 */
export function inNamespace(argv: readonly string[]): string[] | undefined {
  const unshare = UNSHARE.find((words) => works([...words, ...WITH_LOOPBACK, 'true']))
  return unshare && [...unshare, ...WITH_LOOPBACK, ...argv]
}

/** As root; else through a user namespace, where the kernel lets everybody. */
const UNSHARE = [
  ['unshare', '--net', '--mount', '--'],
  ['unshare', '--map-root-user', '--net', '--mount', '--'],
]

const WITH_LOOPBACK = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

function works([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}
