// Plays recorded scenarios of test/conformance against an agent without a world: no process, no
// port, virtual time. The runner of the corpus does the same with a real program; this one tells a
// room in a second whether its answers still fit.
import { readFileSync } from 'node:fs'
import type { AgentConfig } from '../../core/config/agent-config.ts'
import type { RequestId } from '../../core/ids.ts'
import type { Response } from '../../core/route/request.ts'
import { advance, createMachine, give, type Machine, send, textOfBody } from './machine.ts'
import { inProject } from './paths.ts'

/** What match.mjs exports, as far as it is used here. */
interface Marks {
  initial: number
  readonly ports: Map<number, string>
  spelled(text: string): void
  bind(name: string, value: string | number): void
  fill(text: string): string
  compare(expected: unknown, actual: unknown, path: string, unordered?: boolean): string[]
  compareText(expected: string, actual: string): string[]
  markJson(value: unknown, ignore: readonly string[]): unknown
}

interface Expectation {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly text?: string
}

interface Step {
  readonly http?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly bind?: Readonly<Record<string, string>>
  readonly until?: string
  readonly start?: string
  readonly finish?: string
  readonly sleep?: number
  readonly unordered?: boolean
  readonly asText?: boolean
  readonly exactIndex?: boolean
  readonly check?: boolean
  readonly ignore?: readonly string[]
  readonly keep?: readonly string[]
  readonly volatile?: readonly string[]
  readonly expect?: Expectation
}

export interface Replay {
  readonly played: number
  /** One line for each difference. */
  readonly problems: readonly string[]
}

/** `passOver`: steps that this version does not answer; they are performed and not compared. */
export interface ReplayOptions {
  readonly passOver?: RegExp
  readonly config?: Partial<AgentConfig>
}

const PORTS = { http: 8500, dns: 8600, server: 8300, serf_lan: 8301, serf_wan: 8302 } as const
const KEPT = /^(content-type|location|allow|vary|x-cache|age|x-consul-.*)$/

interface Stage {
  readonly machine: Machine
  readonly marks: Marks
  readonly pending: Map<string, { readonly id: RequestId; readonly step: Step }>
}

export async function replay(scenario: string, options: ReplayOptions = {}): Promise<Replay> {
  const file = inProject('test/conformance', scenario)
  const { steps } = JSON.parse(readFileSync(file, 'utf8')) as { readonly steps: readonly Step[] }
  const stage = await createStage(steps, options.config ?? {})
  const problems: string[] = []
  let played = 0
  for (const step of steps) {
    const found = playStep(stage, step)
    const isPassedOver = step.http !== undefined && options.passOver?.test(step.http)
    if (found === undefined || isPassedOver) continue
    played++
    const label = `${scenario}: ${found.step.http} ${JSON.stringify(step.body ?? '')}`
    problems.push(...compare(stage, found).map((problem) => `${label}: ${problem}`))
  }
  return { played, problems }
}

async function createStage(steps: readonly Step[], config: Partial<AgentConfig>): Promise<Stage> {
  const path = inProject('test/conformance/match.mjs')
  const { Marks } = (await import(path)) as { readonly Marks: new () => Marks } // plain JavaScript
  const marks = new Marks()
  marks.spelled(JSON.stringify(steps.map(({ expect: _, ...step }) => step)))
  for (const [name, port] of Object.entries(PORTS)) {
    marks.ports.set(port, `0.${name}`)
    marks.bind(`port.0.${name}`, port)
  }
  const lan = '127.0.0.1'
  const taggedAddresses = { lan, lan_ipv4: lan, wan: lan, wan_ipv4: lan }
  const machine = createMachine({ dev: true, taggedAddresses, ...config })
  marks.initial = machine.agent.fsm.applied.index
  return { machine, marks, pending: new Map() }
}

interface Finished {
  readonly step: Step
  readonly expect: Expectation
  readonly response: Response
}

function playStep(stage: Stage, step: Step): Finished | undefined {
  const { machine, pending } = stage
  if (step.sleep !== undefined) advance(machine, step.sleep)
  if (step.http === undefined && step.finish === undefined) return undefined
  const begun = step.finish === undefined ? { id: repeatStep(stage, step), step } : undefined
  if (step.start !== undefined && begun !== undefined) {
    pending.set(step.start, begun)
    return undefined
  }
  const { id, step: asked } = begun ?? pending.get(step.finish ?? '') ?? { id: undefined, step }
  if (id !== undefined && step.start === undefined) waitFor(machine, id)
  const response = id === undefined ? undefined : machine.responses.get(id)
  if (response === undefined) throw new Error(`no answer to ${JSON.stringify(step)}`)
  bindAll(stage.marks, step, response)
  const { expect } = step
  return expect === undefined || step.check === false
    ? undefined
    : { step: asked, expect, response }
}

/** Longer than any wait that a scenario sees to its end. */
const WAIT_MS_MAX = 1_000
const WAIT_STEP_MS = 20

function waitFor(machine: Machine, id: RequestId): void {
  for (let ms = 0; ms < WAIT_MS_MAX && !machine.responses.has(id); ms += WAIT_STEP_MS) {
    advance(machine, WAIT_STEP_MS)
  }
}

/** With `until`: again and again, until the answer matches, or the time for that is up. */
function repeatStep(stage: Stage, step: Step): RequestId {
  const { machine, marks } = stage
  const wanted = step.until === undefined ? undefined : new RegExp(marks.fill(step.until))
  for (let ms = 0; ; ms += UNTIL_STEP_MS) {
    const id = sendStep(stage, step)
    const response = machine.responses.get(id)
    if (wanted === undefined || response === undefined || ms >= UNTIL_MS_MAX) return id
    // As the runner matches: the answer as compact JSON.
    const text = textOfBody(response)
    if (wanted.test(text.startsWith('[') ? JSON.stringify(JSON.parse(text)) : text)) return id
    advance(machine, UNTIL_STEP_MS)
  }
}

/** As the runner of the corpus, whose time is real. */
const UNTIL_MS_MAX = 20_000
const UNTIL_STEP_MS = 100

function sendStep({ machine, marks }: Stage, step: Step): RequestId {
  const sent = { body: marks.fill(bodyText(step.body)), headers: step.headers ?? {} }
  const id = send(machine, marks.fill(step.http ?? ''), sent)
  const asks = machine.effects.some((effect) => effect.type === 'ask' && effect.id === id)
  if (asks) give(machine, { type: 'answered', id, answer: {} })
  return id
}

/** As sent: text, JSON, or parts of which some are repeated. */
function bodyText(body: unknown): string {
  if (typeof body === 'string') return body
  if (typeof body !== 'object' || body === null) return ''
  if (!('concat' in body) || !Array.isArray(body.concat)) return JSON.stringify(body)
  // what the scenarios of the corpus hold there
  const parts = body.concat as readonly (string | { repeat: string; times: number })[]
  return parts.map((p) => (typeof p === 'string' ? p : p.repeat.repeat(p.times))).join('')
}

const headersOf = ({ headers }: Response): Map<string, string> =>
  new Map(
    headers.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1] ?? '']] : [])),
  )

function bindAll(marks: Marks, step: Step, response: Response): void {
  for (const [name, where] of Object.entries(step.bind ?? {})) {
    if (where.startsWith('header:')) marks.bind(name, headersOf(response).get(where.slice(7)) ?? '')
    else if (response.status === 200)
      marks.bind(name, lookUp(JSON.parse(textOfBody(response)), where))
  }
}

function lookUp(value: unknown, where: string): string {
  for (const part of where.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined
  }
  return String(value)
}

function compare({ marks }: Stage, { step, expect, response }: Finished): string[] {
  if (expect.status !== response.status) {
    return [`status ${expect.status} expected, got ${response.status} ${textOfBody(response)}`]
  }
  const problems: string[] = []
  const headers = headersOf(response)
  for (const [name, value] of Object.entries(expect.headers)) {
    const actual = headers.get(name)
    if (actual === undefined) problems.push(`header ${name}: missing`)
    else if (value.startsWith('<index:'))
      problems.push(...marks.compare(value, Number(actual), name))
    else if (value !== '<index>') problems.push(...marks.compareText(value, actual))
  }
  for (const name of headers.keys()) {
    if (KEPT.test(name) && !(name in expect.headers)) problems.push(`header ${name}: not expected`)
  }
  return problems.concat(compareBody(marks, { step, expect, response }))
}

function compareBody(marks: Marks, { step, expect, response }: Finished): string[] {
  // The HTTP door sends no body to HEAD, whatever the endpoint says.
  const text = step.http?.startsWith('HEAD ') ? '' : textOfBody(response)
  if ('json' in expect) {
    return marks.compare(expect.json, JSON.parse(text), 'json', step.unordered ?? false)
  }
  return marks.compareText(expect.text ?? '', text)
}
