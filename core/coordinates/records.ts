// Where nodes stand on the network's map: points between which distances predict round trips
// (consul-surface 9.2). Agents measure them by gossip; the catalog sorts by them.
import { fold } from '../bytes.ts'
import { defineTable, entryPrefix } from '../state/table.ts'
import type { Coordinate } from '../wire/serf.ts'

export interface CoordinateRow {
  /** The name of its node, as the update spelled it. */
  readonly node: string
  /** Empty for all in the open edition. */
  readonly segment: string
  readonly point: Coordinate
}

/** What the keys of all points of a node begin with. */
export const coordinatesOf = (node: string): string => entryPrefix(fold(node))

export const COORDINATES = defineTable<CoordinateRow>({
  name: 'coordinates',
  key: (row) => coordinatesOf(row.node) + fold(row.segment),
  indexes: {},
})

/** Command: points of nodes; those of nodes that are not in the catalog are passed over. */
export interface UpdateCoordinatesCommand {
  readonly type: 'update-coordinates'
  readonly updates: readonly CoordinateRow[]
}

/** A point as the API prints it. */
export interface PrintedPoint {
  readonly Vec: readonly number[]
  readonly Error: number
  readonly Adjustment: number
  readonly Height: number
}

export interface PrintedCoordinate {
  readonly Node: string
  readonly Segment: string
  readonly Coord: PrintedPoint
}

export const printedPoint = ({ vec, error, adjustment, height }: Coordinate): PrintedPoint => ({
  Vec: vec,
  Error: error,
  Adjustment: adjustment,
  Height: height,
})

export const printedCoordinate = ({ node, segment, point }: CoordinateRow): PrintedCoordinate => ({
  Node: node,
  Segment: segment,
  Coord: printedPoint(point),
})
