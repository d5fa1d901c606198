// Thousands of blocking queries on plain sockets: a client library would cost more than the server
// that is measured.
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

export interface Parked {
  /** How many connections stand and have sent their query. */
  open(): number
  /** When each of them was answered, in the order of the answers. Rejects where one breaks. */
  answered(): Promise<number[]>
  close(): void
}

export interface Watch {
  readonly port: number
  readonly path: string
  readonly count: number
}

/** Connections opened at once: more would overrun the backlog of the listening socket. */
const WAVE = 250

export async function parkWatchers(watch: Watch): Promise<Parked> {
  const sockets: Socket[] = []
  const times: number[] = []
  let open = 0
  let settle: { resolve(times: number[]): void; reject(error: Error): void } | undefined
  let broken: Error | undefined
  const done = () => {
    if (broken !== undefined) settle?.reject(broken)
    else if (times.length === watch.count) settle?.resolve(times)
  }
  const request = `GET ${watch.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`
  const openOne = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: watch.port })
      sockets.push(socket)
      socket.once('connect', () => {
        socket.write(request, () => {
          open++
          resolve()
        })
      })
      socket.once('data', () => {
        times.push(performance.now())
        done()
      })
      socket.once('error', (error) => {
        broken ??= error
        done()
        resolve()
      })
    })
  for (let first = 0; first < watch.count; first += WAVE) {
    const size = Math.min(WAVE, watch.count - first)
    await Promise.all(Array.from({ length: size }, openOne))
  }
  return {
    open: () => open,
    answered: () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        done()
      }),
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}
