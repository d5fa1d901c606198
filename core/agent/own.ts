// The services and checks of this agent, put to work: changes of them are kept on the disk, told
// the catalog (own-push.ts) and timed. The rows are core/local's; when checks run is decided in
// checks.ts; here both meet the log and the world.
//
// The way of a registration: a change of the store of core/local → effect save-own, and commands
// for the log → event own-saved, and the commands applied → the client is answered. What the
// catalog refuses does not fail the call: it is tried again (consul-surface 3.11, 9.1).
import type { Parked } from '../api/blocking.ts'
import type { ChangeOwn } from '../api/pipeline.ts'
import { textOf, utf8 } from '../bytes.ts'
import { CHECKS, nodePrefix, SERVICES } from '../catalog/records.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { mirror } from '../local/alias.ts'
import type { KeptRecord } from '../local/keep.ts'
import { changesToLoad } from '../local/load.ts'
import { outputLimit, type Probed } from '../local/probe.ts'
import { findCheck, findService, listChecks } from '../local/read.ts'
import { OWN_TABLES, type OwnChange, type OwnCheck, type Touched } from '../local/records.ts'
import { differenceOf } from '../local/sync.ts'
import { adoptTags, changeOwn, createTouched, reportCheck } from '../local/write.ts'
import type { LogLine } from '../log.ts'
import { beginTxn, closeBatch, commit, glanceAt, openBatch, viewOf } from '../state/store.ts'
import { peekList, type Txn, tableIndex, type View } from '../state/txn.ts'
import type { Instant } from '../time.ts'
import {
  beat,
  endTry,
  noteStatus,
  overdueChecks,
  renew,
  runCheck,
  tickChecks,
  type Verdict,
} from './checks.ts'
import { keepChecks, keepServices, keepState, restoreKept } from './keeper.ts'
import { push, sidesOf } from './own-push.ts'
import type { Around, Own, WaitingCall } from './own-record.ts'

/** The catalog is compared with what is registered here this often (up to 128 nodes). */
export const FULL_SYNC_MS = 60_000
/** How often services are looked for whose checks have been critical for too long. */
const REAP_EVERY_MS = 30_000
/** How often aliases of what is registered elsewhere are looked at. */
const ALIAS_EVERY_MS = 500
/** Aliases of aliases are followed this far at once. */
const ALIAS_ROUNDS = 4

/** What was kept, then what the files say. The catalog is told when `syncOwn` is called. */
export function loadOwn(own: Own, around: Around, kept: readonly KeptRecord[]): void {
  const restored = restoreKept(own.keeper, kept)
  const { clock } = around
  const changes: OwnChange[] = [
    ...restored.services.map(
      (row): OwnChange => ({ type: 'register-service', row, checks: [], replacesChecks: false }),
    ),
    ...restored.checks.map((row): OwnChange => ({ type: 'register-check', row })),
  ]
  transact(own, around, (txn, touched) => {
    for (const change of changes) changeOwn(txn, change, touched)
    for (const change of changesToLoad(txn, own.config, { keepsApi: true })) {
      changeOwn(txn, change, touched)
    }
    forgetOrphans(txn, around, touched)
    const live = restored.states.filter(({ until }) => until > clock.wall)
    for (const state of live) reportCheck(txn, state, touched)
  })
  for (const { id, output, until } of restored.states) {
    if (until > clock.wall) beat(own.runner, id, { output, until: clock.now + until - clock.wall })
  }
}

/**
 * Kept checks of services that a file defined and none does any more. The catalog would refuse
 * them, and with them all that is told in the same command.
 */
function forgetOrphans(txn: Txn, around: Around, touched: Touched): void {
  for (const { id, serviceId } of listChecks(txn)) {
    if (serviceId === '' || findService(txn, serviceId) !== undefined) continue
    changeOwn(txn, { type: 'deregister-check', id }, touched)
    const message = 'a kept check is forgotten: its service is defined no more'
    log(around, { level: 'warn', message, fields: { check: id, service: serviceId } })
  }
}

/** The configuration was read again. */
export function reloadOwn(own: Own, around: Around, config: AgentConfig): void {
  own.config = config
  const keepsApi = own.config.dataDir !== undefined
  transact(own, around, (txn, touched) => {
    for (const change of changesToLoad(txn, config, { keepsApi })) {
      changeOwn(txn, change, touched)
    }
    logTouched(around, touched)
  })
  // The node itself may be described otherwise than before.
  syncOwn(own, around)
}

function log({ effects }: Around, line: Omit<LogLine, 'room'>): void {
  effects.push({ type: 'log', line: { room: 'agent', ...line } })
}

function logTouched(around: Around, touched: Touched): void {
  const line = (what: string, ids: ReadonlySet<string>) => {
    if (ids.size === 0) return
    const fields = { [what]: [...ids].slice(0, IDS_SHOWN).join(' '), count: ids.size }
    log(around, { level: 'info', message: 'definitions changed', fields })
  }
  line('services', touched.services)
  line('checks', touched.checks)
}

/** Of a long list of ids, a log line shows the first ones. */
const IDS_SHOWN = 20

/** More changes come at once, or that is over. */
export function gatherOwn(own: Own, around: Around, isGathering: boolean): void {
  own.keeper.isGathering = isGathering
  if (isGathering) openBatch(own.store)
  else closeBatch(own.store)
  push(own, around)
}

/** Makes changes that a route has found to be possible, and lets its client wait for them. */
export function changeFor(own: Own, around: Around, { call, changes, refusal }: ChangeOwn): void {
  const { noted } = own.keeper
  transact(own, around, (txn, touched) => {
    for (const change of changes) changeOwn(txn, bounded(own, txn, change), touched)
  })
  for (const change of changes) {
    if (change.type === 'beat') noteBeat(own, around, change.id)
    for (const { id } of checksIn(change)) renew(own.runner, id, around.clock.now)
  }
  const isNoted = own.keeper.noted > noted
  const save = isNoted || changes.some(({ type }) => type !== 'beat') ? own.keeper.urgent : 0
  const waiting: WaitingCall = { call, refusal, index: undefined, save }
  own.waiting.set(call.id, waiting)
  own.untold.push(waiting)
  push(own, around)
}

function checksIn(change: OwnChange): readonly OwnCheck[] {
  if (change.type === 'register-service') return change.checks
  return change.type === 'register-check' ? [change.row] : NO_CHECKS
}

const NO_CHECKS: readonly OwnCheck[] = []

/** An output that is too long is cut, and says so. */
function bounded(own: Own, view: View, change: OwnChange): OwnChange {
  if (change.type !== 'beat') return change
  const { discard, max } = own.config.checkOutput
  const definition = findCheck(view, change.id)?.definition
  const limit = definition === undefined ? max : outputLimit(definition, max)
  const bytes = utf8(change.output)
  if (discard) return { ...change, output: '' }
  if (bytes.length <= limit) return change
  const kept = textOf(bytes.subarray(0, limit))
  return { ...change, output: `${kept} ... (captured ${limit} of ${bytes.length} bytes)` }
}

function noteBeat(own: Own, { clock }: Around, id: string): void {
  const check = findCheck(glanceAt(own.store), id)
  if (check?.definition === undefined) return
  const { ttlMs } = check.definition
  const { status, output } = check
  beat(own.runner, id, { output, until: clock.now + ttlMs })
  noteStatus(own.runner, { id, status, output }, clock.now)
  keepState(own.keeper, { id, status, output, until: clock.wall + ttlMs })
}

/** One change of the store with all that follows from it, but for the log. */
function transact(own: Own, around: Around, act: (txn: Txn, touched: Touched) => void): void {
  const txn = beginTxn(own.store, ++own.version)
  const touched = createTouched()
  act(txn, touched)
  mirrorAll(own, around, { txn, touched })
  const fired = commit(own.store, txn)
  for (const waiter of fired) own.fired.add(waiter as Parked) // only the pipeline parks here
  follow(own, around, touched)
}

function follow(own: Own, { clock, effects }: Around, touched: Touched): void {
  const view = glanceAt(own.store)
  for (const id of touched.services) own.dirty.services.add(id)
  for (const id of touched.checks) own.dirty.checks.add(id)
  for (const id of touched.outputs) defer(own, id, clock.now)
  for (const id of touched.redefined) {
    const definition = findCheck(view, id)?.definition
    effects.push(...runCheck(own.runner, id, { definition, now: clock.now }))
    if (findCheck(view, id) === undefined) own.deferred.delete(id)
  }
  keepServices(own.keeper, view, touched.services)
  keepChecks(own.keeper, view, touched.redefined)
}

function defer(own: Own, id: string, now: Instant): void {
  const { updateIntervalMs } = own.config.checkOutput
  if (updateIntervalMs === 0) own.dirty.checks.add(id)
  else if (!own.deferred.has(id) && !own.dirty.checks.has(id)) {
    own.deferred.set(id, now + updateIntervalMs / 2 + own.prng.unit() * updateIntervalMs)
  }
}

interface Open {
  readonly txn: Txn
  readonly touched: Touched
}

/** Aliases look at what stands there now; an alias of an alias looks again. */
function mirrorAll(own: Own, around: Around, open: Open): void {
  if (own.runner.aliases.size === 0 && open.touched.redefined.size === 0) return
  for (let round = 0; round < ALIAS_ROUNDS; round++) {
    const before = open.touched.checks.size + open.touched.outputs.size
    for (const [id, definition] of own.runner.aliases) {
      if (findCheck(open.txn, id) === undefined) continue
      const { aliasNode, aliasService } = definition
      const found =
        aliasNode === ''
          ? mirrorOwn(open.txn, aliasService)
          : mirrorNode(around.catalog(), aliasNode, aliasService)
      report(own, open, { id, ...found })
    }
    if (open.touched.checks.size + open.touched.outputs.size === before) return
  }
}

const mirrorOwn = (view: View, serviceId: string) =>
  mirror({
    serviceId,
    nodeName: '',
    checks: listChecks(view),
    serviceExists: findService(view, serviceId) !== undefined,
  })

function mirrorNode(catalog: View, nodeName: string, serviceId: string) {
  const prefix = nodePrefix(nodeName)
  const services = peekList(catalog, SERVICES, prefix)
  return mirror({
    serviceId,
    nodeName,
    checks: peekList(catalog, CHECKS, prefix),
    serviceExists: services.some(({ id }) => id === serviceId),
  })
}

function report(own: Own, { txn, touched }: Open, verdict: Verdict): void {
  const output = own.config.checkOutput.discard ? '' : verdict.output
  reportCheck(txn, { ...verdict, output }, touched)
}

function applyVerdicts(own: Own, around: Around, verdicts: readonly Verdict[]): void {
  if (verdicts.length === 0) return
  for (const verdict of verdicts) noteStatus(own.runner, verdict, around.clock.now)
  transact(own, around, (txn, touched) => {
    for (const verdict of verdicts) report(own, { txn, touched }, verdict)
  })
  push(own, around)
}

export function onProbed(
  own: Own,
  around: Around,
  { id, result }: { readonly id: number; readonly result: Probed },
): void {
  const { orders, verdict } = endTry(own.runner, id, result)
  around.effects.push(...orders)
  if (verdict !== undefined) applyVerdicts(own, around, [verdict])
}

export function tickOwn(own: Own, around: Around): void {
  const { now } = around.clock
  const { orders, verdicts } = tickChecks(own.runner, now)
  around.effects.push(...orders)
  applyVerdicts(own, around, verdicts)
  if (now >= own.aliasDue) lookAtAliases(own, around)
  if (now >= own.reapDue) reap(own, around)
  for (const [id, due] of own.deferred) {
    if (due > now) continue
    own.deferred.delete(id)
    own.dirty.checks.add(id)
  }
  if (now >= own.fullSyncDue) syncOwn(own, around)
  else if (now >= own.retryDue) push(own, around)
}

/** Of what is registered elsewhere only the catalog knows. */
function lookAtAliases(own: Own, around: Around): void {
  own.aliasDue = around.clock.now + ALIAS_EVERY_MS
  if (own.runner.aliases.size === 0) return
  const seen = tableIndex(around.catalog(), CHECKS) + tableIndex(around.catalog(), SERVICES)
  if (seen === own.aliasSeen) return
  own.aliasSeen = seen
  transact(own, around, () => undefined)
  push(own, around)
}

/** Services whose check was critical for longer than it allows are taken out. */
function reap(own: Own, around: Around): void {
  own.reapDue = around.clock.now + REAP_EVERY_MS
  const view = viewOf(own.store)
  const doomed = new Set(
    overdueChecks(own.runner, around.clock.now)
      .map((id) => findCheck(view, id)?.serviceId ?? '')
      .filter((id) => id !== ''),
  )
  if (doomed.size === 0) return
  transact(own, around, (txn, touched) => {
    for (const id of doomed) changeOwn(txn, { type: 'deregister-service', id }, touched)
  })
  for (const service of doomed) {
    const message = 'service deregistered: its check was critical for too long'
    log(around, { level: 'warn', message, fields: { service } })
  }
  push(own, around)
}

/** Looks at everything, whoever may have changed it. */
export function syncOwn(own: Own, around: Around): void {
  own.fullSyncDue = around.clock.now + FULL_SYNC_MS * (1 + own.prng.unit())
  const { services, checks, tags, node } = differenceOf(
    sidesOf(own, around),
    new Set(own.deferred.keys()),
  )
  if (tags.length > 0) {
    transact(own, around, (txn) => {
      for (const adopted of tags) adoptTags(txn, adopted)
    })
  }
  for (const id of services) own.dirty.services.add(id)
  for (const id of checks) own.dirty.checks.add(id)
  if (node) around.propose(around.node())
  push(own, around)
}

/** How much is registered, for `info`. */
export function countOwn(own: Own): Record<string, string> {
  const view = viewOf(own.store)
  const checks = listChecks(view)
  const ttls = checks.filter(({ definition }) => (definition?.ttlMs ?? 0) > 0).length
  return {
    check_monitors: String([...own.runner.running.values()].filter(({ probe }) => probe).length),
    check_ttls: String(ttls),
    checks: String(checks.length),
    services: String(peekList(view, OWN_TABLES[0], '').length),
  }
}
