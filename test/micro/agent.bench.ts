// What the agent's own machine costs, without sockets and disk: rates of a second of the processor.
// `npm run bench` calls `run` and prints what it returns; by itself: `node --import tsx` this file.
import { pathToFileURL } from 'node:url'
import { drain, step } from '../../core/agent/agent.ts'
import type { AgentEvent } from '../../core/agent/events.ts'
import type { Agent } from '../../core/agent/record.ts'
import { utf8 } from '../../core/bytes.ts'
import { requestId } from '../../core/ids.ts'
import { createMachine } from '../kit/machine.ts'
import type { Rate } from './state.bench.ts'

/** As many as share one write of the disk. */
const GROUP = 8
const REQUESTS = 40_000
const WALL = Date.UTC(2026, 0, 2)

interface Load {
  readonly name: string
  readonly path: string
  readonly body: (n: number) => string
}

const LOADS: readonly Load[] = [
  { name: 'keys put', path: '/v1/kv/app', body: (n) => `value ${n}` },
  {
    name: 'services registered at the agent',
    path: '/v1/agent/service/register',
    body: (n) => `{"ID":"w${n}","Name":"own","Port":8080,"Check":{"TTL":"1h"}}`,
  },
  {
    name: 'services registered in the catalog',
    path: '/v1/catalog/register',
    body: (n) =>
      `{"Node":"n${n}","Address":"10.0.${n % 250}.${n % 251}","Service":{"ID":"w${n}",` +
      `"Service":"new","Port":8080,"Tags":["v1"]},` +
      `"Check":{"CheckID":"c${n}","Status":"passing","ServiceID":"w${n}"}}`,
  },
]

export const run = (): Rate[] => LOADS.map(rateOf)

function rateOf({ name, path, body }: Load): Rate {
  const { agent } = createMachine({ dataDir: '/nowhere' })
  give(agent, [])
  const before = process.cpuUsage()
  for (let n = 0; n < REQUESTS; n += GROUP) {
    const events: AgentEvent[] = [{ type: 'gather' }]
    for (let i = n; i < n + GROUP; i++) events.push(put(i, path, body(i)))
    give(agent, [...events, { type: 'gathered' }])
  }
  const { user, system } = process.cpuUsage(before)
  return { name, perSecond: (REQUESTS / (user + system)) * 1_000_000 }
}

const put = (n: number, path: string, body: string): AgentEvent => ({
  type: 'request',
  request: {
    id: requestId(n + 1),
    method: 'PUT',
    path,
    query: '',
    header: () => undefined,
    body: utf8(body),
    remote: '127.0.0.1',
  },
})

/** Steps the agent with these and with what comes of them, on a disk that has written at once. */
function give(agent: Agent, events: readonly AgentEvent[]): void {
  const queue = [...events]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    step(agent, next, { now: 0, wall: WALL })
    for (const effect of drain(agent)) {
      if (effect.type === 'persist') {
        queue.push({ type: 'persisted', token: effect.persist.token })
      } else if (effect.type === 'save-own') {
        queue.push({ type: 'own-saved', token: effect.save.token })
      } else if (effect.type === 'save-snapshot') queue.push({ type: 'snapshot-refused' })
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, perSecond } of run()) {
    process.stdout.write(`${perSecond.toLocaleString('en').padStart(14)}/s  ${name}\n`)
  }
}
