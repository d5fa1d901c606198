// Starting in order, stopping in reverse; readiness told to supervisors; who holds a port.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startInOrder } from '../../../daemons/runtime/lifecycle.ts'
import { notifyDescriptor, notifySupervisor } from '../../../daemons/runtime/notify.ts'
import { writePidFile } from '../../../daemons/runtime/pid-file.ts'
import { holderOf, nextFreePort } from '../../../daemons/runtime/port-holder.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before, within } from '../../kit/within.ts'

const lifecycle = suite('lifecycle')

lifecycle('what was started last is stopped first', async () => {
  const trace: string[] = []
  const { value, stop } = await startInOrder(async (onStop) => {
    onStop(() => void trace.push('first'))
    onStop(async () => void trace.push('second'))
    return 7
  })
  assert.is(value, 7)
  await stop()
  await stop()
  assert.equal(trace, ['second', 'first'])
})

const messageOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return 'no error'
}

lifecycle('a start that fails stops what runs, and its error counts', async () => {
  const trace: string[] = []
  const started = startInOrder(async (onStop) => {
    onStop(() => void trace.push('stopped'))
    throw new Error('second part')
  })
  assert.is(await messageOf(started), 'second part')
  assert.equal(trace, ['stopped'])
})

lifecycle('a stop that fails does not keep the others from stopping', async () => {
  const trace: string[] = []
  const { stop } = await startInOrder(async (onStop) => {
    onStop(() => void trace.push('first'))
    onStop(() => {
      throw new Error('second')
    })
  })
  assert.is(await messageOf(stop()), 'second')
  assert.equal(trace, ['first'])
})

/**
 * Binds a datagram socket, prints what it gets; answers barriers by closing what came with them.
 */
const RECEIVER = `
import os, socket, sys, array
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace('@', chr(0)) if sys.argv[1][0] == '@' else sys.argv[1])
print('bound', flush=True)
while True:
    text, control, *_ = s.recvmsg(4096, 1024)
    for level, kind, data in control:
        for fd in array.array('i', data[:len(data) - len(data) % 4]): os.close(fd)
    print(text.decode(), flush=True)
`

async function withReceiver(
  socket: string,
  work: (received: () => string) => Promise<void>,
): Promise<void> {
  const child = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  child.stdout.on('data', (chunk) => lines.push(String(chunk)))
  try {
    await within(10_000, () => lines.join('').startsWith('bound'), 'the receiver')
    await work(() => lines.join(''))
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

lifecycle('a supervisor is told by datagram', () =>
  withTemp(async (dir) => {
    for (const socket of [join(dir, 'notify'), `@lictor-test-${process.pid}`]) {
      await withReceiver(socket, async (received) => {
        const env = { ...process.env, NOTIFY_SOCKET: socket }
        assert.is(await notifySupervisor('ready', env), undefined)
        await within(10_000, () => /^READY=1/m.test(received()), 'READY=1')
        assert.is(await notifySupervisor('stopping', env), undefined)
        await within(10_000, () => /^STOPPING=1/m.test(received()), 'STOPPING=1')
      })
    }
  }),
)

lifecycle('without systemd-notify perl sends the datagram', () =>
  withTemp(async (dir) => {
    const socket = join(dir, 'notify')
    const { symlinkSync } = await import('node:fs')
    symlinkSync('/usr/bin/perl', join(dir, 'perl'))
    await withReceiver(socket, async (received) => {
      const env = { NOTIFY_SOCKET: socket, PATH: dir }
      assert.is(await notifySupervisor('ready', env), undefined)
      await within(10_000, () => /^READY=1/m.test(received()), 'READY=1')
    })
  }),
)

lifecycle('nobody waits, nothing is sent; nobody can send, and it is said', async () => {
  assert.is(await notifySupervisor('ready', {}), undefined)
  const env = { NOTIFY_SOCKET: '/nowhere', PATH: '/nowhere' }
  assert.match((await notifySupervisor('ready', env)) ?? '', /systemd-notify: .*; perl: /)
})

lifecycle('a descriptor gets one line and its end', () =>
  withTemp(async (dir) => {
    const path = join(dir, 'ready')
    const fd = openSync(path, 'w')
    notifyDescriptor(fd, 'lictor agent ready')
    assert.is(readFileSync(path, 'utf8'), 'lictor agent ready\n')
    assert.throws(() => notifyDescriptor(fd, 'again'), /EBADF/)
  }),
)

lifecycle('a pid file goes with its process, unless another has taken it over', () =>
  withTemp(async (dir) => {
    const path = join(dir, 'deep/agent.pid')
    const remove = writePidFile(path)
    assert.is(readFileSync(path, 'utf8'), `${process.pid}\n`)
    remove()
    assert.not(existsSync(path))
    const removeAgain = writePidFile(path)
    writeFileSync(path, '1\n')
    removeAgain()
    assert.ok(existsSync(path))
  }),
)

lifecycle('the holder of a port is named, and a free one found', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const holder = holderOf(port)
  assert.is(holder?.pid, process.pid)
  assert.ok(holder?.isOurs)
  assert.match(holder?.command ?? '', /lifecycle\.test/)
  assert.ok((holder?.ageSeconds ?? -1) >= 0 && (holder?.ageSeconds ?? 99_999) < 300)
  const free = await before(5_000, () => nextFreePort('127.0.0.1', port), 'a free port')
  assert.ok(free !== undefined && free > port)
  const other = await before(5_000, () => nextFreePort('127.0.0.1', port, [free]), 'another')
  assert.ok(other !== undefined && other > free, 'not one that is spoken for')
  await new Promise((resolve) => server.close(resolve))
  assert.is(holderOf(port), undefined)
})

lifecycle.run()
