// Binds a server to its address. Port 0 is bound as such and reported: nobody looks for a free port
// and then uses it. Unix sockets: a file that nobody listens on any more is replaced, its mode and
// owner are set before anybody can connect.
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import type { ListenAddress } from '../../core/config/agent-config.ts'
import { StartRefused } from './refused.ts'

/** Longer paths do not fit the address of a Unix socket; Node cuts them off without a word. */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

/** Who may connect to a Unix socket. Empty: as the process creates it. */
export interface SocketFile {
  /** Octal digits, as `0770`. */
  readonly mode: string
  /** A name or a number. */
  readonly user: string
  readonly group: string
}

/**
 * Where the server now listens. Rejects with the error of the system, or with one of ours for a
 * path that cannot be.
 */
export async function listenOn(
  server: Server,
  address: ListenAddress,
  file?: SocketFile,
): Promise<ListenAddress> {
  if (address.type === 'tcp') {
    await listening(server, () => server.listen({ host: address.host, port: address.port }))
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
    return { ...address, port }
  }
  checkLength(address.path)
  await removeStale(address.path)
  await listening(server, () => {
    server.listen({ path: address.path })
    if (file !== undefined && server.listening) dress(address.path, file)
  })
  return address
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      server.on('error', createWarner())
      resolve()
    })
    listen()
  })
}

/**
 * Accepting may fail for a while (ENFILE, ENOMEM): the kernel keeps whoever waits, so this is no
 * reason to end. It is said once: what fails a thousand times a second must not be said as often.
 */
function createWarner(): (error: Error) => void {
  let isSaid = false
  return (error) => {
    if (!isSaid) process.emitWarning(error)
    isSaid = true
  }
}

function checkLength(path: string): void {
  const size = Buffer.byteLength(path)
  if (size <= SOCKET_PATH_BYTES_MAX) return
  throw new StartRefused(
    `${path}: ${size} bytes, a Unix socket has at most ${SOCKET_PATH_BYTES_MAX}`,
  )
}

/**
 * Removes a socket on which nobody answers. Anything else stays, and listening fails with
 * EADDRINUSE.
 */
async function removeStale(path: string): Promise<boolean> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || !found.isSocket() || (await answers(path))) return false
  unlinkSync(path)
  return true
}

/** Whether somebody accepts connections on a Unix socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Between bind and this no event is handled, so nobody is accepted with the wrong mode. */
function dress(path: string, { mode, user, group }: SocketFile): void {
  if (user !== '' || group !== '') {
    chownSync(path, idOf(user, '/etc/passwd'), idOf(group, '/etc/group'))
  }
  if (mode !== '') chmodSync(path, Number.parseInt(mode, 8))
}

/** -1 leaves the owner as it is. */
function idOf(name: string, table: string): number {
  if (name === '') return -1
  if (/^\d+$/.test(name)) return Number(name)
  for (const line of readFileSync(table, 'utf8').split('\n')) {
    const [entry, , id] = line.split(':')
    if (entry === name) return Number(id)
  }
  throw new StartRefused(`no such name in ${table}: ${name}`)
}
