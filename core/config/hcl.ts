// HCL as a configuration document.
import type { Parse } from './document.ts'

export function parseHclDocument(_text: string): Parse {
  return { ok: false, consul: 'HCL is not read yet', what: 'HCL is not read yet', at: 0 }
}
