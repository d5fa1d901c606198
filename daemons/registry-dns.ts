// DNS for the registry of the lesson: it follows a registry, and answers for what stands there with
// the rooms that an agent answers with. It keeps nothing: what it tells, the registry has told.
import { EMPTY } from '../core/bytes.ts'
import type { AgentConfig, ListenAddress } from '../core/config/agent-config.ts'
import { answerPacket, createResolver, type Resolver } from '../core/dns/answer.ts'
import { dnsSettings } from '../core/dns/settings.ts'
import { EXIT } from '../core/errors.ts'
import { createPrng } from '../core/prng.ts'
import { createMirror, instancesOf, type Mirror, mirror } from '../core/registry/mirror.ts'
import { viewOf } from '../core/state/store.ts'
import type { Instant } from '../core/time.ts'
import { type LessonProgram, loopback, runLesson, type Stage, type Standing } from './lesson.ts'
import { readClock, startTicking } from './runtime/clock.ts'
import { loadConfig } from './runtime/config.ts'
import { answerDns, closeDns, createDns, openDns, STREAMS_MAX, sweepDns } from './runtime/dns.ts'
import { drawSeed } from './runtime/entropy.ts'
import { closeHttp, createHttp, type Http, respond, sweepHttp } from './runtime/http.ts'
import { writeLog } from './runtime/log.ts'
import { followRegistry } from './runtime/upstream.ts'

export interface RegistryDnsProgram extends LessonProgram {
  readonly port: number
  /** Empty: localhost. */
  readonly bind: string
  /** `http://127.0.0.1:8500` */
  readonly registry: string
  /** `consul` */
  readonly domain: string
  /** Seconds that an answer may be kept. */
  readonly ttl: number
  /** Who is asked about other names. */
  readonly recursors: readonly string[]
}

const KIND = 'registry-dns'
/** For how long a name that is not there may be taken as not there, in seconds. */
const MISSING_TTL = 5
/** What a registry has told is told on for so long after it has fallen silent. */
const STALE_MS = 30_000

/** Runs until it is told to end. The result is the exit code. */
export async function runRegistryDns(program: RegistryDnsProgram): Promise<number> {
  const loaded = loadConfig({ profile: 'lictor', argv: argvOf(program) })
  if (!loaded.ok) {
    process.stderr.write(`${program.typed}: ${loaded.message}\n`)
    return EXIT.usage
  }
  return runLesson(program, { kind: KIND, port: program.port, called: 'DNS server' }, (stage) =>
    start(stage, program, loaded.config),
  )
}

function argvOf({ port, bind, domain, ttl, recursors }: RegistryDnsProgram): string[] {
  const client = bind === '' ? loopback().join(' ') : bind
  const dns = [
    'enable_truncate = true',
    'enable_additional_node_meta_txt = false',
    `node_ttl = "${ttl}s"`,
    `service_ttl { "*" = "${ttl}s" }`,
    `soa { min_ttl = ${MISSING_TTL} }`,
  ]
  return [
    '-dev',
    `-client=${client}`,
    `-domain=${domain}`,
    `-dns-port=${port}`,
    '-http-port=-1',
    ...recursors.map((one) => `-recursor=${one}`),
    `-hcl=dns_config {\n${dns.join('\n')}\n}`,
  ]
}

/** What it answers from. */
interface Names {
  readonly resolver: Resolver
  readonly mirror: Mirror
  /** Since when the registry is silent. */
  lostAt: Instant | undefined
}

async function start(
  { log, onStop }: Stage,
  { typed, registry }: RegistryDnsProgram,
  config: AgentConfig,
): Promise<Standing> {
  const names: Names = {
    resolver: createResolver(
      { ...dnsSettings(config), namesDatacenter: false },
      createPrng(drawSeed()),
    ),
    mirror: createMirror(),
    lostAt: undefined,
  }
  const tell = (level: 'info' | 'warn', message: string, why: Readonly<Record<string, string>>) => {
    const where = [registry, ...Object.values(why)].join(': ')
    process.stderr.write(`${typed}: ${message} (${where})\n`)
    writeLog(log, { level, room: KIND, message, fields: { registry, ...why } })
  }
  const upstream = followRegistry({
    url: registry,
    onAnswer: (body) => {
      mirror(names.mirror, instancesOf(body))
      if (names.lostAt !== undefined) tell('info', 'the registry answers', {})
      names.lostAt = undefined
    },
    onLost: (why) => {
      if (names.lostAt !== undefined) return
      names.lostAt = readClock().now
      tell('warn', `no registry answers: ${untilThen(names.mirror)}`, { why })
    },
  })
  onStop(upstream.stop)
  const listen = await openPorts({ onStop }, names, config)
  const http = createSilentHttp()
  onStop(() => closeHttp(http))
  onStop(startTicking(() => sweepHttp(http, readClock().now)))
  await upstream.tried
  return { http, addresses: { dns: listen }, cluster: registry }
}

const untilThen = ({ known }: Mirror): string =>
  known.size === 0
    ? 'names are empty until one does'
    : `what one has told stays for ${STALE_MS / 1_000} s`

async function openPorts(
  { onStop }: Pick<Stage, 'onStop'>,
  names: Names,
  config: AgentConfig,
): Promise<ListenAddress[]> {
  const dns = createDns({
    config: config.dns,
    ask: (id, asking) => {
      const at = { view: viewOf(names.mirror.store), wall: readClock().wall }
      answerDns(dns, id, answerPacket(names.resolver, asking, at))
    },
    now: () => readClock().now,
    streamsMax: STREAMS_MAX,
  })
  onStop(() => closeDns(dns))
  const listen = await openDns(dns)
  onStop(
    startTicking(() => {
      const { now } = readClock()
      sweepDns(dns, now)
      if (names.lostAt === undefined || now - names.lostAt < STALE_MS) return
      if (names.mirror.known.size > 0) mirror(names.mirror, [])
    }),
  )
  return listen
}

/** Behind the control socket nothing but the record of the daemon answers. */
function createSilentHttp(): Http {
  const http: Http = createHttp({
    sink: {
      request: ({ id }) => respond(http, id, { status: 404, headers: [], body: EMPTY }),
      abandoned: () => undefined,
      live: () => ({ resume: () => undefined, stop: () => undefined }),
    },
    now: () => readClock().now,
    bodyBytesMax: 0,
    connectionsMax: 16,
    headerBytesMax: 0,
  })
  return http
}
