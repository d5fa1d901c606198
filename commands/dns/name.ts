// Names as people type them.
import { type Name, nameOfText } from '../../core/dns/name.ts'
import { misuse } from '../kit/failure.ts'

/** A service by its name alone: `web` is `web.service.consul`. */
export const fullName = (typed: string): string =>
  typed.includes('.') ? typed.replace(/\.$/, '') : `${typed}.service.consul`

export function wireName(text: string): Name {
  const name = nameOfText(text)
  if (name !== undefined) return name
  throw misuse(`${JSON.stringify(text)} is no name of DNS`, {
    why: 'a label is empty or longer than 63 bytes, or all is longer than 255',
  })
}
