// Pings of ours, and the numbers by which their answers are told apart.
import type { Ping as PingMessage } from '../wire/memberlist.ts'
import { type Swim, selfOf } from './swim.ts'

export function nextSeqNo(swim: Swim): number {
  swim.lastSeqNo = (swim.lastSeqNo + 1) >>> 0
  return swim.lastSeqNo
}

/** It says where the answer goes. */
export const pingOf = (swim: Swim, seqNo: number, node: string): PingMessage => {
  const { ip: sourceAddr, port: sourcePort } = selfOf(swim).address
  return { type: 'ping', seqNo, node, sourceAddr, sourcePort, sourceNode: swim.name }
}
