// What a configuration text becomes before anybody knows what its settings mean. HCL and JSON
// end in the same tree, and every node remembers where it began, so that a complaint can name
// file, line and column.

/**
 * A text with a name that people know it by: a path, or `flags-0.hcl` for a fragment of the
 * command line.
 */
export interface Source {
  readonly name: string
  readonly text: string
}

export type Node =
  | { readonly type: 'null'; readonly at: number }
  | { readonly type: 'bool'; readonly at: number; readonly value: boolean }
  /**
   * `kind` is what Go's parser of that language makes of the number: it shows in Consul's
   * complaints.
   */
  | {
      readonly type: 'number'
      readonly at: number
      readonly kind: 'int' | 'float64'
      readonly value: number
    }
  | { readonly type: 'string'; readonly at: number; readonly value: string }
  /** `blocks`: in HCL every object is a list of one, and repeated blocks make a longer list. */
  | {
      readonly type: 'list'
      readonly at: number
      readonly items: readonly Node[]
      readonly blocks: boolean
    }
  | { readonly type: 'object'; readonly at: number; readonly fields: readonly NodeField[] }

export interface NodeField {
  readonly name: string
  /** Where the key stands; the value has its own place. */
  readonly at: number
  readonly value: Node
}

export type ObjectNode = Extract<Node, { type: 'object' }>

export type Parse =
  | { readonly ok: true; readonly root: ObjectNode }
  /** `consul`: the complaint of Consul's parser. `what`: ours. */
  | { readonly ok: false; readonly consul: string; readonly what: string; readonly at: number }

/** A place in a source: an offset in UTF-16 units, turned into line and column only when shown. */
export interface Origin {
  readonly source: Source
  readonly at: number
}

export interface Position {
  readonly line: number
  readonly column: number
}

/** Line and column of an offset, both from 1. A column counts characters as an editor does. */
export function positionOf(text: string, at: number): Position {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let i = before.indexOf('\n'); i !== -1; i = before.indexOf('\n', i + 1)) line++
  return { line, column: [...before.slice(lineStart)].length + 1 }
}

/** `agent.hcl:3:7`; a flag has no lines and shows its name alone. */
export function showOrigin(origin: Origin): string {
  if (origin.at < 0) return origin.source.name
  const { line, column } = positionOf(origin.source.text, origin.at)
  return `${origin.source.name}:${line}:${column}`
}

/** The place of what came from no text: a flag, a default. */
export const wholeSource = (name: string): Origin => ({ source: { name, text: '' }, at: -1 })

/** Plain line ends: what HCL reads, and what places are counted in. */
export const normalizeLines = (text: string): string => text.replaceAll('\r\n', '\n')

/** Objects nested deeper than this are refused in either language. */
export const NESTING_MAX = 200
/** Longer texts are refused: nobody writes such a file by hand. In characters. */
export const TEXT_LENGTH_MAX = 4 * 1024 * 1024
