// The floor: how many tests must run, and how many steps of the recorded corpus must pass, folder
// by folder. It only ever rises.
import { readFile } from 'node:fs/promises'
import { inProject } from './paths.ts'

export interface Floor {
  /** Tests that must have run, skipped ones not counted. */
  readonly tests: number
  readonly corpus: Readonly<Record<string, FolderFloor>>
}

interface FolderFloor {
  /** Files and folders of test/conformance that are played for this folder. */
  readonly play: readonly string[]
  /** Files that are not played, and which subject they wait for. Without it: not looked through. */
  readonly left?: Readonly<Record<string, string>>
  /** Steps that must pass. */
  readonly passed: number
}

export interface FolderResult {
  readonly passed: number
  readonly total: number
}

export async function readFloor(): Promise<Floor> {
  // Our own file, in this repository.
  return JSON.parse(await readFile(inProject('test/floor.json'), 'utf8')) as Floor
}

export interface Corpus {
  readonly passed: number
  /** Steps by which folders stay below their floors. */
  readonly short: number
  readonly lines: readonly string[]
}

/**
 * Holds a summary of the corpus against the floor. A folder that was not played is short by all of
 * its floor.
 */
export function weigh(floor: Floor, summary: Readonly<Record<string, FolderResult>>): Corpus {
  let [passed, short] = [0, 0]
  const lines = Object.entries(floor.corpus).map(([folder, { passed: wanted }]) => {
    const result = summary[folder] ?? { passed: 0, total: 0 }
    const missing = Math.max(0, wanted - result.passed)
    passed += result.passed
    short += missing
    const state = missing > 0 ? `BELOW THE FLOOR of ${wanted}` : `floor ${wanted}`
    return `${folder.padEnd(12)} ${result.passed} of ${result.total}, ${state}`
  })
  return { passed, short, lines }
}

/** The floor lifted to what passes now. It is never lowered by itself. */
export function raised(floor: Floor, summary: Readonly<Record<string, FolderResult>>): Floor {
  const corpus = Object.entries(floor.corpus).map(([folder, { passed, ...files }]) => {
    return [folder, { ...files, passed: Math.max(passed, summary[folder]?.passed ?? 0) }]
  })
  return { ...floor, corpus: Object.fromEntries(corpus) }
}
