// A node of the first lesson as a program: a key-value store in memory that is copied from a leader
// to its followers (core/replica), over HTTP. Unless it is told to keep its data, all it writes is
// a log, in ./.lictor.
import { join, resolve } from 'node:path'
import type { ListenAddress } from '../core/config/agent-config.ts'
import { type LogLine, showsAt } from '../core/log.ts'
import { createPrng } from '../core/prng.ts'
import { REQUEST_BYTES_MAX } from '../core/replica/http.ts'
import type { Sync } from '../core/replica/records.ts'
import { createReplica } from '../core/replica/replica.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { openDoors, selfOf } from './kvstore/doors.ts'
import { die, type Life, type NodeProgram, openLog, runNode, STATE_DIR } from './kvstore/life.ts'
import { createReplicaDriver, type ReplicaDriver } from './replica/driver.ts'
import { forgetful, openKeep } from './replica/keep.ts'
import { readClock, startTicking } from './runtime/clock.ts'
import { openControl } from './runtime/control.ts'
import { drawSeed } from './runtime/entropy.ts'
import { closeDoors, closeHttp, createHttp, type Http, sweepHttp } from './runtime/http.ts'
import type { OnStop } from './runtime/lifecycle.ts'
import { writeLog } from './runtime/log.ts'
import { createNodeCalls } from './runtime/node-calls.ts'

export interface KvstoreProgram extends NodeProgram {
  /** Undefined: this node is a leader. */
  readonly leader: string | undefined
  readonly sync: Sync
  /** Where writes are kept; undefined: all is memory. */
  readonly dataDir: string | undefined
}

const CONNECTIONS_MAX = 4_096

/** Runs until it is told to end; the result is the exit code. */
export const runKvstore = (program: KvstoreProgram): Promise<number> =>
  runNode(program, { start: startParts, look: 'kvstore status' })

interface Started {
  /** When the first copy is whole: the ready line. */
  readonly ready: Promise<string>
}

async function startParts(life: Life<KvstoreProgram>, onStop: OnStop): Promise<Started> {
  const { program, log } = life
  let driver: ReplicaDriver | undefined
  const early: ((driver: ReplicaDriver) => void)[] = []
  /** What comes while the doors are opened waits for the node. */
  const later = (work: (driver: ReplicaDriver) => void): void => {
    if (driver === undefined) early.push(work)
    else work(driver)
  }
  const http = createHttp({
    sink: {
      request: (request) => later((node) => node.request(request)),
      abandoned: (id) => later((node) => node.abandoned(id)),
      live: () => ({ resume: () => undefined, stop: () => undefined }), // no answer has no end
    },
    now: () => readClock().now,
    bodyBytesMax: REQUEST_BYTES_MAX,
    headerBytesMax: 0,
    connectionsMax: CONNECTIONS_MAX,
  })
  onStop(() => closeHttp(http))
  const bound = await openDoors(http, program)
  const port = bound[0]?.type === 'tcp' ? bound[0].port : program.port
  const self = selfOf(program.host, port)
  openLog(life, logPath(port), onStop)
  const { dataDir } = program
  const keep =
    dataDir === undefined
      ? forgetful
      : await openKeep(resolve(dataDir), (line) => writeLog(log, line))
  onStop(() => keep.close())
  const calls = createNodeCalls()
  onStop(() => calls.close())
  const { leader, sync } = program
  const role = leader === undefined ? 'leader' : `follower of ${leader}`
  let onReady: () => void = () => undefined
  const ready = new Promise<string>((resolve) => {
    onReady = () => resolve(`${role}, http ${self}`)
  })
  const made = createReplicaDriver({
    node: createReplica({ self, leader, sync, prng: createPrng(drawSeed()), kept: keep.kept }),
    keep,
    http,
    calls,
    readClock,
    onReady: () => onReady(),
    log: (line) => tell(life, line),
    onFatal: (error) => die(life, error),
  })
  driver = made
  for (const work of early) work(made)
  onStop(() => made.stop())
  onStop(
    startTicking(() => {
      sweepHttp(http, readClock().now)
      made.tick()
    }),
  )
  onStop(() => closeDoors(http))
  onStop(await nameSocket(life, http, { self, bound }))
  writeLog(log, { level: 'info', room: 'kvstore', message: 'serving', fields: { address: self } })
  made.tick()
  return { ready }
}

const logPath = (port: number): string => join(STATE_DIR, `kvstore-${port}.log`)

/** What a person should see in the terminal goes there, too. */
function tell({ program, log }: Life<KvstoreProgram>, line: LogLine): void {
  writeLog(log, line)
  if (!showsAt(line.level, 'warn')) return
  const fields = Object.entries(line.fields ?? {}).map(([name, value]) => `${name} ${value}`)
  process.stderr.write(`${program.typed}: ${line.message} (${fields.join(', ')})\n`)
}

async function nameSocket(
  { program }: Life<KvstoreProgram>,
  http: Http,
  { self, bound }: { self: string; bound: readonly ListenAddress[] },
): Promise<() => void> {
  const [main] = bound
  const told = {
    kind: 'kvstore',
    name: self,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: LICTOR_VERSION,
    addresses: { http: [self] },
    cluster: program.leader ?? self,
    cwd: process.cwd(),
    logFile: resolve(logPath(main?.type === 'tcp' ? main.port : program.port)),
  }
  const { env, socket } = program
  return (await openControl(http, { env, socket, told, main })).close
}
