// The control socket of a daemon, and the record beside it by which `ps`, `stop` and `logs` find
// it. HTTP/1.1 through the same router as the API (D8): `curl --unix-socket "$SOCK"
// http://x/v1/hello`.
//
// The folder is ours alone (0700), so the file system decides who may talk to a daemon.
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { ListenAddress } from '../../core/config/agent-config.ts'
import type { Request, Response } from '../../core/route/request.ts'
import { makeFolders } from './folder.ts'
import { type Http, openDoor } from './http.ts'
import { answers, SOCKET_PATH_BYTES_MAX } from './listen.ts'
import { StartRefused } from './refused.ts'

const HELLO_PATH = '/v1/hello'

/** Address and port that need not be in the name of a socket. */
const DEFAULT_HOST = '127.0.0.1'

/** What a daemon tells of itself: the JSON beside its socket, and the answer to /v1/hello. */
export interface DaemonRecord {
  /** `agent`, later `raftnode` and so on. */
  readonly kind: string
  /** Of the node. */
  readonly name: string
  readonly pid: number
  /** RFC 3339. */
  readonly startedAt: string
  readonly version: string
  /** By purpose, as `host:port` or the path of a Unix socket: `{ http: ['127.0.0.1:8500'] }`. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
  /** The same for all nodes of one cluster. */
  readonly cluster: string
  readonly cwd: string
  readonly socket: string
  /** Where its log goes besides the standard output. */
  readonly logFile?: string
}

export interface Control {
  readonly record: DaemonRecord
  /** Removes socket and record. */
  close(): void
}

/** Where sockets lie when no `--socket` says otherwise. */
export function runtimeDir(env: NodeJS.ProcessEnv): string {
  const { LICTOR_RUNTIME_DIR: own, XDG_RUNTIME_DIR: session, TMPDIR: temporary } = env
  if (own) return own
  if (session) return join(session, 'lictor')
  const uid = process.getuid?.() ?? 0
  return uid === 0 ? '/run/lictor' : join(temporary || '/tmp', `lictor-${uid}`)
}

export interface ControlOptions {
  readonly env: NodeJS.ProcessEnv
  /** Of `--socket`; undefined: a name in the runtime folder. */
  readonly socket: string | undefined
  readonly told: Omit<DaemonRecord, 'socket'>
  /** The address that names the daemon; undefined: its process does. */
  readonly main: ListenAddress | undefined
}

/** Rejects with a StartRefused. */
export async function openControl(http: Http, options: ControlOptions): Promise<Control> {
  const { told, socket, env, main } = options
  const path = socket ?? join(prepareDir(runtimeDir(env)), `${socketName(told, main)}.sock`)
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new StartRefused(
      `${path}: longer than the ${SOCKET_PATH_BYTES_MAX} bytes that a Unix socket may have; ` +
        'set LICTOR_RUNTIME_DIR or --socket to a shorter one',
    )
  }
  if (await answers(path))
    throw new StartRefused(`${path}: another daemon answers there: lictor ps`)
  const record: DaemonRecord = { ...told, socket: path }
  const address = { type: 'unix', path } as const
  const file = { mode: '0600', user: '', group: '' }
  await openDoor(http, { address, file, ownAnswer: (request) => hello(record, request) })
  const beside = recordPath(path)
  writeRecord(beside, record)
  const close = () => {
    rmSync(beside, { force: true })
    rmSync(path, { force: true })
  }
  return { record, close }
}

/** `agent-8500`, `agent-127.0.0.2-8500`; `agent-pid4711` for one that has no port. */
function socketName(
  { kind, pid }: { kind: string; pid: number },
  main: ListenAddress | undefined,
): string {
  if (main === undefined || main.type === 'unix') return `${kind}-pid${pid}`
  const host = main.host.replaceAll(':', '_') // IPv6
  return host === DEFAULT_HOST ? `${kind}-${main.port}` : `${kind}-${host}-${main.port}`
}

const recordPath = (socket: string) => socket.replace(/(\.sock)?$/, '.json')

function hello(record: DaemonRecord, request: Request): Response | undefined {
  if (request.path !== HELLO_PATH) return undefined
  const headers = ['Content-Type', 'application/json']
  return { status: 200, headers, body: `${JSON.stringify(record)}\n` }
}

/** Makes the folder, or makes sure that nobody else can put a socket into it. */
export function prepareDir(dir: string): string {
  try {
    makeFolders(dir, 0o700)
  } catch (error) {
    throw new StartRefused(`${dir}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
  const found = lstatSync(dir)
  const uid = process.getuid?.() ?? 0
  if (!found.isDirectory()) throw new StartRefused(`${dir}: not a folder`)
  if (found.uid !== uid)
    throw new StartRefused(`${dir}: belongs to user ${found.uid}, not to us (${uid})`)
  if ((found.mode & 0o077) !== 0) {
    throw new StartRefused(
      `${dir}: open to others (mode ${(found.mode & 0o777).toString(8)}); chmod 700 it`,
    )
  }
  return dir
}

/** A reader sees a whole record or none. */
function writeRecord(path: string, record: DaemonRecord): void {
  const draft = join(dirname(path), `.${process.pid}.${Date.now()}.tmp`)
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  chmodSync(draft, 0o600)
  renameSync(draft, path)
}

export interface Found {
  readonly records: readonly DaemonRecord[]
  /** Paths of sockets whose daemon is gone; they have been removed. */
  readonly removed: readonly string[]
}

/** Every daemon that answers in a folder. What dead ones have left there is removed. */
export async function findDaemons(dir: string): Promise<Found> {
  const records: DaemonRecord[] = []
  const removed: string[] = []
  for (const name of namesIn(dir)) {
    const path = join(dir, name)
    const record = readRecord(path)
    if (record === undefined) continue
    const bound = inodeOf(record.socket)
    if (await answers(record.socket)) records.push(record)
    else if (!isAlive(record.pid)) {
      // Meanwhile the daemon may have been started again, under the same names.
      if (readRecord(path)?.pid !== record.pid || inodeOf(record.socket) !== bound) continue
      rmSync(path, { force: true })
      rmSync(record.socket, { force: true })
      removed.push(record.socket)
    }
  }
  return { records, removed }
}

const inodeOf = (path: string): number | undefined =>
  lstatSync(path, { throwIfNoEntry: false })?.ino

const namesIn = (dir: string): string[] =>
  lstatSync(dir, { throwIfNoEntry: false }) === undefined
    ? []
    : readdirSync(dir)
        .filter((name) => name.endsWith('.json'))
        .sort()

function readRecord(path: string): DaemonRecord | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isRecord(read) ? read : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'errno' in error))
      return undefined
    throw error
  }
}

const isRecord = (read: unknown): read is DaemonRecord =>
  typeof read === 'object' &&
  read !== null &&
  'pid' in read &&
  typeof read.pid === 'number' &&
  'socket' in read &&
  typeof read.socket === 'string' &&
  'kind' in read

/** Whether a process exists; one that belongs to somebody else does (EPERM). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
