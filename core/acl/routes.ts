// /v1/acl while there are no ACLs: each of its endpoints says so, with the words by which clients
// tell an agent without ACLs from one that refuses them (consul-surface 3.1). An agent of this
// version does not start with ACLs enabled.
import { ApiError } from '../errors.ts'
import { local, noBody, type Pattern } from '../route/route.ts'

function refuse(): never {
  throw new ApiError('unauthorized', 'ACL support disabled')
}

const off = <const P extends Pattern>(path: P, about: string) =>
  local({ path, about, acl: 'none', body: noBody, run: refuse })

export const aclRoutes = [
  off('PUT /v1/acl/bootstrap', 'make the first token'),
  off('POST /v1/acl/login', 'trade what another system vouches for against a token'),
  off('POST /v1/acl/logout', 'give such a token back'),
  off('GET /v1/acl/replication', 'how far the ACLs of another datacenter are copied'),
  off('GET /v1/acl/policies', 'all policies'),
  off('PUT /v1/acl/policy', 'make a policy'),
  off('GET /v1/acl/policy/*id', 'one policy'),
  off('PUT /v1/acl/policy/*id', 'change a policy'),
  off('DELETE /v1/acl/policy/*id', 'remove a policy'),
  off('GET /v1/acl/policy/name/*name', 'one policy, by its name'),
  off('GET /v1/acl/roles', 'all roles'),
  off('PUT /v1/acl/role', 'make a role'),
  off('GET /v1/acl/role/*id', 'one role'),
  off('PUT /v1/acl/role/*id', 'change a role'),
  off('DELETE /v1/acl/role/*id', 'remove a role'),
  off('GET /v1/acl/role/name/*name', 'one role, by its name'),
  off('GET /v1/acl/binding-rules', 'all binding rules'),
  off('PUT /v1/acl/binding-rule', 'make a binding rule'),
  off('GET /v1/acl/binding-rule/*id', 'one binding rule'),
  off('PUT /v1/acl/binding-rule/*id', 'change a binding rule'),
  off('DELETE /v1/acl/binding-rule/*id', 'remove a binding rule'),
  off('GET /v1/acl/auth-methods', 'all auth methods'),
  off('PUT /v1/acl/auth-method', 'make an auth method'),
  off('GET /v1/acl/auth-method/*name', 'one auth method'),
  off('PUT /v1/acl/auth-method/*name', 'change an auth method'),
  off('DELETE /v1/acl/auth-method/*name', 'remove an auth method'),
  off('GET /v1/acl/tokens', 'all tokens'),
  off('PUT /v1/acl/token', 'make a token'),
  off('GET /v1/acl/token/*accessor', 'one token'),
  off('PUT /v1/acl/token/*accessor', 'change or copy a token'),
  off('DELETE /v1/acl/token/*accessor', 'remove a token'),
  off('GET /v1/acl/token/self', 'the token of the request'),
  off('GET /v1/acl/templated-policies', 'the policies that take variables'),
  off('GET /v1/acl/templated-policy/name/*name', 'one of them'),
  off('POST /v1/acl/templated-policy/preview/*name', 'what one of them comes to'),
  off('POST /v1/internal/acl/authorize', 'what the token of the request allows'),
] as const
