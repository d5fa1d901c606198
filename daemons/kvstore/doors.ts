// Where a node of the store listens, and what it is called by.
import type { ListenAddress } from '../../core/config/agent-config.ts'
import { type Http, openDoor } from '../runtime/http.ts'

/** `localhost:8001`, `[::1]:8001`. */
export const selfOf = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** `localhost` is both of its addresses, where the machine has both. */
export async function openDoors(
  http: Http,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<readonly ListenAddress[]> {
  const isLocal = host === 'localhost'
  const address = { type: 'tcp', host: isLocal ? '127.0.0.1' : host, port } as const
  const first = await openDoor(http, { address })
  if (!isLocal || first.type !== 'tcp') return [first]
  const beside = { type: 'tcp', host: '::1', port: first.port } as const
  try {
    return [first, await openDoor(http, { address: beside })]
  } catch (error) {
    if (isAbsent(error) || (port === 0 && codeOf(error) === 'EADDRINUSE')) return [first]
    throw error
  }
}

/** There is no such address here, or no such family. */
const isAbsent = (error: unknown): boolean =>
  codeOf(error) === 'EADDRNOTAVAIL' || codeOf(error) === 'EAFNOSUPPORT'

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
