// What the machine says of itself: the body of /v1/agent/host in the names that Consul's clients
// know, and the numbers of the process as gauges.
import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { RuntimeFacts } from '../../core/route/route.ts'

const KIB = 1_024

/** Memory, processors, system, and the disk that holds `dir`. Sizes are bytes, times seconds. */
export async function describeHost(dir: string, wall: number): Promise<unknown> {
  return {
    Memory: memory(),
    CPU: processors(),
    Host: system(wall),
    Disk: await disk(dir),
    CollectionTime: wall * 1e6,
    Errors: null,
  }
}

function memory(): Record<string, number> {
  const sizes = new Map<string, number>()
  for (const [name, value] of fieldsOf(readOr('/proc/meminfo'))) {
    sizes.set(name, Number.parseInt(value, 10) * KIB)
  }
  const size = (name: string) => sizes.get(name) ?? 0
  const total = size('MemTotal') || os.totalmem()
  const free = size('MemFree') || os.freemem()
  const available = size('MemAvailable') || free
  return {
    total,
    available,
    used: total - available,
    usedPercent: percent(total - available, total),
    free,
    active: size('Active'),
    inactive: size('Inactive'),
    buffers: size('Buffers'),
    cached: size('Cached'),
    shared: size('Shmem'),
    slab: size('Slab'),
    swapTotal: size('SwapTotal'),
    swapFree: size('SwapFree'),
  }
}

function processors(): readonly unknown[] {
  const blocks = readOr('/proc/cpuinfo').trim().split('\n\n')
  return os.cpus().map(({ model, speed }, cpu) => {
    const fields = fieldsOf(blocks[cpu] ?? '')
    const text = (name: string) => fields.get(name) ?? ''
    const number = (name: string) => Number.parseInt(text(name), 10) || 0
    return {
      cpu,
      vendorId: text('vendor_id'),
      family: text('cpu family'),
      model: text('model'),
      stepping: number('stepping'),
      physicalId: text('physical id'),
      coreId: text('core id'),
      cores: 1,
      modelName: model,
      mhz: speed,
      cacheSize: number('cache size'),
      flags: text('flags').split(' '),
      microcode: text('microcode'),
    }
  })
}

function system(wall: number): Record<string, unknown> {
  const release = readOr('/etc/os-release')
  const field = (name: string) =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? ''
  const uptime = Math.floor(os.uptime())
  const [, , , processes = ''] = readOr('/proc/loadavg').split(' ')
  return {
    hostname: os.hostname(),
    uptime,
    bootTime: Math.floor(wall / 1_000) - uptime,
    procs: Number(processes.split('/')[1]) || 0,
    os: os.platform(),
    platform: field('ID'),
    platformFamily: field('ID_LIKE') || field('ID'),
    platformVersion: field('VERSION_ID'),
    kernelVersion: os.release(),
    kernelArch: os.machine(),
    virtualizationSystem: '',
    virtualizationRole: '',
    hostId: readOr('/etc/machine-id').trim(),
  }
}

async function disk(dir: string): Promise<Record<string, unknown>> {
  const { bsize, blocks, bavail, bfree, files, ffree } = await statfs(dir)
  const used = (blocks - bfree) * bsize
  return {
    path: dir,
    fstype: '',
    total: blocks * bsize,
    free: bavail * bsize,
    used,
    usedPercent: percent(used, used + bavail * bsize),
    inodesTotal: files,
    inodesUsed: files - ffree,
    inodesFree: ffree,
    inodesUsedPercent: percent(files - ffree, files),
  }
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole)

/** `name: value` lines, as the kernel writes them. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [name = '', value = ''] = line.split(':')
    fields.set(name.trim(), value.trim())
  }
  return fields
}

/** What a file of the kernel says; nothing where there is no such file or no permission. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return ''
    throw error
  }
}

/** How many files and sockets this process may hold open; Infinity where nothing says it. */
export function openFilesMax(): number {
  const soft = /^Max open files +(\d+)/m.exec(readOr('/proc/self/limits'))?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** A function that measures the process: each call gives the gauges as they are now. */
export function createFacts(): () => RuntimeFacts {
  const prefix = `consul.${os.hostname()}.runtime` // Consul puts the host's name into these
  let last: EventLoopUtilization = performance.eventLoopUtilization()
  return () => {
    const { heapUsed, rss, external } = process.memoryUsage()
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return {
      [`${prefix}.alloc_bytes`]: heapUsed,
      [`${prefix}.sys_bytes`]: rss,
      'lictor.runtime.external_bytes': external,
      'lictor.runtime.loop_utilization': utilization,
    }
  }
}
