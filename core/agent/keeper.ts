// What of the agent's own goes to the disk, and when. At most one save is under way; what gathers
// meanwhile is the next, so that many registrations share one sync. A registration waits for its
// save before it is answered; the state of a TTL check does not: it is written when something is
// written, and at the next tick, without a sync.
import { assert } from '../assert.ts'
import { kindOf } from '../local/define.ts'
import {
  checkKey,
  checkText,
  type KeepOrder,
  type Kept,
  type KeptRecord,
  type KeptState,
  readKept,
  serviceKey,
  serviceText,
  stateKey,
  stateText,
} from '../local/keep.ts'
import { findCheck, findService } from '../local/read.ts'
import type { View } from '../state/txn.ts'
import type { Instant } from '../time.ts'

/** One write to the disk. */
export interface OwnSave {
  readonly token: number
  readonly orders: readonly KeepOrder[]
  /** It must survive a power cut before it is called done. */
  readonly durable: boolean
}

export interface Keeper {
  /** False for an agent without a data folder. */
  readonly keeps: boolean
  /** What the disk has, and will have when all saves are done. */
  readonly keys: Set<string>
  pending: Map<string, string | undefined>
  /** The save that gathers now. */
  next: number
  underWay: number | undefined
  /** More registrations come at once: they share the next save. */
  isGathering: boolean
  /** The last save that somebody waits for; 0: none yet. */
  urgent: number
  /** How many registrations were ever noted: whether a change has noted one. */
  noted: number
  /** The disk was full: nothing is tried before. */
  pausedUntil: Instant
  /** The last save that is done. */
  saved: number
}

export const createKeeper = (keeps: boolean): Keeper => ({
  keeps,
  keys: new Set(),
  pending: new Map(),
  next: 1,
  underWay: undefined,
  isGathering: false,
  urgent: 0,
  noted: 0,
  pausedUntil: 0,
  saved: 0,
})

export function restoreKept(keeper: Keeper, records: readonly KeptRecord[]): Kept {
  for (const { key } of records) keeper.keys.add(key)
  return readKept(records)
}

function keep(keeper: Keeper, key: string, text: string | undefined): boolean {
  if (!keeper.keeps || (text === undefined && !keeper.keys.has(key))) return false
  keeper.pending.set(key, text)
  if (text === undefined) keeper.keys.delete(key)
  else keeper.keys.add(key)
  return true
}

/** What a file defines comes from there again: only what came over the API is kept. */
export function keepServices(keeper: Keeper, own: View, ids: Iterable<string>): void {
  for (const id of ids) {
    const row = findService(own, id)
    const text = row?.source === 'api' ? serviceText(row) : undefined
    if (keep(keeper, serviceKey(id), text)) hurry(keeper)
  }
}

export function keepChecks(keeper: Keeper, own: View, ids: Iterable<string>): void {
  for (const id of ids) {
    const row = findCheck(own, id)
    const text = row?.source === 'api' ? checkText(row) : undefined
    if (keep(keeper, checkKey(id), text)) hurry(keeper)
    const isTtl = row?.definition !== undefined && kindOf(row.definition) === 'ttl'
    if (!isTtl && keep(keeper, stateKey(id), undefined)) hurry(keeper)
  }
}

function hurry(keeper: Keeper): void {
  keeper.urgent = keeper.next
  keeper.noted++
}

export const keepState = (keeper: Keeper, state: KeptState): void => {
  keep(keeper, stateKey(state.id), stateText(state))
}

/** The next save, unless there is nothing to save or one is under way. */
export function takeSave(keeper: Keeper, now: Instant): OwnSave | undefined {
  const { underWay, pending, isGathering } = keeper
  if (underWay !== undefined || isGathering || pending.size === 0) return undefined
  if (now < keeper.pausedUntil) return undefined
  const token = keeper.next++
  const orders = [...keeper.pending].map(([key, text]) => ({ key, text }))
  keeper.pending = new Map()
  keeper.underWay = token
  return { token, orders, durable: keeper.urgent === token }
}

export function onSaved(keeper: Keeper, token: number): void {
  assert(keeper.underWay === token, 'the save that ends is the one under way')
  keeper.underWay = undefined
  keeper.saved = token
}

/** A disk that was full is tried again after this long. */
const SAVE_RETRY_MS = 15_000

/** Nothing of the save stands: what it held goes into the next, unless that knows better. */
export function onSaveRefused(keeper: Keeper, save: OwnSave, now: Instant): void {
  const { token, orders, durable } = save
  assert(keeper.underWay === token, 'the save that ends is the one under way')
  keeper.underWay = undefined
  if (durable) keeper.urgent = keeper.next // who asks for the same again waits for it
  const lost = orders.map(({ key, text }): [string, string | undefined] => [key, text])
  keeper.pending = new Map([...lost, ...keeper.pending])
  keeper.pausedUntil = now + SAVE_RETRY_MS
}
