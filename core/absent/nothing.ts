// What a list holds that nothing can be put into.
import type { Found } from '../route/route.ts'

export const NOTHING: Found<readonly never[]> = { index: 0, value: [] }

export const nothing = (): Found<readonly never[]> => NOTHING
