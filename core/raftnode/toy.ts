// The state machine of the second lesson: names and values, and three words.
//
//   SET x = 10      GET x      DEL x
//
// A command stands in the log as it was typed, so that a log can be read.
import { concatBytes, EMPTY, textOf, utf8 } from '../bytes.ts'
import type { Entry } from '../entry.ts'
import type { StateMachine } from '../raft/replicated.ts'
import { byName } from '../sorted.ts'

export type ToyCommand =
  | { readonly type: 'set'; readonly key: string; readonly value: string }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'del'; readonly key: string }

/** What a command has found or made of its name; null: there is none. */
export interface ToyResult {
  readonly key: string
  readonly value: string | null
}

export const TOY_BYTES_MAX = 512 << 10

const SET = /^set\s+([^\s=]+)(?:\s*=\s*|\s+)(.*)$/is
const OTHER = /^(get|del)\s+([^\s=]+)$/i

/** Undefined: it is none of the three. */
export function parseToy(text: string): ToyCommand | undefined {
  const line = text.trim()
  const [, key, value] = SET.exec(line) ?? []
  if (key !== undefined && value !== undefined) return { type: 'set', key, value: value.trim() }
  const [, word, name] = OTHER.exec(line) ?? []
  if (word === undefined || name === undefined) return undefined
  return { type: word.toLowerCase() === 'get' ? 'get' : 'del', key: name }
}

export interface Toy extends StateMachine<ToyResult | undefined> {
  look(key: string): string | null
  size(): number
}

export function createToy(): Toy {
  const values = new Map<string, string>()
  return {
    /** What is no command of ours (a peer's) changes nothing. */
    apply: ({ data }: Entry) => run(values, parseToy(textOf(data))),
    snapshot: () => chunksOf(values),
    restore(chunks) {
      const read = [...valuesIn(chunks)] // all of it reads well before anything changes
      values.clear()
      for (const [key, value] of read) values.set(key, value)
    },
    look: (key) => values.get(key) ?? null,
    size: () => values.size,
  }
}

function run(values: Map<string, string>, command: ToyCommand | undefined): ToyResult | undefined {
  if (command === undefined) return undefined
  const { key } = command
  const before = values.get(key) ?? null
  if (command.type === 'get') return { key, value: before }
  if (command.type === 'del') {
    values.delete(key)
    return { key, value: before }
  }
  values.set(key, command.value)
  return { key, value: command.value }
}

const CHUNK_CHARACTERS = 32 << 10

/** One pair a line, in order, made as they are asked for. The pairs are those of the call. */
function chunksOf(values: ReadonlyMap<string, string>): Iterable<Uint8Array> {
  const pairs = [...values]
  return { [Symbol.iterator]: () => linesOf(pairs) }
}

function* linesOf(pairs: readonly (readonly [string, string])[]): Generator<Uint8Array, void> {
  let text = ''
  for (const pair of [...pairs].sort(byName)) {
    text += `${JSON.stringify(pair)}\n`
    if (text.length < CHUNK_CHARACTERS) continue
    yield utf8(text)
    text = ''
  }
  if (text !== '') yield utf8(text)
}

function* valuesIn(chunks: Iterable<Uint8Array>): Generator<[string, string]> {
  let rest: Uint8Array = EMPTY
  for (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : concatBytes([rest, chunk])
    const end = bytes.lastIndexOf(LINE_END) + 1
    rest = bytes.slice(end)
    if (end > 0)
      yield* textOf(bytes.subarray(0, end - 1))
        .split('\n')
        .map(pairIn)
  }
  if (rest.length > 0) throw new Error('a snapshot ends within a line')
}

const LINE_END = 0x0a

function pairIn(line: string): [string, string] {
  const pair: unknown = JSON.parse(line)
  if (!Array.isArray(pair)) throw new Error(`no pair in a snapshot: ${line}`)
  return [String(pair[0]), String(pair[1])]
}
