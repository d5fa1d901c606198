// lictor swim keygen: the same as lictor keygen, where serf's users look for it.
import { command as keygen } from '../keygen.ts'
import { defineCommand } from '../kit/declare.ts'

export const command = defineCommand({
  ...withoutConsul(keygen),
  id: 'swim keygen',
  examples: [
    { does: 'A key', command: 'swim keygen' },
    { does: 'For programs', command: 'swim keygen -json', pipe: '| jq -r .' },
  ],
})

function withoutConsul({ consul: _, ...rest }: typeof keygen): Omit<typeof keygen, 'consul'> {
  return rest
}
