// Where a node of the store keeps what it has: on its disk, or nowhere.
//
// A copy of a leader that takes the place of everything is made beside, and moved into its place
// when it is whole: whatever a crash leaves is one history or the other, never a mixture of two.
//
//   DIR.new   is written    DIR ─▶ DIR.old, DIR.new ─▶ DIR    DIR.old is removed
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { logIndex, uuidOf } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import { entryOf, keptOf, snapshotOf, termOf } from '../../core/replica/disk.ts'
import type { Kept } from '../../core/replica/keep.ts'
import type { ReplicaEffect } from '../../core/replica/messages.ts'
import { epochOf, type Frozen } from '../../core/replica/store.ts'
import { type DataDir, openDataDir } from '../runtime/data-dir.ts'
import { DiskFailure } from '../runtime/disk-errors.ts'
import { createEntropy } from '../runtime/entropy.ts'
import { endOfTurn } from '../runtime/files.ts'

type Order = Extract<ReplicaEffect, { type: 'persist' }>

export interface Keep {
  /** Undefined: nothing was found. */
  readonly kept: Kept | undefined
  /** Resolves when it is durable. Rejects with a DiskFailure. */
  persist(order: Order): Promise<void>
  save(state: Frozen): Promise<void>
  close(): Promise<void>
}

/** Of a node that forgets everything at its end. */
export const forgetful: Keep = {
  kept: undefined,
  persist: async () => undefined,
  save: async () => undefined,
  close: async () => undefined,
}

/** Rejects as openDataDir does. */
export async function openKeep(dir: string, log: (line: LogLine) => void): Promise<Keep> {
  const newNodeId = () => uuidOf(createEntropy()())
  const open = (path: string) => openDataDir({ dir: path, nodeId: undefined, newNodeId, log })
  await finishMove(dir)
  let folder = await open(dir)
  let saving: Promise<void> = Promise.resolve()
  let writing: Promise<void> = Promise.resolve()
  let token = 0
  const write = async (persist: Omit<Parameters<DataDir['write']>[0], 'token'>) => {
    await endOfTurn()
    notFull(dir, await folder.write({ ...persist, token: ++token }))
  }
  const begin = async (state: Frozen): Promise<void> => {
    await saving
    const fresh = await open(beside(dir, 'new'))
    if (state.last > 0) {
      const restartBehind = logIndex(state.last)
      await saveTo(fresh, dir, state)
      notFull(dir, await fresh.write({ token: 1, restartBehind, entries: [] }))
    }
    await fresh.close()
    await folder.close()
    await rename(dir, beside(dir, 'old'))
    await finishMove(dir)
    folder = await open(dir)
    token = 0
  }
  return {
    kept: keptOf(folder.recovered),
    persist: ({ anew, writes }) => {
      writing = anew === undefined ? write({ entries: writes.map(entryOf) }) : begin(anew)
      return writing
    },
    save: (state) => {
      saving = saveTo(folder, dir, state).then(() => folder.trimLog(logIndex(state.last)))
      return saving
    },
    close: async () => {
      await Promise.all([saving, writing])
      await folder.close()
    },
  }
}

const beside = (dir: string, what: 'new' | 'old'): string => `${dir}.${what}`

/** What a crash has left half done. Only a copy that is whole has no folder in its place. */
async function finishMove(dir: string): Promise<void> {
  const fresh = beside(dir, 'new')
  if (!existsSync(dir) && existsSync(fresh)) await rename(fresh, dir)
  for (const left of [fresh, beside(dir, 'old')]) await rm(left, { recursive: true, force: true })
}

async function saveTo(folder: DataDir, dir: string, state: Frozen): Promise<void> {
  const index = logIndex(state.last)
  const order = { index, term: termOf(epochOf(state)), chunks: snapshotOf(state) }
  notFull(dir, await folder.saveSnapshot(order))
}

/** A lesson ends where the disk does. */
function notFull(dir: string, end: 'durable' | 'saved' | 'full'): void {
  if (end === 'full') throw new DiskFailure('write to', dir, new Error('no space left on device'))
}
