// Keeps the points of nodes, and forgets them with their node.
import { isSame } from '../same.ts'
import { get, list, put, remove, type Txn } from '../state/txn.ts'
import { COORDINATES, type CoordinateRow, coordinatesOf } from './records.ts'

/** The caller has made sure that its node is there: it knows the catalog. */
export function putCoordinate(txn: Txn, row: CoordinateRow): void {
  const known = get(txn, COORDINATES, COORDINATES.key(row))
  if (known === undefined || !isSame(known, row)) put(txn, COORDINATES, row)
}

export function forgetCoordinates(txn: Txn, node: string): void {
  for (const row of list(txn, COORDINATES, coordinatesOf(node)))
    remove(txn, COORDINATES, COORDINATES.key(row))
}
