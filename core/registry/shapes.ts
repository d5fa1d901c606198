// What the registry of the lesson prints: lower-case names, an instance with its health in one
// record, and nothing that is empty.
import type { Health } from '../catalog/read.ts'
import { CRITICAL, PASSING, type Texts } from '../catalog/records.ts'

export interface LessonInstance {
  readonly id: string
  readonly address: string
  readonly port: number
  /** The worst of its checks, those of its node among them; without any it is passing. */
  readonly status: string
  readonly tags?: readonly string[]
  readonly meta?: Texts
}

/** Where instances of several services stand together. */
export interface NamedInstance extends LessonInstance {
  readonly name: string
  readonly node: string
}

/** A check as far as it is shown: rows of the catalog and of the agent have all of it. */
interface Checked {
  readonly id: string
  readonly name: string
  readonly serviceId: string
  readonly status: string
  readonly output: string
}

export interface LessonCheck {
  readonly id: string
  readonly name: string
  readonly service?: string
  readonly status: string
  readonly output: string
}

export const lessonCheck = ({ id, name, serviceId, status, output }: Checked): LessonCheck => ({
  id,
  name,
  ...(serviceId !== '' && { service: serviceId }),
  status,
  output,
})

interface Described {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly tags: readonly string[] | null
  readonly meta: Texts | null
}

/** `at`: the address of its node, for an instance without one of its own. */
export function lessonInstance(
  { id, address, port, tags, meta }: Described,
  at: string,
  checks: readonly { readonly status: string }[],
): LessonInstance {
  return {
    id,
    address: address === '' ? at : address,
    port,
    status: worstOf(checks),
    ...(tags !== null && tags.length > 0 && { tags }),
    ...(meta !== null && Object.keys(meta).length > 0 && { meta }),
  }
}

export const instanceOf = ({ service, node, checks }: Health): LessonInstance =>
  lessonInstance(service, node.address, checks)

export const namedInstanceOf = (health: Health): NamedInstance => ({
  name: health.service.name,
  node: health.node.name,
  ...instanceOf(health),
})

function worstOf(checks: readonly { readonly status: string }[]): string {
  const bad = checks.filter(({ status }) => status !== PASSING)
  return (bad.find(({ status }) => status === CRITICAL) ?? bad[0])?.status ?? PASSING
}
