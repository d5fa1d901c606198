// Every endpoint of the HTTP API, in one list: the map of the whole surface. `lictor api list`
// prints it, the client of core/api/client.ts takes its types from it.
import { absentRoutes } from '../absent/routes.ts'
import { aclRoutes } from '../acl/routes.ts'
import { autopilotRoutes } from '../autopilot/routes.ts'
import { catalogRoutes } from '../catalog/routes.ts'
import { coordinateRoutes } from '../coordinates/routes.ts'
import { eventRoutes } from '../events/routes.ts'
import { deleteKey, getKey, putKey } from '../kv/routes.ts'
import { ownRoutes } from '../local/routes.ts'
import { registryRoutes } from '../registry/routes.ts'
import type { Route } from '../route/route.ts'
import { selfRoutes } from '../self/routes.ts'
import { sessionRoutes } from '../sessions/routes.ts'
import { putTxn } from '../txn/routes.ts'

export const TABLE = [
  getKey,
  putKey,
  deleteKey,
  putTxn,
  ...sessionRoutes,
  ...catalogRoutes,
  ...coordinateRoutes,
  ...ownRoutes,
  ...eventRoutes,
  ...aclRoutes,
  ...absentRoutes,
  ...autopilotRoutes,
  ...selfRoutes,
] as const

/** The same for code that treats all routes alike. */
export const ROUTES: readonly Route[] = [...TABLE]

/** What the registry of the lesson answers: its own routes, and behind them all others. */
const LESSON_ROUTES: readonly Route[] = [...ROUTES, ...registryRoutes]

/** Of two routes with one path the later counts. */
export const routesOf = (dialect: 'consul' | 'lesson'): readonly Route[] =>
  dialect === 'lesson' ? LESSON_ROUTES : ROUTES
