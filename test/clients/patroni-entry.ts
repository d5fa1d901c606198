// Patroni with two PostgreSQL nodes whose leader is held by a session of ours: the primary is
// killed and the replica promoted, the old one comes back as a replica, the agent is killed and
// nobody moves. Heavy, thus not among the tests: `npm run real:patroni`, with Debian's patroni,
// postgresql and python3-consul. It runs on a network of its own, so its ports are free.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { inNamespace } from '../kit/namespace.ts'
import { inProject } from '../kit/paths.ts'
import { withTemp } from '../kit/tmp.ts'
import { within } from '../kit/within.ts'

const MARK = 'LICTOR_IN_NAMESPACE'
const BOOTSTRAP_MS = 90_000
const FAILOVER_MS = 60_000
/** Longer than the session lives without its agent being asked. */
const QUIET_MS = 15_000
const API = 'http://127.0.0.1:8500'
const RESTS = { a: 8008, b: 8009 } as const
const PORTS = { a: 5432, b: 5433 } as const
type Name = keyof typeof RESTS
const NAMES = ['a', 'b'] as const

const bins = '/usr/lib/postgresql'
const bin = existsSync(bins) ? join(bins, readdirSync(bins).sort().at(-1) ?? '', 'bin') : ''

interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root. */
function ownerOf(): Owner {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString())
  return { uid: id('-u'), gid: id('-g') }
}

interface World {
  readonly dir: string
  readonly owner: Owner
  readonly running: Map<string, ChildProcess>
}

const say = (what: string) => console.log(`${(performance.now() / 1000).toFixed(1)} s  ${what}`)

async function main(): Promise<void> {
  const missing = [
    [existsSync(join(bin, 'postgres')), 'postgresql'],
    [spawnSync('patroni', ['--version']).status === 0, 'patroni'],
    [spawnSync('/usr/bin/python3', ['-c', 'import consul']).status === 0, 'python3-consul'],
  ].flatMap(([there, name]) => (there ? [] : [name]))
  if (missing.length > 0) {
    console.log(`SKIP patroni: apt-get install ${missing.join(' ')}`)
    return
  }
  await withTemp(async (dir) => {
    chmodSync(dir, 0o755)
    const world: World = { dir, owner: ownerOf(), running: new Map() }
    try {
      await play(world)
    } catch (error) {
      for (const name of NAMES) console.log(`--- ${name}\n${lastLines(logOf(world, name))}`)
      throw error
    } finally {
      for (const name of NAMES) kill(world, name, 'SIGKILL')
      kill(world, 'agent', 'SIGKILL')
    }
  })
}

const SHOWN_LINES = 30

const lastLines = (file: string): string =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-SHOWN_LINES).join('\n') : ''

async function play(world: World): Promise<void> {
  await startAgent(world)
  for (const name of NAMES) startPatroni(world, name)
  const first = await within(BOOTSTRAP_MS, primary, 'a first primary')
  const second = first === 'a' ? 'b' : 'a'
  say(`${first} is the primary`)
  await within(BOOTSTRAP_MS, () => isReplica(second), 'a replica')
  say(`${second} follows it`)
  await sql(first, 'create table t (v text)')
  await sql(first, "insert into t values ('before')")
  await within(FAILOVER_MS, async () => (await rows(second)) === 'before', 'the row is copied')
  await knownAs(first)

  const from = performance.now()
  kill(world, first, 'SIGKILL')
  await within(FAILOVER_MS, async () => (await primary()) === second, 'the other is promoted')
  say(`${second} was promoted ${((performance.now() - from) / 1000).toFixed(1)} s after a kill -9`)
  await sql(second, "insert into t values ('after')")
  if ((await rows(second)) !== 'before after') throw new Error(`rows: ${await rows(second)}`)
  await knownAs(second)

  startPatroni(world, first)
  await within(BOOTSTRAP_MS, () => isReplica(first), 'the old one is a replica')
  await within(FAILOVER_MS, async () => (await rows(first)) === 'before after', 'it has all rows')
  say(`${first} is back as a replica, with every row`)

  const before = await timeline(second)
  kill(world, 'agent', 'SIGKILL')
  await startAgent(world)
  say('the agent was killed and is back')
  const quietUntil = performance.now() + QUIET_MS
  await within(QUIET_MS + FAILOVER_MS, () => performance.now() > quietUntil, 'a while')
  await within(FAILOVER_MS, async () => (await primary()) === second, 'the same primary')
  await sql(second, "insert into t values ('later')")
  const after = await timeline(second)
  if (after !== before) throw new Error(`timeline ${before} became ${after}: somebody was promoted`)
  say('nobody was promoted for that')

  await execa('patronictl', ['-c', config(world, second), 'switchover', '--force', 'real'])
  await within(FAILOVER_MS, async () => (await primary()) === first, 'a switchover')
  say(`${first} is the primary after a switchover`)
  await within(FAILOVER_MS, () => isReplica(second), 'the other follows')
  await within(FAILOVER_MS, async () => (await rows(second)) === 'before after later', 'all rows')
  console.log('PASS')
}

async function startAgent(world: World): Promise<void> {
  const args = ['agent', '-server', '-bootstrap', `-data-dir=${join(world.dir, 'agent')}`]
  const child = spawn(inProject('dist/bin/lictor.js'), args, {
    env: { ...process.env, LICTOR_RUNTIME_DIR: join(world.dir, 'run') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  world.running.set('agent', child)
  const hasLeader = async () => (await (await fetch(`${API}/v1/status/leader`)).text()).length > 2
  await within(BOOTSTRAP_MS, hasLeader, 'an agent with a leader')
}

const config = ({ dir }: World, name: Name): string => join(dir, `${name}.yml`)
const logOf = ({ dir }: World, name: Name): string => join(dir, `${name}.log`)

/** Patroni reads YAML, and JSON is YAML. */
function startPatroni(world: World, name: Name): void {
  const { dir, owner } = world
  const home = join(dir, name)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(home, owner.uid, owner.gid)
  const settings = {
    scope: 'real',
    name,
    restapi: { listen: `127.0.0.1:${RESTS[name]}`, connect_address: `127.0.0.1:${RESTS[name]}` },
    consul: { host: '127.0.0.1:8500', register_service: true },
    bootstrap: {
      dcs: { ttl: 20, loop_wait: 2, retry_timeout: 5, postgresql: { use_pg_rewind: true } },
      initdb: [{ encoding: 'UTF8' }, 'data-checksums', { auth: 'trust' }],
    },
    postgresql: {
      listen: `127.0.0.1:${PORTS[name]}`,
      connect_address: `127.0.0.1:${PORTS[name]}`,
      data_dir: join(home, 'data'),
      bin_dir: bin,
      pgpass: join(home, 'pgpass'),
      authentication: {
        superuser: { username: 'postgres', password: 'p' },
        replication: { username: 'replicator', password: 'p' },
        rewind: { username: 'rewind', password: 'p' },
      },
      pg_hba: ['local all all trust', 'host all all all trust', 'host replication all all trust'],
      parameters: { unix_socket_directories: home, shared_buffers: '16MB', max_connections: 30 },
    },
  }
  writeFileSync(config(world, name), JSON.stringify(settings))
  const log = openSync(logOf(world, name), 'a')
  const child = spawn('patroni', [config(world, name)], {
    ...owner,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: home },
    stdio: ['ignore', log, log],
    detached: true, // a group of its own, with the database in it
  })
  world.running.set(name, child)
}

/** The process with all that it has started. A database has a group of its own: by its pid file. */
function kill({ dir, running }: World, name: string, signal: NodeJS.Signals): void {
  const child = running.get(name)
  running.delete(name)
  child?.kill(signal)
  const pidFile = join(dir, name, 'data/postmaster.pid')
  if (!existsSync(pidFile)) return
  const { stdout } = spawnSync('head', ['-1', pidFile])
  spawnSync('kill', [`-${signal.slice(3)}`, stdout.toString().trim()])
}

const statusOf = async (name: Name, path: string): Promise<number> => {
  const reply = await fetch(`http://127.0.0.1:${RESTS[name]}/${path}`)
  await reply.arrayBuffer()
  return reply.status
}

/** Whoever holds the lock is called primary while its database is still being promoted. */
async function primary(): Promise<Name | undefined> {
  const found = await Promise.all(
    NAMES.map(async (name) =>
      (await statusOf(name, 'primary').catch(() => 0)) === 200 && (await writes(name)) ? name : '',
    ),
  )
  return NAMES.find((name) => found.includes(name))
}

const writes = async (name: Name): Promise<boolean> =>
  (await sql(name, 'select pg_is_in_recovery()').catch(() => '')) === 'f'

const isReplica = async (name: Name): Promise<boolean> => (await statusOf(name, 'replica')) === 200

async function timeline(name: Name): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${RESTS[name]}/patroni`)
  return ((await reply.json()) as { timeline: number }).timeline // Patroni's REST API
}

async function sql(name: Name, text: string): Promise<string> {
  const args = ['-h', '127.0.0.1', '-p', String(PORTS[name]), '-U', 'postgres', '-Atc', text]
  return (await execa('psql', args, { timeout: 10_000 })).stdout
}

const rows = async (name: Name): Promise<string> =>
  (await sql(name, 'select v from t')).split('\n').join(' ')

/** Whoever asks for the primary by name finds it: Patroni registers itself with a tag. */
async function knownAs(name: Name): Promise<void> {
  const isFound = async () => {
    const reply = await fetch(`${API}/v1/health/service/real?tag=primary&passing`)
    const found = (await reply.json()) as { Service: { Port: number } }[] // Consul's own shape
    return found.length === 1 && found[0]?.Service.Port === PORTS[name]
  }
  await within(FAILOVER_MS, isFound, `${name} is primary.real.service.consul`)
  say(`primary.real.service.consul is ${name}`)
}

if (process.env[MARK] === undefined) {
  const self = [...process.execArgv, fileURLToPath(import.meta.url)]
  const [program = '', ...args] = inNamespace([process.execPath, ...self]) ?? []
  if (program === '') console.log('SKIP patroni: no network namespace of our own is allowed here')
  else {
    const child = spawn(program, args, { env: { ...process.env, [MARK]: '1' }, stdio: 'inherit' })
    child.once('exit', (code) => {
      process.exitCode = code ?? 1
    })
  }
} else await main()
