// Messages between nodes as JSON, with keys and values in base64: to be read with curl. What comes
// from outside is checked here, limits included; nothing wrong goes further.
import { base64, textOf, utf8 } from '../bytes.ts'
import {
  binary,
  DecodeError,
  type Decoder,
  flag,
  integer,
  list,
  nullable,
  struct,
  text,
} from '../route/decode.ts'
import { type JsonNode, parseJson } from '../route/json.ts'
import type { Message, Reply, Told } from './messages.ts'
import {
  BATCH_WRITES_MAX,
  type Change,
  FOLLOWERS_MAX,
  KEY_BYTES_MAX,
  REIGNS_MAX,
  type Reign,
  type Row,
  TOLD_BYTES_MAX,
  TOLD_CHANGES_MAX,
  VALUE_BYTES_MAX,
  type Write,
} from './records.ts'

/** An answer is a batch in base64 with what is around it, or a single large write. */
export const REPLY_BYTES_MAX = 8 << 20
/** A name of a node, and of a reign. */
const NAME_BYTES_MAX = 256

export const encodeMessage = (message: Message): string => encode(message)
export const encodeReply = (reply: Reply): string => encode(reply)

const encode = (value: Message | Reply): string =>
  JSON.stringify(value, (_, field: unknown) =>
    field instanceof Uint8Array ? base64(field) : field,
  )

export const decodeMessage = (bytes: Uint8Array): Message | undefined => decode(bytes, message)
export const decodeReply = (bytes: Uint8Array): Reply | undefined => decode(bytes, reply)

/** Undefined for anything that is not what it must be. */
function decode<T>(bytes: Uint8Array, decoder: Decoder<T>): T | undefined {
  const parsed = parseJson(textOf(bytes))
  if (!parsed.ok) return undefined
  try {
    return decoder(parsed.value)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new DecodeError(`${what} is missing`)
  return value
}

const bounded =
  <T extends string | Uint8Array>(inner: Decoder<T>, bytesMax: number): Decoder<T> =>
  (node) => {
    const value = inner(node)
    const size = typeof value === 'string' ? utf8(value).length : value.length
    if (size > bytesMax) throw new DecodeError(`${size} bytes, ${bytesMax} at most`)
    return value
  }

const atMost =
  <T>(count: number, item: Decoder<T>): Decoder<readonly T[]> =>
  (node) => {
    const items = list(item)(node)
    if (items.length > count) throw new DecodeError(`${items.length} items, ${count} at most`)
    return items
  }

/** An index or a count. */
const natural: Decoder<number> = (node) => {
  const value = integer(node)
  if (value < 0) throw new DecodeError(`${value} is negative`)
  return value
}

const name = bounded(text, NAME_BYTES_MAX)
const key: Decoder<string> = (node) =>
  need(bounded(text, KEY_BYTES_MAX)(node) || undefined, 'a key')
const valueBytes = bounded(binary, VALUE_BYTES_MAX)

const LENIENT = { lenient: true } as const // a newer node may say more

const change: Decoder<Change> = (node) => {
  const found = struct({ key, value: valueBytes }, LENIENT)(node)
  return { key: need(found.key, 'a key'), value: found.value }
}

const write: Decoder<Write> = (node) => {
  const found = struct({ index: natural, reign: name }, LENIENT)(node)
  const { index, reign } = found
  return { ...change(node), index: need(index, 'an index'), reign: need(reign, 'a reign') }
}

const row: Decoder<Row> = (node) => {
  const { value, ...rest } = change(node)
  return { ...rest, value: need(value, 'a value') }
}

const told: Decoder<Told> = (node) => {
  const found = struct({ key, shown: bounded(binary, TOLD_BYTES_MAX), sum: natural }, LENIENT)(node)
  return { key: need(found.key, 'a key'), shown: found.shown, sum: need(found.sum, 'a sum') }
}

const reign: Decoder<Reign> = (node) => {
  const found = struct({ id: name, epoch: natural, from: natural }, LENIENT)(node)
  return {
    id: need(found.id, 'an id'),
    epoch: need(found.epoch, 'an epoch'),
    from: need(found.from, 'a beginning'),
  }
}

/** Rising, as every history does. */
const history: Decoder<readonly Reign[]> = (node) => {
  const reigns = atMost(REIGNS_MAX, reign)(node)
  for (const [i, { from }] of reigns.entries()) {
    if (i > 0 && from <= (reigns[i - 1]?.from ?? 0)) throw new DecodeError('reigns out of order')
  }
  return reigns
}

const extent = (node: JsonNode) => {
  const found = struct({ history, last: natural }, LENIENT)(node)
  return { history: need(found.history, 'a history'), last: need(found.last, 'a last write') }
}

const leading = (node: JsonNode) => {
  const found = struct({ peers: atMost(FOLLOWERS_MAX, name) }, LENIENT)(node)
  return { ...extent(node), peers: found.peers ?? [] }
}

const claim = (node: JsonNode) => {
  const fields = {
    epoch: natural,
    since: natural,
    changes: atMost(TOLD_CHANGES_MAX, told),
    complete: flag,
  }
  const found = struct(fields, LENIENT)(node)
  return {
    ...extent(node),
    epoch: need(found.epoch, 'an epoch'),
    since: need(found.since, 'a beginning'),
    changes: need(found.changes, 'changes'),
    complete: found.complete ?? false,
  }
}

const position = (node: JsonNode) => {
  const found = struct({ reign: name, index: natural }, LENIENT)(node)
  return { reign: need(found.reign, 'a reign'), index: need(found.index, 'an index') }
}

/** What kind of thing it is says its field `type`. */
const byType =
  <T>(kinds: Readonly<Record<string, Decoder<T>>>): Decoder<T> =>
  (node) => {
    const type = struct({ type: text }, LENIENT)(node).type ?? ''
    const decoder = Object.hasOwn(kinds, type) ? kinds[type] : undefined
    return need(decoder, `what a "${type}" is`)(node)
  }

const fromOf = (node: JsonNode): string =>
  need(struct({ from: name }, LENIENT)(node).from || undefined, 'a sender')

const message: Decoder<Message> = byType<Message>({
  pull: (node) => {
    const found = struct({ position, hold: flag }, LENIENT)(node)
    const { hold = false } = found
    return { type: 'pull', from: fromOf(node), position: need(found.position, 'a position'), hold }
  },
  page: (node) => {
    const found = struct({ after: key }, LENIENT)(node)
    return { type: 'page', from: fromOf(node), after: found.after }
  },
  write: (node) => {
    const found = struct({ change }, LENIENT)(node)
    return { type: 'write', change: need(found.change, 'a change') }
  },
  announce: (node) => ({ type: 'announce', from: fromOf(node), ...claim(node) }),
})

const reply: Decoder<Reply> = byType<Reply>({
  writes: (node) => {
    const found = struct({ writes: atMost(BATCH_WRITES_MAX, write) }, LENIENT)(node)
    return { type: 'writes', writes: need(found.writes, 'writes'), ...leading(node) }
  },
  copy: (node) => {
    const { why } = struct({ why: text }, LENIENT)(node)
    return { type: 'copy', why: why === 'trimmed' ? 'trimmed' : 'fork', ...leading(node) }
  },
  rows: (node) => {
    const found = struct({ rows: atMost(BATCH_WRITES_MAX, row), more: flag }, LENIENT)(node)
    return {
      type: 'rows',
      rows: need(found.rows, 'rows'),
      more: found.more ?? false,
      ...extent(node),
    }
  },
  elsewhere: (node) => {
    const found = struct({ leader: nullable(name) }, LENIENT)(node)
    return { type: 'elsewhere', leader: found.leader || undefined }
  },
  written: (node) => {
    const found = struct({ replicatedTo: natural }, LENIENT)(node)
    return { type: 'written', replicatedTo: need(found.replicatedTo, 'a count') }
  },
  missing: () => ({ type: 'missing' }),
  refused: (node) => {
    const { refusal } = struct({ refusal: text }, LENIENT)(node)
    const isFull = refusal === 'store-full'
    return { type: 'refused', refusal: isFull ? 'store-full' : 'too-many-waiting' }
  },
  follows: (node) => {
    const found = struct({ leader: name }, LENIENT)(node)
    return { type: 'follows', leader: need(found.leader, 'a leader') }
  },
  leads: (node) => ({ type: 'leads', ...claim(node) }),
})
