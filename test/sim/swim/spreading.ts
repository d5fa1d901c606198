// How fast news spread in a pool of many whose members know one another.
import { utf8 } from '../../../core/bytes.ts'
import { createPool, type Pool, runPool, startNode, step } from '../../../core/sim/swim/world.ts'
import { receiveStream, send } from '../../../core/swim/server.ts'
import { PROFILES } from '../../../core/swim/settings.ts'
import type { Swim } from '../../../core/swim/swim.ts'
import { packStream } from '../../../core/wire/gossip-stream.ts'
import { STATES } from '../../../core/wire/memberlist.ts'

const NEVER_MS = 1e9
const CONDITIONS = {
  settings: { ...PROFILES.lan, pushPullIntervalMs: NEVER_MS },
  delayMs: 0.5,
  jitterMs: 1,
  lossChance: 0,
  duplicateChance: 0,
  isRefusing: true,
  checkEvery: NEVER_MS,
}
const WAIT_MS = 5_000

/** Milliseconds after which each member heard of an event, ascending. */
export function spreadTimes(size: number): number[] {
  const heard: number[] = []
  const pool: Pool = createPool(
    { seed: 1, size, conditions: CONDITIONS },
    {
      onEffect: (_, effect) => {
        if (effect.type === 'event') heard.push(pool.now)
      },
      onLook: () => undefined,
    },
  )
  introduce(pool)
  runPool(pool, pool.now + WAIT_MS)
  const begun = pool.now
  const [first] = pool.nodes
  if (first !== undefined)
    step(pool, first, (swim) =>
      send(swim, { name: 'news', payload: utf8('x'), coalesce: false }, pool.now),
    )
  runPool(pool, pool.now + WAIT_MS)
  return heard.map((at) => at - begun)
}

/** Everybody is told of everybody at once, and has nothing to tell. */
function introduce(pool: Pool): void {
  const swims = pool.nodes.map((node) => startNode(pool, node))
  const bytes = packStream(stateOf(swims), false)
  for (const node of pool.nodes)
    step(pool, node, (swim) => {
      receiveStream(swim, { stream: 0, bytes }, pool.now)
      for (const { waiting, bySubject } of Object.values(swim.queues)) {
        waiting.length = 0
        bySubject.clear()
      }
    })
}

const stateOf = (swims: readonly Swim[]) => ({
  type: 'pushPull' as const,
  join: false,
  states: swims
    .flatMap(({ order }) => order)
    .map(({ name, address, meta, incarnation, versions }) => ({
      name,
      addr: address.ip,
      port: address.port,
      meta,
      incarnation,
      state: STATES.indexOf('alive'),
      vsn: versions,
    })),
  userState: new Uint8Array(0),
})
