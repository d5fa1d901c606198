// How Go's reflection names and prints a value of a document: parts of Consul's complaints are
// made of it.
import type { Node } from './document.ts'

/** The type as `%T` prints it. */
export function goType(node: Node): string {
  switch (node.type) {
    case 'null':
      return '<nil>'
    case 'bool':
    case 'string':
      return node.type
    case 'number':
      return node.kind
    case 'list':
      return node.blocks ? '[]map[string]interface {}' : '[]interface {}'
    default:
      return 'map[string]interface {}'
  }
}

/** The kind of the type: `slice`, `map`, or the type itself. */
export function goKind(node: Node): string {
  if (node.type === 'list') return 'slice'
  return node.type === 'object' ? 'map' : goType(node)
}

/** The value as `%v` prints it. */
export function goValue(node: Node): string {
  switch (node.type) {
    case 'null':
      return '<nil>'
    case 'bool':
    case 'string':
      return String(node.value)
    case 'number':
      return goNumber(node.value)
    case 'list':
      return `[${node.items.map(goValue).join(' ')}]`
    default: {
      const pairs = node.fields.map((field) => `${field.name}:${goValue(field.value)}`)
      return `map[${pairs.sort().join(' ')}]`
    }
  }
}

/**
 * `%v` of a float: shortest digits, an exponent of at least two digits from 1e21 on and below
 * 1e-4.
 */
function goNumber(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e21))
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  return String(value)
}
