// Where to send requests and as whom: flags, then LICTOR_ and CONSUL_ variables, then
// 127.0.0.1:8500.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseBool } from '../../core/bool.ts'
import { type Env, fromEnv, type Profile, type Values } from './declare.ts'
import { type Failure, misuse, reasonOf } from './failure.ts'
import { type AgentHttpFlags, HTTP_FLAGS, type HttpFlags } from './http-flags.ts'

export interface Endpoint {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** A Unix socket instead of host and port. */
  readonly socketPath: string | undefined
  /** Before every path, without a slash at the end. */
  readonly prefix: string
  /** `http://127.0.0.1:8500`, prefix included. */
  readonly shown: string
  readonly token: string | undefined
  /** `user:password` */
  readonly basicAuth: string | undefined
  readonly tls: TlsOptions
}

export interface TlsOptions {
  readonly ca?: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized: boolean
}

const DEFAULT_ADDRESS = '127.0.0.1:8500'
const DEFAULT_PORT = { http: 80, https: 443 } as const

export interface AddressRequest {
  readonly flags: Values<AgentHttpFlags> & Partial<Values<HttpFlags>>
  readonly env: Env
  readonly profile: Profile
  readonly warn: (line: string) => void
}

/** Decides once, for all requests of a command. Throws what is wrong with it. */
export function resolveEndpoint(request: AddressRequest): Endpoint {
  const { scheme, rest } = splitScheme(addressOf(request), wantsTls(request))
  const common = {
    token: tokenOf(request),
    basicAuth: fromEnvironment(request, 'CONSUL_HTTP_AUTH'),
  }
  const tls = tlsOf(request)
  if (scheme === 'unix') {
    return { ...common, tls, ...LOCAL, socketPath: rest, prefix: '', shown: 'http://localhost' }
  }
  const slash = rest.indexOf('/')
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const prefix = slash < 0 ? '' : rest.slice(slash).replace(/\/+$/, '')
  const { host, port } = splitAuthority(authority, DEFAULT_PORT[scheme])
  const shown = `${scheme}://${authority}${prefix}`
  return { ...common, tls, scheme, host, port, socketPath: undefined, prefix, shown }
}

const LOCAL = { scheme: 'http', host: 'localhost', port: 80 } as const

/** A daemon of this machine, behind its control socket. */
export const socketEndpoint = (socketPath: string): Endpoint => ({
  ...plainEndpoint({ ...LOCAL, shown: socketPath }),
  socketPath,
})

/** A daemon of ours that is no agent: plain HTTP, nothing of the flags and variables of Consul. */
export const plainEndpoint = (at: Pick<Endpoint, 'host' | 'port' | 'shown'>): Endpoint => ({
  ...at,
  scheme: 'http',
  socketPath: undefined,
  prefix: '',
  token: undefined,
  basicAuth: undefined,
  tls: { rejectUnauthorized: true },
})

const fromEnvironment = ({ env, profile }: AddressRequest, name: string): string | undefined =>
  fromEnv(env, [name], profile)

function flagOrEnv(request: AddressRequest, name: TextFlag): string | undefined {
  const given = request.flags[name]
  if (given !== undefined && given !== '') return given
  const declared = HTTP_FLAGS[name]
  return 'env' in declared ? fromEnv(request.env, declared.env, request.profile) : undefined
}

type TextFlag = Exclude<keyof HttpFlags, 'stale' | 'timeout' | 'trace'>

/** What every request of a command carries in its query. */
export function scopeOf(request: AddressRequest): Readonly<Record<string, string>> {
  const scope = {
    dc: flagOrEnv(request, 'datacenter'),
    ns: flagOrEnv(request, 'namespace'),
    partition: flagOrEnv(request, 'partition'),
    stale: request.flags.stale ? '' : undefined,
  }
  const given = Object.entries(scope).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return Object.fromEntries(given)
}

const addressOf = (request: AddressRequest): string =>
  flagOrEnv(request, 'http-addr') ?? DEFAULT_ADDRESS

function splitScheme(
  address: string,
  tls: boolean,
): { scheme: 'http' | 'https' | 'unix'; rest: string } {
  const at = address.indexOf('://')
  if (at < 0) return { scheme: tls ? 'https' : 'http', rest: address }
  const scheme = address.slice(0, at)
  const rest = address.slice(at + 3)
  if (scheme === 'unix' || scheme === 'https') return { scheme, rest }
  // TLS that was asked for is never given up.
  if (scheme === 'http') return { scheme: tls ? 'https' : 'http', rest }
  throw noConnection(`Unknown protocol scheme: ${scheme}`, 'use http://, https:// or unix://')
}

/** `host`, `host:port`, `[::1]:port`. */
function splitAuthority(authority: string, fallback: number): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority)
  if (match === null)
    throw noConnection(`bad address ${JSON.stringify(authority)}`, 'use host:port')
  const [, bracketed, bare, port] = match
  const number = port === undefined ? fallback : Number(port)
  if (number > 65_535)
    throw noConnection(`bad port in ${JSON.stringify(authority)}`, 'use host:port')
  return { host: bracketed ?? (bare || '127.0.0.1'), port: number }
}

function wantsTls(request: AddressRequest): boolean {
  const given = fromEnvironment(request, 'CONSUL_HTTP_SSL')
  return given === undefined ? false : (switchOf(request, 'CONSUL_HTTP_SSL', given) ?? false)
}

/** A switch that is neither on nor off: Consul warns, twice, and goes on; we refuse. */
function switchOf(request: AddressRequest, name: string, given: string): boolean | undefined {
  const value = parseBool(given)
  if (value !== undefined) return value
  if (request.profile === 'lictor')
    throw misuse(`${name} is ${JSON.stringify(given)}, not true or false`)
  const complaint = `strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`
  const line = `[WARN]  could not parse ${name}: error=${JSON.stringify(complaint)}`
  for (let times = 0; times < 2; times++) request.warn(line)
  return undefined
}

function tokenOf(request: AddressRequest): string | undefined {
  const { flags } = request
  const named = flags['token-file']
  if (named !== undefined && named !== '') return readToken(named)
  if (flags.token !== undefined) return flags.token === '' ? undefined : flags.token
  const file = fromEnvironment(request, 'CONSUL_HTTP_TOKEN_FILE')
  return file === undefined ? fromEnvironment(request, 'CONSUL_HTTP_TOKEN') : readToken(file)
}

function readToken(file: string): string | undefined {
  const token = readOrFail(file, `loading token file ${file} `).trim()
  return token === '' ? undefined : token
}

/** `doing`: what Consul says before the reason, if anything. */
function readOrFail(file: string, doing: string | undefined): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const before = doing === undefined ? '' : `Error ${doing}: `
    throw noConnection(`${before}open ${file}: ${reasonOf(error)}`, undefined)
  }
}

const noConnection = (what: string, next: string | undefined): Failure =>
  misuse(what, {
    code: 'bad_address',
    ...(next === undefined ? {} : { next: [next] }),
    consul: `Error connecting to Consul agent: ${what}`,
  })

function tlsOf(request: AddressRequest): TlsOptions {
  const verify = fromEnvironment(request, 'CONSUL_HTTP_SSL_VERIFY')
  const caFile = flagOrEnv(request, 'ca-file')
  const caPath = flagOrEnv(request, 'ca-path')
  const servername = flagOrEnv(request, 'tls-server-name')
  const ca = [
    ...(caFile === undefined ? [] : [readOrFail(caFile, 'loading CA File')]),
    ...(caPath === undefined ? [] : readFolder(caPath)),
  ]
  const rejects = verify === undefined ? true : switchOf(request, 'CONSUL_HTTP_SSL_VERIFY', verify)
  return {
    rejectUnauthorized: rejects ?? true,
    ...(ca.length === 0 ? {} : { ca }),
    ...clientPair(request),
    ...(servername === undefined ? {} : { servername }),
  }
}

/** Our certificate and its key: one is of no use without the other. */
function clientPair(request: AddressRequest): Pick<TlsOptions, 'cert' | 'key'> {
  const cert = flagOrEnv(request, 'client-cert')
  const key = flagOrEnv(request, 'client-key')
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined || key === undefined)
    throw noConnection('both client cert and client key must be provided', undefined)
  return { cert: readOrFail(cert, undefined), key: readOrFail(key, undefined) }
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8'))
  } catch (error) {
    throw noConnection(`Error loading CA Path ${folder}: ${reasonOf(error)}`, undefined)
  }
}
