// Plays a script of the world: `> command` lines as written, and below each what came of it.
//
//   > nodes leader follower<leader ...  [sync=one]   start them, in this order
//   > put NODE KEY VALUE | get NODE KEY | delete NODE KEY | status NODE
//   > promote NODE | follow NODE LEADER
//   > disks   from here on nodes keep what they have
//   > crash NODE | start NODE[<LEADER] | freeze NODE | thaw NODE
//   > cut A B | mute A B (one way) | heal | wait DURATION
import { textOf, utf8 } from '../../../core/bytes.ts'
import { responseOf } from '../../../core/replica/http.ts'
import type { Ask } from '../../../core/replica/messages.ts'
import { SYNCS, type Sync } from '../../../core/replica/records.ts'
import { parseDuration } from '../../../core/time.ts'
import {
  askNode,
  crashNode,
  createWorld,
  freezeNode,
  runFor,
  runUntil,
  startNode,
  thawNode,
  type World,
} from './world.ts'

/** The script again, with what came of each of its commands. */
export function playScript(text: string): string {
  const player: Player = { world: createWorld(), sync: 'all', keeps: false }
  const out: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line === '') out.push(line)
    if (!line.startsWith('> ')) continue
    obey(player, line.slice(2).split(' '))
    out.push(line, ...player.world.lines.splice(0).map((said) => `  ${said}`))
  }
  return `${out.join('\n').trimEnd()}\n`
}

interface Player {
  readonly world: World
  sync: Sync
  keeps: boolean
}

function obey(player: Player, [word = '', ...rest]: readonly string[]): void {
  const { world } = player
  const [first = '', second = '', ...more] = rest
  switch (word) {
    case 'nodes':
      for (const one of rest) begin(player, one)
      runFor(world, 100)
      return
    case 'disks':
      player.keeps = true
      return
    case 'start':
      begin(player, first)
      runFor(world, 100)
      return
    case 'crash':
      crashNode(world, first)
      return
    case 'freeze':
      freezeNode(world, first)
      return
    case 'thaw':
      thawNode(world, first)
      runFor(world, 20)
      return
    case 'cut':
      world.cuts.add(`${first}>${second}`).add(`${second}>${first}`)
      return
    case 'mute':
      world.cuts.add(`${first}>${second}`)
      return
    case 'heal':
      world.cuts.clear()
      return
    case 'wait':
      runFor(world, parseDuration(first) ?? 0)
      return
    default:
      askAndWait(world, first, askOf(word, second, more.join(' ')))
      return
  }
}

function begin(player: Player, word: string): void {
  const sync = SYNCS.find((one) => word === `sync=${one}`)
  if (sync !== undefined) {
    player.sync = sync
    return
  }
  const [name = '', leader] = word.split('<')
  const { sync: wanted, keeps } = player
  startNode(player.world, name, { leader, sync: wanted, keeps })
}

function askOf(word: string, second: string, value: string): Ask {
  switch (word) {
    case 'put':
      return { type: 'change', change: { key: second, value: utf8(value) } }
    case 'delete':
      return { type: 'change', change: { key: second, value: undefined } }
    case 'get':
      return { type: 'get', key: second }
    case 'status':
      return { type: 'status' }
    case 'promote':
      return { type: 'promote' }
    case 'follow':
      return { type: 'follow', leader: second }
    default:
      throw new Error(`no command ${word}`)
  }
}

/** Prints what a client of HTTP would read, and how long that took where it took time. */
function askAndWait(world: World, name: string, ask: Ask): void {
  const from = world.now
  const id = askNode(world, name, ask)
  runUntil(world, () => world.told.has(id))
  const outcome = world.told.get(id)
  if (outcome === undefined) throw new Error(`${name} never answered`)
  const { status, body } = responseOf(outcome)
  const text = typeof body === 'string' ? body : body instanceof Uint8Array ? textOf(body) : ''
  const took = world.now - from
  const shownTook = took > 10 ? ` (after ${took} ms)` : ''
  world.lines.push(`${status === 200 ? '' : `${status} `}${text.trimEnd()}${shownTook}`)
}
