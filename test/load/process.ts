// What the system knows of a process, and whether the machine is quiet enough to measure anything.
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux that Node runs on.

/** Processor time of a process so far, in microseconds. */
export async function cpuUs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6
}

/** Resident memory of a process in KiB. */
export async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
}

const IDLE_SHARE = 0.92
const WINDOW_MS = 300
const WAIT_MS_MAX = 60_000

/** Waits until the machine has been idle twice in a row. False when it never was. */
export async function quiet(): Promise<boolean> {
  let last = await idleTimes()
  let calm = 0
  for (let waited = 0; waited < WAIT_MS_MAX; waited += WINDOW_MS) {
    await pause(WINDOW_MS)
    const now = await idleTimes()
    calm = (now.idle - last.idle) / (now.all - last.all) >= IDLE_SHARE ? calm + 1 : 0
    if (calm === 2) return true
    last = now
  }
  return false
}

async function idleTimes(): Promise<{ idle: number; all: number }> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n')
  const times = line.split(/\s+/).slice(1).map(Number)
  return {
    idle: (times[3] ?? 0) + (times[4] ?? 0),
    all: times.reduce((sum, time) => sum + time, 0),
  }
}
