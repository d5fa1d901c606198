// One process at a time on a data folder. Node has no flock, and the lock must let go by itself
// when its holder is killed.
//
// Each process that wants the folder first raises a flag, then looks for flags of others that live,
// and has the folder if there are none: of two, the one that raised its flag later sees the
// other's, so never both have it; both may give way, and try again. A flag is a Unix socket that
// listens: the kernel says whether its process lives, whatever has become of its number, and it
// says so across namespaces of processes and networks that share the folder. Where the folder can
// hold no socket, a flag is a file with the number and the start of its process in its name, looked
// up in /proc.
//
// Only the holder removes flags of the dead. A socket is bound a moment before it listens, so a
// process in that moment looks dead, and its flag may go. It has yet to look around then: it sees
// the holder, or, should that one have died since, it sees that its own flag is gone, for that is
// what it looks at last. Either way it gives way.
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { present } from '../../core/assert.ts'
import { DataDirRefused, DiskFailure, isFull } from './disk-errors.ts'

export interface Lock {
  release(): Promise<void>
}

/** For people, and for whoever meets a live flag: its holder is no mere rival. */
const HOLDER_FILE = 'lock'
const SOCKET_FLAG = /^lock-(\d+)-\w+\.sock$/
const PROCESS_FLAG = /^lock-(\d+)-(\d+)\.pid$/
/** Rivals that started together give way and try again so many times. */
const TRIES = 20
const GIVE_WAY_MS = 50
/** What sun_path takes, less the zero at its end, on every system of ours. */
const SOCKET_PATH_MAX = 103

/** Rejects with a DataDirRefused that names the process which holds the folder. */
export async function acquireLock(dir: string): Promise<Lock> {
  const folder = { dir, fd: onDisk('open', dir, () => fs.openSync(dir, 'r')) }
  try {
    return await contend(folder)
  } catch (error) {
    fs.closeSync(folder.fd)
    throw error
  }
}

async function contend(folder: Folder): Promise<Lock> {
  for (let tried = 1; ; tried++) {
    const flag = await raiseFlag(folder)
    const seen = await lookAround(folder, flag)
    if (seen.type === 'free') return hold(folder, flag, seen.dead)
    await flag.lower()
    if (seen.type === 'rival' && (tried >= TRIES || isHolder(folder, seen.name)))
      throw heldBy(folder.dir, seen.name)
    await pause(randomInt(1, GIVE_WAY_MS))
  }
}

function heldBy(dir: string, flag: string): DataDirRefused {
  const pid = SOCKET_FLAG.exec(flag)?.[1] ?? PROCESS_FLAG.exec(flag)?.[1]
  return new DataDirRefused(
    'locked',
    `${dir} is in use by process ${pid}: two processes on one data folder would destroy it. ` +
      'Stop that process, or give this one a folder of its own (-data-dir of an agent)',
  )
}

interface Folder {
  readonly dir: string
  /** Kept open: through it a socket has a short path. */
  readonly fd: number
}

interface Flag {
  readonly name: string
  lower(): Promise<void>
}

async function raiseFlag(folder: Folder): Promise<Flag> {
  const name = `lock-${process.pid}-${randomInt(2 ** 40).toString(36)}.sock`
  const path = socketPath(folder, name)
  if (path === undefined) return raiseProcessFlag(folder)
  const server = await listen(path)
  if (server instanceof Error) return raiseProcessFlag(folder)
  return {
    name,
    lower: () => new Promise((resolve) => server.close(() => resolve())), // removes the socket
  }
}

/**
 * The folder's own path may be longer than a socket's may be; undefined: this system has no other
 * way.
 */
function socketPath({ dir, fd }: Folder, name: string): string | undefined {
  const path = join(dir, name)
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return path
  return process.platform === 'linux' ? `/proc/self/fd/${fd}/${name}` : undefined
}

function listen(path: string): Promise<Server | Error> {
  const server = createServer((socket) => socket.destroy()).unref()
  return new Promise((resolve) => {
    server.on('error', resolve) // later errors concern callers of no interest
    server.listen({ path }, () => resolve(server))
  })
}

function raiseProcessFlag({ dir }: Folder): Flag {
  const name = `lock-${process.pid}-${startOf(process.pid) ?? 0}.pid`
  const path = join(dir, name)
  onDisk('create', path, () => fs.closeSync(fs.openSync(path, 'w', 0o600)))
  return { name, lower: async () => fs.rmSync(path, { force: true }) }
}

type Seen =
  | { readonly type: 'free'; readonly dead: readonly string[] }
  /** The flag of another process that lives. */
  | { readonly type: 'rival'; readonly name: string }
  /** Our own flag is gone. */
  | { readonly type: 'lost' }

async function lookAround(folder: Folder, own: Flag): Promise<Seen> {
  const dead: string[] = []
  for (const name of onDisk('list', folder.dir, () => fs.readdirSync(folder.dir))) {
    if (name === own.name || !(SOCKET_FLAG.test(name) || PROCESS_FLAG.test(name))) continue
    if (await isRaised(folder, name)) return { type: 'rival', name }
    dead.push(name)
  }
  return fs.existsSync(join(folder.dir, own.name)) ? { type: 'free', dead } : { type: 'lost' }
}

async function isRaised(folder: Folder, name: string): Promise<boolean> {
  if (SOCKET_FLAG.test(name)) return isListening(present(socketPath(folder, name), 'a path'))
  const [, pid, start] = PROCESS_FLAG.exec(name) ?? []
  return pid !== undefined && startOf(Number(pid)) === start
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const answer = (lives: boolean) => {
      socket.destroy()
      resolve(lives)
    }
    socket.once('connect', () => answer(true))
    // Whatever else goes wrong (a full backlog, no permission): somebody is there.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    )
  })
}

/**
 * When a process began, in ticks since the boot; undefined: it is gone, or dead and not yet buried.
 */
function startOf(pid: number): string | undefined {
  let stat: string
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined
    throw error
  }
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : fields[18]
}

function isHolder({ dir }: Folder, flag: string): boolean {
  try {
    return fs.readFileSync(join(dir, HOLDER_FILE), 'utf8').includes(flag)
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return false
    throw error
  }
}

function hold({ dir, fd }: Folder, flag: Flag, dead: readonly string[]): Lock {
  for (const name of dead)
    onDisk('remove', join(dir, name), () => fs.rmSync(join(dir, name), { force: true }))
  noteHolder(dir, flag)
  return {
    async release() {
      fs.rmSync(join(dir, HOLDER_FILE), { force: true })
      await flag.lower()
      fs.closeSync(fd)
    },
  }
}

/** A full disk is no reason not to start: then rivals only take longer to give up. */
function noteHolder(dir: string, flag: Flag): void {
  const path = join(dir, HOLDER_FILE)
  try {
    const text = `${process.pid} ${flag.name}\n`
    onDisk('write', path, () => fs.writeFileSync(path, text, { mode: 0o600 }))
  } catch (error) {
    if (!isFull(error)) throw error
  }
}

function onDisk<T>(operation: string, path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new DiskFailure(operation, path, error)
  }
}
