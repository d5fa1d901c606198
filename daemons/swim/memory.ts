// What a member of a pool keeps between two runs: whom it knew and its clocks (core/swim/
// snapshot.ts), and the ring of keys. Both are advice for the next start; a disk that takes them no
// more is logged, and the member goes on.
//
//   swimnode-7001.snapshot   lines of text, appended; written anew when it has grown too long
//   swimnode-7001.keyring    a JSON array of keys in base64, the primary one first, mode 0600
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { base64, parseBase64 } from '../../core/bytes.ts'
import { type Remembered, readSnapshot } from '../../core/swim/snapshot.ts'
import { makeFolders } from '../runtime/folder.ts'
import { StartRefused } from '../runtime/refused.ts'

export interface Memory {
  readonly remembered: Remembered | undefined
  /** Of the last run; undefined: none was kept. */
  readonly keys: readonly Uint8Array[] | undefined
  /** `whole`: everything as of now, if the file is to begin anew. */
  addLines(lines: readonly string[], whole: () => readonly string[]): void
  keepKeys(keys: readonly Uint8Array[]): void
}

/** The snapshot begins anew beyond this, or beyond so much for each line of a new one. */
const SNAPSHOT_BYTES_MAX = 128 << 10
const BYTES_PER_LINE_MAX = 256

export interface MemoryOptions {
  readonly dir: string
  /** `swimnode-7001` */
  readonly stem: string
  readonly onFailed: (what: string, why: string) => void
}

/** Throws a StartRefused for a keyring that cannot be read: it is not guessed at. */
export function openMemory({ dir, stem, onFailed }: MemoryOptions): Memory {
  makeFolders(dir, 0o700)
  const snapshot = join(dir, `${stem}.snapshot`)
  const keyring = join(dir, `${stem}.keyring`)
  const text = existsSync(snapshot) ? readFileSync(snapshot, 'utf8') : undefined
  let size = text?.length ?? 0
  let sizeMax = SNAPSHOT_BYTES_MAX
  const attempt = (what: string, work: () => void) => {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Error) || !('errno' in error)) throw error
      onFailed(what, error.message)
    }
  }
  return {
    remembered: text === undefined ? undefined : readSnapshot(text).remembered,
    keys: existsSync(keyring) ? readKeyring(keyring) : undefined,
    addLines: (lines, whole) =>
      attempt(snapshot, () => {
        const added = `${lines.join('\n')}\n`
        if (size + added.length <= sizeMax) {
          appendFileSync(snapshot, added, { mode: 0o600 })
          size += added.length
          return
        }
        const fresh = whole()
        const body = `${fresh.join('\n')}\n`
        replace(snapshot, body)
        size = body.length
        sizeMax = Math.max(SNAPSHOT_BYTES_MAX, fresh.length * BYTES_PER_LINE_MAX)
      }),
    keepKeys: (keys) =>
      attempt(keyring, () => {
        replace(keyring, `${JSON.stringify(keys.map((key) => base64(key)))}\n`)
      }),
  }
}

/** A reader sees the old file or the new one. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function readKeyring(path: string): readonly Uint8Array[] {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (!Array.isArray(read) || read.length === 0) throw new SyntaxError('not a list of keys')
    return read.map((key) => keyOf(String(key)))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new StartRefused(`${path}: ${error.message}`, { cause: error })
  }
}

const KEY_SIZES: readonly number[] = [16, 24, 32]

/** A key as people write it. Throws a SyntaxError. */
export function keyOf(text: string): Uint8Array {
  const parsed = parseBase64(text.trim())
  if (parsed.ok && KEY_SIZES.includes(parsed.bytes.length)) return parsed.bytes
  throw new SyntaxError('a gossip key is 16, 24 or 32 bytes in base64: lictor keygen')
}
