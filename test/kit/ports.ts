// Ports that nobody has, for programs that cannot be asked to take any: peers must know each other
// beforehand, forwarders want a number. They lie below those that the kernel hands out by itself,
// so that nobody gets one of them by chance between here and there.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const HOST = '127.0.0.1'
/** Below, services of the machine are at home. The range of the kernel begins at 32,768. */
const LOWEST = 12_000
const HIGHEST = 32_000
const TRIES_MAX = 1_000

/** Free for datagrams and streams, each given once in this process. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>()
  for (let tries = 0; found.size < count; tries++) {
    if (tries >= TRIES_MAX) throw new Error(`no ${count} ports are free`)
    const port = randomInt(LOWEST, HIGHEST)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    found.add(port)
  }
  return [...found]
}

const given = new Set<number>()

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

const isFree = async (port: number): Promise<boolean> =>
  (await streamsFit(port)) && (await datagramsFit(port))

const streamsFit = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, HOST, () => server.close(() => resolve(true)))
  })

const datagramsFit = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4').once('error', () => socket.close(() => resolve(false)))
    socket.bind(port, HOST, () => socket.close(() => resolve(true)))
  })
