// A member of a gossip pool on real sockets: core/swim, driven. Datagrams and streams share one
// port number. What leaves is sealed and labelled here, what comes in is opened here; the machine
// sees plain text only.

import { createPrng } from '../core/prng.ts'
import type { SwimEffect } from '../core/swim/effects.ts'
import {
  failStream,
  receiveAnswer,
  receivePacket,
  receiveRefusal,
  receiveStream,
  tick,
} from '../core/swim/server.ts'
import type { Settings } from '../core/swim/settings.ts'
import type { Remembered } from '../core/swim/snapshot.ts'
import {
  createSwim,
  drainSwim,
  refusePacket,
  type Swim,
  type SwimOptions,
} from '../core/swim/swim.ts'
import type { Instant } from '../core/time.ts'
import {
  isForPool,
  openPacket,
  openStream,
  type SealRules,
  sealBytes,
  sealPacket,
  sealStream,
} from '../core/wire/gossip-seal.ts'
import { packStream } from '../core/wire/gossip-stream.ts'
import type { Address, Versions } from '../core/wire/memberlist.ts'
import type { Tags } from '../core/wire/serf.ts'
import { readClock, startTicking } from './runtime/clock.ts'
import { drawSeed } from './runtime/entropy.ts'
import { openStreams, type Streams } from './runtime/gossip-tcp.ts'
import { createGossipCipher, type GossipCipher } from './runtime/seal.ts'
import { type Datagrams, openDatagrams } from './runtime/udp.ts'

/** What Serf's agents say that they speak. */
const SERF_VERSIONS: Versions = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 5,
}

export interface PoolOptions {
  readonly name: string
  /** Port 0: any that is free for datagrams and streams alike. */
  readonly bind: Address
  /** What others are told; undefined: what is bound. Port 0: the bound one. */
  readonly advertise?: Address
  readonly tags?: Tags
  readonly settings: Settings
  /** The primary one first. None: no encryption. */
  readonly keys?: readonly Uint8Array[]
  readonly label?: string
  readonly isCompressed?: boolean
  /** Both false while keys are rolled out. */
  readonly verifyIncoming?: boolean
  readonly verifyOutgoing?: boolean
  readonly versions?: Versions
  readonly admit?: SwimOptions['admit']
  readonly resolvesConflicts?: boolean
  readonly isCoalescing?: boolean
  readonly remembered?: Remembered
  /** Everything that is not for the network. */
  readonly onEffect: (effect: PoolEffect) => void
}

export type PoolEffect = Exclude<
  SwimEffect,
  { readonly type: 'packet' | 'open-stream' | 'close-stream' }
>

export interface Pool {
  readonly address: Address
  /** Lets a door of core/swim/server.ts open; its effects are done before this returns. */
  act<T>(door: (swim: Swim, now: Instant) => T): T
  close(): Promise<void>
}

interface Running {
  readonly swim: Swim
  readonly options: PoolOptions
  readonly cipher: GossipCipher | undefined
  readonly rules: SealRules
  readonly datagrams: Datagrams
  readonly streams: Streams
  isClosed: boolean
}

/** Binds both sockets and is a pool of one. Rejects with the error of the system. */
export async function startPool(options: PoolOptions): Promise<Pool> {
  // Sockets hear before there is a machine; nothing was said to anybody by then.
  const events: { pool: Running | undefined } = { pool: undefined }
  const { datagrams, streams } = await bindBoth(options, () => events.pool)
  const keys = options.keys ?? []
  const cipher = keys.length === 0 ? undefined : createGossipCipher(keys)
  const advertise = advertisedOf(options, datagrams.address)
  const rules = rulesOf(options, cipher)
  const { now } = readClock()
  const swim = createSwim(
    {
      name: options.name,
      address: advertise,
      tags: options.tags ?? new Map(),
      settings: options.settings,
      prng: createPrng(drawSeed()),
      versions: options.versions ?? SERF_VERSIONS,
      isCompressed: options.isCompressed ?? true,
      packetOverheadBytes: sealBytes(rules),
      isSealed: cipher !== undefined && rules.verifyOutgoing,
      keys,
      admit: options.admit ?? (() => undefined),
      resolvesConflicts: options.resolvesConflicts ?? true,
      isCoalescing: options.isCoalescing ?? false,
      remembered: options.remembered,
    },
    now,
  )
  const pool: Running = { swim, options, cipher, rules, datagrams, streams, isClosed: false }
  events.pool = pool
  performAll(pool)
  const stopTicking = startTicking(() => act(pool, tick))
  return {
    address: advertise,
    act: (door) => act(pool, door),
    close: async () => {
      if (pool.isClosed) return
      pool.isClosed = true
      stopTicking()
      await Promise.all([datagrams.close(), streams.shut()])
    },
  }
}

function advertisedOf({ advertise }: PoolOptions, bound: Address): Address {
  if (advertise === undefined) return bound
  return advertise.port === 0 ? { ...advertise, port: bound.port } : advertise
}

const BIND_TRIES = 16

/** A free port of one kind need not be free for the other: then another one is tried. */
async function bindBoth(
  options: PoolOptions,
  running: () => Running | undefined,
): Promise<{ datagrams: Datagrams; streams: Streams }> {
  const { bind, settings } = options
  for (let tries = 1; ; tries++) {
    const streams = await openStreams(
      { bind, limitMs: settings.streamTimeoutMs },
      {
        onRequest: (stream, bytes) => hearRequest(running(), stream, bytes),
        onAnswer: (stream, bytes) => hearAnswer(running(), stream, bytes),
        onFailed: (stream, why) =>
          withPool(running(), (swim, now) => failStream(swim, { stream, why }, now)),
        onDropped: (from, why) => withPool(running(), (swim) => refusePacket(swim, from, why)),
      },
    )
    try {
      const datagrams = await openDatagrams(streams.address, {
        onPacket: (from, bytes) => hearPacket(running(), from, bytes),
        onRefused: (to) => withPool(running(), (swim, now) => receiveRefusal(swim, to, now)),
        onLost: () => undefined, // as one that the network has lost
      })
      return { datagrams, streams }
    } catch (error) {
      await streams.shut()
      if (bind.port !== 0 || tries >= BIND_TRIES) throw error
    }
  }
}

const rulesOf = (options: PoolOptions, cipher: GossipCipher | undefined): SealRules => ({
  label: options.label ?? '',
  skipLabelCheck: false,
  cipher,
  version: 1,
  verifyIncoming: options.verifyIncoming ?? true,
  verifyOutgoing: options.verifyOutgoing ?? true,
})

function act<T>(pool: Running, door: (swim: Swim, now: Instant) => T): T {
  const result = door(pool.swim, readClock().now)
  performAll(pool)
  return result
}

function withPool(pool: Running | undefined, door: (swim: Swim, now: Instant) => void): void {
  if (pool !== undefined && !pool.isClosed) act(pool, door)
}

function performAll(pool: Running): void {
  for (const effect of drainSwim(pool.swim)) perform(pool, effect)
}

function perform(pool: Running, effect: SwimEffect): void {
  const { datagrams, streams, options, cipher, rules } = pool
  switch (effect.type) {
    case 'packet': {
      const sealed = sealPacket(effect.bytes, rules)
      if (effect.watched) datagrams.sendWatched(effect.to, sealed)
      else datagrams.send(effect.to, sealed)
      break
    }
    case 'open-stream':
      streams.dial({ ...effect, bytes: sealStream(effect.bytes, 'request', rules) })
      break
    case 'close-stream': {
      const { stream, bytes } = effect
      const last = bytes === undefined ? undefined : sealStream(bytes, 'response', rules)
      streams.close(stream, last)
      break
    }
    case 'use-keys':
      cipher?.useKeys(effect.keys)
      options.onEffect(effect)
      break
    default:
      options.onEffect(effect)
  }
}

function hearPacket(pool: Running | undefined, from: Address, bytes: Uint8Array): void {
  if (pool === undefined || pool.isClosed) return
  const opened = openPacket(bytes, pool.rules)
  act(pool, (swim, now) => {
    if (opened.ok) receivePacket(swim, { from, bytes: opened.value }, now)
    else refusePacket(swim, `${from.ip}:${from.port}`, opened.why)
  })
}

/** Who cannot be understood is told why, unless it is of another pool. */
function hearRequest(pool: Running | undefined, stream: number, bytes: Uint8Array): void {
  if (pool === undefined || pool.isClosed) return
  const { rules, streams, options } = pool
  const opened = openStream(bytes, 'request', rules)
  if (opened.ok) {
    act(pool, (swim, now) => receiveStream(swim, { stream, bytes: opened.value }, now))
    return
  }
  const word = packStream({ type: 'error', error: opened.why }, options.isCompressed ?? true)
  const last = isForPool(bytes, rules) ? sealStream(word, 'response', rules) : undefined
  streams.close(stream, last)
  act(pool, (swim) => refusePacket(swim, 'a stream', opened.why))
}

function hearAnswer(pool: Running | undefined, stream: number, bytes: Uint8Array): void {
  if (pool === undefined || pool.isClosed) return
  const opened = openStream(bytes, 'response', pool.rules)
  act(pool, (swim, now) => {
    if (opened.ok) receiveAnswer(swim, { stream, bytes: opened.value }, now)
    else failStream(swim, { stream, why: opened.why }, now)
  })
}
