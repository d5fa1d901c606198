// The words for each mistake that an HCL text can have: Consul's parser's and ours.

/** The token that stood where it should not. */
interface Got {
  /** As Consul's parser calls it: `IDENT`, `LBRACE`. */
  readonly name: string
  readonly text: string
  /** `line:column`. */
  readonly where: string
}

export interface MistakeDetail {
  /** The names in question, as they are written. */
  readonly keys?: string
  readonly got?: Got
}

interface Words {
  readonly consul: string
  readonly what: string
}

type Wording = (detail: { readonly keys: string; readonly got: Got }) => Words

const NOWHERE: Got = { name: 'EOF', text: '', where: '' }
/** Longer tokens are cut when shown. */
const SHOWN_MAX = 40

const cut = (text: string) => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)

const show = (got: Got) => (got.name === 'EOF' ? 'the end of the text' : JSON.stringify(got.text))

const always = (consul: string, what: string): Wording => {
  const words = { consul, what }
  return () => words
}

const EXPECTED_KEY = 'expected: IDENT | STRING | ASSIGN | LBRACE got:'

const WORDINGS = {
  'too-deep': always('object nested too deeply', 'blocks or lists are nested too deep'),
  'names-before-assign': ({ keys }) => ({
    consul: 'nested object expected: LBRACE got: ASSIGN',
    what: `several names before "=": ${keys}`,
  }),
  'key-alone': ({ keys }) => ({
    consul: `key '${keys}' expected start of object ('{') or assignment ('=')`,
    what: `neither "=" nor a block after ${keys}`,
  }),
  'after-key': ({ keys, got }) => ({
    consul: `${EXPECTED_KEY} ${got.name}`,
    what: `expected "=" or a block after ${keys}, not ${show(got)}`,
  }),
  'assign-without-name': always('no object keys found!', '"=" has no name before it'),
  'block-without-name': always('expected: IDENT | STRING got: LBRACE', 'a block has no name'),
  'no-name': ({ got }) => ({
    consul: `${EXPECTED_KEY} ${got.name}`,
    what: `expected a name, not ${show(got)}`,
  }),
  'block-open': always(
    'object expected closing RBRACE got: EOF',
    'a block has no end: "}" is missing',
  ),
  'value-missing': always('expected a value got: EOF', 'a value is missing after "="'),
  'value-and-end-missing': always(
    'object expected closing RBRACE got: EOF',
    'a value is missing after "=", and the end of its block',
  ),
  'no-value': ({ got }) => ({
    consul: `Unknown token: ${got.where} ${got.name} ${got.text}`,
    what: `expected a value, not ${show(got)}${got.name === 'IDENT' ? '; texts need quotes' : ''}`,
  }),
  'no-comma': ({ got }) => ({
    consul: `error parsing list, expected comma or list end, got: ${got.name}`,
    what: `expected "," or "]" in a list, not ${show(got)}`,
  }),
  'no-item': ({ got }) => ({
    consul: `unexpected token while parsing list: ${got.name}`,
    what: `expected a value or "]" in a list, not ${show(got)}`,
  }),
  'hex-without-digits': always('illegal hexadecimal number', 'a hexadecimal number without digits'),
  'text-open': always('literal not terminated', 'a text has no end: the closing quote is missing'),
  escape: always('illegal char escape', 'an unknown escape; a backslash itself is written twice'),
  'one-angle': always(
    "heredoc expected second '<', didn't see it",
    'a text over several lines begins with <<',
  ),
  'anchor-missing': always('zero-length heredoc anchor', 'the word that ends the text is missing'),
  anchor: always('invalid characters in heredoc anchor', 'only a word may follow <<'),
  'heredoc-open': ({ keys }) => ({
    consul: 'heredoc not terminated',
    what: `a text has no end: a line with ${keys.replace('-', '')} alone is missing`,
  }),
  'comment-open': always('comment not terminated', 'a comment has no end: */ is missing'),
  slash: always("expected '/' for comment", 'a lone "/": comments begin with #, // or /*'),
  null: always('unexpected null character (0x00)', 'a null character'),
  illegal: ({ got }) => ({
    consul: 'illegal char',
    what: `a character that means nothing here: ${show(got)}`,
  }),
} satisfies Record<string, Wording>

export type Mistake = keyof typeof WORDINGS

export function wordsOf(mistake: Mistake, { keys = '', got = NOWHERE }: MistakeDetail): Words {
  const wording: Wording = WORDINGS[mistake]
  return wording({ keys: cut(keys), got: { ...got, text: cut(got.text) } })
}
