// What a run can do without, each a change of its conditions: a failure that needs none of it is
// easier to understand.
import type { Draw } from './conditions.ts'

export const SIMPLER = [
  'no-loss',
  'no-duplicates',
  'no-tail',
  'in-order',
  'even-disks',
  'whole-writes',
  'true-clocks',
  'one-key',
  'no-spares',
] as const
export type Simpler = (typeof SIMPLER)[number]

export const isSimpler = (word: string): word is Simpler => SIMPLER.some((known) => known === word)

type NetworkDraw = Draw['conditions']['network']
type DiskDraw = Draw['conditions']['disk']

const withNetwork = (draw: Draw, change: Partial<NetworkDraw>): Draw => ({
  ...draw,
  conditions: { ...draw.conditions, network: { ...draw.conditions.network, ...change } },
})

const withDisk = (draw: Draw, change: Partial<DiskDraw>): Draw => ({
  ...draw,
  conditions: { ...draw.conditions, disk: { ...draw.conditions.disk, ...change } },
})

const CHANGES: Readonly<Record<Simpler, (draw: Draw) => Draw>> = {
  'no-loss': (draw) => withNetwork(draw, { lossChance: 0 }),
  'no-duplicates': (draw) => withNetwork(draw, { duplicateChance: 0 }),
  'no-tail': (draw) => withNetwork(draw, { tailChance: 0 }),
  'in-order': (draw) => withNetwork(draw, { inOrder: true }),
  'even-disks': (draw) => withDisk(draw, { slowChance: 0, writeSpreadMs: 0 }),
  'whole-writes': (draw) => withDisk(draw, { tears: false }),
  'true-clocks': (draw) => ({ ...draw, clockDrift: 0 }),
  'one-key': (draw) => ({ ...draw, workload: { ...draw.workload, keys: 1 } }),
  'no-spares': (draw) => ({ ...draw, nodes: draw.founders }),
}

export const simplify = (draw: Draw, simpler: readonly Simpler[]): Draw =>
  simpler.reduce((changed, name) => CHANGES[name](changed), draw)
