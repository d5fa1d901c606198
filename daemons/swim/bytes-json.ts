// Payloads in JSON: as text where they are text, else in base64 and said so.
import { base64, strictTextOf } from '../../core/bytes.ts'

export interface BytesJson {
  readonly payload: string
  readonly encoding?: 'base64'
}

export function bytesJson(bytes: Uint8Array): BytesJson {
  const text = strictTextOf(bytes)
  return text === undefined ? { payload: base64(bytes), encoding: 'base64' } : { payload: text }
}
