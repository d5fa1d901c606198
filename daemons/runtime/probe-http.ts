// A check over HTTP: 2xx passes, 429 warns, everything else is critical (consul-surface 7.2). No
// connection is kept: each try is a client that comes for the first time.
import http from 'node:http'
import https from 'node:https'
import type { Probed, ProbeTarget } from '../../core/local/probe.ts'
import {
  type Bounds,
  createTail,
  critical,
  type Finish,
  goText,
  speaksNoTls,
  tlsOptions,
  within,
} from './probe-end.ts'

type Target = Extract<ProbeTarget, { readonly type: 'http' }>

/** As Go's client: then it gives up. */
const REDIRECTS_MAX = 10

interface Attempt {
  readonly method: string
  readonly url: URL
  readonly body: string
  readonly hops: number
}

export function probeHttp(target: Target, bounds: Bounds): Promise<Probed> {
  const { method, body } = target
  const url = parseUrl(target.url)
  if (url === undefined) {
    return Promise.resolve(critical(`${verb(method)} "${target.url}": ${unsupported(target.url)}`))
  }
  const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  const onTimeout = () => critical(`${verb(method)} "${target.url}": ${late}`)
  return within(bounds, onTimeout, (finish) => {
    const life: { request: http.ClientRequest | undefined } = { request: undefined }
    const send = (attempt: Attempt) => {
      life.request = request(target, attempt, {
        answered: (answer) => onAnswer({ target, bounds, attempt, answer, finish, send }),
        failed: (error) => {
          const why = speaksNoTls(error) ? NO_TLS : goText(error, 'tcp', hostPort(attempt.url))
          finish(critical(`${verb(attempt.method)} "${target.url}": ${why}`))
        },
      })
    }
    send({ method, url, body, hops: 0 })
    return () => life.request?.destroy()
  })
}

const NO_TLS = 'http: server gave HTTP response to HTTPS client'

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

/** Go quotes the scheme, which may be none. */
const unsupported = (url: string): string =>
  `unsupported protocol scheme "${/^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? ''}"`

/** Go writes `Get "http://…"`. */
const verb = (method: string) => method.slice(0, 1).toUpperCase() + method.slice(1).toLowerCase()

const hostPort = ({ hostname, port, protocol }: URL) =>
  `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`

interface Ends {
  readonly answered: (answer: http.IncomingMessage) => void
  readonly failed: (error: Error) => void
}

function request(target: Target, { method, url, body }: Attempt, ends: Ends): http.ClientRequest {
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const made = (isTls ? https : http).request(url, {
    method,
    headers: headersOf(target, body),
    agent: false,
    ...(isTls && tlsOptions(target.tls, host)),
  })
  made.on('response', ends.answered)
  made.on('error', ends.failed)
  made.end(body)
  return made
}

function headersOf({ header }: Target, body: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    'User-Agent': 'Consul Health Check',
    Accept: 'text/plain, text/*, */*',
    Connection: 'close',
  }
  if (body !== '') headers['Content-Length'] = String(Buffer.byteLength(body))
  for (const [name, values] of Object.entries(header)) {
    const known = Object.keys(headers).find((own) => own.toLowerCase() === name.toLowerCase())
    if (known !== undefined) delete headers[known]
    headers[name] = [...values]
  }
  return headers
}

interface Answered {
  readonly target: Target
  readonly bounds: Bounds
  readonly attempt: Attempt
  readonly answer: http.IncomingMessage
  readonly finish: Finish
  readonly send: (attempt: Attempt) => void
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

function onAnswer(answered: Answered): void {
  const { target, attempt, answer, finish, send } = answered
  const status = answer.statusCode ?? 0
  const { location } = answer.headers
  if (target.followsRedirects && REDIRECTS.has(status) && location !== undefined) {
    answer.resume()
    const next = follow(attempt, { status, location })
    if (typeof next === 'string') finish(critical(`${verb(attempt.method)} "${location}": ${next}`))
    else send(next)
    return
  }
  readAnswer(answered, status)
}

function follow(
  { method, url, body, hops }: Attempt,
  { status, location }: { readonly status: number; readonly location: string },
): Attempt | string {
  if (hops + 1 >= REDIRECTS_MAX) return `stopped after ${REDIRECTS_MAX} redirects`
  const next = URL.canParse(location, url.href) ? parseUrl(new URL(location, url).href) : undefined
  if (next === undefined) return unsupported(location)
  const keeps = status === 307 || status === 308 || method === 'GET' || method === 'HEAD'
  return { method: keeps ? method : 'GET', url: next, body: keeps ? body : '', hops: hops + 1 }
}

function readAnswer({ target, bounds, answer, finish }: Answered, code: number): void {
  const tail = createTail(bounds.outputMax)
  const done = () => {
    const said = `${code} ${answer.statusMessage ?? ''}`
    const output = `HTTP ${target.method} ${target.url}: ${said} Output: ${tail.text()}`
    const status = code >= 200 && code <= 299 ? 'passing' : code === 429 ? 'warning' : 'critical'
    finish({ status, output })
  }
  answer.on('data', (chunk: Buffer) => tail.add(chunk))
  answer.on('end', done)
  answer.on('error', done)
  answer.on('aborted', done)
}
