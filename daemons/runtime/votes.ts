// Term and vote once more, beside the log: where a part of that has rotted, what this node promised
// in elections must still be known, or it might promise it twice (reliability §4).
//
// Two slots of one sector, written by turns, each before the log has the same vote: the newer one
// says at least what anybody was told. A slot that is damaged may have been the newer one.
//
//   │ head (16) │ sequence (8) │ term (8) │ node (192) │ voted for (192) │ zeros, up to 512 │
import { join } from 'node:path'
import type { Vote } from '../../core/entry.ts'
import { term } from '../../core/ids.ts'
import { isFull } from './disk-errors.ts'
import {
  FIELDS_AT,
  findHead,
  finishHead,
  HEAD_BYTES,
  type HeadKind,
  idAt,
  putId,
  putUint64,
  uint64,
  viewOf,
} from './file-head.ts'
import { type FileSystem, type OpenFile, readAll, writeAll, writeWhole } from './files.ts'

const NAME = 'votes'
const HEAD: HeadKind = { magic: 'LICTVOTE', format: 1 }
const SLOTS = 2
const TERM_AT = FIELDS_AT + 8
const NODE_ID_AT = TERM_AT + 8
const VOTED_FOR_AT = NODE_ID_AT + 192

export interface Votes {
  readonly file: OpenFile
  readonly nodeId: string
  sequence: number
  /** What the newer slot said at the start; undefined: one of them could not be read. */
  readonly known: Vote | undefined
}

interface Slot {
  readonly sequence: number
  readonly vote: Vote
}

/** Of a folder without the file nothing is known. */
export async function openVotes(files: FileSystem, dir: string, nodeId: string): Promise<Votes> {
  const path = join(dir, NAME)
  const isNew = !(await files.list(dir)).includes(NAME)
  if (isNew) await writeWhole(files, path, new Uint8Array(SLOTS * HEAD_BYTES))
  const file = await files.openSynced(path, 'caller')
  const bytes = await readAll(file, { offset: 0, length: SLOTS * HEAD_BYTES })
  const slots = Array.from({ length: SLOTS }, (_, at) => slotIn(bytes, at, nodeId))
  const good = slots.filter((slot) => slot !== 'damaged')
  const newest = good.reduce((a, b) => (b.sequence > a.sequence ? b : a), BLANK)
  const isKnown = !isNew && good.length === SLOTS && newest !== BLANK
  return { file, nodeId, sequence: newest.sequence, known: isKnown ? newest.vote : undefined }
}

const BLANK: Slot = { sequence: 0, vote: { term: term(0), votedFor: '' } }

function slotIn(file: Uint8Array, at: number, nodeId: string): Slot | 'damaged' {
  const bytes = file.subarray(at * HEAD_BYTES, (at + 1) * HEAD_BYTES)
  if (bytes.length === HEAD_BYTES && bytes.every((byte) => byte === 0)) return BLANK
  const found = findHead(bytes, HEAD)
  if (found.type !== 'head' || idAt(bytes, NODE_ID_AT) !== nodeId) return 'damaged'
  const view = viewOf(bytes)
  const vote = { term: term(uint64(view, TERM_AT)), votedFor: idAt(bytes, VOTED_FOR_AT) }
  return { sequence: uint64(view, FIELDS_AT), vote }
}

/** `full`: there is no room, which a disk that copies on write may say. */
export async function saveVote(votes: Votes, vote: Vote): Promise<'saved' | 'full'> {
  const sequence = votes.sequence + 1
  const bytes = new Uint8Array(HEAD_BYTES)
  const view = viewOf(bytes)
  putUint64(view, FIELDS_AT, sequence)
  putUint64(view, TERM_AT, vote.term)
  putId(bytes, NODE_ID_AT, votes.nodeId)
  putId(bytes, VOTED_FOR_AT, vote.votedFor)
  finishHead(bytes, HEAD)
  try {
    await writeAll(votes.file, bytes, (sequence % SLOTS) * HEAD_BYTES)
  } catch (error) {
    if (isFull(error)) return 'full'
    throw error
  }
  votes.sequence = sequence
  return 'saved'
}

/** After a start: both slots say what the log says, whatever was in them. */
export async function alignVotes(votes: Votes, vote: Vote): Promise<void> {
  const { known } = votes
  if (known !== undefined && known.term === vote.term && known.votedFor === vote.votedFor) return
  // Without room they stay as they are, and the next vote is refused until there is some.
  for (let slot = 0; slot < SLOTS; slot++) await saveVote(votes, vote)
}
