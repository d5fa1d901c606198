// A resolver over a catalog, and questions for it as packets that another library has written.
import { decode as decodeBuffer, encode, type Packet, type PacketRecord } from 'dns-packet'
import * as assert from 'uvu/assert'
import type { DnsConfig } from '../../../core/config/agent-config.ts'
import { type Answer, answerPacket, createResolver } from '../../../core/dns/answer.ts'
import type { Name } from '../../../core/dns/name.ts'
import type { ResourceRecord } from '../../../core/dns/record.ts'
import { dnsSettings } from '../../../core/dns/settings.ts'
import { createPrng } from '../../../core/prng.ts'
import { viewOf } from '../../../core/state/store.ts'
import { testConfig } from '../../kit/config.ts'
import { type Bench, createBench } from '../catalog/bench.ts'

export const decode = (bytes: Uint8Array): Packet => decodeBuffer(Buffer.from(bytes))

export interface DnsBench extends Bench {
  /** The answer to whole packets. */
  answer(packet: Uint8Array, asked?: Asked): Answer
  /** `web.service.consul SRV` */
  ask(question: string, asked?: Asked): Packet
}

export interface Asked {
  readonly transport?: 'udp' | 'tcp'
  /** The size of a client with EDNS. */
  readonly edns?: number
  readonly chased?: ReadonlyMap<Name, readonly ResourceRecord[]>
  readonly far?: boolean
}

export function createDnsBench(
  dns: Partial<DnsConfig> = {},
  config: { readonly domain?: string } = {},
): DnsBench {
  const bench = createBench()
  const defaults = testConfig(config)
  const settings = dnsSettings({ ...defaults, dns: { ...defaults.dns, ...dns } })
  const resolver = createResolver(settings, createPrng(7))
  const answer = (
    packet: Uint8Array,
    { transport = 'udp', chased = new Map(), far = false }: Asked = {},
  ) =>
    answerPacket(
      resolver,
      { packet, transport, chased, far },
      { view: viewOf(bench.store), wall: 1_000 },
    )
  const ask = (question: string, asked: Asked = {}) => {
    const answered = answer(packetOf(question, asked), asked)
    assert.is(answered.type, 'reply', question)
    return decode(answered.type === 'reply' ? answered.bytes : new Uint8Array())
  }
  return Object.assign(bench, { answer, ask })
}

export function packetOf(question: string, { edns }: Asked = {}): Uint8Array {
  const [name = '', type = 'A'] = question.split(' ')
  const opt = { type: 'OPT', name: '.', udpPayloadSize: edns, flags: 0, options: [] }
  return encode({
    id: 4711,
    type: 'query',
    flags: 256,
    questions: [{ name, type }],
    additionals: edns === undefined ? [] : [opt],
  })
}

/** `SRV web.service.consul {"target":…}`, without the OPT record. */
export const shown = (records: readonly PacketRecord[]): string[] =>
  records
    .filter(({ type }) => type !== 'OPT')
    .map(({ type, name, data }) => `${type} ${name} ${textOf(data)}`)

const textOf = (data: unknown): string =>
  typeof data === 'string'
    ? data
    : Array.isArray(data)
      ? data.map((part) => String(part)).join('|')
      : JSON.stringify(data)
