// A server that answers with what a real Consul answered: the HTTP steps of recorded scenarios, by
// method, path and query, each in the order of the recording. So commands are shown to work
// against an agent that nobody here wrote.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inProject } from '../../kit/paths.ts'

export interface RecordedStep {
  /** `GET /v1/kv/a?recurse` */
  readonly http: string
  readonly body: string
  readonly answer: RecordedAnswer
}

interface RecordedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Asked {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface RecordedServer {
  /** `127.0.0.1:PORT` */
  readonly address: string
  /** What was asked, in order. */
  readonly asked: Asked[]
  /** Requests that no step answers. */
  readonly strays: string[]
  close(): Promise<void>
}

interface RawStep {
  readonly http?: string
  readonly body?: unknown
  readonly bind?: Readonly<Record<string, string>>
  readonly expect?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly json?: unknown
    readonly text?: string
  }
}

/** The HTTP steps of a scenario, their marks replaced by values. */
export function readScenario(path: string): readonly RecordedStep[] {
  const file = inProject('test/conformance', path)
  const { steps } = JSON.parse(readFileSync(file, 'utf8')) as { readonly steps: readonly RawStep[] }
  const bound = new Map<string, string>()
  return steps.flatMap((step) => {
    if (step.http === undefined || step.expect === undefined) return []
    const body = typeof step.body === 'string' ? step.body : JSON.stringify(step.body ?? '')
    const { status, headers, json, text = '' } = step.expect
    const shown = json === undefined ? fill(text) : fillJson(JSON.stringify(json))
    const answer = { status, headers: answerHeaders(headers), body: shown }
    const read = { http: fillBound(step.http, bound), body: fillBound(body, bound), answer }
    for (const [name, where] of Object.entries(step.bind ?? {})) bound.set(name, look(shown, where))
    return [read]
  })
}

const fillBound = (text: string, bound: ReadonlyMap<string, string>): string =>
  text.replace(/\{([a-zA-Z][\w.-]*)\}/g, (whole, name: string) => bound.get(name) ?? whole)

/** Marks in JSON: where a number is meant the quotes go. */
const fillJson = (json: string): string =>
  fill(json.replace(/"<index:(\d+)>"/g, '$1').replace(/"<(?:any:number|index:initial)>"/g, '7'))

const fill = (text: string): string =>
  text
    .replace(/(Lock|Create|Modify)<any>/g, '$1Index": 7')
    .replace(/<index:(\d+)>/g, '$1')
    .replace(/<uuid:(\d+)>/g, (_, n: string) => `00000000-0000-4000-8000-${n.padStart(12, '0')}`)
    .replaceAll('<version>', '1.21.4')
    .replaceAll('<time>', '2026-01-02T03:04:05Z')
    .replace(/<(?:any|any:string|any:lines|optional|index|port:[\w.]+)>/g, '9')

const answerHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]))

function look(json: string, where: string): string {
  if (where.startsWith('/') || where.startsWith('header:')) return ''
  let value: unknown = JSON.parse(json)
  for (const part of where.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined
  }
  return String(value)
}

/** Method, path and query without regard to how it is written. */
function lineOf(method: string, url: string): string {
  const { pathname, searchParams } = new URL(url, 'http://agent')
  const query = [...searchParams].map(([name, value]) => `${name}=${value}`).sort()
  return `${method} ${pathname}?${query.join('&')}`
}

/** Serves the steps; the last answer to a line is repeated. */
export async function serveRecorded(steps: readonly RecordedStep[]): Promise<RecordedServer> {
  const queues = new Map<string, RecordedAnswer[]>()
  for (const { http, answer } of steps) {
    const [method = '', url = ''] = http.split(/ (.*)/s)
    const line = lineOf(method, url)
    queues.set(line, [...(queues.get(line) ?? []), answer])
  }
  const asked: Asked[] = []
  const strays: string[] = []
  const server = createServer(async (request, response) => {
    const line = lineOf(request.method ?? '', request.url ?? '')
    asked.push({ line, headers: request.headers, body: await bodyOf(request) })
    const queue = queues.get(line)
    const answer = queue !== undefined && queue.length > 1 ? queue.shift() : queue?.[0]
    if (answer === undefined) strays.push(line)
    const { status, headers, body } = answer ?? { status: 599, headers: {}, body: 'not recorded' }
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server's address
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address: `127.0.0.1:${port}`, asked, strays, close }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer) // no encoding is set
  return Buffer.concat(chunks)
}
