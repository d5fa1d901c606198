// lictor completion: the script that teaches a shell our commands. Written by
// completions/generate.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Answer, defineCommand } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { packageRoot } from './kit/root.ts'

export const SHELLS: readonly string[] = ['bash', 'zsh', 'fish']

export const command = defineCommand({
  id: 'completion',
  summary: 'Print the completion script of a shell',
  description: [
    'Commands and flags are in the script; keys and daemons are asked for as you type, which ' +
      'takes at most 150 ms and is silent when nobody answers.',
  ],
  examples: [
    {
      does: 'bash, in this session',
      command: 'completion bash',
      pipe: '> ~/.lictor.bash; . ~/.lictor.bash',
    },
    {
      does: 'fish, for good',
      command: 'completion fish',
      pipe: '> ~/.config/fish/completions/lictor.fish',
    },
    { does: 'zsh, into a folder of $fpath', command: 'completion zsh', pipe: '> ~/.zfunc/_lictor' },
  ],
  args: [{ name: 'SHELL', about: SHELLS.join(', '), required: true, completes: 'shell' }],
  flags: {},
  run: ({ args }): Answer => {
    const [shell = ''] = args
    if (!SHELLS.includes(shell)) {
      throw misuse(`no script for ${JSON.stringify(shell)}`, { next: [...SHELLS] })
    }
    const script = readFileSync(join(packageRoot(), 'completions', `lictor.${shell}`), 'utf8')
    return { json: script, text: script }
  },
})
