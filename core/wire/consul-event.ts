// The payload of the Serf event by which Consul's agents tell of a user event (memberlist-wire §5).
// It is written in the newer form of msgpack, unlike everything else in gossip.
import { bytes, decode, encode, type Infer, int, nilable, omitEmpty, str } from './msgpack.ts'
import type { Limits } from './msgpack-read.ts'
import { struct } from './msgpack-struct.ts'
import { type Opened, opened } from './opened.ts'

const NAMES: Readonly<Record<string, string>> = {
  id: 'ID',
  name: 'n',
  payload: 'p',
  nodeFilter: 'nf',
  serviceFilter: 'sf',
  tagFilter: 'tf',
  version: 'v',
}

const event = struct(
  {
    id: str,
    name: str,
    payload: omitEmpty(nilable(bytes)),
    nodeFilter: omitEmpty(str),
    serviceFilter: omitEmpty(str),
    tagFilter: omitEmpty(str),
    version: int,
  },
  (member) => NAMES[member] ?? member,
)

export type ConsulEvent = Infer<typeof event>

const LIMITS: Limits = { bytesMax: 65_535, itemsMax: 64, depthMax: 2 }

export const encodeConsulEvent = (value: ConsulEvent): Uint8Array => encode(event, value, 'v055ext')

export const decodeConsulEvent = (payload: Uint8Array): Opened<ConsulEvent> =>
  opened(decode(event, payload, LIMITS))
