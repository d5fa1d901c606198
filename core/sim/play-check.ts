// What a scenario expects: looked at again and again until it holds or its time is up.
import { unreachable } from '../assert.ts'
import { lastIndex, termAt } from '../raft/log.ts'
import type { Raft } from '../raft/raft.ts'
import { leaderOf } from './nemesis-plots.ts'
import { find, type Player } from './player.ts'
import type { Act, Condition, Who } from './scenario.ts'
import { Violation } from './violation.ts'
import { type ClientOp, probe } from './workload.ts'
import { after, type SimNode } from './world.ts'

/** How often a condition is looked at. */
const LOOK_MS = 5

type CheckAct = Extract<Act, { do: 'check' }>

export function startCheck(player: Player, { what, withinMs }: CheckAct): void {
  const { world, workload } = player.run
  const deadline = world.now + withinMs
  const from = workload.order
  const asked = what.type === 'refuses' ? ask(player, what.who) : undefined
  const node = 'who' in what ? find(player, what.who).peer.id : undefined
  const say = (ok: boolean, why: string) =>
    player.tell({ kind: 'verify', what: what.type, node, ok, why })
  const look = () => {
    const seen = lookAt(player, what, { from, asked })
    if (seen.holds && (what.type !== 'refuses' || world.now >= deadline)) {
      say(true, seen.why)
    } else if (world.now >= deadline || (what.type === 'refuses' && !seen.holds)) {
      say(false, seen.why)
      throw new Violation('expected', `${wordsOf(what)} within ${withinMs} ms: ${seen.why}`)
    } else after(world, LOOK_MS, look)
  }
  look()
}

const wordsOf = (what: Condition): string =>
  'who' in what ? `${what.who} ${what.type}` : what.type

/** When a condition was first looked at, and what was asked then. */
interface Since {
  readonly from: number
  readonly asked: ClientOp | undefined
}

/** Writes to this server, whatever it is. */
function ask(player: Player, who: Who): ClientOp {
  const { workload } = player.run
  const value = `probe.${workload.order}`
  return probe(workload, find(player, who), { type: 'put', key: 'probe', value })
}

const answerText = (asked: ClientOp | undefined): string => asked?.outcome?.type ?? 'no answer'

interface Seen {
  readonly holds: boolean
  readonly why: string
}

function lookAt(player: Player, what: Condition, { from, asked }: Since): Seen {
  const { world } = player.run
  const leader = leaderOf(world)
  switch (what.type) {
    case 'leader': {
      const holds = leader?.host !== undefined && canServe(leader.host.raft)
      return { holds, why: leader === undefined ? 'nobody leads' : termText(leader) }
    }
    case 'no-leader':
      return { holds: leader === undefined, why: leader ? termText(leader) : 'nobody leads' }
    case 'writes':
    case 'reads':
      return lookAtClients(player, what.type, from)
    case 'same':
      return lookAtLogs(player)
    case 'leads':
    case 'leads-not': {
      const holds = (leader === find(player, what.who)) === (what.type === 'leads')
      return { holds, why: leader === undefined ? 'nobody leads' : termText(leader) }
    }
    case 'refuses':
      return { holds: asked?.outcome?.type !== 'written', why: answerText(asked) }
    case 'follows': {
      const node = find(player, what.who)
      const raft = node.host?.raft
      const holds = raft?.role.type === 'follower' && raft.leader?.id === leader?.peer.id
      return { holds, why: `${node.peer.id} is ${raft?.role.type ?? 'down'}` }
    }
    default:
      return unreachable(what)
  }
}

const canServe = (raft: Raft): boolean => termAt(raft.log, raft.commit) === raft.vote.term

const termText = ({ peer, host }: SimNode): string =>
  `${peer.id} leads term ${host?.raft.vote.term}, commit ${host?.raft.commit}`

/** Every client has got an answer to a request that it made since then. */
function lookAtClients({ run }: Player, type: 'writes' | 'reads', from: number): Seen {
  const wanted = type === 'writes' ? 'written' : 'read'
  const since = run.workload.history.filter(({ called }) => called > from)
  const done = since.filter(({ outcome }) => outcome?.type === wanted)
  const clients = new Set(done.map(({ client }) => client))
  const last = done.at(-1)?.outcome
  const index = last !== undefined && 'index' in last ? last.index : 0
  const holds = clients.size === run.workload.clients.length
  return { holds, why: `${done.length} ${wanted}, the last at ${index}` }
}

function lookAtLogs({ run }: Player): Seen {
  const leader = leaderOf(run.world)?.host?.raft
  if (leader === undefined) return { holds: false, why: 'nobody leads' }
  const { commit } = leader
  const members = leader.history.at(-1)?.configuration.servers ?? []
  const behind = members.filter(
    ({ id }) => run.world.byId.get(id)?.host?.fsm.applied.index !== commit,
  )
  const holds = behind.length === 0 && commit === lastIndex(leader.log)
  return { holds, why: behind.length === 0 ? `all at ${commit}` : `${behind[0]?.id} is not` }
}
