// What a node of the second lesson keeps beside its log: who it is and who the others were, so that
// `--peers=...`, typed as in the lesson, means those of last time.
//
//   raftnode-1/            the data folder (runtime/data-dir.ts)
//   raftnode-1.json        { "id", "address", "peers" }
//   raftnode-1.log         what it has logged
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Peer } from '../../core/raft/messages.ts'
import { makeFolders } from '../runtime/folder.ts'
import { StartRefused } from '../runtime/refused.ts'

/** Typed instead of addresses: those of last time. */
const AS_BEFORE = '...'

export interface Home {
  readonly self: Peer
  /** Of the whole cluster, this node among them. */
  readonly peers: readonly Peer[]
}

export interface SettledHome extends Home {
  /** It has run before, so its data folder is not new. */
  readonly isKnown: boolean
}

/** Whether it is kept, so that the server has run before. */
export const isKept = (file: string): boolean => readHome(file) !== undefined

export interface HomeWish {
  readonly file: string
  readonly id: string
  /** As typed: `localhost:8001,localhost:8002` or `a=localhost:8001,…`; undefined: as before. */
  readonly peers: string | undefined
  /** Of this node, where it is not among the peers. */
  readonly address: string | undefined
}

/** Throws a StartRefused. */
export function settleHome(wish: HomeWish): SettledHome {
  const known = readHome(wish.file)
  const isNamed = wish.peers !== undefined && wish.peers !== AS_BEFORE
  const peers = isNamed ? parsePeers(wish.peers) : known?.peers
  if (peers === undefined)
    throw new StartRefused(
      `nothing is kept in ${wish.file} of a node ${wish.id}, so the peers must be named: ` +
        '--peers=localhost:8001,localhost:8002,localhost:8003',
    )
  const home = { self: selfAmong(peers, wish), peers, isKnown: known !== undefined }
  if (known !== undefined && known.self.address !== home.self.address)
    throw new StartRefused(
      `${wish.file} is of a node ${wish.id} at ${known.self.address}, not at ` +
        `${home.self.address}: start in another folder, or give --data-dir`,
    )
  return home
}

function selfAmong(peers: readonly Peer[], { id, address }: HomeWish): Peer {
  if (address !== undefined) {
    if (!isHostPort(address))
      throw new StartRefused(`--address: ${quoted(address)} is no HOST:PORT`)
    return { id, address }
  }
  const self = peers.find((peer) => peer.id === id)
  if (self !== undefined) return self
  const ids = peers.map((peer) => peer.id).join(', ')
  throw new StartRefused(`--id=${id} is none of the peers (${ids}): its address is not known`)
}

/** `HOST:PORT` are 1, 2, 3 in their order; `ID=HOST:PORT` have names. */
function parsePeers(text: string): readonly Peer[] {
  const peers = text.split(',').map((word, at): Peer => {
    const [, id, address = ''] = /^(?:([\w.-]+)=)?(.+)$/.exec(word.trim()) ?? []
    if (!isHostPort(address)) throw new StartRefused(`--peers: ${quoted(word)} is no HOST:PORT`)
    return { id: id ?? String(at + 1), address }
  })
  for (const of of [peers.map(({ id }) => id), peers.map(({ address }) => address)])
    if (new Set(of).size < of.length) throw new StartRefused('--peers: one of them comes twice')
  return peers
}

const PORT_MAX = 65_535

export const isHostPort = (text: string): boolean => (portIn(text) ?? 0) > 0

/** Undefined: this is no HOST:PORT. */
export function portIn(text: string): number | undefined {
  const [, port] = /^.+:(\d{1,5})$/.exec(text) ?? []
  return port === undefined || Number(port) > PORT_MAX ? undefined : Number(port)
}

const quoted = (text: string): string => JSON.stringify(text)

function readHome(file: string): Home | undefined {
  if (!existsSync(file)) return undefined
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!isHome(read)) throw new SyntaxError('not what a node keeps')
    return read
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new StartRefused(`${file}: ${error.message}; remove it, and name the peers`, {
      cause: error,
    })
  }
}

const isHome = (read: unknown): read is Home =>
  typeof read === 'object' &&
  read !== null &&
  'self' in read &&
  isPeer(read.self) &&
  'peers' in read &&
  Array.isArray(read.peers) &&
  read.peers.every(isPeer)

const isPeer = (read: unknown): read is Peer =>
  typeof read === 'object' &&
  read !== null &&
  'id' in read &&
  typeof read.id === 'string' &&
  'address' in read &&
  typeof read.address === 'string'

/**
 * To be called when the data folder is there: who is known has one. A reader sees the old file or
 * the new one.
 */
export function keepHome(file: string, { self, peers }: Home): void {
  makeFolders(dirname(file), 0o700)
  const text = `${JSON.stringify({ self, peers })}\n`
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true }) // or the name may outlive it
  renameSync(`${file}.new`, file)
}

/**
 * For a server that keeps nothing, in the place of `dataDir`. Whoever forgets its votes must not
 * find older ones of its own the next time: a server keeps something or nothing.
 */
export function forgetfulFolder(dataDir: string): string {
  if (existsSync(dataDir))
    throw new StartRefused(
      `--ephemeral: ${dataDir} holds what this server has promised already\n` +
        '  next: start it without --ephemeral, or under another id',
    )
  return mkdtempSync(join(tmpdir(), 'lictor-raftnode-'))
}

/** `localhost:8001`, `[::1]:8001`. */
export function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':')
  return {
    host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(at + 1)),
  }
}
