// The vocabulary in which settings are declared: what may stand under a key, how else the key
// may be spelled, and what became of keys that are no longer used. One declaration gives the
// decoder, the TypeScript type and the manual's list.

export type Shape =
  | { readonly type: 'string' }
  /** A Go duration as text. Checked when it is used, as Consul does. */
  | { readonly type: 'duration' }
  | { readonly type: 'bool' }
  | { readonly type: 'int' }
  /** 0 or more; `go` is what Consul's complaints call it. */
  | { readonly type: 'uint'; readonly go: 'uint' | 'uint64' }
  | { readonly type: 'float' }
  /** Anything: kept as plain values, for settings that another part interprets. */
  | { readonly type: 'any' }
  | { readonly type: 'list'; readonly of: Shape }
  | { readonly type: 'map'; readonly of: Shape }
  | RecordShape

export interface RecordShape {
  readonly type: 'record'
  readonly fields: Readonly<Record<string, Shape>>
  /** Other spellings in lower case, and the field that each stands for. */
  readonly aliases: Readonly<Record<string, string>>
  /** Keys of Consul Enterprise: a warning, no effect. */
  readonly enterprise: readonly string[]
  /** Keys of ours that Consul does not know: unknown when we are called as `consul`. */
  readonly own: readonly string[]
}

interface RecordOptions {
  readonly aliases?: Readonly<Record<string, string>>
  readonly enterprise?: readonly string[]
  readonly own?: readonly string[]
}

export const text = { type: 'string' } as const
export const bool = { type: 'bool' } as const
export const int = { type: 'int' } as const
export const uint = { type: 'uint', go: 'uint' } as const
export const uint64 = { type: 'uint', go: 'uint64' } as const
export const float = { type: 'float' } as const
export const anything = { type: 'any' } as const
export const duration = { type: 'duration' } as const

export const list = <const S extends Shape>(of: S) => ({ type: 'list', of }) as const
export const map = <const S extends Shape>(of: S) => ({ type: 'map', of }) as const
export const texts = list(text)
export const textMap = map(text)

export const record = <const F extends Readonly<Record<string, Shape>>>(
  fields: F,
  options: RecordOptions = {},
) =>
  ({
    type: 'record',
    fields,
    aliases: options.aliases ?? {},
    enterprise: options.enterprise ?? [],
    own: options.own ?? [],
  }) as const

/** What a decoded value of a shape looks like. */
export type Infer<S> = S extends { readonly type: 'string' | 'duration' }
  ? string
  : S extends { readonly type: 'bool' }
    ? boolean
    : S extends { readonly type: 'int' | 'uint' | 'float' }
      ? number
      : S extends { readonly type: 'list'; readonly of: infer Item }
        ? readonly Infer<Item>[]
        : S extends { readonly type: 'map'; readonly of: infer Item }
          ? Readonly<Record<string, Infer<Item>>>
          : S extends { readonly type: 'record'; readonly fields: infer F }
            ? { readonly [K in keyof F]?: Infer<F[K]> }
            : unknown
