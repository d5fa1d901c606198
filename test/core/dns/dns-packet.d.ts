// What these tests use of an independent decoder that comes without types.
declare module 'dns-packet' {
  export interface PacketRecord {
    readonly name: string
    readonly type: string
    readonly ttl?: number
    readonly data?: unknown
  }
  export interface Packet {
    readonly id: number
    readonly type: string
    readonly rcode: string
    readonly flag_tc: boolean
    readonly questions: readonly { readonly name: string; readonly type: string }[]
    readonly answers: readonly PacketRecord[]
    readonly authorities: readonly PacketRecord[]
    readonly additionals: readonly PacketRecord[]
  }
  export function decode(bytes: Buffer): Packet
  export function encode(packet: unknown): Uint8Array
}
