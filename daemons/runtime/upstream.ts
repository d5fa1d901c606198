// Follows a registry over its HTTP API: asks for everything, then waits there until something has
// changed. While nobody answers it asks again.
import { pause } from './clock.ts'

/** How long a question waits for a change. */
const WAIT = '60s'
/** Changes that come one after the other are fetched together. */
const GATHER_MS = 20
const RETRY_MS = 500

export interface UpstreamOptions {
  /** `http://127.0.0.1:8500` */
  readonly url: string
  /** Throws for an answer that cannot be used: the message says why. */
  readonly onAnswer: (body: Uint8Array) => void
  /** Nobody answers, or nothing that can be used: told again with every try. */
  readonly onLost: (why: string) => void
}

export interface Upstream {
  /** Resolves when the first question was answered, or was not. */
  readonly tried: Promise<void>
  stop(): Promise<void>
}

export function followRegistry(options: UpstreamOptions): Upstream {
  const stopping = new AbortController()
  let settle: () => void = () => undefined
  const tried = new Promise<void>((resolve) => {
    settle = resolve
  })
  const following = follow(options, stopping.signal, settle)
  return {
    tried,
    stop: () => {
      stopping.abort()
      return following
    },
  }
}

async function follow(
  options: UpstreamOptions,
  signal: AbortSignal,
  onTried: () => void,
): Promise<void> {
  let index = 0
  while (!signal.aborted) {
    try {
      const next = await askOnce(options, index, signal)
      index = next < index ? 0 : next // it has begun anew
      onTried()
      await pause(GATHER_MS, undefined)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof Error)) throw error
      index = 0
      options.onLost(reasonOf(error))
      onTried()
      await pause(RETRY_MS, undefined)
    }
  }
}

async function askOnce(
  { url, onAnswer }: UpstreamOptions,
  index: number,
  signal: AbortSignal,
): Promise<number> {
  const response = await fetch(`${url}/v1/catalog/instances?index=${index}&wait=${WAIT}`, {
    signal,
  })
  const body = new Uint8Array(await response.arrayBuffer())
  if (response.status === 404) throw new Error('no registry: an agent answers DNS by itself')
  if (response.status !== 200) throw new Error(`it answers with status ${response.status}`)
  onAnswer(body)
  return Number(response.headers.get('x-consul-index')) || 0
}

/** fetch hides what the system says behind `fetch failed`. */
const reasonOf = ({ message, cause }: Error): string =>
  cause instanceof Error && cause.message !== '' ? cause.message : message
