// A request to a member, and the shapes of its answers.
import { encodeJson } from '../../core/route/json.ts'
import type { Request, Response } from '../../core/route/request.ts'
import type { LiveFeed } from '../runtime/http.ts'
import type { SwimNode } from './node.ts'

export type OpenFeed = (write: (text: string) => boolean) => LiveFeed

export interface Asked {
  readonly node: SwimNode
  readonly request: Request
  readonly query: URLSearchParams
  /** An answer without an end. */
  readonly openFeed: (open: OpenFeed) => Response
  readonly onLeft: () => void
}

export const json = (status: number, value: unknown): Response => ({
  status,
  headers: ['Content-Type', 'application/json'],
  body: `${encodeJson(value ?? null)}\n`,
})

/** In words, as those of an agent. */
export const refusal = (status: number, why: string): Response => ({
  status,
  headers: ['Content-Type', 'text/plain; charset=utf-8'],
  body: why,
})

export const pathOf = ({ method, path }: Request): string => `${method} ${path}`
