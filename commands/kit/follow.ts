// An answer without an end, copied to stdout.
import type { IncomingMessage } from 'node:http'
import { EXIT } from '../../core/errors.ts'
import type { Answer } from './declare.ts'
import { Failure } from './failure.ts'
import type { Output } from './output.ts'

/** Copies until the reader or the agent goes; the latter is a failure. */
export async function followLog(stream: IncomingMessage, out: Output): Promise<Answer> {
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
