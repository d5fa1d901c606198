// Requests for another datacenter. No pool leads to one in this version, so each is refused, in
// Consul's words; routes whose body or own rules name the datacenter ask here, all others are seen
// to by the pipeline.
import { ApiError } from '../errors.ts'

export const noPath = (): ApiError => new ApiError('no-path', 'No path to datacenter')

/** Who names none means ours. */
export function checkDatacenter(asked: string | undefined, ours: string): void {
  if (asked !== undefined && asked !== '' && asked !== ours) throw noPath()
}
