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
  /** Files that are not played, and which subject they wait for; a folder stands for its rest. */
  readonly left?: Readonly<Record<string, string>>
  /** Files that are played and do not pass as a whole, and which subject their rest waits for. */
  readonly short?: Readonly<Record<string, string>>
  /** Steps that must pass. */
  readonly passed: number
}

export interface FolderResult {
  readonly passed: number
  readonly total: number
}

export interface FileResult extends FolderResult {
  /** From test/conformance. */
  readonly file: string
}

export async function readFloor(): Promise<Floor> {
  // Our own file, in this repository.
  return JSON.parse(await readFile(inProject('test/floor.json'), 'utf8')) as Floor
}

export interface Played {
  /** As run.mjs writes them to its --summary. */
  readonly folders: Readonly<Record<string, FolderResult>>
  readonly files: readonly FileResult[]
}

export interface Corpus {
  readonly passed: number
  /** Steps by which folders stay below their floors, and files that are not whole for no reason. */
  readonly short: number
  readonly lines: readonly string[]
}

const FILE_LINE = /^[✓✗] \S*conformance\/(\S+): (\d+) of (\d+)$/gm

/** What run.mjs prints of each file. */
export const filesIn = (printed: string): readonly FileResult[] =>
  [...printed.matchAll(FILE_LINE)].map(([, file = '', passed, total]) => ({
    file,
    passed: Number(passed),
    total: Number(total),
  }))

/** Files whose reasons are missing, and reasons that hold no more. */
function reasons({ corpus }: Floor, files: readonly FileResult[]) {
  const given = Object.values(corpus).flatMap(({ short = {} }) => Object.keys(short))
  const named = new Set(given)
  const isWhole = ({ passed, total }: FileResult) => passed === total
  return {
    missing: files.filter((one) => !isWhole(one) && !named.has(one.file)),
    outdated: files.filter((one) => isWhole(one) && named.has(one.file)),
  }
}

/**
 * Holds a summary of the corpus against the floor. A folder that was not played is short by all of
 * its floor.
 */
export function weigh(floor: Floor, { folders, files }: Played): Corpus {
  let [passed, short] = [0, 0]
  const played = Object.entries(floor.corpus).filter(([, { play }]) => play.length > 0)
  const lines = played.map(([folder, { passed: wanted }]) => {
    const result = folders[folder] ?? { passed: 0, total: 0 }
    const missing = Math.max(0, wanted - result.passed)
    passed += result.passed
    short += missing
    const state = missing > 0 ? `BELOW THE FLOOR of ${wanted}` : `floor ${wanted}`
    return `${folder.padEnd(12)} ${result.passed} of ${result.total}, ${state}`
  })
  const { missing, outdated } = reasons(floor, files)
  const shown = ({ file, passed, total }: FileResult) => `${file}: ${passed} of ${total}`
  return {
    passed,
    short: short + missing.length,
    lines: [
      ...lines,
      ...missing.map((one) => `${shown(one)}, AND NO REASON under "short"`),
      ...outdated.map((one) => `${shown(one)}: its reason under "short" can go`),
    ],
  }
}

/** The floor lifted to what passes now. It is never lowered by itself. */
export function raised(floor: Floor, summary: Readonly<Record<string, FolderResult>>): Floor {
  const corpus = Object.entries(floor.corpus).map(([folder, { passed, ...files }]) => {
    return [folder, { ...files, passed: Math.max(passed, summary[folder]?.passed ?? 0) }]
  })
  return { ...floor, corpus: Object.fromEntries(corpus) }
}
