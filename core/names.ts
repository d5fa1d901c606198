// What a node may be called wherever it is known: in the pool, in the catalog, in logs.

const NAME_UNITS_MAX = 128

/** Why a name is refused: it would break lines of logs, or fill packets. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'a name is not empty'
  if (name.length > NAME_UNITS_MAX) return `a name has at most ${NAME_UNITS_MAX} characters`
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    if (unit <= 0x20 || (unit >= 0x7f && unit <= 0xa0)) return 'a name has no blanks or controls'
  }
  return undefined
}
