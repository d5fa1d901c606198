// Who holds a port, and which one is free: for the message that an agent leaves when it cannot
// listen. Linux only; elsewhere the message goes without it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'

export interface PortHolder {
  readonly pid: number
  readonly command: string
  readonly isOurs: boolean
  readonly ageSeconds: number | undefined
}

/** Ports tried for a free one. */
const TRIED_PORTS = 20
/** How a listening socket is marked in /proc/net/tcp. */
const LISTENING = '0A'
/** Clock ticks a second in /proc: fixed in the interface of the kernel. */
const TICKS_PER_SECOND = 100

/** Undefined: not Linux, or a process that we may not look into. */
export function holderOf(port: number): PortHolder | undefined {
  const inodes = listeningInodes(port)
  if (inodes.size === 0) return undefined
  for (const pid of listDir('/proc').filter((name) => /^\d+$/.test(name))) {
    const holds = listDir(`/proc/${pid}/fd`).some((fd) => inodes.has(link(`/proc/${pid}/fd/${fd}`)))
    if (holds) return describe(Number(pid))
  }
  return undefined
}

function listeningInodes(port: number): Set<string> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => read(file).split('\n'))
  const found = new Set<string>()
  for (const line of lines) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    if (state === LISTENING && local.endsWith(`:${hexPort}`)) found.add(`socket:[${inode}]`)
  }
  return found
}

function describe(pid: number): PortHolder {
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  const uid = /^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]
  const isOurs = uid !== undefined && Number(uid) === process.getuid?.()
  return { pid, command, isOurs, ageSeconds: ageOf(pid) }
}

/**
 * Field 22 of /proc/PID/stat counts from boot; the second field may hold spaces, so it is cut off
 * by its bracket.
 */
function ageOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`)
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const uptime = read('/proc/uptime').split(' ')[0]
  if (started === undefined || uptime === undefined) return undefined
  return Number(uptime) - Number(started) / TICKS_PER_SECOND
}

/** The next port above that can be bound at this moment: advice, not a promise. */
export async function nextFreePort(
  host: string,
  port: number,
  spokenFor: readonly number[] = [],
): Promise<number | undefined> {
  const last = Math.min(port + TRIED_PORTS, 65_535)
  for (let tried = port + 1; tried <= last; tried++) {
    if (!spokenFor.includes(tried) && (await canListen(host, tried))) return tried
  }
  return undefined
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port }, () => server.close(() => resolve(true)))
  })
}

/**
 * What cannot be read (gone, forbidden, not Linux) counts as empty: this is advice for a message.
 */
const read = (path: string): string => orElse(() => readFileSync(path, 'utf8'), '')
const listDir = (path: string): string[] => orElse(() => readdirSync(path), [])
const link = (path: string): string => orElse(() => readlinkSync(path), '')

function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return otherwise
    throw error
  }
}
