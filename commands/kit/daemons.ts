// Which of the running daemons a command means: by name, process id, address, or the one from this
// folder.
import { EXIT } from '../../core/errors.ts'
import type { Env } from './declare.ts'
import { Failure, misuse } from './failure.ts'
import { type DaemonRecord, listDaemons } from './launch.ts'
import type { Output } from './output.ts'

export interface DaemonWish {
  /** A node's name, a process id, `host:port` or a port; undefined: the one there is. */
  readonly named: string | undefined
  /** The command that asks, for its advice: `logs`. */
  readonly id: string
  readonly env: Env
  readonly out: Output
}

/** Every daemon of ours that answers. What dead ones have left behind is removed, and said. */
export async function runningDaemons(env: Env, out: Output): Promise<readonly DaemonRecord[]> {
  const { records, removed } = await listDaemons(env)
  if (removed.length > 0) out.talk(`removed sockets of daemons that are gone: ${removed.length}`)
  return records
}

/** The one that is meant, or why that cannot be said. */
export async function findDaemon({ named, id, env, out }: DaemonWish): Promise<DaemonRecord> {
  const all = await runningDaemons(env, out)
  if (all.length === 0) {
    throw nobody('no daemon of yours is running', ['lictor agent -dev   start one'])
  }
  const meant = named === undefined ? all : all.filter((one) => isMeant(one, named))
  const [first] = meant
  if (first === undefined) {
    throw nobody(`no daemon ${JSON.stringify(named)}`, choicesOf(all, id))
  }
  if (meant.length === 1) return first
  const here = meant.filter((one) => one.cwd === process.cwd())
  if (here.length === 1 && here[0] !== undefined) {
    out.talk(`${titleOf(here[0])}: the one that was started in this folder`)
    return here[0]
  }
  throw misuse(`${meant.length} daemons: say which`, { next: choicesOf(meant, id) })
}

function isMeant(record: DaemonRecord, named: string): boolean {
  const addresses = Object.values(record.addresses).flat()
  const names = [record.name, String(record.pid), record.socket, ...addresses]
  return names.includes(named) || addresses.some((address) => address.endsWith(`:${named}`))
}

/** Where clients ask it; of a daemon that has no such door, where its peers do. */
export const addressesOf = (addresses: DaemonRecord['addresses']): readonly string[] =>
  addresses['http'] ?? Object.values(addresses).find((some) => some.length > 0) ?? []

export const titleOf = ({ kind, name, pid }: DaemonRecord): string => `${kind} ${name} (pid ${pid})`

/** The command again, once for each daemon that it may mean. */
function choicesOf(all: readonly DaemonRecord[], id: string): readonly string[] {
  const words = all.map(({ pid }) => `lictor ${id} ${pid}`)
  const width = Math.max(...words.map((word) => word.length))
  return all.map(({ kind, name, addresses, cwd }, i) => {
    const where = addresses['http']?.join(' ') ?? otherAddress(addresses)
    return `${(words[i] ?? '').padEnd(width)}   ${kind} ${name}, ${where}, from ${cwd}`
  })
}

const otherAddress = (addresses: DaemonRecord['addresses']): string => {
  const [[protocol, [first] = []] = ['']] = Object.entries(addresses)
  return first === undefined ? 'no address' : `${protocol} ${first}`
}

const nobody = (what: string, next: readonly string[]): Failure =>
  new Failure({ code: 'nobody_there', what, next, exit: EXIT.nobody })
