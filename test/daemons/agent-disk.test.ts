// An agent whose disk is full, may not be written to, is held by another agent or has rotted: what
// its clients and its user read. The full disk is a real one, small, and only root can mount it.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type Ran, run } from '../kit/cli.ts'
import { type Home, withHome } from '../kit/home.ts'
import { before, within } from '../kit/within.ts'
import { withSmallDisk, works } from './small-disk.ts'

const disk = suite('agent disk')
const DEADLINE_MS = 60_000

const fact = (name: string, check: (home: Home) => Promise<void>) =>
  disk(name, () => before(DEADLINE_MS, () => withHome(check), name))

const ARGS = ['-server', '-bootstrap', '-bind=127.0.0.1', '-log-level=warn']

const startOn = (home: Home, dataDir: string): Promise<AgentProcess> =>
  startAgent(home, { args: [...ARGS, `-data-dir=${dataDir}`] })

/** An agent that does not come up. */
const refusedOn = (home: Home, dataDir: string): Promise<Ran> =>
  run(home, ['lictor', 'agent', ...ARGS, '-http-port=0', '-dns-port=0', `-data-dir=${dataDir}`])

async function put(agent: AgentProcess, key: string, body: string): Promise<[number, string]> {
  const answer = await fetch(agent.url(`/v1/kv/${key}`), { method: 'PUT', body })
  return [answer.status, await answer.text()]
}

const get = async (agent: AgentProcess, key: string): Promise<string> =>
  (await fetch(agent.url(`/v1/kv/${key}?raw`))).text()

/** Writes until the disk is full; the last key that was taken. */
async function fillUp(agent: AgentProcess): Promise<number> {
  for (let i = 0; i < 200; i++) {
    const [status, text] = await put(agent, `k${i}`, String(i).padEnd(400_000, 'x'))
    if (status === 200) continue
    assert.is(status, 503, text)
    assert.match(text, /disk of this agent is full/)
    return i - 1
  }
  throw new Error('the disk never got full')
}

fact('on a full disk puts say so with 503, gets go on, and puts too once there is room', (home) =>
  withSmallDisk(home.path, 'size=24m', async (disk) => {
    const agent = await startOn(home, join(disk, 'data'))
    const last = await fillUp(agent)
    assert.ok(last > 10, `${last} keys fit`)
    assert.is((await get(agent, `k${last}`)).length, 400_000)
    assert.is((await put(agent, 'more', 'x'.repeat(400_000)))[0], 503)
    assert.is(await agent.end('SIGKILL'), 'SIGKILL')

    const again = await startOn(home, join(disk, 'data'))
    assert.is((await get(again, `k${last}`)).length, 400_000)
    assert.is((await get(again, 'more')).length, 0, 'what was refused came back')
    assert.is((await put(again, 'more', 'x'.repeat(400_000)))[0], 503)
    assert.ok(works(['mount', '-o', 'remount,size=80m', disk]))
    const taken = async () => (await put(again, 'more', 'y'.repeat(400_000)))[0] === 200
    await within(5_000, taken, 'a put after there is room')
    assert.match(await get(again, 'more'), /^y+$/)
    assert.is(await again.end('SIGTERM'), 0)
  }),
)

fact('a folder on a read-only disk is refused in words, as wrong usage', (home) =>
  withSmallDisk(home.path, 'size=1m,ro', async (disk) => {
    const { exit, stderr } = await refusedOn(home, disk)
    assert.is(exit, 2)
    assert.match(stderr, `${disk} is on a file system that is mounted read-only`)
  }),
)

/** Where the system has folders of its own and takes no others. */
const NOBODYS = '/proc/lictor/x'

fact(
  'a folder that the system cannot make is refused at once, whatever it is for',
  async (home) => {
    const { exit, stderr } = await refusedOn(home, NOBODYS)
    assert.is(exit, 2, stderr)
    assert.match(stderr, new RegExp(`${NOBODYS} (?:cannot be made|may not be written to)`))
    for (const flag of [`-log-file=${NOBODYS}/`, `-pid-file=${NOBODYS}/pid`]) {
      const ran = await run(home, ['lictor', 'agent', ...ARGS, '-dev', flag])
      assert.is(ran.exit, 2, `${flag}: ${ran.stderr}`)
      assert.match(ran.stderr, /^lictor agent: cannot make \/proc\/lictor\n {2}why: [a-z]/)
    }
  },
)

fact('a second agent on a folder is refused by the pid of the first', async (home) => {
  const agent = await startOn(home, './data')
  const { exit, stderr } = await refusedOn(home, './data')
  assert.is(exit, 1)
  assert.match(stderr, `in use by process ${agent.pid}`)
  assert.is((await put(agent, 'a', '1'))[0], 200)
  await agent.stop()
})

fact('a flipped bit in the log is found at start, named, and nothing is served', async (home) => {
  const agent = await startOn(home, './data')
  for (const key of ['a', 'b', 'c']) assert.is((await put(agent, key, `value of ${key}`))[0], 200)
  await agent.end('SIGKILL')
  const dir = join(home.work, 'data/log')
  const file = join(dir, (await readdir(dir))[0] ?? '')
  const bytes = await readFile(file)
  const at = bytes.lastIndexOf('value of c')
  assert.ok(at > 0, 'the value is in the log')
  bytes.writeUInt8(bytes.readUInt8(at) ^ 8, at)
  await writeFile(file, bytes)
  const { exit, stderr } = await refusedOn(home, './data')
  assert.is(exit, 71)
  assert.match(stderr, /segment-000000000001 is damaged at byte \d+, where entry \d+ is due/)
  assert.match(stderr, /truncate -s \d+/)
})

disk.run()
