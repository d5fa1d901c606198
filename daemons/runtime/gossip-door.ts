// The sockets of a member of a gossip pool: datagrams and streams share one port number. What
// leaves is sealed and labelled here, what comes in is opened here; the machine sees plain text.
import { unreachable } from '../../core/assert.ts'
import type { GossipInput, GossipOutput } from '../../core/swim/inputs.ts'
import {
  isForPool,
  openPacket,
  openStream,
  type SealRules,
  sealBytes,
  sealPacket,
  sealStream,
} from '../../core/wire/gossip-seal.ts'
import { packStream } from '../../core/wire/gossip-stream.ts'
import type { Address } from '../../core/wire/memberlist.ts'
import { openStreams, type Streams } from './gossip-tcp.ts'
import { createGossipCipher, type GossipCipher } from './seal.ts'
import { type Datagrams, openDatagrams } from './udp.ts'

export interface GossipDoorOptions {
  /** Port 0: any that is free for datagrams and streams alike. */
  readonly bind: Address
  readonly streamTimeoutMs: number
  /** The primary one first. None: no encryption. */
  readonly keys: readonly Uint8Array[]
  readonly label: string
  readonly isCompressed: boolean
  /** Both false while keys are rolled out. */
  readonly verifyIncoming: boolean
  readonly verifyOutgoing: boolean
}

export interface GossipDoor {
  /** What is bound. */
  readonly address: Address
  /** What sealing and label add to a datagram. */
  readonly overheadBytes: number
  readonly isSealed: boolean
  perform(output: GossipOutput): void
  close(): Promise<void>
}

interface Door {
  readonly options: GossipDoorOptions
  readonly cipher: GossipCipher | undefined
  readonly rules: SealRules
  readonly sockets: Sockets
  readonly onInput: (input: GossipInput) => void
}

interface Sockets {
  readonly datagrams: Datagrams
  readonly streams: Streams
}

/** Rejects with the error of the system. */
export async function openGossipDoor(
  options: GossipDoorOptions,
  onInput: (input: GossipInput) => void,
): Promise<GossipDoor> {
  const cipher = options.keys.length === 0 ? undefined : createGossipCipher(options.keys)
  const { label, verifyIncoming, verifyOutgoing } = options
  const rules: SealRules = {
    label,
    skipLabelCheck: false,
    cipher,
    version: 1,
    verifyIncoming,
    verifyOutgoing,
  }
  // Sockets hear before both are bound: nothing was said to anybody by then.
  let door: Door | undefined
  let isClosed = false
  const sockets = await bindBoth(options, () => (isClosed ? undefined : door))
  door = { options, cipher, rules, sockets, onInput }
  const opened = door
  return {
    address: sockets.datagrams.address,
    overheadBytes: sealBytes(rules),
    isSealed: cipher !== undefined && verifyOutgoing,
    perform: (output) => perform(opened, output),
    close: async () => {
      if (isClosed) return
      isClosed = true
      await Promise.all([sockets.datagrams.close(), sockets.streams.shut()])
    },
  }
}

const BIND_TRIES = 16

/** A free port of one kind need not be free for the other: then another one is tried. */
async function bindBoth(
  { bind, streamTimeoutMs: limitMs }: GossipDoorOptions,
  open: () => Door | undefined,
): Promise<Sockets> {
  const tell = (input: GossipInput) => open()?.onInput(input)
  for (let tries = 1; ; tries++) {
    const streams = await openStreams(
      { bind, limitMs },
      {
        onRequest: (stream, bytes) => hearRequest(open(), stream, bytes),
        onAnswer: (stream, bytes) => hearAnswer(open(), stream, bytes),
        onFailed: (stream, why) => tell({ type: 'stream-failed', stream, why }),
        onDropped: (from, why) => tell({ type: 'unreadable', from, why }),
      },
    )
    try {
      const datagrams = await openDatagrams(streams.address, {
        onPacket: (from, bytes) => hearPacket(open(), from, bytes),
        onRefused: (to) => tell({ type: 'port-refused', to }),
        onLost: () => undefined, // as one that the network has lost
      })
      return { datagrams, streams }
    } catch (error) {
      await streams.shut()
      if (bind.port !== 0 || tries >= BIND_TRIES) throw error
    }
  }
}

function perform({ sockets, cipher, rules }: Door, output: GossipOutput): void {
  const { datagrams, streams } = sockets
  switch (output.type) {
    case 'packet': {
      const sealed = sealPacket(output.bytes, rules)
      if (output.watched) datagrams.sendWatched(output.to, sealed)
      else datagrams.send(output.to, sealed)
      break
    }
    case 'open-stream':
      streams.dial({ ...output, bytes: sealStream(output.bytes, 'request', rules) })
      break
    case 'close-stream': {
      const { stream, bytes } = output
      const last = bytes === undefined ? undefined : sealStream(bytes, 'response', rules)
      streams.close(stream, last)
      break
    }
    case 'use-keys':
      cipher?.useKeys(output.keys)
      break
    default:
      unreachable(output)
  }
}

function hearPacket(door: Door | undefined, from: Address, bytes: Uint8Array): void {
  if (door === undefined) return
  const opened = openPacket(bytes, door.rules)
  door.onInput(
    opened.ok
      ? { type: 'packet', from, bytes: opened.value }
      : { type: 'unreadable', from: `${from.ip}:${from.port}`, why: opened.why },
  )
}

/** Who cannot be understood is told why, unless it is of another pool. */
function hearRequest(door: Door | undefined, stream: number, bytes: Uint8Array): void {
  if (door === undefined) return
  const { rules, options, sockets } = door
  const opened = openStream(bytes, 'request', rules)
  if (opened.ok) {
    door.onInput({ type: 'stream', stream, bytes: opened.value })
    return
  }
  const word = packStream({ type: 'error', error: opened.why }, options.isCompressed)
  const last = isForPool(bytes, rules) ? sealStream(word, 'response', rules) : undefined
  sockets.streams.close(stream, last)
  door.onInput({ type: 'unreadable', from: 'a stream', why: opened.why })
}

function hearAnswer(door: Door | undefined, stream: number, bytes: Uint8Array): void {
  if (door === undefined) return
  const opened = openStream(bytes, 'response', door.rules)
  door.onInput(
    opened.ok
      ? { type: 'answer', stream, bytes: opened.value }
      : { type: 'stream-failed', stream, why: opened.why },
  )
}
