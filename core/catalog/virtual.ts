// Virtual addresses (Consul: 240.0.0.0/4): all that serve one name over Connect share one, which is
// told as a tagged address. It is the least that nobody has, and free again with the last of them.
//
// One step away from Consul: there a name keeps its address while it has any instance.
import { sortedRecord } from '../sorted.ts'
import { listBy, type View } from '../state/txn.ts'
import { SERVICES, type ServiceAddress, type ServiceSpec, servedName, VIRTUAL } from './records.ts'

/** What will be written: an address of its own choice is not to be had. */
export function withVirtual(view: View, service: ServiceSpec): ServiceSpec {
  const name = servedName(service)
  if (name === undefined) return service
  const Address = virtualOf(view, name) ?? freeAddress(view)
  const own: ServiceAddress = { Address, Port: service.port }
  return {
    ...service,
    taggedAddresses: sortedRecord({ ...service.taggedAddresses, [VIRTUAL]: own }),
  }
}

/** The address of a name that somebody serves; `name` is folded. */
export const virtualOf = (view: View, name: string): string | undefined =>
  listBy(view, SERVICES, 'connect', name)[0]?.taggedAddresses?.[VIRTUAL]?.Address

const FIRST_OCTET = 240

function freeAddress(view: View): string {
  let number = 1
  while (listBy(view, SERVICES, 'virtual', addressOf(number)).length > 0) number += 1
  return addressOf(number)
}

const addressOf = (number: number): string =>
  Uint8Array.of(FIRST_OCTET, number >> 16, number >> 8, number).join('.')
