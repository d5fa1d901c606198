// From a message to the Request that the core sees: path and query apart, fields by name.
import type { RequestId } from '../../core/ids.ts'
import type { Request } from '../../core/route/request.ts'
import type { Message } from './http-reader.ts'

export function requestOf({ head, body }: Message, id: RequestId, remote: string): Request {
  const { fields, method } = head
  const target = targetOf(head.target)
  const mark = target.indexOf('?')
  const header = (name: string): string | undefined => {
    let value: string | undefined
    for (let at = 0; at < fields.length; at += 2) {
      if (fields[at] !== name) continue
      value = value === undefined ? fields[at + 1] : `${value}, ${fields[at + 1]}`
    }
    return value
  }
  const path = mark < 0 ? target : target.slice(0, mark)
  return { id, method, path, query: mark < 0 ? '' : target.slice(mark + 1), header, body, remote }
}

/** Bytes that should have been sent as percent sequences, and mean the same. */
const RAW = /[\x80-\xff]/

/**
 * Path and query of a request target: whoever takes us for a proxy sends a whole URL (RFC 9112
 * §3.2.2).
 */
function targetOf(sent: string): string {
  const url = RAW.test(sent) ? escapeRaw(sent) : sent
  if (url.startsWith('/')) return url
  const authority = url.indexOf('://')
  if (authority < 0) return `/${url}`
  const path = url.indexOf('/', authority + 3)
  return path < 0 ? '/' : url.slice(path)
}

const escapeRaw = (sent: string): string =>
  sent.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
