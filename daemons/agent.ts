// The agent as a program: configuration, log, signals, the ready line, exit codes. Its parts are in
// agent-parts.ts.
import type { AgentConfig, ListenAddress } from '../core/config/agent-config.ts'
import type { Profile } from '../core/config/refusal.ts'
import { EXIT } from '../core/errors.ts'
import { faultOfDefinitions } from '../core/local/load.ts'
import type { LogLevel } from '../core/log.ts'
import { CONSUL_VERSION, LICTOR_VERSION } from '../core/version.ts'
import { type RunningAgent, startAgent } from './agent-parts.ts'
import { changesOf, isLive, showChange, withLiveSettings } from './reload.ts'
import { pause, readClock } from './runtime/clock.ts'
import { loadConfig } from './runtime/config.ts'
import { openControl } from './runtime/control.ts'
import {
  awaitEnd,
  dieOf,
  type End,
  type OnStop,
  STOP_MS_MAX,
  startInOrder,
  watchSignals,
} from './runtime/lifecycle.ts'
import { createLog, type Log, writeLog } from './runtime/log.ts'
import { fileSink, streamSink } from './runtime/log-sinks.ts'
import { type Notice, notifyDescriptor, notifySupervisor } from './runtime/notify.ts'
import { writePidFile } from './runtime/pid-file.ts'
import { StartRefused } from './runtime/refused.ts'
import { explainStart } from './start-failure.ts'

export interface AgentProgram {
  /** The name it was called by. */
  readonly program: string
  readonly profile: Profile
  /** The command line behind `agent`. */
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** A file descriptor on which a line is awaited when the agent is ready. */
  readonly readyFd?: number | undefined
  /** The path of the control socket, instead of one in the runtime folder. */
  readonly socket?: string | undefined
}

/** What is true of the program while it lives. */
interface Life {
  readonly program: AgentProgram
  readonly log: Log
  readonly startedAt: number
  /** Changes with a reload. */
  config: AgentConfig
  agent: RunningAgent | undefined
  /** The agent runs: `started` resolves. */
  readonly begin: () => void
  readonly started: Promise<void>
  /** The first wish to end counts. */
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

/**
 * Runs until it is told to end. The result is the exit code; a fatal error ends the process itself.
 */
export async function runAgent(program: AgentProgram): Promise<number> {
  const loaded = loadConfig(program)
  if (!loaded.ok) {
    complain(program, loaded.message, loaded.about)
    return loaded.exitCode
  }
  const life = createLife(program, loaded.config)
  life.log.sinks.push(streamSink(process.stdout, program.env))
  if (program.profile === 'consul') process.stdout.write(bannerOf(life.config))
  for (const warning of loaded.warnings) say(life, 'warn', warning)
  const fault = faultOfDefinitions(life.config)
  if (fault !== undefined) {
    say(life, 'error', 'Error starting agent', { error: fault })
    return program.profile === 'consul' ? EXIT.no : EXIT.usage
  }
  try {
    return await live(life)
  } catch (error) {
    const failure = await explainStart(error, {
      typed: `${program.program} agent`,
      flagOf: (port) => flagOf(life.config, port),
    })
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return program.profile === 'consul' ? EXIT.no : failure.exit
  }
}

/** The flag that moves a port. */
function flagOf({ ports }: AgentConfig, port: number): string {
  if (port === ports.dns) return '-dns-port'
  return port === ports.serfLan ? '-serf-lan-port' : '-http-port'
}

function complain(program: AgentProgram, message: string, about: 'usage' | 'config'): void {
  const consuls = about === 'usage' ? '' : '==> '
  const lead = program.profile === 'lictor' ? `${program.program} agent: ` : consuls
  process.stderr.write(`${lead}${message}\n`)
}

function createLife(program: AgentProgram, config: AgentConfig): Life {
  const log = createLog({ ...config.log, wall: () => readClock().wall })
  return {
    ...{ program, log, config, startedAt: Date.now(), agent: undefined },
    ...awaitStart(),
    ...awaitEnd(),
  }
}

function awaitStart(): Pick<Life, 'begin' | 'started'> {
  let begin = (): void => undefined
  const started = new Promise<void>((resolve) => {
    begin = resolve
  })
  return { begin, started }
}

const say = ({ log }: Life, level: LogLevel, message: string, fields = {}): void =>
  writeLog(log, { level, room: 'agent', message, fields })

/** From the first part to the last word. */
async function live(life: Life): Promise<number> {
  process.on('uncaughtException', (error) => die(life, error))
  const stopSignals = watchSignals(
    {
      skipLeaveOnInterrupt: life.config.skipLeaveOnInterrupt,
      leaveOnTerminate: life.config.leaveOnTerminate,
      quitExit: life.program.profile === 'consul' ? EXIT.no : EXIT.ok,
    },
    {
      end: life.end,
      reload: () => void reloadStarted(life),
      exitNow: (code) => process.exit(code),
      log: (line) => writeLog(life.log, line),
    },
  )
  const { stop } = await startInOrder((onStop) => startParts(life, onStop))
  await tellReady(life)
  const end = await life.ended
  say(life, 'info', 'stopping', { why: end.why })
  const code = await stopWithin(life, () => leaveAndStop(life, stop, end), end)
  stopSignals()
  return code
}

async function startParts(life: Life, onStop: OnStop): Promise<void> {
  const { config, log, program } = life
  if (config.log.file !== undefined) {
    const wall = () => readClock().wall
    const file = fileSink({ ...config.log, path: config.log.file, wall })
    log.sinks.push(file.write)
    onStop(file.close)
  }
  if (config.pidFile !== undefined) onStop(writePidFile(config.pidFile))
  const started = await startAgent({
    config,
    log,
    gossip: program.profile === 'consul' ? 'strict' : 'lenient',
    reload: () => reloadStarted(life),
    onLeave: () => life.end({ type: 'leave', why: 'asked over the API' }),
    onFatal: (error) => die(life, error),
  })
  onStop(started.stop)
  life.agent = started.value
  life.begin()
  for (const address of started.value.config.http) {
    say(life, 'info', 'serving', { protocol: 'http', address: showAddress(address) })
  }
  for (const address of started.value.config.dns.listen) {
    say(life, 'info', 'serving', { protocol: 'dns', address: showAddress(address) })
  }
  onStop(await startControl(life, program, started.value))
}

/**
 * An agent is of use without a control socket, so only a socket that was asked for by name must be
 * there.
 */
async function startControl(
  life: Life,
  { env, socket }: AgentProgram,
  { config, http }: RunningAgent,
): Promise<() => void> {
  const told = {
    kind: 'agent',
    name: config.nodeName,
    pid: process.pid,
    startedAt: new Date(life.startedAt).toISOString(),
    version: LICTOR_VERSION,
    addresses: {
      http: config.http.map(showAddress),
      dns: config.dns.listen.map(showAddress),
      serf: [`${config.advertiseAddr}:${config.ports.serfLan}`],
    },
    cluster: config.nodeId,
    cwd: process.cwd(),
    ...(config.log.file === undefined ? {} : { logFile: config.log.file }),
  }
  try {
    const control = await openControl(http, { env, socket, told, main: config.http[0] })
    return control.close
  } catch (error) {
    if (!(error instanceof StartRefused) || socket !== undefined) throw error
    say(life, 'warn', 'no control socket: `ps`, `stop` and `logs` will not find this agent', {
      why: error.message,
    })
    return () => undefined
  }
}

const showAddress = (address: ListenAddress): string => {
  if (address.type === 'unix') return `unix://${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

async function tellReady(life: Life): Promise<void> {
  const { program } = life
  const { http = [], dns } = life.agent?.config ?? {}
  const addresses = [
    ...http.map((address) => `http ${showAddress(address)}`),
    ...(dns?.listen.map((address) => `dns ${showAddress(address)}`) ?? []),
  ]
  const line = `${program.program} agent ready: ${addresses.join(', ')} (pid ${process.pid})`
  if (program.profile === 'lictor') process.stderr.write(`${line}\n`)
  say(life, 'info', 'ready')
  if (program.readyFd !== undefined) notifyDescriptor(program.readyFd, line)
  await tellSupervisor(life, 'ready')
}

async function tellSupervisor(life: Life, notice: Notice): Promise<void> {
  const failure = await notifySupervisor(notice, life.program.env)
  if (failure !== undefined) say(life, 'warn', 'NOTIFY_SOCKET not told', { notice, why: failure })
}

/** Who leaves tells the others first, and is there for them until they have heard it. */
async function leaveAndStop(life: Life, stop: () => Promise<void>, end: End): Promise<void> {
  if (end.type === 'leave') await life.agent?.leave()
  await stop()
}

async function stopWithin(life: Life, stop: () => Promise<void>, end: End): Promise<number> {
  const late = Symbol('late')
  const stopping = Promise.all([stop(), tellSupervisor(life, 'stopping')])
  const first = await Promise.race([stopping, pause(STOP_MS_MAX, late)])
  if (first !== late) return end.type === 'leave' ? EXIT.ok : end.exit
  process.stderr.write(`${life.program.program} agent: not stopped within ${STOP_MS_MAX} ms\n`)
  process.exit(EXIT.no)
}

/** A reload during the start is one of the agent that comes of it: nothing of it is lost. */
async function reloadStarted(life: Life): Promise<{ readonly error?: string }> {
  await life.started
  return reload(life)
}

/** Reads everything again; keeps what runs if something is wrong with it. */
function reload(life: Life): { readonly error?: string } {
  const loaded = loadConfig(life.program)
  if (!loaded.ok) {
    say(life, 'error', 'not reloaded, the old configuration holds', { why: loaded.message })
    return { error: loaded.message }
  }
  const fault = faultOfDefinitions(loaded.config)
  if (fault !== undefined) {
    say(life, 'error', 'not reloaded, the old configuration holds', { why: fault })
    return { error: fault }
  }
  const changes = changesOf(life.config, loaded.config)
  life.config = withLiveSettings(life.config, loaded.config)
  life.log.level = life.config.log.level
  if (life.agent !== undefined) {
    life.agent.http.connectionsPerClientMax = life.config.limits.httpMaxConnsPerClient
    const config = withLiveSettings(life.agent.config, loaded.config)
    life.agent.reconfigure({ config, shown: loaded.config })
  }
  for (const change of changes) {
    const message = isLive(change)
      ? 'changed by a reload'
      : 'changed, but holds after a restart only'
    say(life, isLive(change) ? 'info' : 'warn', message, { change: showChange(change) })
  }
  say(life, 'info', 'configuration reloaded', { changes: changes.length })
  return {}
}

/**
 * A broken invariant or a failed disk: whatever could still be said might be false, so nothing more
 * is said.
 */
function die(life: Life, error: unknown): never {
  return dieOf(error, `${life.program.program} agent`, (what, detail) => {
    say(life, 'error', what, { detail })
  })
}

/** What Consul prints before its log, in its layout. */
function bannerOf(config: AgentConfig): string {
  const { ports } = config
  const rows = [
    ['Version', `'${CONSUL_VERSION}' (lictor ${LICTOR_VERSION})`],
    ['Node name', `'${config.nodeName}'`],
    ['Datacenter', `'${config.datacenter}' (Segment: '<all>')`],
    ['Server', `${config.server} (Bootstrap: ${config.bootstrap})`],
    [
      'Client Addr',
      `${config.http.map(showAddress).join(' ')} (HTTP: ${ports.http}, DNS: ${ports.dns})`,
    ],
    ['Cluster Addr', `${config.advertiseAddr} (LAN: ${ports.serfLan}, WAN: ${ports.serfWan})`],
  ]
  const shown = rows.map(([name = '', value]) => `${name.padStart(17)}: ${value}\n`).join('')
  return `==> Starting Consul agent...\n${shown}\n==> Log data will now stream in as it occurs:\n\n`
}
