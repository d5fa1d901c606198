// The registry of the lesson: the parts of an agent that is alone, with what it says in the dialect
// of the lesson and its state in `./.lictor`.
import { utf8 } from '../core/bytes.ts'
import type { AgentConfig } from '../core/config/agent-config.ts'
import { EXIT } from '../core/errors.ts'
import { type RunningAgent, startAgent } from './agent-parts.ts'
import {
  type LessonProgram,
  loopback,
  runLesson,
  type Stage,
  type Standing,
  stateDirOf,
} from './lesson.ts'
import { pause } from './runtime/clock.ts'
import { loadConfig } from './runtime/config.ts'
import { writeLog } from './runtime/log.ts'

export interface RegistryProgram extends LessonProgram {
  readonly port: number
  /** Empty: localhost. */
  readonly bind: string
  readonly dialect: 'lesson' | 'consul'
  readonly scriptChecks: boolean
}

const KIND = 'registry'

/** Runs until it is told to end. The result is the exit code. */
export async function runRegistry(program: RegistryProgram): Promise<number> {
  const loaded = loadConfig({ profile: 'lictor', argv: argvOf(program) })
  if (!loaded.ok) {
    process.stderr.write(`${program.typed}: ${loaded.message}\n`)
    return EXIT.usage
  }
  const { httpConfig } = loaded.config
  const config: AgentConfig = {
    ...loaded.config,
    httpConfig: { ...httpConfig, dialect: program.dialect },
  }
  return runLesson(program, { kind: KIND, port: program.port, called: KIND }, (stage) =>
    start(stage, config),
  )
}

function argvOf({ port, bind, dialect, scriptChecks }: RegistryProgram): string[] {
  const client = bind === '' ? loopback().join(' ') : bind
  return [
    '-server',
    '-bootstrap',
    `-node=${KIND}`,
    '-bind=127.0.0.1',
    `-client=${client}`,
    `-data-dir=${stateDirOf({ kind: KIND, port })}`,
    `-http-port=${port}`,
    '-dns-port=-1',
    `-http-errors=${dialect === 'lesson' ? 'json' : 'text'}`,
    `-enable-script-checks=${scriptChecks}`,
  ]
}

async function start({ log, onStop, end, fatal }: Stage, config: AgentConfig): Promise<Standing> {
  const { value: agent, stop } = await startAgent({
    config,
    log,
    gossip: 'off',
    reload: async () => ({}),
    onLeave: () => {
      deregisterAll(agent).then(() => end({ type: 'leave', why: 'asked over the API' }), fatal)
    },
    onFatal: fatal,
  })
  onStop(stop)
  writeLog(log, { level: 'info', room: KIND, message: 'ready' })
  return { http: agent.http, addresses: { http: agent.config.http }, cluster: agent.config.nodeId }
}

/** For so long who follows this registry can come back and hear that nothing is left. */
const DRAIN_MS = 1_000

/**
 * Who leaves takes along what was registered here. Out of the catalog it goes at once: a follower
 * that hears of one service that is gone may be too late to hear of the next.
 */
async function deregisterAll(agent: RunningAgent): Promise<void> {
  const { body } = await agent.ask({ method: 'GET', path: '/v1/agent/services' })
  const listed: unknown = JSON.parse(String(body))
  const ids = Array.isArray(listed)
    ? listed.map(({ id }) => String(id))
    : Object.keys(Object(listed))
  if (ids.length === 0) return
  const node = utf8(JSON.stringify({ Node: KIND }))
  await agent.ask({ method: 'PUT', path: '/v1/catalog/deregister', body: node })
  for (const id of ids) {
    const path = `/v1/agent/service/deregister/${encodeURIComponent(id)}`
    await agent.ask({ method: 'PUT', path, body: utf8('') })
  }
  await pause(DRAIN_MS, undefined)
}
