// A check that runs a program: 0 passes, 1 warns, anything else is critical (consul-surface 7.2).
// The program leads a process group of its own, and the whole group is killed when its time is up
// or nobody wants to know any more: a script that has started others leaves none of them behind.
import { spawn } from 'node:child_process'
import type { Probed, ProbeTarget } from '../../core/local/probe.ts'
import { formatDuration } from '../../core/time.ts'
import { type Bounds, createTail, critical, within } from './probe-end.ts'

type Script = Extract<ProbeTarget, { readonly type: 'script' }>

export function probeScript({ args }: Script, bounds: Bounds): Promise<Probed> {
  const [file = '', ...rest] = args
  const tail = createTail(bounds.outputMax)
  const said = () => {
    const { total } = tail
    const { outputMax } = bounds
    const text = tail.text()
    return total > outputMax ? `Captured ${outputMax} of ${total} bytes\n...\n${text}` : text
  }
  const timedOut = `Timed out (${formatDuration(bounds.timeoutMs)}) running check`
  const late = () => unfinished([timedOut, said()].filter(Boolean).join('\n\n'))
  return within(bounds, late, (finish) => {
    const child = spawn(file, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let hasEnded = false
    child.stdout.on('data', (chunk: Buffer) => tail.add(chunk))
    child.stderr.on('data', (chunk: Buffer) => tail.add(chunk))
    child.on('error', (error) => finish(unfinished(startText(file, error))))
    child.on('close', (code) => {
      hasEnded = true
      const status = code === 0 ? 'passing' : code === 1 ? 'warning' : 'critical'
      finish({ status, output: said() })
    })
    return () => {
      if (!hasEnded && child.pid !== undefined) killGroup(child.pid)
    }
  })
}

const unfinished = (output: string): Probed => ({ ...critical(output), atOnce: true })

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (!isGone) throw error
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
}

/** What Go says of a program that cannot be started. */
function startText(file: string, error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' && !file.includes('/')) {
    return `exec: "${file}": executable file not found in $PATH`
  }
  return `fork/exec ${file}: ${REASONS[code] ?? error.message}`
}
