// Objects with a known behaviour, for the checker of histories.
import type { Model } from './check-linear.ts'

/**
 * One register (Jepsen's cas-register), or one key with appends. `undefined` as output: nobody
 * knows what was answered.
 */
export type RegisterOp =
  | { readonly type: 'read'; readonly output: string | undefined }
  | { readonly type: 'write'; readonly value: string }
  | { readonly type: 'append'; readonly value: string }
  /** `output` undefined: it may have been either. */
  | {
      readonly type: 'cas'
      readonly expected: string
      readonly value: string
      readonly output: boolean | undefined
    }

export const register = (start: string): Model<RegisterOp> => ({
  start,
  step: (state, op) => {
    switch (op.type) {
      case 'read':
        return op.output === undefined || op.output === state ? state : undefined
      case 'write':
        return op.value
      case 'append':
        return state + op.value
      default:
        return stepCas(state, op)
    }
  },
})

function stepCas(state: string, op: Extract<RegisterOp, { type: 'cas' }>): string | undefined {
  const matches = state === op.expected
  if (op.output !== undefined && op.output !== matches) return undefined
  return matches ? op.value : state
}
