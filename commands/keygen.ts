// lictor keygen: a key for gossip encryption.
import { randomBytes } from 'node:crypto'
import { type Answer, defineCommand } from './kit/declare.ts'

const KEY_BYTES = 32

export const command = defineCommand({
  id: 'keygen',
  summary: 'Draw a key for gossip encryption',
  description: ['32 random bytes in base64: a value for -encrypt and for the setting encrypt.'],
  examples: [
    { does: 'A key', command: 'keygen' },
    { does: 'For programs', command: 'keygen -json', pipe: '| jq -r .' },
  ],
  args: [],
  flags: {},
  consul: { usage: 'keygen [options]' },
  run: (): Answer => {
    const key = randomBytes(KEY_BYTES).toString('base64')
    return { json: key, text: `${key}\n` }
  },
})
