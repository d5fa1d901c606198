// How times of a pool are shown to people.

/** `1.2s` while it is young, then `3m12s`, `2h5m`, `3d4h`. */
export function agoText(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)}s`
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit))
  if ((hours ?? 0) < 1) return `${minutes}m${Math.floor(seconds % 60)}s`
  if ((days ?? 0) < 1) return `${hours}h${(minutes ?? 0) % 60}m`
  return `${days}d${(hours ?? 0) % 24}h`
}

/** `2026-01-15 10:23:45`, of this machine or UTC. */
export function timeText(iso: string, utc: boolean): string {
  if (utc) return iso.slice(0, 19).replace('T', ' ')
  const at = new Date(iso)
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ')
}
