// A member of a gossip pool on real sockets: core/swim, driven, behind runtime/gossip-door.ts.

import { createPrng } from '../core/prng.ts'
import type { SwimEffect } from '../core/swim/effects.ts'
import { receive } from '../core/swim/inputs.ts'
import { tick } from '../core/swim/server.ts'
import type { Settings } from '../core/swim/settings.ts'
import type { Remembered } from '../core/swim/snapshot.ts'
import { createSwim, drainSwim, type Swim, type SwimOptions } from '../core/swim/swim.ts'
import type { Instant } from '../core/time.ts'
import type { Address, Versions } from '../core/wire/memberlist.ts'
import type { Tags } from '../core/wire/serf.ts'
import { readClock, startTicking } from './runtime/clock.ts'
import { drawSeed } from './runtime/entropy.ts'
import { type GossipDoor, openGossipDoor } from './runtime/gossip-door.ts'

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
  readonly door: GossipDoor
  isClosed: boolean
}

/** Binds both sockets and is a pool of one. Rejects with the error of the system. */
export async function startPool(options: PoolOptions): Promise<Pool> {
  // Sockets hear before there is a machine; nothing was said to anybody by then.
  let running: Running | undefined
  const keys = options.keys ?? []
  const isCompressed = options.isCompressed ?? true
  const door = await openGossipDoor(
    {
      bind: options.bind,
      streamTimeoutMs: options.settings.streamTimeoutMs,
      keys,
      label: options.label ?? '',
      isCompressed,
      verifyIncoming: options.verifyIncoming ?? true,
      verifyOutgoing: options.verifyOutgoing ?? true,
    },
    (input) => {
      if (running !== undefined && !running.isClosed)
        act(running, (swim, now) => receive(swim, input, now))
    },
  )
  const advertise = advertisedOf(options, door.address)
  const swim = createSwim(
    {
      name: options.name,
      address: advertise,
      tags: options.tags ?? new Map(),
      settings: options.settings,
      prng: createPrng(drawSeed()),
      versions: options.versions ?? SERF_VERSIONS,
      isCompressed,
      packetOverheadBytes: door.overheadBytes,
      isSealed: door.isSealed,
      keys,
      admit: options.admit ?? (() => undefined),
      resolvesConflicts: options.resolvesConflicts ?? true,
      isCoalescing: options.isCoalescing ?? false,
      remembered: options.remembered,
    },
    readClock().now,
  )
  const pool: Running = { swim, options, door, isClosed: false }
  running = pool
  performAll(pool)
  const stopTicking = startTicking(() => act(pool, tick))
  return {
    address: advertise,
    act: (door) => act(pool, door),
    close: async () => {
      if (pool.isClosed) return
      pool.isClosed = true
      stopTicking()
      await door.close()
    },
  }
}

function advertisedOf({ advertise }: PoolOptions, bound: Address): Address {
  if (advertise === undefined) return bound
  return advertise.port === 0 ? { ...advertise, port: bound.port } : advertise
}

function act<T>(pool: Running, door: (swim: Swim, now: Instant) => T): T {
  const result = door(pool.swim, readClock().now)
  performAll(pool)
  return result
}

function performAll(pool: Running): void {
  for (const effect of drainSwim(pool.swim)) perform(pool, effect)
}

function perform({ door, options }: Running, effect: SwimEffect): void {
  switch (effect.type) {
    case 'packet':
    case 'open-stream':
    case 'close-stream':
      door.perform(effect)
      break
    case 'use-keys':
      door.perform(effect)
      options.onEffect(effect)
      break
    default:
      options.onEffect(effect)
  }
}
