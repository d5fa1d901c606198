// lictor session create: something that can hold locks, and lets them go when it ends.
import { parseDuration } from '../../core/time.ts'
import { connect } from '../kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  choice,
  defineCommand,
  type Flags,
  list,
  optional,
  text,
} from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  behavior: choice('what becomes of its keys when it ends', ['release', 'delete']),
  'lock-delay': optional('how long its keys cannot be locked after it was lost (default 15s)', {
    placeholder: 'DURATION',
  }),
  name: text('for people: what it is for', '', { placeholder: 'NAME' }),
  node: optional('the node it belongs to (default: that of the agent)', {
    placeholder: 'NODE',
    completes: 'node',
  }),
  'node-check': list('ends when this check of the node turns critical (default serfHealth)', {
    placeholder: 'ID',
  }),
  'service-check': list('ends when this check of a service of the node turns critical', {
    placeholder: 'ID',
  }),
  'no-checks': boolean('stand on no check at all, the TTL alone decides'),
  ttl: optional('ends unless renewed in this time, 10s to 24h; may live up to twice as long', {
    placeholder: 'DURATION',
  }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'session create',
  summary: 'Begin a session, which can hold locks',
  description: [
    'Prints its ID. A session ends when it is destroyed, when nobody renews its TTL, when a ' +
      'check it stands on turns critical, or when its node goes. See lictor-lock(7).',
  ],
  examples: [
    { does: 'One that has to be renewed', command: 'session create -name=leader -ttl=15s' },
    {
      does: 'Lock a key with it',
      command: 'session create -ttl=15s',
      pipe: '| xargs -I ID lictor kv put -acquire -session=ID service/leader me',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const body = JSON.stringify(bodyOf(call))
    const reply = await connect(call).call('PUT /v1/session/create', { body })
    const json = reply.value()
    return { json, text: `${json.ID}\n` }
  },
})

function bodyOf({ flags, given }: Call<typeof FLAGS>): Readonly<Record<string, unknown>> {
  for (const name of ['ttl', 'lock-delay'] as const) {
    const value = flags[name]
    if (value !== undefined && parseDuration(value) === undefined) {
      throw misuse(`-${name} is no duration: ${value}`, { next: [`-${name}=15s`] })
    }
  }
  if (flags['no-checks'] && (given.has('node-check') || given.has('service-check'))) {
    throw misuse('-no-checks goes with neither -node-check nor -service-check')
  }
  const checks = {
    ...(flags['no-checks'] || given.has('node-check') ? { NodeChecks: flags['node-check'] } : {}),
    ...(given.has('service-check')
      ? { ServiceChecks: flags['service-check'].map((ID) => ({ ID })) }
      : {}),
  }
  return {
    Behavior: flags.behavior,
    ...(flags.name === '' ? {} : { Name: flags.name }),
    ...(flags.node === undefined ? {} : { Node: flags.node }),
    ...(flags.ttl === undefined ? {} : { TTL: flags.ttl }),
    ...(flags['lock-delay'] === undefined ? {} : { LockDelay: flags['lock-delay'] }),
    ...checks,
  }
}
