// Every command of the replicated log, and how it looks there: one byte that says which, then its
// fields in msgpack. The bytes are Consul's numbers for entries of the same meaning (raft-wire
// §3.1); the fields are ours.
//
// A new command: a member of the union, an entry in FORMS, a case in apply.ts. Commands stay
// readable for ever: fields may be added (what an older entry lacks is zero), never renamed.
import { AssertionError, assert, present, unreachable } from '../assert.ts'
import type { SetAutopilotCommand } from '../autopilot/records.ts'
import type { CheckSpec, DeregisterCommand, RegisterCommand } from '../catalog/records.ts'
import type { UpdateCoordinatesCommand } from '../coordinates/records.ts'
import type { KvChange, KvCommand, ReapTombstonesCommand } from '../kv/records.ts'
import type { CreateSessionCommand, EndSessionCommand } from '../sessions/records.ts'
import {
  CATALOG_VERBS,
  type CatalogVerb,
  type KvVerb,
  type TxnCommand,
  type TxnOp,
} from '../txn/records.ts'
import {
  bool,
  byteString,
  bytes,
  type Codec,
  choice,
  decode,
  encode,
  type Infer,
  list,
  literal,
  omitEmpty,
  optional,
  str,
  u64,
  uint,
} from '../wire/msgpack.ts'
import { readTag } from '../wire/msgpack-read.ts'
import { struct } from '../wire/msgpack-struct.ts'
import { putByte } from '../wire/msgpack-write.ts'
import {
  autopilotFields,
  checkFields,
  coordinateRow,
  nodeFields,
  serviceFields,
  sessionFields,
  texts,
} from './rows.ts'

export type Command =
  | RegisterCommand
  | DeregisterCommand
  | KvCommand
  | ReapTombstonesCommand
  | TxnCommand
  | CreateSessionCommand
  | EndSessionCommand
  | UpdateCoordinatesCommand
  | SetAutopilotCommand

type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>

/** When the server that ordered the command took it. */
const stamp = omitEmpty(uint)

const kvChange: Codec<KvChange> = struct({
  key: byteString,
  value: bytes,
  flags: u64,
  index: u64,
  session: str,
})

const KV_OPS = ['set', 'delete', 'delete-cas', 'delete-tree', 'cas', 'lock', 'unlock'] as const

const sayingCheck = struct({
  ...checkFields,
  says: omitEmpty(optional(struct({ name: str, tags: texts }))),
})

/** Most checks say nothing of a service that is not theirs. */
const checkSpec: Codec<CheckSpec> = {
  write: (out, check) => sayingCheck.write(out, { says: undefined, ...check }),
  read: (input) => {
    const { says, ...check } = sayingCheck.read(input)
    return says === undefined ? check : { ...check, says }
  },
  zero: struct(checkFields).zero,
  isEmpty: () => false,
}

/** The operations of every kind have one form: what a kind has no use for is left out. */
const anyTxnOp = struct({
  kind: choice('kv', 'node', 'service', 'check'),
  verb: choice(
    ...KV_OPS,
    'get',
    'get-or-empty',
    'get-tree',
    'check-session',
    'check-index',
    'check-not-exists',
  ),
  change: omitEmpty(optional(kvChange)),
  node: omitEmpty(optional(struct(nodeFields))),
  service: omitEmpty(optional(struct(serviceFields))),
  check: omitEmpty(optional(checkSpec)),
  on: omitEmpty(str),
  index: omitEmpty(u64),
})

type AnyTxnOp = Infer<typeof anyTxnOp>

const NOTHING = {
  change: undefined,
  node: undefined,
  service: undefined,
  check: undefined,
  on: '',
  index: 0,
}

const txnOp: Codec<TxnOp> = {
  write: (out, op) => anyTxnOp.write(out, { ...NOTHING, ...op }),
  read: (input) => txnOpOf(anyTxnOp.read(input)),
  zero: { kind: 'kv', verb: 'set', change: kvChange.zero },
  isEmpty: () => false,
}

function txnOpOf({ kind, verb, change, ...catalog }: AnyTxnOp): TxnOp {
  if (kind === 'kv') return { kind, verb, change: change ?? kvChange.zero }
  const { node, service, check, on, index } = catalog
  assert(isCatalogVerb(verb), 'the catalog knows the verb')
  switch (kind) {
    case 'node':
      return { kind, verb, node: present(node, SUBJECT), index }
    case 'service':
      return { kind, verb, on, service: present(service, SUBJECT), index }
    case 'check':
      return { kind, verb, on, check: present(check, SUBJECT), index }
    default:
      return unreachable(kind)
  }
}

const SUBJECT = 'the subject of an operation on the catalog'

const isCatalogVerb = (verb: KvVerb | CatalogVerb): verb is CatalogVerb =>
  CATALOG_VERBS.some((each) => each === verb)

interface Form<C extends Command> {
  readonly byte: number
  readonly codec: Codec<C>
}

const FORMS: { readonly [Type in Command['type']]: Form<Of<Type>> } = {
  register: {
    byte: 0,
    codec: struct({
      type: literal('register'),
      node: struct(nodeFields),
      skipNodeUpdate: bool,
      service: optional(struct(serviceFields)),
      others: omitEmpty(list(struct(serviceFields))),
      checks: list(checkSpec),
      wall: stamp,
    }),
  },
  deregister: {
    byte: 1,
    codec: struct({
      type: literal('deregister'),
      node: str,
      serviceId: str,
      checkId: str,
      wall: stamp,
    }),
  },
  kv: {
    byte: 2,
    codec: struct({ type: literal('kv'), op: choice(...KV_OPS), change: kvChange, wall: stamp }),
  },
  'reap-tombstones': {
    byte: 5,
    codec: struct({ type: literal('reap-tombstones'), through: uint, wall: stamp }),
  },
  'create-session': {
    byte: 3,
    codec: struct({ type: literal('create-session'), session: struct(sessionFields) }),
  },
  // Consul has one entry for both ends of a session; numbers from 100 on are ours.
  'end-session': {
    byte: 100,
    codec: struct({ type: literal('end-session'), id: str, wall: stamp }),
  },
  'update-coordinates': {
    byte: 6,
    codec: struct({ type: literal('update-coordinates'), updates: list(coordinateRow) }),
  },
  'set-autopilot': {
    byte: 9,
    codec: struct({
      type: literal('set-autopilot'),
      settings: struct(autopilotFields),
      when: choice('always', 'first', 'cas'),
      index: u64,
    }),
  },
  txn: {
    byte: 8,
    codec: struct({ type: literal('txn'), ops: list(txnOp), wall: stamp }),
  },
}

const FORM_BY_BYTE: ReadonlyMap<number, Form<Command>> = new Map(
  // The cast: a form is only ever used for reading here, and what it reads is a command.
  Object.values(FORMS).map((form) => [form.byte, form as Form<Command>]),
)

const command: Codec<Command> = {
  write: (out, value) => {
    const form = FORMS[value.type] as Form<Command> // the form of this very type
    putByte(out, form.byte)
    form.codec.write(out, value)
  },
  read: (input) => {
    const byte = readTag(input)
    const form = FORM_BY_BYTE.get(byte)
    // Skipping it would let this server's state part from that of the others.
    if (form === undefined) throw new AssertionError(`the command type ${byte} is known`)
    return form.codec.read(input)
  },
  zero: FORMS['reap-tombstones'].codec.zero,
  isEmpty: () => false,
}

export const encodeCommand = (value: Command): Uint8Array => encode(command, value)

/** Commands by their bytes, until they are applied. */
const remembered = new WeakMap<Uint8Array, Command>()

/**
 * For a command whose parts stay in memory anyway and never change: where these very bytes are
 * applied, they are not read. It must be what reading them would give, to the last detail.
 */
export function encodeRemembered(value: Command): Uint8Array {
  const data = encodeCommand(value)
  remembered.set(data, value)
  return data
}

/**
 * What a client may send was bounded at the door; what was proposed must be readable, however
 * large.
 */
const NO_BOUNDS = { bytesMax: Number.MAX_SAFE_INTEGER, itemsMax: Number.MAX_SAFE_INTEGER }

/** The entry was written by one of us and guarded by a checksum: what cannot be read is our bug. */
export function decodeCommand(data: Uint8Array): Command {
  const known = remembered.get(data)
  if (known !== undefined) {
    remembered.delete(data) // the log keeps the bytes for long
    return known
  }
  const decoded = decode(command, data, NO_BOUNDS)
  assert(decoded.ok, 'a command of the log can be read')
  assert(decoded.used === data.length, 'a command of the log ends with its entry')
  return decoded.value
}
