// lictor rtt: how long a message takes between two nodes, by their network coordinates.
import { coordinateDistance } from '../core/swim/coordinate.ts'
import { type Client, connect, jsonOf } from './kit/client.ts'
import { type Answer, boolean, type Call, defineCommand, type Flags } from './kit/declare.ts'
import { answerIsNo, misuse } from './kit/failure.ts'
import { AGENT_HTTP_FLAGS } from './kit/http-flags.ts'

const FLAGS = {
  ...AGENT_HTTP_FLAGS,
  wan: boolean('between servers of datacenters; names are NODE.DATACENTER'),
} as const satisfies Flags

type Rtt = Call<typeof FLAGS>

const HOW_MANY = 'One or two node names must be specified'

export const command = defineCommand({
  id: 'rtt',
  summary: 'Estimate the round trip between two nodes',
  description: [
    'Nothing is sent: agents measure each other all the time and keep coordinates, whose ' +
      'distance is the answer. Without NODE2 it is the agent that is asked.',
  ],
  examples: [
    { does: 'From here to a node', command: 'rtt node-2' },
    { does: 'Between two, in seconds', command: 'rtt node-1 node-2 -json', pipe: '| jq .Seconds' },
  ],
  args: [
    { name: 'NODE1', about: 'a node', required: true, completes: 'node' },
    { name: 'NODE2', about: 'another; the one that is asked if absent' },
  ],
  flags: FLAGS,
  consul: {
    usage: 'rtt [options] node1 [node2]',
    complain: (args) =>
      args.length === 1 || args.length === 2 ? undefined : { text: HOW_MANY, withUsage: 'whole' },
  },
  run: async (call): Promise<Answer> => {
    const { wan } = call.flags
    if (wan) for (const name of call.args) checkWanName(name)
    const client = connect(call)
    const names = await pairOf(call, client)
    const sets = wan ? await readWan(client) : await readLan(client)
    const seconds = estimate(sets, names)
    const ms = (seconds * 1000).toFixed(3)
    const kind = wan ? 'WAN' : 'LAN'
    const [from, to] = names
    return {
      json: { From: from, To: to, Seconds: seconds },
      text: `Estimated ${from} <-> ${to} rtt: ${ms} ms (using ${kind} coordinates)\n`,
    }
  },
})

function checkWanName(name: string): void {
  if (/^[^.]+\.[^.]+$/.test(name)) return
  const what = 'Node names must be specified as <node name>.<datacenter> with -wan'
  throw misuse(what, { consul: what })
}

/** The second is the agent that is asked, unless named. */
async function pairOf({ args, flags }: Rtt, client: Client): Promise<readonly [string, string]> {
  const [first = '', second] = args
  if (second !== undefined) return [first, second]
  const fault = 'Unable to look up agent info: '
  const { Config } = (await client.call('GET /v1/agent/self', { fault })).value()
  return [first, flags.wan ? `${Config.NodeName}.${Config.Datacenter}` : Config.NodeName]
}

/** As the API shows it. */
interface Coordinate {
  readonly Vec: readonly number[]
  readonly Error: number
  readonly Adjustment: number
  readonly Height: number
}

const pointOf = (one: Coordinate) => ({
  vec: [...one.Vec],
  error: one.Error,
  adjustment: one.Adjustment,
  height: one.Height,
})

/** The coordinates of each node, by the segment in which they count. */
type Coordinates = ReadonlyMap<string, ReadonlyMap<string, Coordinate>>

interface Entry {
  readonly Node: string
  readonly Segment?: string
  readonly Coord: Coordinate
}

const FAULT = 'Error getting coordinates: '

async function readLan(client: Client): Promise<Coordinates> {
  const reply = await client.ask({ method: 'GET', path: '/v1/coordinate/nodes', fault: FAULT })
  const entries = (jsonOf(reply) ?? []) as unknown as readonly Entry[] // the API's contract
  return bySegment(entries.map((one) => [one.Node, one.Segment ?? '', one.Coord] as const))
}

/** The servers of a datacenter in one pool. */
interface Area {
  readonly Datacenter: string
  readonly AreaID: string
  readonly Coordinates: readonly Entry[]
}

async function readWan(client: Client): Promise<Coordinates> {
  const path = '/v1/coordinate/datacenters'
  const reply = await client.ask({ method: 'GET', path, fault: FAULT })
  const areas = (jsonOf(reply) ?? []) as unknown as readonly Area[] // the API's contract
  return bySegment(
    areas.flatMap(({ Datacenter, AreaID, Coordinates }) =>
      Coordinates.map(({ Node, Coord }) => [wanName(Node, Datacenter), AreaID, Coord] as const),
    ),
  )
}

/** Servers are told with and without their datacenter. */
const wanName = (node: string, datacenter: string): string =>
  node.includes('.') ? node : `${node}.${datacenter}`

function bySegment(rows: readonly (readonly [string, string, Coordinate])[]): Coordinates {
  const found = new Map<string, Map<string, Coordinate>>()
  for (const [name, segment, coordinate] of rows) {
    const own = found.get(name) ?? new Map<string, Coordinate>()
    found.set(name, own.set(segment, coordinate))
  }
  return found
}

function estimate(sets: Coordinates, [from, to]: readonly [string, string]): number {
  const ours = coordinatesOf(sets, from)
  const theirs = coordinatesOf(sets, to)
  for (const [segment, coordinate] of ours) {
    const other = theirs.get(segment)
    if (other !== undefined) return coordinateDistance(pointOf(coordinate), pointOf(other))
  }
  const what = `Nodes "${from}" and "${to}" share no segment`
  throw answerIsNo('no_coordinate', what, { consul: what })
}

function coordinatesOf(sets: Coordinates, name: string): ReadonlyMap<string, Coordinate> {
  const found = sets.get(name)
  if (found !== undefined) return found
  const what = `Could not find a coordinate for node ${JSON.stringify(name)}`
  throw answerIsNo('no_coordinate', what, { consul: what })
}
