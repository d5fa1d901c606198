// Values from the command line: as they stand, from a file (`@file`), or from standard input (`-`).
import { readFileSync } from 'node:fs'
import { Failure, misuse, reasonOf } from './failure.ts'

/** What a word stands for. The words of a failure are Consul's. */
export async function readValue(word: string): Promise<Buffer> {
  if (word === '-') return readStdin()
  if (word.startsWith('@')) return readFile(word.slice(1))
  return Buffer.from(word)
}

export async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const reason = `open ${path}: ${reasonOf(error)}`
    throw misuse(`cannot read ${path}`, {
      why: reasonOf(error),
      consul: `Error! Failed to read file: ${reason}`,
    })
  }
}

/** The answer to a question on the terminal: only `yes` and `y` are yes. Ctrl-D is no. */
export async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const answer = new Promise<string>((resolve, reject) => {
    lines.once('SIGINT', () => reject(interrupted()))
    lines.once('close', () => resolve(''))
    lines.question(`${question} [y/N] `, resolve)
  })
  try {
    return /^y(es)?$/i.test((await answer).trim())
  } finally {
    lines.close()
  }
}

const interrupted = (): Failure =>
  new Failure({ code: 'interrupted', what: 'interrupted, nothing done', exit: INTERRUPTED })

/** What shells report for a process that SIGINT has ended. */
const INTERRUPTED = 130
