// Clients of a lone agent: some write, read, lock and keep sessions, others wait for changes. Every
// answer is held against the model at once: the agent answers out of the state of that very step.
import { textOf as textIn, utf8 } from '../../bytes.ts'
import type { Prng } from '../../prng.ts'
import type { Response } from '../../route/request.ts'
import type { Instant } from '../../time.ts'
import { mustHold, type Tally } from '../violation.ts'
import { indexOfKey, indexOfPrefix, keysBelow, type Model } from './model.ts'
import { type Ask, after, type LoneWorld, send } from './world.ts'

export interface Lone {
  readonly world: LoneWorld
  readonly model: Model
  readonly tally: Tally
  /** When the agent last heard of each session, and what it was told. */
  readonly heard: Map<string, { at: Instant; readonly ttlMs: number }>
  readonly sessions: Set<string>
  readonly watches: Set<Watch>
  /** Of each key: the last fencing token, CreateIndex and LockIndex. */
  readonly tokens: Map<string, readonly [number, number]>
  asked: number
  /** The agent orders the writes, and has all that was ordered before. */
  isBack: boolean
  /** Between an answer and the next request, at most. */
  readonly paceMs: number
}

/** A blocking query that is not answered yet. */
export interface Watch {
  readonly target: string
  readonly isPrefix: boolean
  readonly index: number
  readonly deadline: Instant
  /** What the target looked like at that index. */
  readonly seen: string
}

const KEYS = ['a/1', 'a/2', 'b/1', 'b/2', 'c'] as const
/** A plain write takes the LockIndex back to 0, as in Consul: who wants tokens must not do it. */
const LOCKS = ['a/lock', 'b/lock'] as const
const PREFIXES = ['a/', 'b/', ''] as const

const headerOf = ({ headers }: Response, wanted: string): string | undefined => {
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]?.toLowerCase() === wanted) return headers[at + 1]
  return undefined
}

const indexIn = (response: Response): number => Number(headerOf(response, 'x-consul-index'))

/** Bodies of the API are JSON, as text or as bytes. */
function jsonIn({ body }: Response): unknown {
  if (typeof body === 'string') return JSON.parse(body)
  return body instanceof Uint8Array ? JSON.parse(textIn(body)) : undefined
}

/** Nothing was done, for nobody leads yet. */
const isNobody = ({ status, body }: Response): boolean =>
  status === 500 && body === 'No cluster leader'

export function startClient(lone: Lone, prng: Prng): void {
  const next = () => after(lone.world, prng.unit() * lone.paceMs, ask)
  const ask = () => {
    const { request, check } = draw(lone, prng)
    send(lone.world, request, (answer) => {
      if (answer !== 'closed' && !isNobody(answer)) check(answer)
      next()
    })
  }
  next()
}

interface Drawn {
  readonly request: Ask
  readonly check: (response: Response) => void
}

function draw(lone: Lone, prng: Prng): Drawn {
  const key = prng.pick(KEYS)
  const lock = prng.pick(LOCKS)
  const value = `v${++lone.asked}`
  const session = lone.sessions.size > 0 ? prng.pick([...lone.sessions]) : 'nobody'
  const roll = prng.range(0, 99)
  if (roll < 20) return get(lone, prng.chance(0.3) ? lock : key)
  if (roll < 35) return list(lone, prng.pick(PREFIXES))
  if (roll < 50) return put(lone, { key, value, query: '' })
  if (roll < 58) return put(lone, { key, value, query: casOf(lone, key, prng) })
  if (roll < 66) return remove(prng.chance(0.2) ? lock : key)
  if (roll < 74) return txn(lone, prng, value)
  if (roll < 84) return put(lone, { key: lock, value, query: `acquire=${session}` })
  if (roll < 88) return put(lone, { key: lock, value, query: `release=${session}` })
  if (roll < 92) return create(lone, prng)
  if (roll < 97) return renew(lone, session)
  return destroy(lone, session)
}

function casOf({ model }: Lone, key: string, prng: Prng): string {
  const known = model.keys.get(key)?.modified ?? 0
  return `cas=${prng.chance(0.7) ? known : model.changed}`
}

const path = (key: string): string => `/v1/kv/${key}`

function get(lone: Lone, key: string): Drawn {
  return { request: { method: 'GET', path: path(key) }, check: (got) => checkKey(lone, key, got) }
}

function checkKey({ model, tally }: Lone, key: string, got: Response): void {
  tally.index++
  const wanted = model.keys.get(key)
  const [found] = rowsIn(got)
  mustHold(
    shown(found) === textOf(wanted),
    'state-machine',
    () => `${key} is shown as ${shown(found)}; it is ${textOf(wanted)}`,
  )
  const index = indexOfKey(model, key)
  mustHold(
    indexIn(got) === index,
    'index',
    () => `the index of ${key} is ${indexIn(got)}, not ${index}`,
  )
}

interface KvShown {
  readonly Key: string
  readonly Value: string | null
  readonly LockIndex: number
  readonly Session?: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** What an answer shows of keys. */
const rowsIn = (got: Response): readonly KvShown[] =>
  got.status === 404 ? [] : (jsonIn(got) as readonly KvShown[]) // the shape of the API

/** Values are compared by their indexes: each is written once. */
const shown = (row: KvShown | undefined): string =>
  row === undefined
    ? 'nothing'
    : [row.CreateIndex, row.ModifyIndex, row.LockIndex, row.Session ?? ''].join(' ')

const textOf = (row: ReturnType<Model['keys']['get']>): string =>
  row === undefined ? 'nothing' : [row.created, row.modified, row.lockIndex, row.session].join(' ')

function list(lone: Lone, prefix: string): Drawn {
  const request: Ask = { method: 'GET', path: path(prefix), query: 'recurse' }
  return { request, check: (got) => checkList(lone, prefix, got) }
}

function checkList({ model, tally }: Lone, prefix: string, got: Response): void {
  tally.index++
  const rows = rowsIn(got)
  const wanted = keysBelow(model, prefix)
  mustHold(
    rows.map(({ Key }) => Key).join() === wanted.join(),
    'state-machine',
    () => `below ${prefix} there is ${rows.map(({ Key }) => Key).join()}, not ${wanted.join()}`,
  )
  const index = indexOfPrefix(model, prefix)
  mustHold(
    indexIn(got) === index,
    'index',
    () => `the index below ${prefix} is ${indexIn(got)}, not ${index}`,
  )
}

interface Put {
  readonly key: string
  readonly value: string
  readonly query: string
}

function put(lone: Lone, { key, value, query }: Put): Drawn {
  const request: Ask = { method: 'PUT', path: path(key), query, body: utf8(value) }
  return {
    request,
    check: (got) => {
      const done = got.status === 200 && jsonIn(got) === true
      checkResult(lone, value, done)
      if (query.startsWith('acquire=') && done) checkToken(lone, key)
    },
  }
}

function checkResult({ model, tally }: Lone, value: string, done: boolean): void {
  tally['lost-write']++
  const wanted = model.results.get(value) ?? false
  mustHold(
    wanted === done,
    'state-machine',
    () => `the write of ${value} was answered ${done}; by the rules it is ${wanted}`,
  )
}

/** I19: the pair never repeats or falls, whatever became of the key meanwhile. */
function checkToken({ model, tally, tokens }: Lone, key: string): void {
  const row = model.keys.get(key)
  if (row === undefined) return
  tally.fence++
  const [created, lockIndex] = tokens.get(key) ?? [0, 0]
  const isNewer = row.created > created || (row.created === created && row.lockIndex >= lockIndex)
  mustHold(isNewer, 'fence', () => `the token of ${key} falls to ${row.created}.${row.lockIndex}`)
  tokens.set(key, [row.created, row.lockIndex])
}

function remove(key: string): Drawn {
  return { request: { method: 'DELETE', path: path(key) }, check: () => undefined }
}

/** Two writes under one condition, of which the last cannot be met now and then. */
function txn(lone: Lone, prng: Prng, value: string): Drawn {
  const [one, two] = prng.shuffle([...KEYS])
  const Index = lone.model.keys.get(one ?? '')?.modified ?? 0
  const isWrong = prng.chance(0.4)
  const set = (Key: string | undefined, text: string) => ({
    KV: { Verb: 'set', Key, Value: btoaText(text) },
  })
  const guard = { KV: { Verb: 'check-index', Key: one, Index: isWrong ? Index + 1 : Index } }
  const ops = isWrong
    ? [set(two, value), set(one, `${value}b`), guard]
    : [guard, set(two, value), set(one, `${value}b`)]
  const body = utf8(JSON.stringify(ops))
  const request: Ask = { method: 'PUT', path: '/v1/txn', body }
  return {
    request,
    check: (got) => checkResult(lone, value, got.status === 200),
  }
}

/** Values here are ASCII letters and digits. */
function btoaText(text: string): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  let out = ''
  for (let at = 0; at < text.length; at += 3) {
    const [a = 0, b = 0, c = 0] = [0, 1, 2].map((i) => text.charCodeAt(at + i) || 0)
    const bits = (a << 16) | (b << 8) | c
    const left = text.length - at
    out += [18, 12, 6, 0]
      .map((shift, i) => (i <= left ? ALPHABET[(bits >> shift) & 63] : '='))
      .join('')
  }
  return out
}

function create(lone: Lone, prng: Prng): Drawn {
  const ttlMs = prng.pick([0, 10_000, 15_000])
  const body = {
    TTL: ttlMs === 0 ? '' : `${ttlMs / 1000}s`,
    Behavior: prng.pick(['release', 'delete']),
    LockDelay: prng.pick(['0s', '1s', '5s']),
  }
  const request: Ask = {
    method: 'PUT',
    path: '/v1/session/create',
    body: utf8(JSON.stringify(body)),
  }
  return {
    request,
    check: (got) => {
      if (got.status !== 200) return
      const { ID } = jsonIn(got) as { readonly ID: string } // the API's shape
      lone.sessions.add(ID)
      lone.heard.set(ID, { at: lone.world.now, ttlMs })
    },
  }
}

function renew(lone: Lone, id: string): Drawn {
  const request: Ask = { method: 'PUT', path: `/v1/session/renew/${id}` }
  return {
    request,
    check: (got) => {
      const heard = lone.heard.get(id)
      if (got.status === 200 && heard !== undefined) heard.at = lone.world.now
      if (got.status === 404) forget(lone, id)
    },
  }
}

function destroy(lone: Lone, id: string): Drawn {
  forget(lone, id)
  const request: Ask = { method: 'PUT', path: `/v1/session/destroy/${id}` }
  return { request, check: () => undefined }
}

function forget({ sessions, heard }: Lone, id: string): void {
  sessions.delete(id)
  heard.delete(id)
}

/** Waits for changes of one target, for ever. */
export function startWatcher(lone: Lone, prng: Prng): void {
  const isPrefix = prng.chance(0.5)
  const target = isPrefix ? prng.pick(['a/', 'b/']) : prng.pick(KEYS)
  let index = 0
  const ask = () => {
    const waitMs = prng.pick([1_000, 5_000, 60_000])
    const wait = `index=${index}&wait=${waitMs}ms${isPrefix ? '&recurse' : ''}`
    const watch: Watch = {
      target,
      isPrefix,
      index,
      deadline: lone.world.now + waitMs,
      seen: lookOf(lone.model, { target, isPrefix }),
    }
    if (index > 0) lone.watches.add(watch)
    send(lone.world, { method: 'GET', path: path(target), query: wait }, (answer) => {
      lone.watches.delete(watch)
      if (answer === 'closed' || isNobody(answer)) index = 0
      else index = takeAnswer(lone, watch, answer)
      after(lone.world, prng.unit() * 50, ask)
    })
  }
  after(lone.world, prng.unit() * 200, ask)
}

function takeAnswer(lone: Lone, watch: Watch, got: Response): number {
  const { model, world } = lone
  if (watch.isPrefix) checkList(lone, watch.target, got)
  else checkKey(lone, watch.target, got)
  const index = indexIn(got)
  if (watch.index > 0 && index <= watch.index && world.now < watch.deadline) {
    lone.tally['wake-up']++
    mustHold(
      lookOf(model, watch) !== watch.seen,
      'wake-up',
      () => `a query of ${watch.target} comes back at ${index} with nothing new`,
    )
  }
  return index
}

/** A target in words that change when an answer about it would. */
export function lookOf(model: Model, { target, isPrefix }: Pick<Watch, 'target' | 'isPrefix'>) {
  if (!isPrefix) return textOf(model.keys.get(target))
  return keysBelow(model, target)
    .map((key) => `${key} ${textOf(model.keys.get(key))}`)
    .join()
}
