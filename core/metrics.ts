// Counters, gauges and samples, kept per interval as Consul's telemetry does. Pure: the clock is an
// argument.
import { byName } from './sorted.ts'

/** One interval of aggregation; `/v1/agent/metrics` shows the last complete one. */
const METRICS_INTERVAL_MS = 10_000

/**
 * More names than this are dropped and counted in `lictor.metrics.dropped`: labels must not grow
 * without bound.
 */
const METRIC_NAMES_MAX = 2_000

interface Aggregate {
  count: number
  sum: number
  sumOfSquares: number
  min: number
  max: number
}

interface Interval {
  /** Wall milliseconds at its beginning. */
  readonly from: number
  readonly counters: Map<string, Aggregate>
  readonly samples: Map<string, Aggregate>
}

export interface Metrics {
  readonly gauges: Map<string, number>
  /** Never reset: what Prometheus wants. */
  readonly totals: {
    readonly counters: Map<string, Aggregate>
    readonly samples: Map<string, Aggregate>
  }
  current: Interval
  complete: Interval | undefined
  dropped: number
}

const interval = (from: number): Interval => ({ from, counters: new Map(), samples: new Map() })

export const createMetrics = (wall: number): Metrics => ({
  gauges: new Map(),
  totals: { counters: new Map(), samples: new Map() },
  current: interval(wall - (wall % METRICS_INTERVAL_MS)),
  complete: undefined,
  dropped: 0,
})

export function count(metrics: Metrics, name: string, by = 1): void {
  add(metrics, metrics.current.counters, { name, value: by })
  add(metrics, metrics.totals.counters, { name, value: by })
}

/** A measured duration in milliseconds, or another size whose distribution matters. */
export function sample(metrics: Metrics, name: string, value: number): void {
  add(metrics, metrics.current.samples, { name, value })
  add(metrics, metrics.totals.samples, { name, value })
}

export function gauge(metrics: Metrics, name: string, value: number): void {
  if (metrics.gauges.size < METRIC_NAMES_MAX || metrics.gauges.has(name))
    metrics.gauges.set(name, value)
  else metrics.dropped++
}

/** Closes the interval when its time has come. */
export function rollMetrics(metrics: Metrics, wall: number): void {
  if (wall - metrics.current.from < METRICS_INTERVAL_MS) return
  metrics.complete = metrics.current
  metrics.current = interval(wall - (wall % METRICS_INTERVAL_MS))
}

function add(
  metrics: Metrics,
  into: Map<string, Aggregate>,
  point: { name: string; value: number },
): void {
  const known = into.get(point.name)
  if (known === undefined) {
    if (into.size >= METRIC_NAMES_MAX) metrics.dropped++
    else
      into.set(point.name, {
        count: 1,
        sum: point.value,
        sumOfSquares: point.value ** 2,
        min: point.value,
        max: point.value,
      })
    return
  }
  known.count++
  known.sum += point.value
  known.sumOfSquares += point.value ** 2
  known.min = Math.min(known.min, point.value)
  known.max = Math.max(known.max, point.value)
}

/** The JSON shape of `/v1/agent/metrics`. */
export function metricsJson(metrics: Metrics, timestamp: string): unknown {
  const shown = metrics.complete ?? metrics.current
  return {
    Timestamp: timestamp,
    Gauges: sorted(metrics.gauges).map(([Name, Value]) => ({ Name, Value, Labels: {} })),
    Points: [],
    Counters: sorted(shown.counters).map(([name, value]) => aggregateJson(name, value)),
    Samples: sorted(shown.samples).map(([name, value]) => aggregateJson(name, value)),
  }
}

function aggregateJson(name: string, a: Aggregate): unknown {
  const variance = a.count > 1 ? (a.sumOfSquares - a.sum ** 2 / a.count) / (a.count - 1) : 0
  return {
    Name: name,
    Count: a.count,
    Rate: a.sum / (METRICS_INTERVAL_MS / 1000),
    Sum: a.sum,
    Min: a.min,
    Max: a.max,
    Mean: a.sum / a.count,
    Stddev: Math.sqrt(Math.max(0, variance)),
    Labels: {},
  }
}

/** The text format of Prometheus, version 0.0.4, with a help line for each name. */
export function metricsPrometheus(metrics: Metrics): string {
  const lines: string[] = []
  const describe = (name: string, type: string) => {
    const flat = name.replace(/[^a-zA-Z0-9_]/g, '_')
    lines.push(`# HELP ${flat} ${name}`, `# TYPE ${flat} ${type}`)
    return flat
  }
  for (const [name, value] of sorted(metrics.gauges))
    lines.push(`${describe(name, 'gauge')} ${value}`)
  for (const [name, value] of sorted(metrics.totals.counters)) {
    lines.push(`${describe(name, 'counter')} ${value.sum}`)
  }
  for (const [name, value] of sorted(metrics.totals.samples)) {
    const flat = describe(name, 'summary')
    lines.push(`${flat}_sum ${value.sum}`, `${flat}_count ${value.count}`)
  }
  return `${lines.join('\n')}\n`
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(byName)
