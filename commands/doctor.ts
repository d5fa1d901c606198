// lictor doctor: looks at what usually is wrong, and says what to do about it.
import { examine, type Finding } from './doctor/examine.ts'
import { type Answer, boolean, defineCommand, type Flags } from './kit/declare.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import type { Paint } from './kit/output.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  all: boolean('also show what is fine'),
} as const satisfies Flags

export const command = defineCommand({
  id: 'doctor',
  summary: 'Find out what is wrong',
  description: [
    'Asks whether the agent answers, whether there is a leader, who holds the ports, how the ' +
      'disk, the clock and the limits are. Exit code 1 when a problem was found. The ids of ' +
      'findings never change.',
  ],
  examples: [
    { does: 'Problems only', command: 'doctor' },
    {
      does: 'For programs',
      command: 'doctor -json',
      pipe: '| jq -r ".findings[] | select(.ok|not) | .id"',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const findings = await examine(call)
    const healthy = findings.every(({ ok }) => ok)
    const shown = findings.filter(({ ok }) => call.flags.all || !ok)
    const text = shown.map((one) => findingText(one, call.out.paint)).join('')
    const last = healthy ? `healthy: ${findings.length} questions asked, no problem found\n` : ''
    return { json: { healthy, findings }, text: text + last, exit: healthy ? 0 : 1 }
  },
})

function findingText({ id, ok, what, next = [] }: Finding, paint: Paint): string {
  const mark = ok ? paint('green', 'ok ') : paint('red', 'BAD')
  const steps = next.map((step, i) => `    ${i === 0 ? 'next:' : '     '} ${step}\n`).join('')
  return `${mark} ${paint('bold', id)}: ${what}\n${steps}`
}
