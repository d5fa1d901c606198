// The bytes of a snapshot: the whole state at one index, as a chain of frames (core/wire/frame.ts).
//
//   │ head (512) │ [configuration] │ chunk │ chunk │ … │ end │
//
// One frame for each chunk, each tied to the one before; the last says how many there were. A
// flipped bit is found wherever it is. The configuration is there if the state belongs to several
// servers: in the form of a configuration entry, the index of that entry in the head.
import type { Covered } from '../../core/entry.ts'
import { type LogIndex, logIndex, type Term } from '../../core/ids.ts'
import {
  announcedBytes,
  encodeFrames,
  FRAME_HEAD_BYTES,
  firstLink,
  type Link,
  readFrame,
} from '../../core/wire/frame.ts'
import { DataDirRefused, newerFormat, otherNode } from './disk-errors.ts'
import {
  FIELDS_AT,
  findHead,
  finishHead,
  HEAD_BYTES,
  idAt,
  putId,
  putUint64,
  uint64,
  viewOf,
} from './file-head.ts'
import type { FileSystem, SyncFile } from './files.ts'

/** Read at once when a snapshot is loaded. */
const READ_BYTES = 1 << 20

/** Format 1 knew no configuration. */
const HEAD = { magic: 'lictor-s', format: 2 }
const OLD_HEAD = { ...HEAD, format: 1 }
const NODE_ID_AT = 64
const KIND = { chunk: 1, end: 2, configuration: 3 } as const

export interface SnapshotWriter {
  link: Link
  chunks: number
}

/** The beginning of the file, and what its frames are tied to. */
export function beginSnapshot(
  head: Covered,
  { nodeId, salt }: { nodeId: string; salt: number },
): { bytes: readonly Uint8Array[]; writer: SnapshotWriter } {
  const bytes = new Uint8Array(HEAD_BYTES)
  const view = viewOf(bytes)
  view.setUint32(FIELDS_AT, salt, true)
  putUint64(view, 24, head.index)
  putUint64(view, 32, head.term)
  putUint64(view, 40, head.configuration?.index ?? 0)
  putId(bytes, NODE_ID_AT, nodeId)
  const writer: SnapshotWriter = { link: firstLink(finishHead(bytes, HEAD)), chunks: 0 }
  const { configuration } = head
  if (configuration === undefined) return { bytes: [bytes], writer }
  return { bytes: [bytes, frame(writer, KIND.configuration, configuration.data)], writer }
}

export function encodeChunk(writer: SnapshotWriter, chunk: Uint8Array): Uint8Array {
  writer.chunks++
  return frame(writer, KIND.chunk, chunk)
}

export function endSnapshot(writer: SnapshotWriter): Uint8Array {
  const end = new Uint8Array(8)
  putUint64(viewOf(end), 0, writer.chunks)
  return frame(writer, KIND.end, end)
}

function frame(writer: SnapshotWriter, kind: number, payload: Uint8Array): Uint8Array {
  const { bytes, link } = encodeFrames(writer.link, [{ kind, joins: false, payload }])
  writer.link = link
  return bytes
}

/** Where a snapshot lies, and what its name promises. */
export interface SnapshotFile {
  readonly path: string
  readonly index: LogIndex
  readonly term: Term
}

interface Reading {
  readonly files: FileSystem
  readonly nodeId: string
}

/**
 * Its chunks in order. Throws a DataDirRefused that names file and offset where something is wrong.
 * Once begun it goes on to the end, also when newer snapshots have taken the place of this one: a
 * peer may be slow to take it.
 */
export function* readChunks(reading: Reading, file: SnapshotFile): Generator<Uint8Array, void> {
  const source = openSource(reading.files, file.path)
  try {
    yield* chunksIn(source, reading, file)
  } finally {
    source.close()
  }
}

function* chunksIn(
  source: Source,
  reading: Reading,
  file: SnapshotFile,
): Generator<Uint8Array, void> {
  let { link, at } = readBeginning(source, reading, file)
  for (let count = 0; ; count++) {
    const { kind, payload, end, checksum } = frameAt(source, at, link)
    at = end
    link = { seed: link.seed, last: checksum }
    if (kind === KIND.chunk) yield payload
    else {
      if (uint64(viewOf(payload), 0) !== count || source.bytesAt(at, 1).length > 0)
        throw damaged(file.path, at)
      return
    }
  }
}

/** What the file says of itself. Throws as `readChunks`. */
export function readCovered(reading: Reading, file: SnapshotFile): Covered {
  const source = openSource(reading.files, file.path)
  try {
    const { configuration } = readBeginning(source, reading, file)
    const { index, term } = file
    return configuration === undefined ? { index, term } : { index, term, configuration }
  } finally {
    source.close()
  }
}

interface Beginning {
  readonly link: Link
  /** Where the first chunk is. */
  readonly at: number
  readonly configuration: NonNullable<Covered['configuration']> | undefined
}

function readBeginning(source: Source, reading: Reading, file: SnapshotFile): Beginning {
  const { link, configurationIndex } = readHead(source, reading.nodeId, file)
  if (configurationIndex === 0) return { link, at: HEAD_BYTES, configuration: undefined }
  const { kind, payload, end, checksum } = frameAt(source, HEAD_BYTES, link)
  if (kind !== KIND.configuration) throw damaged(file.path, HEAD_BYTES)
  return {
    link: { seed: link.seed, last: checksum },
    at: end,
    configuration: { index: configurationIndex, data: payload },
  }
}

/** Bytes of a file, a large piece at a time. */
interface Source {
  readonly path: string
  /** As many as asked for; fewer only at the end of the file. */
  bytesAt(offset: number, length: number): Uint8Array
  close(): void
}

function openSource(files: FileSystem, path: string): Source {
  const file = files.openSync(path)
  let piece = new Uint8Array(0)
  let from = 0
  return {
    path,
    bytesAt(offset, length) {
      if (offset < from || offset + length > from + piece.length) {
        const wanted = new Uint8Array(Math.max(length, READ_BYTES))
        piece = wanted.subarray(0, readFully(file, wanted, offset))
        from = offset
      }
      return piece.subarray(offset - from, offset - from + length)
    },
    close: () => file.close(),
  }
}

function readFully(file: SyncFile, into: Uint8Array, offset: number): number {
  let done = 0
  while (done < into.length) {
    const count = file.read(into.subarray(done), offset + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** The link of the first frame, if the head is that of the snapshot which the name promises. */
function readHead(
  { path, bytesAt }: Source,
  ours: string,
  { index, term }: SnapshotFile,
): { link: Link; configurationIndex: LogIndex } {
  const bytes = bytesAt(0, HEAD_BYTES)
  const found = findHead(bytes, HEAD)
  const known = found.type === 'newer' ? findHead(bytes, OLD_HEAD) : found
  if (known.type === 'newer') throw newerFormat(path, known.format)
  if (known.type === 'damaged') throw damaged(path, 0)
  const view = viewOf(known.bytes)
  const nodeId = idAt(known.bytes, NODE_ID_AT)
  if (nodeId !== ours) throw otherNode(path, { theirs: nodeId, ours })
  const isNamed = uint64(view, 24) === index && uint64(view, 32) === term
  if (!isNamed) throw damaged(path, 0)
  return { link: firstLink(known.sum), configurationIndex: logIndex(uint64(view, 40)) }
}

function frameAt({ path, bytesAt }: Source, at: number, link: Link) {
  const head = bytesAt(at, FRAME_HEAD_BYTES)
  if (head.length < FRAME_HEAD_BYTES) throw damaged(path, at)
  const probe = readFrame(head, 0, link.seed)
  if (probe.type === 'flaw' && probe.flaw === 'head') throw damaged(path, at) // no length to trust
  const read = readFrame(bytesAt(at, announcedBytes(head, 0)), 0, link.seed)
  if (read.type !== 'frame') throw damaged(path, at)
  if (read.chain !== link.last) throw damaged(path, at)
  const { kind, payload } = read.frame
  return { kind, payload, end: at + read.end, checksum: read.checksum }
}

const damaged = (path: string, at: number): DataDirRefused =>
  new DataDirRefused('corrupt', `${path} is damaged at byte ${at}`)
