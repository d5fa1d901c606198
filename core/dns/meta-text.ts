// The meta of a node as texts, one a value (RFC 1464): `key=value`, in which the key's own `=` and
// outer spaces stand behind a backtick, and a backtick behind another. A key that begins with
// `rfc1035-` stands for its value alone (RFC 1035 knows texts without keys).
import { utf8 } from '../bytes.ts'
import type { Texts } from '../catalog/records.ts'

const BARE = 'rfc1035-'

export const metaTexts = (meta: Texts | null): Uint8Array[] =>
  Object.entries(meta ?? {}).map(([key, value]) =>
    utf8(key.toLowerCase().startsWith(BARE) ? value : `${keyText(key)}=${doubled(value)}`),
  )

const doubled = (text: string): string => text.replaceAll('`', '``')

const keyText = (key: string): string =>
  doubled(key)
    .replaceAll('=', '`=')
    .replace(/^ +/, (spaces) => '` '.repeat(spaces.length))
    .replace(/ +$/, (spaces) => '` '.repeat(spaces.length))
