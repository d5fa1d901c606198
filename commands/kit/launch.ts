// The only door from commands to daemons. Dynamic: a command that only talks to an agent never
// loads one.
import type { AgentProgram } from '../../daemons/agent.ts'
import type { KvstoreProgram } from '../../daemons/kvstore.ts'
import type { KvstoreRaftProgram } from '../../daemons/kvstore-raft.ts'
import type { OfflineLog } from '../../daemons/raft/offline.ts'
import type { RaftnodeProgram } from '../../daemons/raftnode.ts'
import type { RegistryProgram } from '../../daemons/registry.ts'
import type { RegistryDnsProgram } from '../../daemons/registry-dns.ts'
import type {
  Loaded,
  LoadedServices,
  LoadOrder,
  ServicesOrder,
} from '../../daemons/runtime/config.ts'
import type { DaemonRecord, Found } from '../../daemons/runtime/control.ts'
import type { PortHolder } from '../../daemons/runtime/port-holder.ts'
import type { SwimnodeProgram } from '../../daemons/swimnode.ts'
import type { Env } from './declare.ts'

export type { DaemonRecord, Found, Loaded, PortHolder }

/** Runs an agent in this process until it is told to end; the result is the exit code. */
export async function launchAgent(order: AgentProgram): Promise<number> {
  const { runAgent } = await import('../../daemons/agent.ts')
  return runAgent(order)
}

/** Runs a server of a raft cluster in this process, likewise. */
export async function launchRaftnode(order: RaftnodeProgram): Promise<number> {
  const { runRaftnode } = await import('../../daemons/raftnode.ts')
  return runRaftnode(order)
}

/** The log in the data folder of a raft server. */
export async function readRaftLog(dir: string): Promise<OfflineLog> {
  const { readOfflineLog } = await import('../../daemons/raft/offline.ts')
  return readOfflineLog(dir)
}

/** Runs a member of a gossip pool in this process, likewise. */
export async function launchSwimnode(order: SwimnodeProgram): Promise<number> {
  const { runSwimnode } = await import('../../daemons/swimnode.ts')
  return runSwimnode(order)
}

/** The registry of the lesson, in this process until it is told to end. */
export async function launchRegistry(order: RegistryProgram): Promise<number> {
  const { runRegistry } = await import('../../daemons/registry.ts')
  return runRegistry(order)
}

/** DNS for it. */
export async function launchRegistryDns(order: RegistryDnsProgram): Promise<number> {
  const { runRegistryDns } = await import('../../daemons/registry-dns.ts')
  return runRegistryDns(order)
}

/** Runs a node of the replicated store in this process, as launchAgent does. */
export async function launchKvstore(order: KvstoreProgram): Promise<number> {
  const { runKvstore } = await import('../../daemons/kvstore.ts')
  return runKvstore(order)
}

/** The same store, ordered by raft. */
export async function launchKvstoreRaft(order: KvstoreRaftProgram): Promise<number> {
  const { runKvstoreRaft } = await import('../../daemons/kvstore-raft.ts')
  return runKvstoreRaft(order)
}

/** What an agent would make of files and flags. */
export async function checkConfig(order: LoadOrder): Promise<Loaded> {
  const { loadConfig } = await import('../../daemons/runtime/config.ts')
  return loadConfig({ ...order, purpose: 'check' })
}

/** The services that files define. */
export async function readServices(order: ServicesOrder): Promise<LoadedServices> {
  const { loadServices } = await import('../../daemons/runtime/config.ts')
  return loadServices(order)
}

/** The daemons of this user that answer, found by their control sockets. */
export async function listDaemons(env: Env): Promise<Found & { readonly dir: string }> {
  const { findDaemons, runtimeDir } = await import('../../daemons/runtime/control.ts')
  const dir = runtimeDir(env)
  return { ...(await findDaemons(dir)), dir }
}

/** Who listens on a TCP port of this machine, where that can be known. */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  const { holderOf } = await import('../../daemons/runtime/port-holder.ts')
  return holderOf(port)
}
