// /v1/coordinate: where nodes stand, and the write by which anybody may say so.
import { textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { checkDatacenter } from '../route/datacenter.ts'
import { float, jsonBody, list, struct, text } from '../route/decode.ts'
import {
  type Asked,
  EMPTY_JSON,
  type Found,
  type Input,
  local,
  noBody,
  read,
  type Said,
  USUAL_READ,
} from '../route/route.ts'
import type { WanArea } from '../route/site.ts'
import { originPoint } from '../swim/coordinate.ts'
import type { Coordinate } from '../wire/serf.ts'
import { listCoordinates, readCoordinates } from './read.ts'
import {
  type CoordinateRow,
  type PrintedCoordinate,
  type PrintedPoint,
  printedCoordinate,
  printedPoint,
} from './records.ts'

interface PrintedArea {
  readonly Datacenter: string
  readonly AreaID: string
  readonly Coordinates: readonly {
    readonly Node: string
    readonly Segment: string
    readonly Coord: PrintedPoint
  }[]
}

const datacenters = local({
  path: 'GET /v1/coordinate/datacenters',
  about: 'where the servers of all datacenters stand',
  acl: 'none',
  body: noBody,
  run: (site): Said<readonly PrintedArea[]> => ({ json: site.wanAreas().map(printedArea) }),
})

const printedArea = ({ datacenter, nodes }: WanArea): PrintedArea => ({
  Datacenter: datacenter,
  AreaID: 'wan',
  Coordinates: nodes.map(({ name, point }) => ({
    Node: name,
    Segment: '',
    Coord: printedPoint(point),
  })),
})

const nodes = read({
  ...USUAL_READ,
  path: 'GET /v1/coordinate/nodes',
  about: 'where all nodes of the datacenter stand; ?segment chooses',
  acl: { resource: 'node', access: 'read' },
  run: (view, input): Found<readonly PrintedCoordinate[]> => {
    const { index, rows } = listCoordinates(view)
    return { index, value: inSegment(rows, input).map(printedCoordinate) }
  },
})

const node = read({
  ...USUAL_READ,
  path: 'GET /v1/coordinate/node/*node',
  about: 'where one node stands; ?segment chooses',
  acl: { resource: 'node', access: 'read', of: 'node' },
  run: (view, input): Found<readonly PrintedCoordinate[]> => {
    const { index, rows } = readCoordinates(view, textOfByteString(input.rest))
    const shown = inSegment(rows, input).map(printedCoordinate)
    return shown.length === 0 ? { index, value: undefined, bare: true } : { index, value: shown }
  },
})

function inSegment(rows: readonly CoordinateRow[], { query }: Input): readonly CoordinateRow[] {
  const wanted = query.get('segment')
  return wanted === undefined ? rows : rows.filter(({ segment }) => segment === wanted)
}

const body = jsonBody(
  'Request decode failed',
  struct({
    Datacenter: text,
    Node: text,
    Segment: text,
    Partition: text,
    Coord: struct({ Vec: list(float), Error: float, Adjustment: float, Height: float }),
    Token: text,
  }),
)

type Sent = ReturnType<typeof body>

const update = local({
  path: 'PUT /v1/coordinate/update',
  about: 'say where a node stands; it shows within seconds',
  acl: { resource: 'node', access: 'write' },
  body,
  run: ({ config }, input): Asked => {
    checkDatacenter(input.query.get('dc'), config.datacenter)
    const { Node = '', Segment = '' } = input.body
    const row: CoordinateRow = { node: Node, segment: Segment, point: pointOf(input.body) }
    return { ask: { type: 'update-coordinate', row }, say: () => EMPTY_JSON }
  },
})

function pointOf({ Coord = {} }: Sent): Coordinate {
  const { Vec: vec = [], Error: error = 0, Adjustment: adjustment = 0, Height: height = 0 } = Coord
  if (vec.length !== originPoint().vec.length) {
    throw new ApiError('invalid', 'incompatible coordinate')
  }
  if (![...vec, error, adjustment, height].every(Number.isFinite)) {
    throw new ApiError('invalid', 'invalid coordinate')
  }
  return { vec: [...vec], error, adjustment, height }
}

export const coordinateRoutes = [datacenters, nodes, node, update] as const
