// SIGKILL in the middle of registrations and locks: what was acknowledged is there afterwards, and
// no lock is held by two. Each registrar owns its services and each contender its session, and each
// sends one request at a time: so at most the last of each is in doubt.
//
// Of a lock is known who holds it, as far as answers say, and what may have become of it since: an
// acquire that was answered with true while another holds it is what must never be.
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createPrng, type Prng } from '../../core/prng.ts'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type Home, openHome } from '../kit/home.ts'
import { within } from '../kit/within.ts'

export interface LockKillOptions {
  readonly seed: number
  readonly rounds: number
  readonly registrars: number
  readonly contenders: number
  /** How long the agent lives after it is ready, at most. */
  readonly lifeMs: number
  readonly onRound?: (round: number, report: LockKillReport) => void
}

export interface LockKillReport {
  readonly registrations: number
  readonly acquisitions: number
}

/** A value that was acknowledged, and those that may have replaced it since. */
interface Known<T> {
  sure: T
  doubtful: T[]
}

/** What stands under the id of a service: its port, or that there is none. */
type Port = number | 'none'
/** Who holds a lock: a session, or nobody. */
type Holder = string

const NOBODY: Holder = ''

interface Soak {
  readonly home: Home
  readonly prng: Prng
  readonly options: LockKillOptions
  readonly ports: Map<string, Known<Port>>
  readonly locks: Map<string, Known<Holder> & { lockIndex: number }>
  /** Of each contender, from its first life on. */
  readonly sessions: string[]
  registrations: number
  acquisitions: number
}

const READY_MS = 15_000
const LOCKS = ['lock/a', 'lock/b', 'lock/c']
const IDS_PER_REGISTRAR = 8
const PORTS = 60_000

/** Throws what was lost, or held by two, with the seed that shows it. */
export async function killLocks(options: LockKillOptions): Promise<LockKillReport> {
  const home = await openHome()
  const unheld = () => ({ sure: NOBODY, doubtful: [], lockIndex: 0 })
  const soak: Soak = {
    home,
    prng: createPrng(options.seed),
    options,
    ports: new Map(),
    locks: new Map(LOCKS.map((key) => [key, unheld()])),
    sessions: [],
    registrations: 0,
    acquisitions: 0,
  }
  try {
    for (let round = 1; round <= options.rounds; round++) {
      await oneLife(soak, round)
      options.onRound?.(round, soak)
    }
    const agent = await start(soak)
    await check(soak, agent)
    await agent.stop()
    return soak
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`seed ${options.seed}: ${why}`, { cause })
  } finally {
    await home.close()
  }
}

async function start({ home }: Soak): Promise<AgentProcess> {
  const args = ['-server', '-bootstrap', '-data-dir=./data', '-bind=127.0.0.1', '-log-level=warn']
  return startAgent(home, { args, readyMs: READY_MS })
}

async function oneLife(soak: Soak, round: number): Promise<void> {
  const agent = await start(soak)
  const { rounds, registrars, contenders, lifeMs } = soak.options
  try {
    await check(soak, agent)
    for (let i = soak.sessions.length; i < contenders; i++) {
      soak.sessions.push(await createSession(agent))
    }
    const dying = { now: false }
    const connections = new http.Agent({ keepAlive: true })
    const life: Life = { soak, agent, dying, connections }
    const work = Promise.allSettled([
      ...Array.from({ length: registrars }, (_, i) => registerOn(life, i)),
      ...soak.sessions.map((session) => contend(life, session)),
    ])
    await pause(soak.prng.range(0, lifeMs))
    // Short lives may all be too short for a slow machine: the last is long enough.
    const isUsed = () => soak.registrations > 0 && soak.acquisitions > 0
    if (round === rounds) await within(READY_MS, isUsed, 'a first registration, and a first lock')
    dying.now = true
    await agent.end('SIGKILL')
    for (const done of await work) if (done.status === 'rejected') throw done.reason
    connections.destroy()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`round ${round}: ${why}`, { cause })
  } finally {
    await agent.stop()
  }
}

interface Life {
  readonly soak: Soak
  readonly agent: AgentProcess
  readonly dying: { now: boolean }
  readonly connections: http.Agent
}

async function createSession(agent: AgentProcess): Promise<string> {
  const body = JSON.stringify({ Name: 'contender', LockDelay: '0s', NodeChecks: [] })
  const response = await fetch(agent.url('/v1/session/create'), { method: 'PUT', body })
  if (response.status !== 200) throw new Error(`no session: ${await response.text()}`)
  const { ID } = (await response.json()) as { ID: string } // the API's own shape
  return ID
}

interface Put {
  readonly path: string
  readonly body?: string
}

/** The body of a 200; undefined: the agent has died meanwhile. */
async function put({ agent, dying, connections }: Life, sent: Put): Promise<string | undefined> {
  try {
    const { status, text } = await request(agent.port, sent, connections)
    if (status !== 200) throw new Error(`${sent.path}: ${status} ${text}`)
    return text
  } catch (error) {
    if (dying.now) return undefined
    throw error
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function request(port: number, { path, body }: Put, agent: http.Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'PUT', path, agent }
    const sent = http.request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString().trim()
        resolve({ status: response.statusCode ?? 0, text })
      })
    })
    sent.on('error', reject)
    sent.end(body ?? '')
  })
}

/** Registers its services again and again, each time with another port, and takes some out. */
async function registerOn(life: Life, registrar: number): Promise<void> {
  const { ports, prng } = life.soak
  for (let turn = 0; ; turn++) {
    const id = `svc-${registrar}-${turn % IDS_PER_REGISTRAR}`
    const known = ports.get(id) ?? { sure: 'none', doubtful: [] }
    ports.set(id, known)
    const goes = known.sure !== 'none' && prng.chance(0.3)
    const next: Port = goes ? 'none' : prng.range(1, PORTS)
    known.doubtful = [next]
    const definition = { ID: id, Name: 'svc', Port: next, Check: { TTL: '1h' } }
    const answer = await put(
      life,
      goes
        ? { path: `/v1/agent/service/deregister/${id}` }
        : { path: '/v1/agent/service/register', body: JSON.stringify(definition) },
    )
    if (answer === undefined) return
    known.sure = next
    known.doubtful = []
    life.soak.registrations++
  }
}

/** Takes locks and gives them back; some are kept through the death of the agent. */
async function contend(life: Life, session: string): Promise<void> {
  const { locks, prng } = life.soak
  for (;;) {
    const key = prng.pick(LOCKS)
    const lock = locks.get(key)
    if (lock === undefined) throw new Error(`no lock ${key}`)
    const isMine = lock.sure === session
    const verb = isMine ? 'release' : 'acquire'
    const next = isMine ? NOBODY : session
    lock.doubtful.push(next)
    const answer = await put(life, { path: `/v1/kv/${key}?${verb}=${session}`, body: session })
    if (answer === undefined) return
    lock.doubtful.splice(lock.doubtful.indexOf(next), 1)
    if (isMine && answer !== 'true') throw new Error(`${key} was not released: ${answer}`)
    if (answer !== 'true') continue
    // Another may have asked for its release, and not heard yet that it was done.
    const mayBeFree = lock.sure === NOBODY || lock.doubtful.includes(NOBODY)
    if (!isMine && !mayBeFree) throw new Error(`${key} is held by ${lock.sure} and by ${session}`)
    lock.sure = next
    if (!isMine) life.soak.acquisitions++
  }
}

/** What is there must be what was acknowledged last, or what was in doubt when the agent died. */
async function check(soak: Soak, agent: AgentProcess): Promise<void> {
  const own = await portsOf(agent, '/v1/agent/services')
  await within(READY_MS, () => isTold(agent, own), 'the catalog knows what the agent knows')
  for (const [id, known] of soak.ports) {
    const port = own.get(id) ?? 'none'
    if (port !== known.sure && !known.doubtful.includes(port)) {
      throw new Error(`${id}: port ${port}, acknowledged ${known.sure}, doubt ${known.doubtful}`)
    }
    known.sure = port
    known.doubtful = []
  }
  for (const session of soak.sessions) {
    const found = await json(agent, `/v1/session/info/${session}`)
    if (!Array.isArray(found) || found.length !== 1) throw new Error(`session ${session} is lost`)
  }
  for (const [key, lock] of soak.locks) await checkLock(agent, key, lock)
}

async function checkLock(
  agent: AgentProcess,
  key: string,
  lock: Known<Holder> & { lockIndex: number },
): Promise<void> {
  const rows = await json(agent, `/v1/kv/${key}`)
  const [row = {}] = Array.isArray(rows) ? rows : []
  const { Session = NOBODY, LockIndex = 0 } = row
  if (Session !== lock.sure && !lock.doubtful.includes(Session)) {
    const doubt = lock.doubtful.join(', ')
    throw new Error(`${key}: held by "${Session}", acknowledged "${lock.sure}", doubt "${doubt}"`)
  }
  if (LockIndex < lock.lockIndex) throw new Error(`${key}: its LockIndex went back`)
  lock.sure = Session
  lock.doubtful = []
  lock.lockIndex = LockIndex
}

/** What the catalog had not heard when the agent died it hears when the agent comes back. */
async function isTold(agent: AgentProcess, own: ReadonlyMap<string, number>): Promise<boolean> {
  const catalog = await portsOf(agent, '/v1/catalog/service/svc')
  return catalog.size === own.size && [...own].every(([id, port]) => catalog.get(id) === port)
}

/** By id. */
async function portsOf(agent: AgentProcess, path: string): Promise<Map<string, number>> {
  const found = await json(agent, path)
  const rows: unknown[] = Array.isArray(found) ? found : Object.values(Object(found))
  return new Map(
    rows.map((row) => {
      // The API's own shapes: of the agent and of the catalog.
      const { ID, Port, ServiceID, ServicePort } = row as Record<string, string & number>
      return [String(ServiceID ?? ID), Number(ServicePort ?? Port)]
    }),
  )
}

async function json(agent: AgentProcess, path: string): Promise<unknown> {
  const headers = { connection: 'close' }
  const response = await within(READY_MS, () => fetch(agent.url(path), { headers }), path)
  return response.status === 404 ? [] : response.json()
}
