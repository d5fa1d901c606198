// The log of a daemon as it is written: an answer without an end, copied to stdout.
import { EXIT } from '../../core/errors.ts'
import { LOG_LEVELS } from '../../core/log.ts'
import type { Client } from './client.ts'
import { type Answer, text } from './declare.ts'
import { Failure } from './failure.ts'
import type { Output } from './output.ts'

export const LEVEL_SHOWN = text('show this and what is worse', 'info', {
  placeholder: 'LEVEL',
  choices: LOG_LEVELS,
})

export interface Wanted {
  readonly level: string
  /** One object a line. */
  readonly json: boolean
  /** As of a question of the client. */
  readonly fault?: string
}

/** Copies until the reader or the agent goes; the latter is a failure. */
export async function followLog(
  client: Client,
  { level, json, ...manner }: Wanted,
  out: Output,
): Promise<Answer> {
  const query = { loglevel: level, ...(json ? { logjson: '' } : {}) }
  const stream = await client.open({ method: 'GET', path: '/v1/agent/monitor', query, ...manner })
  out.gone.addEventListener('abort', () => stream.destroy())
  try {
    for await (const chunk of stream) await out.print(chunk as Buffer) // no encoding is set
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error // the connection is gone
  }
  if (out.gone.aborted) return {}
  throw new Failure({
    code: 'nobody_there',
    what: 'the agent has ended the stream',
    why: 'it stopped, or the connection broke',
    exit: EXIT.nobody,
    consul: 'The agent has ended the stream: it stopped, or the connection broke',
  })
}
