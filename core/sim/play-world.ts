// The world of a scenario: what it says, and nothing that happens by itself.
import type { Draw } from './conditions.ts'
import type { WorldWords } from './scenario.ts'

/** A world without weather, in which nothing happens by itself. */
export function drawOf(words: WorldWords): Draw {
  const { heartbeatMs, servers, spares, leaseDrift } = words
  return {
    nodes: servers + spares,
    founders: servers,
    settings: {
      heartbeatMs,
      electionMs: words.electionMs ?? heartbeatMs,
      leaseMs: words.leaseMs ?? heartbeatMs / 2,
      commitMs: heartbeatMs / 20,
      appendEntriesMax: words.appendEntries,
      appendBytesMax: 1 << 20,
      inflightMax: 16,
      trailingEntries: words.trailingEntries,
      leaseDrift,
    },
    snapshotEntries: words.snapshotEntries,
    conditions: {
      network: {
        delayMs: words.delayMs / 2,
        delaySpreadMs: words.delayMs,
        tailChance: 0,
        tailMs: 0,
        lossChance: 0,
        duplicateChance: 0,
        inOrder: true,
      },
      disk: {
        writeMs: words.diskMs / 2,
        writeSpreadMs: words.diskMs,
        slowChance: 0,
        slowMs: 0,
        snapshotMs: words.diskMs * 10,
        tears: true,
      },
      tickMs: Math.max(1, heartbeatMs / 50),
      callLimitMs: words.electionMs ?? heartbeatMs,
    },
    workload: {
      clients: words.clients,
      keys: words.keys,
      thinkMs: words.thinkMs,
      retryMs: heartbeatMs / 4,
      patienceMs: words.patienceMs ?? heartbeatMs * 3,
      lastPatienceMs: heartbeatMs * 10,
      mix: { stale: words.stalePercent, get: words.getPercent, cas: 10, delete: 0 },
      restMs: 0,
      wander: words.wanderPercent / 100,
      watchers: 0,
    },
    nemesis: {
      weights: {},
      everyMs: heartbeatMs,
      leaderChance: 0,
      backMs: 0,
      lastsMs: 0,
      ambushes: {
        newLeader: 0,
        newLeaderBy: [],
        write: 0,
        snapshot: 0,
        transfer: 0,
        candidate: 0,
        restart: 0,
      },
    },
    clockDrift: 0,
    clocksExtreme: false,
  }
}
