// /v1/event: tell all agents of something, and what this agent was told.
import { textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { compileRegexp } from '../regexp.ts'
import { checkDatacenter } from '../route/datacenter.ts'
import {
  type Asked,
  type EventSpec,
  type Found,
  type Input,
  local,
  rawBody,
  read,
} from '../route/route.ts'
import { eventsCursor, listEvents } from './read.ts'
import { type PrintedEvent, printedEvent } from './records.ts'

const fire = local({
  path: 'PUT /v1/event/fire/*name',
  about: 'tell all agents of something; ?node, ?service and ?tag are expressions that choose',
  acl: { resource: 'event', access: 'write', of: 'name' },
  body: rawBody,
  run: ({ config }, input): Asked => {
    const event = eventOf(input)
    checkDatacenter(input.query.get('dc'), config.datacenter)
    return {
      ask: { type: 'fire-event', event },
      say: (answer) => {
        // What the agent answers to `fire-event`.
        const { why } = answer as { readonly why?: string }
        if (why !== undefined) throw new ApiError('invalid', `error broadcasting event: ${why}`)
        return { json: printedEvent({ ...event, lTime: 0 }) }
      },
    }
  },
})

function eventOf({ rest, query, body, uuid }: Input<Uint8Array>): EventSpec {
  if (rest === '') throw new ApiError('bad-request', 'Missing name')
  const [nodeFilter, serviceFilter] = [query.get('node') ?? '', query.get('service') ?? '']
  const tagFilter = query.get('tag') ?? ''
  if (tagFilter !== '' && serviceFilter === '') {
    throw new ApiError('invalid', 'Cannot provide tag filter without service filter')
  }
  checkExpression('node', nodeFilter)
  checkExpression('service', serviceFilter)
  checkExpression('tag', tagFilter)
  const filters = { nodeFilter, serviceFilter, tagFilter }
  return { id: uuid(), name: textOfByteString(rest), payload: body, ...filters }
}

function checkExpression(what: string, expression: string): void {
  const compiled = compileRegexp(expression)
  if (!compiled.ok) throw new ApiError('invalid', `Invalid ${what} filter: ${compiled.why}`)
}

/** How long a list waits for an event if nobody says. */
const WAIT_MS = 600_000

const events = read({
  path: 'GET /v1/event/list',
  about: 'the last events that concern this agent; ?name chooses, ?index waits',
  acl: { resource: 'event', access: 'read' },
  meta: 'bare',
  blocking: 'cursor',
  defaultWaitMs: WAIT_MS,
  of: 'own',
  ignoresDatacenter: true,
  run: (view, { query }): Found<readonly PrintedEvent[]> => {
    const rows = listEvents(view, query.get('name') ?? '')
    return { index: 0, cursor: eventsCursor(rows), value: rows.map(printedEvent) }
  },
})

export const eventRoutes = [fire, events] as const
