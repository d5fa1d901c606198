// The gossip pool of an agent on real sockets: bound before the machine is made, for its address
// and its keys; what the machine knew and its ring lie in the data folder.
import { join } from 'node:path'
import type { AgentEvent } from '../core/agent/events.ts'
import type { LanOptions } from '../core/agent/lan.ts'
import type { PoolEffect } from '../core/agent/pool-io.ts'
import { unreachable } from '../core/assert.ts'
import { equalBytes } from '../core/bytes.ts'
import type { AgentConfig } from '../core/config/agent-config.ts'
import { PROFILES } from '../core/swim/settings.ts'
import { type GossipDoor, openGossipDoor } from './runtime/gossip-door.ts'
import { type Log, writeLog } from './runtime/log.ts'
import { keyOf, type Memory, openMemory } from './swim/memory.ts'
import { resolveAddresses } from './swim/resolve.ts'

export interface OpenLan {
  readonly options: LanOptions
  perform(effect: PoolEffect): void
  /** Called once when everybody has been told that this agent goes. */
  onLeft: () => void
  close(): Promise<void>
}

export interface LanOrder {
  readonly config: AgentConfig
  readonly log: Log
  /** Another port is taken if the one of the configuration is held by another agent. */
  readonly isLenient: boolean
  readonly give: (event: AgentEvent) => void
}

/** Where names without a port are joined. */
const LAN_PORT = 8301

/** Undefined: gossip is off. Rejects with the error of the system. */
export async function openLan(order: LanOrder): Promise<OpenLan | undefined> {
  const { config, log, give } = order
  if (config.ports.serfLan < 0) return undefined
  const memory = memoryOf(order)
  const keys = ringOf(order, memory?.keys)
  const door = await bind(order, keys)
  if (keys.length > 0 && config.gossip.keepsKeyring) memory?.keepKeys(keys)
  const lan: OpenLan = {
    options: {
      address: { ip: config.advertiseAddr, port: door.address.port },
      overheadBytes: door.overheadBytes,
      isSealed: door.isSealed,
      keys,
      remembered: memory?.remembered,
    },
    perform: (effect) =>
      perform({ door, memory, config, give, onLeft: () => lan.onLeft() }, effect),
    onLeft: () => undefined,
    close: () => door.close(),
  }
  const fields = { address: `${config.gossip.bindLan}:${door.address.port}` }
  writeLog(log, {
    level: 'info',
    room: 'agent',
    message: 'serving',
    fields: { protocol: 'serf', ...fields },
  })
  return lan
}

async function bind(order: LanOrder, keys: readonly Uint8Array[]): Promise<GossipDoor> {
  const { config, give, isLenient, log } = order
  const { gossip, ports } = config
  const open = (port: number) =>
    openGossipDoor(
      {
        bind: { ip: gossip.bindLan, port },
        streamTimeoutMs: PROFILES.lan.streamTimeoutMs,
        keys,
        label: '',
        isCompressed: true,
        verifyIncoming: gossip.verifyIncoming,
        verifyOutgoing: gossip.verifyOutgoing,
      },
      (input) => give({ type: 'pool', event: { type: 'heard', input } }),
    )
  try {
    return await open(ports.serfLan)
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken || !isLenient || ports.serfLan !== LAN_PORT) throw error
    const door = await open(0)
    const message = 'the port of gossip is taken by another process: using another one'
    const fields = { taken: ports.serfLan, using: door.address.port }
    writeLog(log, { level: 'warn', room: 'agent', message, fields })
    return door
  }
}

function memoryOf({ config, log }: LanOrder): Memory | undefined {
  if (config.dataDir === undefined) return undefined
  return openMemory({
    dir: join(config.dataDir, 'serf'),
    stem: 'local',
    onFailed: (what, why) =>
      writeLog(log, { level: 'error', room: 'serf', message: 'not kept', fields: { what, why } }),
  })
}

/** The ring of the last run is younger than the key of the configuration: keys are exchanged. */
function ringOf(
  { config, log }: LanOrder,
  kept: readonly Uint8Array[] | undefined,
): readonly Uint8Array[] {
  const { key, keepsKeyring } = config.gossip
  const given = key === '' ? [] : [keyOf(key)]
  if (kept === undefined || !keepsKeyring) return given
  const [first] = given
  if (first !== undefined && !kept.some((one) => equalBytes(one, first))) {
    const message = 'the key of `encrypt` is not on the ring that was kept, which counts'
    writeLog(log, { level: 'warn', room: 'serf', message })
  }
  return kept
}

interface Parts {
  readonly door: GossipDoor
  readonly memory: Memory | undefined
  readonly config: AgentConfig
  readonly give: (event: AgentEvent) => void
  readonly onLeft: () => void
}

function perform({ door, memory, config, give, onLeft }: Parts, effect: PoolEffect): void {
  switch (effect.type) {
    case 'say':
      door.perform(effect.output)
      break
    case 'resolve':
      resolveAddresses(effect.names, LAN_PORT).then((resolved) =>
        give({ type: 'pool', event: { type: 'resolved', join: effect.join, ...resolved } }),
      )
      break
    case 'remember':
      memory?.addLines(effect.lines, effect.whole)
      break
    case 'keep-keys':
      if (config.gossip.keepsKeyring) memory?.keepKeys(effect.keys)
      break
    case 'left':
      onLeft()
      break
    default:
      unreachable(effect)
  }
}
