// Domain names as the wire has them: a byte string of labels, each behind its length, and the
// empty label of the root at the end (RFC 1035 §3.1). A name of this form is within the limits of
// the protocol, and whatever follows the first labels is a name, too, so suffixes can be compared
// and looked up without a doubt about dots inside a label.
import { byteString, textOfByteString } from '../bytes.ts'

declare const wire: unique symbol
export type Name = string & { readonly [wire]: true }

/** RFC 1035 §2.3.4. */
export const LABEL_BYTES_MAX = 63
export const NAME_BYTES_MAX = 255

export const ROOT = '\0' as Name // the only label is the empty one

/** The labels of a name up to a domain, to be joined with one. */
export type Prefix = string & { readonly [wire]: 'prefix' }

/** Labels are byte strings. Undefined: too long for the wire, or with an empty label. */
export function nameOf(labels: readonly string[], suffix: Name = ROOT): Name | undefined {
  return joined(prefixOf(labels), suffix)
}

/** The name that a text with dots stands for: `web.service.consul`, with or without a last dot. */
export function nameOfText(text: string, suffix: Name = ROOT): Name | undefined {
  const trimmed = text.endsWith('.') ? text.slice(0, -1) : text
  return trimmed === '' ? undefined : nameOf(byteString(trimmed).split('.'), suffix)
}

export const prefixOfText = (text: string): Prefix | undefined =>
  prefixOf(byteString(text).split('.'))

function prefixOf(labels: readonly string[]): Prefix | undefined {
  let prefix = ''
  for (const label of labels) {
    if (label.length === 0 || label.length > LABEL_BYTES_MAX) return undefined
    prefix += String.fromCharCode(label.length) + label
  }
  return prefix as Prefix // checked label by label
}

export function joined(prefix: Prefix | undefined, suffix: Name): Name | undefined {
  if (prefix === undefined || prefix.length + suffix.length > NAME_BYTES_MAX) return undefined
  return (prefix + suffix) as Name // checked just now
}

export function labelsOf(name: Name): string[] {
  const labels: string[] = []
  for (let at = 0; at < name.length - 1; at += 1 + name.charCodeAt(at)) {
    labels.push(name.slice(at + 1, at + 1 + name.charCodeAt(at)))
  }
  return labels
}

/** For people and logs only: a dot inside a label looks like any other. */
export const textOf = (name: Name): string => `${labelsOf(name).map(textOfByteString).join('.')}.`

/** A name without its first label; the root stays the root. */
export const parentOf = (name: Name): Name =>
  name === ROOT ? ROOT : (name.slice(1 + name.charCodeAt(0)) as Name) // a suffix is a name

/**
 * RFC 4343: names are equal without regard to the case of ASCII letters. A length is never one: it
 * is at most 63.
 */
export function foldName(name: Name): Name {
  if (!UPPER.test(name)) return name
  return name.replace(UPPERS, (letters) => letters.toLowerCase()) as Name // as long as before
}

const UPPER = /[A-Z]/
const UPPERS = /[A-Z]+/g

/**
 * The end of `name` that equals `domain`, in the case in which it was asked; undefined outside of
 * the domain.
 */
export function suffixWithin(name: Name, domain: Name): Name | undefined {
  const folded = foldName(domain)
  for (let rest = name; rest.length >= domain.length; rest = parentOf(rest)) {
    if (rest.length === domain.length) return foldName(rest) === folded ? rest : undefined
  }
  return undefined
}
