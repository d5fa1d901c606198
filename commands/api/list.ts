// lictor api list: the endpoints of the HTTP API, from the very table that serves them.
import { ROUTES } from '../../core/api/table.ts'
import type { AclNeed } from '../../core/route/route.ts'
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { columns, tabbed } from '../kit/output.ts'

const FLAGS = {
  plain: boolean('separated by tabs, without a header', { group: 'output' }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'api list',
  summary: 'List the endpoints of the HTTP API',
  description: [
    'Those that this version serves, with the permission that each asks for. No agent is needed.',
  ],
  examples: [
    { does: 'All', command: 'api list' },
    { does: 'Paths only', command: 'api list -json', pipe: '| jq -r ".[].path"' },
  ],
  args: [],
  flags: FLAGS,
  run: ({ flags }): Answer => {
    const routes = ROUTES.map(({ path: pattern, about, acl, kind }) => {
      const [method = '', path = ''] = pattern.split(' ')
      return { method, path, kind, acl: permissionOf(acl), about }
    }).sort((a, b) => (a.path === b.path ? compare(a.method, b.method) : compare(a.path, b.path)))
    const rows = [
      ['METHOD', 'PATH', 'PERMISSION', 'WHAT'],
      ...routes.map(({ method, path, acl, about }) => [method, path, acl, about]),
    ]
    return { json: routes, text: flags.plain ? tabbed(rows) : columns(rows) }
  },
})

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const permissionOf = (acl: AclNeed): string =>
  acl === 'none' ? '-' : `${acl.resource}:${acl.access}`
