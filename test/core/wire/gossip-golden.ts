// Reads the golden vectors that the tests of the wire share.
import { readFileSync } from 'node:fs'
import { concatBytes, parseHex } from '../../../core/bytes.ts'

/** One line of a golden file. Values are JSON as the fixtures' README describes. */
export interface Vector {
  readonly name: string
  readonly type: string
  readonly value: Record<string, unknown>
  readonly codecs: readonly string[]
  readonly bytes: Uint8Array
}

const folder = new URL('../../fixtures/', import.meta.url)

export const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(new URL(file, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export function vectors(file: string): Vector[] {
  return linesOf(file)
    .filter((line) => 'name' in line && ('hex' in line || 'hexRuns' in line))
    .map((line) => ({ ...(line as unknown as Vector), bytes: bytesOf(line) }))
}

function bytesOf(line: Record<string, unknown>): Uint8Array {
  if (typeof line['hex'] === 'string') return unhex(line['hex'])
  const runs = line['hexRuns'] as [string, number][]
  return unhex(runs.map(([run, count]) => run.repeat(count)).join(''))
}

/** Bytes in the fixtures' form: hex, null for nil, or a run of one byte. */
export function bytesFrom(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return unhex(value)
  const [run, count] = (value as { $repeat: [string, number] }).$repeat
  return concatBytes(Array.from({ length: count }, () => unhex(run)))
}

export function unhex(text: string): Uint8Array {
  const bytes = parseHex(text)
  if (bytes === undefined) throw new Error(`not hex: ${text.slice(0, 20)}`)
  return bytes
}
