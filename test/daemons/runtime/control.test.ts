// The control socket: where it lies, what it is called, who may use it, and what dead daemons leave
// behind.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ListenAddress } from '../../../core/config/agent-config.ts'
import {
  type Control,
  findDaemons,
  openControl,
  prepareDir,
  runtimeDir,
} from '../../../daemons/runtime/control.ts'
import { SOCKET_PATH_BYTES_MAX } from '../../../daemons/runtime/listen.ts'
import { StartRefused } from '../../../daemons/runtime/refused.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before } from '../../kit/within.ts'
import { type PlainAgent, said, withPlain } from '../plain-agent.ts'
import { get, openRaw } from '../raw-client.ts'

const control = suite('control')

const TOLD = {
  kind: 'agent',
  name: 'node1',
  pid: process.pid,
  startedAt: '2026-01-02T03:04:05.000Z',
  version: '0.1.0',
  addresses: { http: ['127.0.0.1:8500'] },
  cluster: 'c',
  cwd: '/',
}

const tcp = (host: string, port: number): ListenAddress => ({ type: 'tcp', host, port })

interface Opened {
  readonly dir: string
  readonly agent: PlainAgent
  open(main?: ListenAddress, socket?: string): Promise<Control>
}

const withFolder = (work: (opened: Opened) => Promise<void>): Promise<void> =>
  withTemp((temp) =>
    withPlain({ onRequest: ({ path }) => said(path) }, async (agent) => {
      const dir = join(temp, 'run')
      const open = (main = tcp('127.0.0.1', 8500), socket?: string) =>
        openControl(agent.http, { env: { LICTOR_RUNTIME_DIR: dir }, socket, told: TOLD, main })
      await work({ dir, agent, open })
    }),
  )

const refusal = async (work: () => unknown): Promise<string> => {
  try {
    await before(5_000, work, 'a refusal')
  } catch (error) {
    assert.instance(error, StartRefused)
    return String(error)
  }
  return 'not refused'
}

control('the folder is found as documented', () => {
  const uid = process.getuid?.() ?? 0
  const last = uid === 0 ? '/run/lictor' : `/t/lictor-${uid}`
  assert.is(runtimeDir({ LICTOR_RUNTIME_DIR: '/a', XDG_RUNTIME_DIR: '/b', TMPDIR: '/t' }), '/a')
  assert.is(runtimeDir({ XDG_RUNTIME_DIR: '/b', TMPDIR: '/t' }), '/b/lictor')
  assert.is(runtimeDir({ LICTOR_RUNTIME_DIR: '', XDG_RUNTIME_DIR: '', TMPDIR: '/t' }), last)
})

control('the socket tells who the daemon is, and everything else comes from the API', () =>
  withFolder(async ({ dir, open }) => {
    const { record } = await open()
    assert.is(record.socket, join(dir, 'agent-8500.sock'))
    const client = await openRaw(record.socket)
    client.send(get('/v1/hello'))
    const received = await client.until(/\}\n$/)
    assert.match(received, /Content-Type: application\/json/)
    assert.equal(JSON.parse(received.split('\r\n\r\n')[1] ?? ''), record)
    client.send(get('/v1/status/leader'))
    await client.until(/\/v1\/status\/leader$/)
    client.socket.destroy()
  }),
)

control('socket and record are ours alone, and go with the daemon', () =>
  withFolder(async ({ dir, open }) => {
    const { record, close } = await open()
    const mode = (name: string) => statSync(join(dir, name)).mode & 0o777
    assert.equal(
      [statSync(dir).mode & 0o777, mode('agent-8500.sock'), mode('agent-8500.json')],
      [0o700, 0o600, 0o600],
    )
    assert.equal(JSON.parse(readFileSync(join(dir, 'agent-8500.json'), 'utf8')), record)
    assert.equal((await findDaemons(dir)).records, [record])
    close()
    assert.equal(readdirSync(dir), [])
  }),
)

control('the name shows what is not the default', () =>
  withFolder(async ({ open }) => {
    const nameOf = async (main: ListenAddress) => (await open(main)).record.socket.split('/').at(-1)
    assert.is(await nameOf(tcp('127.0.0.2', 8500)), 'agent-127.0.0.2-8500.sock')
    assert.is(await nameOf(tcp('::1', 8500)), 'agent-__1-8500.sock')
    assert.is(await nameOf({ type: 'unix', path: '/x' }), `agent-pid${process.pid}.sock`)
  }),
)

control('a path of choice is used as it is', () =>
  withFolder(async ({ dir, open }) => {
    mkdirSync(dir)
    const { close } = await open(undefined, join(dir, 'own'))
    assert.equal(readdirSync(dir).sort(), ['own', 'own.json'])
    close()
    assert.equal(readdirSync(dir), [])
  }),
)

control('a folder that others could use is refused', () =>
  withFolder(async ({ dir, open }) => {
    mkdirSync(dir)
    chmodSync(dir, 0o750)
    assert.match(await refusal(open), /open to others \(mode 750\); chmod 700 it/)
    writeFileSync(`${dir}-file`, '')
    assert.match(await refusal(() => prepareDir(`${dir}-file`)), /EEXIST|not a folder/)
    mkdirSync(`${dir}-real`, { mode: 0o700 })
    symlinkSync(`${dir}-real`, `${dir}-link`)
    assert.match(await refusal(() => prepareDir(`${dir}-link`)), /not a folder/)
    if (process.getuid?.() !== 0) return
    mkdirSync(`${dir}-other`, { mode: 0o700 })
    chownSync(`${dir}-other`, 12_345, -1)
    assert.match(await refusal(() => prepareDir(`${dir}-other`)), /belongs to user 12345/)
  }),
)

control('a path that would be cut off is refused, with a way out', () =>
  withFolder(async ({ dir, agent }) => {
    const long = join(dir, 'x'.repeat(SOCKET_PATH_BYTES_MAX - dir.length - 10))
    const env = { LICTOR_RUNTIME_DIR: long }
    const open = () =>
      openControl(agent.http, { env, socket: undefined, told: TOLD, main: tcp('127.0.0.1', 8500) })
    assert.match(await refusal(open), /longer than the 107 bytes .* set LICTOR_RUNTIME_DIR/)
  }),
)

control('a daemon that answers keeps its socket', () =>
  withFolder(async ({ open }) => {
    await open()
    assert.match(await refusal(open), /another daemon answers there/)
  }),
)

/** A process that has ended: its number belongs to nobody for a while. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid

control('what a killed daemon has left is removed when somebody looks', () =>
  withFolder(async ({ dir, open }) => {
    const { record } = await open()
    const socket = join(dir, 'agent-8600.sock')
    const listen = 'require("node:net").createServer().listen(process.argv[1]'
    const bind = `${listen}, () => process.kill(process.pid, 9))`
    spawnSync(process.execPath, ['-e', bind, socket])
    assert.ok(existsSync(socket))
    writeFileSync(join(dir, 'agent-8600.json'), JSON.stringify({ ...TOLD, socket, pid: deadPid() }))
    writeFileSync(join(dir, 'broken.json'), '{')
    writeFileSync(join(dir, 'other.json'), '{"a":1}')
    const found = await findDaemons(dir)
    assert.equal(found, { records: [record], removed: [socket] })
    assert.equal(readdirSync(dir).sort(), [
      'agent-8500.json',
      'agent-8500.sock',
      'broken.json',
      'other.json',
    ])
  }),
)

control('a daemon that lives but does not answer yet is neither shown nor removed', () =>
  withFolder(async ({ dir }) => {
    mkdirSync(dir, { mode: 0o700 })
    const socket = join(dir, 'agent-8600.sock')
    writeFileSync(join(dir, 'agent-8600.json'), JSON.stringify({ ...TOLD, socket }))
    assert.equal(await findDaemons(dir), { records: [], removed: [] })
    assert.ok(existsSync(join(dir, 'agent-8600.json')))
  }),
)

control('a folder that is not there holds no daemons', () =>
  withFolder(async ({ dir }) => {
    assert.equal(await findDaemons(join(dir, 'none')), { records: [], removed: [] })
  }),
)

control.run()
