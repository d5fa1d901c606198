// An agent that answers one request as it is told: for failures that a good agent never shows.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Stub {
  /** `127.0.0.1:PORT` */
  readonly address: string
  close(): Promise<void>
}

export type Answerer = (request: IncomingMessage, response: ServerResponse) => void

/** `where`: a path of a Unix socket, or any free port. */
export async function openStub(answer: Answerer, where: string | number = 0): Promise<Stub> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve)
    else server.listen(where, '127.0.0.1', resolve)
  })
  const bound = server.address() as AddressInfo | string // listening, so not null
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address: typeof bound === 'string' ? bound : `127.0.0.1:${bound.port}`, close }
}

/** Answers everything alike. */
export const always =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answerer =>
  (request, response) => {
    request.resume()
    response.writeHead(status, headers).end(body)
  }

/** Runs the work with a stub and closes it afterwards. */
export async function withStub<T>(
  answer: Answerer,
  work: (address: string) => Promise<T>,
): Promise<T> {
  const stub = await openStub(answer)
  try {
    return await work(stub.address)
  } finally {
    await stub.close()
  }
}
