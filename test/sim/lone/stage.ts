// A lone agent on a stage: a test says what is asked and when, and what happens to the process.

import { textOf, utf8 } from '../../../core/bytes.ts'
import type { Response } from '../../../core/route/request.ts'
import {
  advance,
  after,
  crash,
  createLoneWorld,
  type LoneOptions,
  type LoneWorld,
  send,
  start,
} from '../../../core/sim/lone/world.ts'
import { testConfig } from '../../kit/config.ts'

export interface Answer {
  readonly status: number
  readonly index: number
  readonly json: unknown
}

export interface Stage {
  readonly world: LoneWorld
  readonly ask: (line: string, body?: string) => Answer
  /** The answer comes later, or never. */
  readonly wait: (line: string) => { answer: Answer | undefined }
  readonly sleep: (ms: number) => void
  readonly restart: () => void
}

const ASK_MS = 2_000

export function openStage(ordering: LoneOptions['ordering'], snapshotThreshold = 1_000): Stage {
  const config = testConfig()
  const world = createLoneWorld({
    seed: 7,
    ordering,
    config: { ...config, dev: false, raft: { ...config.raft, snapshotThreshold } },
    conditions: {
      writeMs: 1,
      writeSpreadMs: 1,
      slowChance: 0,
      slowMs: 0,
      snapshotMs: 5,
      tears: false,
    },
    onStart: () => undefined,
    onStep: () => undefined,
    onSettled: () => undefined,
  })
  const sleep = (ms: number) => {
    let over = false
    after(world, ms, () => {
      over = true
    })
    while (!over && advance(world));
  }
  const wait = (line: string, body = '') => {
    const told: { answer: Answer | undefined; over: boolean } = { answer: undefined, over: false }
    const [method = '', path = '', query = ''] = line.split(/[ ?]/)
    if (method !== 'GET' && method !== 'PUT' && method !== 'DELETE') throw new Error(line)
    send(world, { method, path: `/v1/${path}`, query, body: utf8(body) }, (response) => {
      told.over = true
      if (response !== 'closed') told.answer = read(response)
    })
    return told
  }
  const ask = (line: string, body = '') => {
    const told = wait(line, body)
    const until = world.now + ASK_MS
    while (!told.over && world.now < until && advance(world));
    if (told.answer === undefined) throw new Error(`${line} is not answered`)
    return told.answer
  }
  const restart = () => {
    crash(world)
    sleep(50)
    start(world)
    sleep(1_000)
  }
  start(world)
  sleep(1_000)
  return { world, ask, wait, sleep, restart }
}

function read({ status, headers, body }: Response): Answer {
  const at = headers.findIndex((name) => name.toLowerCase() === 'x-consul-index')
  const text = body instanceof Uint8Array ? textOf(body) : String(body)
  return { status, index: at < 0 ? 0 : Number(headers[at + 1]), json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
