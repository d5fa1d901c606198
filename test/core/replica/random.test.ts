// Whatever happens to three nodes, each stays sound (core/replica/invariants.ts runs after every
// step); and once the network is whole and a person has chosen one leader, all have what it has.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { createPrng, type Prng } from '../../../core/prng.ts'
import type { Ask } from '../../../core/replica/messages.ts'
import { readValue } from '../../../core/replica/store.ts'
import { rowsFrom } from '../../../core/state/tree.ts'
import {
  askNode,
  crashNode,
  createWorld,
  freezeNode,
  hostOf,
  runFor,
  startNode,
  thawNode,
  type World,
} from './world.ts'

const random = suite('replica random')

const NAMES = ['n1', 'n2', 'n3']
const RUNS = 60
const ACTS = 60

function worldOf(prng: Prng): World {
  const world = createWorld()
  const sync = prng.pick(['all', 'one', 'none'] as const)
  startNode(world, 'n1', { leader: undefined, sync })
  for (const name of ['n2', 'n3']) startNode(world, name, { leader: 'n1', sync })
  return world
}

function act(world: World, prng: Prng): void {
  const name = prng.pick(NAMES)
  const other = prng.pick(NAMES)
  const host = hostOf(world, name)
  const draw = prng.range(1, 100)
  if (draw <= 60) askNode(world, name, drawAsk(prng))
  else if (draw <= 70) world.cuts.add(`${name}>${other}`)
  else if (draw <= 78) world.cuts.clear()
  else if (draw <= 82) askNode(world, name, { type: 'promote' })
  else if (draw <= 85) askNode(world, name, { type: 'follow', leader: other })
  else if (draw <= 88 && host.node !== undefined) freezeNode(world, name)
  else if (draw <= 93 && host.frozen !== undefined) thawNode(world, name)
  else if (draw <= 96 && host.node !== undefined) crashNode(world, name)
  else if (host.node === undefined) {
    const leader = other === name ? undefined : other
    startNode(world, name, { leader, sync: 'all' })
  }
}

function drawAsk(prng: Prng): Ask {
  const key = `k${prng.range(1, 5)}`
  const draw = prng.range(1, 10)
  if (draw <= 2) return { type: 'get', key }
  const value = draw <= 4 ? undefined : utf8(String(prng.next()))
  return { type: 'change', change: { key, value } }
}

/** Everybody is up and reachable, and follows one that leads. */
function settle(world: World, leader: string): void {
  world.cuts.clear()
  for (const name of NAMES) {
    if (hostOf(world, name).frozen !== undefined) thawNode(world, name)
    const isDown = hostOf(world, name).node === undefined
    if (isDown)
      startNode(world, name, { leader: name === leader ? undefined : leader, sync: 'all' })
  }
  runFor(world, 5_000)
  askNode(world, leader, { type: 'promote' })
  for (const name of NAMES) if (name !== leader) askNode(world, name, { type: 'follow', leader })
  runFor(world, 5_000)
}

const contents = (world: World, name: string): string => {
  const { node } = hostOf(world, name)
  return JSON.stringify(node === undefined ? [] : [...rowsFrom(node.store.root, '')])
}

random('all nodes end with what the chosen leader has', () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const prng = createPrng(seed)
    const world = worldOf(prng)
    for (let i = 0; i < ACTS; i++) {
      act(world, prng)
      runFor(world, prng.range(0, 400))
    }
    const leader = prng.pick(NAMES)
    settle(world, leader)
    const { node } = hostOf(world, leader)
    if (node?.role.type !== 'leader') continue // it has never copied anything: not to be promoted
    for (const name of NAMES) {
      assert.is(contents(world, name), contents(world, leader), `seed ${seed}: ${name}, ${leader}`)
    }
  }
})

random('a write that all followers have is found on each', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = createPrng(seed)
    const world = worldOf(prng)
    runFor(world, 100)
    for (let i = 0; i < 30; i++) {
      askNode(world, prng.pick(NAMES), drawAsk(prng))
      if (prng.chance(0.3)) runFor(world, prng.range(0, 10))
    }
    runFor(world, 1_000)
    const all = NAMES.map((name) => contents(world, name))
    assert.is(new Set(all).size, 1, `seed ${seed}`)
  }
})

random('with disks, what was acknowledged is there when all were killed and came back', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const prng = createPrng(seed)
    const world = createWorld()
    const sync = prng.pick(['all', 'one', 'none'] as const)
    const start = (name: string) =>
      startNode(world, name, { leader: name === 'n1' ? undefined : 'n1', sync, keeps: true })
    for (const name of NAMES) start(name)
    runFor(world, 100)
    const puts = new Map<number, string>()
    for (let i = 0; i < 40; i++) {
      const ask: Ask = { type: 'change', change: { key: `k${i}`, value: utf8(`${i}`) } }
      puts.set(askNode(world, prng.pick(NAMES), ask), `k${i}`)
      if (prng.chance(0.4)) runFor(world, prng.range(0, 5))
    }
    for (const name of prng.shuffle([...NAMES])) crashNode(world, name)
    for (const name of prng.shuffle([...NAMES])) start(name)
    runFor(world, 2_000)
    const acknowledged = [...puts].filter(([id]) => world.told.get(id)?.type === 'written')
    for (const [, key] of acknowledged) {
      for (const name of NAMES) {
        const { node } = hostOf(world, name)
        assert.ok(
          node && readValue(node.store, key) !== undefined,
          `seed ${seed}: ${key} on ${name}`,
        )
      }
    }
  }
})

random.run()
