// Unix sockets: their mode, what lies in their place, and how long their path may be.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listenOn, SOCKET_PATH_BYTES_MAX } from '../../../daemons/runtime/listen.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before, within } from '../../kit/within.ts'
import { said, withPlain } from '../plain-agent.ts'
import { get, openRaw } from '../raw-client.ts'

const listen = suite('listen')

const at = (path: string, mode = '') => ({
  address: { type: 'unix', path } as const,
  file: { mode, user: '', group: '' },
})

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await before(5_000, () => work, 'a refusal')
  } catch (error) {
    return String(error)
  }
  return 'not refused'
}

listen('a Unix socket serves, has its mode, and goes with the server', () =>
  withTemp(async (dir) => {
    const path = join(dir, 'http.sock')
    await withPlain(
      { onRequest: ({ remote }) => said(`<${remote}>`), door: at(path, '0600') },
      async () => {
        assert.is(statSync(path).mode & 0o777, 0o600)
        const client = await openRaw(path)
        client.send(get('/'))
        await client.until(/<>$/)
        client.socket.destroy()
      },
    )
    assert.not(existsSync(path))
  }),
)

listen('a socket that nobody listens on is replaced', () =>
  withTemp(async (dir) => {
    const path = join(dir, 'http.sock')
    const listen = 'require("node:net").createServer().listen(process.argv[1]'
    const dying = `${listen}, () => process.kill(process.pid, 9))`
    spawnSync(process.execPath, ['-e', dying, path])
    assert.ok(statSync(path).isSocket())
    await withPlain({ onRequest: () => said('new'), door: at(path) }, async () => {
      const client = await openRaw(path)
      client.send(get('/'))
      await client.until(/new$/)
      client.socket.destroy()
    })
  }),
)

listen('a socket in use, a file and a link are left alone', () =>
  withTemp(async (dir) => {
    const path = join(dir, 'used.sock')
    await withPlain({ onRequest: () => said('old'), door: at(path, '0600') }, async () => {
      const second = listenOn(createServer(), at(path).address, {
        mode: '0777',
        user: '',
        group: '',
      })
      assert.match(await refusal(second), /EADDRINUSE/)
      assert.is(statSync(path).mode & 0o777, 0o600, 'its mode is not touched')
    })
    for (const name of ['file', 'link']) {
      const other = join(dir, name)
      if (name === 'file') writeFileSync(other, 'precious')
      else symlinkSync('nowhere', other)
      assert.match(await refusal(listenOn(createServer(), at(other).address)), /EADDRINUSE/, name)
    }
  }),
)

listen('a path that would be cut off is refused', () =>
  withTemp(async (dir) => {
    const room = SOCKET_PATH_BYTES_MAX - dir.length - 1
    const longest = join(dir, 'x'.repeat(room))
    const server = createServer()
    await listenOn(server, at(longest).address)
    assert.ok(statSync(longest).isSocket())
    await new Promise((resolve) => server.close(resolve))
    const tooLong = listenOn(createServer(), at(`${longest}x`).address)
    assert.match(await refusal(tooLong), /108 bytes, a Unix socket has at most 107/)
  }),
)

listen('an owner that does not exist is refused by name', () =>
  withTemp(async (dir) => {
    const server = createServer()
    const file = { mode: '', user: 'nobody-by-that-name', group: '' }
    const path = join(dir, 'a.sock')
    assert.match(await refusal(listenOn(server, at(path).address, file)), /nobody-by-that-name/)
    await new Promise((resolve) => server.close(resolve))
  }),
)

listen('what fails while a server accepts is said once and ends nothing', async () => {
  const server = createServer()
  await listenOn(server, { type: 'tcp', host: '127.0.0.1', port: 0 })
  const warned: string[] = []
  const onWarning = (warning: Error) => warned.push(warning.message)
  process.on('warning', onWarning)
  try {
    for (let n = 0; n < 3; n++) server.emit('error', new Error('accept ENFILE'))
    await within(5_000, () => warned.length > 0)
    assert.equal(warned, ['accept ENFILE'])
    assert.ok(server.listening)
  } finally {
    process.off('warning', onWarning)
    server.close()
  }
})

listen.run()
