// Recorded histories in the two formats of the public corpus: Jepsen's log of one register, and
// porcupine's log of keys.
import type { Operation } from '../../core/sim/check-linear.ts'
import type { RegisterOp } from '../../core/sim/registers.ts'

export type History = Map<string, Operation<RegisterOp>[]>

interface Line {
  readonly process: string
  readonly type: string
  readonly f: string
  readonly key: string
  readonly value: string
}

const JEPSEN = /- (\d+)\s+:(\w+)\s+:(\w+)\s+(.*)$/
const KEYED = /:process (\d+), :type :(\w+), :f :(\w+), :key "(.*?)", :value (?:"(.*)"|nil)\}/

export const parseJepsen = (text: string): History =>
  pair(
    lines(text, JEPSEN).map(([, process = '', type = '', f = '', value = '']) => ({
      process,
      type,
      f,
      key: '',
      value: value.trim(),
    })),
  )

export const parseKeyed = (text: string): History =>
  pair(
    lines(text, KEYED).map(([, process = '', type = '', f = '', key = '', value = '']) => ({
      process,
      type,
      f,
      key,
      value,
    })),
  )

const lines = (text: string, pattern: RegExp): RegExpExecArray[] =>
  text.split('\n').flatMap((line) => {
    const found = pattern.exec(line)
    return found === null ? [] : [found]
  })

/** Joins each call with its end; what never ended stays open. */
function pair(all: readonly Line[]): History {
  const history: History = new Map()
  const open = new Map<string, { line: Line; called: number }>()
  const add = (
    { line, called }: { line: Line; called: number },
    end: Line | undefined,
    at: number,
  ) => {
    const op = operationOf(line, end)
    if (op === undefined) return
    const ofKey = history.get(line.key) ?? []
    history.set(line.key, ofKey)
    ofKey.push({ op, called, returned: end?.type === 'info' || end === undefined ? Infinity : at })
  }
  for (const [at, line] of all.entries()) {
    if (line.type === 'invoke') {
      open.set(line.process, { line, called: at })
      continue
    }
    const begun = open.get(line.process)
    if (begun === undefined) throw new Error(`process ${line.process} ends what it did not begin`)
    open.delete(line.process)
    add(begun, line, at)
  }
  for (const begun of open.values()) add(begun, undefined, Infinity)
  return history
}

/** Undefined: it says nothing (a read without an answer). */
function operationOf(begun: Line, end: Line | undefined): RegisterOp | undefined {
  const known = end !== undefined && end.type !== 'info'
  switch (begun.f) {
    case 'read':
    case 'get':
      return end?.type === 'ok' ? { type: 'read', output: end.value } : undefined
    case 'write':
    case 'put':
      return { type: 'write', value: begun.value }
    case 'append':
      return { type: 'append', value: begun.value }
    case 'cas': {
      const [, expected = '', value = ''] = /\[(\S+) (\S+)\]/.exec(begun.value) ?? []
      return { type: 'cas', expected, value, output: known ? end.type === 'ok' : undefined }
    }
    default:
      throw new Error(`an operation ${begun.f} is unknown`)
  }
}
