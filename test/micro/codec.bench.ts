// How fast values become bytes and bytes values. `npm run bench` calls `run` and prints what it
// returns; by itself: `node --import tsx` this file.
import { pathToFileURL } from 'node:url'
import { utf8 } from '../../core/bytes.ts'
import { ENTRY } from '../../core/entry.ts'
import { decodeCommand, encodeCommand } from '../../core/fsm/commands.ts'
import { applyEntry, createFsm } from '../../core/fsm/fsm.ts'
import { restoreFsm, snapshotChunks } from '../../core/fsm/snapshot.ts'
import { logIndex, term } from '../../core/ids.ts'
import type { KvCommand } from '../../core/kv/records.ts'
import { encodeFrames, firstLink, scanFrames } from '../../core/wire/frame.ts'
import {
  bytes,
  type Codec,
  decode,
  encode,
  int,
  list,
  nilable,
  omitEmpty,
  raw,
  str,
  u8,
  u16,
  u32,
  uint,
} from '../../core/wire/msgpack.ts'
import { struct } from '../../core/wire/msgpack-struct.ts'

export interface Rate {
  readonly name: string
  readonly perSecond: number
}

const ping = struct({
  SeqNo: u32,
  Node: str,
  SourceAddr: omitEmpty(nilable(bytes)),
  SourcePort: omitEmpty(u16),
  SourceNode: omitEmpty(str),
})
const PING = {
  SeqNo: 70_000,
  Node: 'node-b.example',
  SourceAddr: Uint8Array.of(127, 0, 0, 1),
  SourcePort: 7946,
  SourceNode: 'node-a.example',
}

const log = struct({
  Index: uint,
  Term: uint,
  Type: u8,
  Data: nilable(bytes),
  Extensions: nilable(bytes),
  AppendedAt: raw,
})
const append = struct({
  ProtocolVersion: int,
  ID: bytes,
  Addr: bytes,
  Term: uint,
  Leader: bytes,
  PrevLogEntry: uint,
  PrevLogTerm: uint,
  Entries: nilable(list(log)),
  LeaderCommitIndex: uint,
})
const ENTRIES = 64
const APPEND = {
  ProtocolVersion: 3,
  ID: utf8('11111111-1111-1111-1111-111111111111'),
  Addr: utf8('10.0.0.1:8300'),
  Term: 7,
  Leader: utf8('10.0.0.1:8300'),
  PrevLogEntry: 1_000_000,
  PrevLogTerm: 7,
  Entries: Array.from({ length: ENTRIES }, (_, i) => ({
    Index: 1_000_001 + i,
    Term: 7,
    Type: 0,
    Data: new Uint8Array(200),
    Extensions: null,
    AppendedAt: Uint8Array.of(0xc0),
  })),
  LeaderCommitIndex: 1_000_000,
}

const change = {
  key: 'app/service/some-key',
  value: new Uint8Array(100),
  flags: 0,
  index: 0,
  session: '',
}
const PUT: KvCommand = { type: 'kv', op: 'set', change, wall: 0 }

/** How long one figure is measured. */
const SPAN_MS = 150
const BATCH = 200

/** What the process has used: other processes on the machine do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Does `work` in batches until the span is over. `each`: what one call counts for. */
function rate(name: string, work: () => unknown, each = 1): Rate {
  for (let i = 0; i < BATCH; i++) work() // warms up
  const begun = cpuMs()
  let count = 0
  let spent = 0
  while (spent < SPAN_MS) {
    for (let i = 0; i < BATCH; i++) work()
    count += BATCH
    spent = cpuMs() - begun
  }
  return { name, perSecond: Math.round((count * each * 1000) / spent) }
}

function both<T>(name: string, codec: Codec<T>, value: T): Rate[] {
  const written = encode(codec, value)
  return [
    rate(`${name}, encode`, () => encode(codec, value)),
    rate(`${name}, decode`, () => decode(codec, written)),
  ]
}

/** Once through: what is too long for many rounds. */
function once(name: string, count: number, work: () => unknown): Rate {
  const begun = cpuMs()
  work()
  return { name, perSecond: Math.round((count * 1000) / (cpuMs() - begun)) }
}

const ROWS = 50_000
const FRAMES = 64

export function run(): Rate[] {
  const put = encodeCommand(PUT)
  const frames = Array.from({ length: FRAMES }, () => ({ kind: 1, joins: false, payload: put }))
  const framed = encodeFrames(firstLink(1), frames).bytes
  const fsm = createFsm()
  const entries = Array.from({ length: ROWS }, (_, i) => ({
    index: logIndex(i + 1),
    term: term(1),
    type: ENTRY.command,
    data: encodeCommand({ ...PUT, change: { ...change, key: `app/${i % 97}/key-${i}` } }),
  }))
  return [
    ...both('ping', ping, PING),
    ...both(`append of ${ENTRIES} entries`, append, APPEND),
    rate('KV command, encode', () => encodeCommand(PUT)),
    rate('KV command, decode', () => decodeCommand(put)),
    rate('frames of a KV command, write', () => encodeFrames(firstLink(1), frames), FRAMES),
    rate('frames of a KV command, scan', () => scanFrames(framed, firstLink(1)), FRAMES),
    once('KV entries applied', ROWS, () => entries.map((entry) => applyEntry(fsm, entry))),
    once('rows into a snapshot', ROWS, () => [...snapshotChunks(fsm)]),
    once('rows restored', ROWS, () => restoreFsm(createFsm(), snapshotChunks(fsm))),
  ]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, perSecond } of run()) {
    process.stdout.write(`${name}\t${perSecond.toLocaleString('en')}\n`)
  }
}
