// Questions about coordinates, and lists sorted by them.
import { list, peekList, tableIndex, type View } from '../state/txn.ts'
import { coordinateDistance } from '../swim/coordinate.ts'
import { COORDINATES, type CoordinateRow, coordinatesOf } from './records.ts'

interface Answer {
  readonly index: number
  readonly rows: readonly CoordinateRow[]
}

export const listCoordinates = (view: View): Answer => ({
  index: tableIndex(view, COORDINATES),
  rows: list(view, COORDINATES, ''),
})

export const readCoordinates = (view: View, node: string): Answer => ({
  index: tableIndex(view, COORDINATES),
  rows: list(view, COORDINATES, coordinatesOf(node)),
})

/**
 * The rows sorted by the distance of their nodes from `near`; those at an unknown distance last.
 * The order of equals stays, and so does that of all if nobody knows where `near` is. Where nodes
 * stand is not watched: that they move is no news about a service.
 */
export function byDistance<Row>(
  view: View,
  rows: readonly Row[],
  { near, nodeOf }: { readonly near: string; readonly nodeOf: (row: Row) => string },
): readonly Row[] {
  const from = near === '' ? [] : peekList(view, COORDINATES, coordinatesOf(near))
  if (from.length === 0) return rows
  const known = new Map<string, number>()
  const distanceOf = (row: Row): number => {
    const node = nodeOf(row)
    const distance = known.get(node) ?? distanceTo(view, from, node)
    known.set(node, distance)
    return distance
  }
  return rows
    .map((row) => ({ row, distance: distanceOf(row) }))
    .sort((a, b) => (a.distance === b.distance ? 0 : a.distance - b.distance))
    .map(({ row }) => row)
}

/** In the first segment in which both have a point. */
function distanceTo(view: View, from: readonly CoordinateRow[], node: string): number {
  const points = peekList(view, COORDINATES, coordinatesOf(node))
  for (const ours of from) {
    const theirs = points.find(({ segment }) => segment === ours.segment)
    if (theirs !== undefined) return coordinateDistance(ours.point, theirs.point)
  }
  return Number.POSITIVE_INFINITY
}
