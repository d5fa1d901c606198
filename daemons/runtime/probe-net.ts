// Checks of a port: a TCP connection that comes about (with TLS, whose handshake ends well), or a
// UDP port that does not refuse. Silence is what a healthy UDP port answers (consul-surface 7.2).
import dgram from 'node:dgram'
import net from 'node:net'
import tls from 'node:tls'
import { joinHostPort } from '../../core/ip.ts'
import type { Probed, ProbeTarget } from '../../core/local/probe.ts'
import {
  type Bounds,
  critical,
  goText,
  parseEndpoint,
  passing,
  tlsOptions,
  within,
} from './probe-end.ts'

type Tcp = Extract<ProbeTarget, { readonly type: 'tcp' }>
type Udp = Extract<ProbeTarget, { readonly type: 'udp' }>

const noAddress = (network: string, address: string) =>
  Promise.resolve(critical(`dial ${network}: address ${address}: missing port in address`))

export function probeTcp({ address, tls: secured }: Tcp, bounds: Bounds): Promise<Probed> {
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined) return noAddress('tcp', address)
  const onTimeout = () => critical(`dial tcp ${address}: i/o timeout`)
  const kind = secured === undefined ? 'TCP' : 'TCP+TLS'
  return within(bounds, onTimeout, (finish) => {
    const socket =
      secured === undefined
        ? net.connect(endpoint)
        : tls.connect({ ...endpoint, ...tlsOptions(secured, endpoint.host) })
    socket.on(secured === undefined ? 'connect' : 'secureConnect', () =>
      finish(passing(`${kind} connect ${address}: Success`)),
    )
    socket.on('error', (error) => finish(critical(goText(error, 'tcp', address))))
    return () => socket.destroy()
  })
}

/** A refusal comes after the dialling, which sends nothing: Go names both ends of it. */
function udpText(socket: dgram.Socket, error: Error, address: string): string {
  const isRefusal = 'code' in error && error.code === 'ECONNREFUSED'
  if (!isRefusal) return goText(error, 'udp', address)
  const [own, other] = [socket.address(), socket.remoteAddress()]
  const ends = [own, other].map((end) => joinHostPort(end.address, end.port))
  return `read udp ${ends.join('->')}: read: connection refused`
}

const KNOCK = 'healthcheck'

export function probeUdp({ address }: Udp, bounds: Bounds): Promise<Probed> {
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined) return noAddress('udp', address)
  const success = () => passing(`UDP connect ${address}: Success`)
  return within(bounds, success, (finish) => {
    const socket = dgram.createSocket(net.isIPv6(endpoint.host) ? 'udp6' : 'udp4')
    const fail = (error: Error) => finish(critical(udpText(socket, error, address)))
    socket.on('message', () => finish(success()))
    socket.on('error', fail)
    socket.on('connect', () => {
      // A connected socket hears of the ICMP refusal.
      socket.send(KNOCK, (error) => {
        if (error) fail(error)
      })
    })
    socket.connect(endpoint.port, endpoint.host)
    return () => socket.close()
  })
}
