// Which version of what we are. The release of Consul is the one whose surface we speak: clients
// ask for it.

export const LICTOR_VERSION = '0.1.0'
export const CONSUL_VERSION = '1.21.4'

/** What is built out of it, as Consul's own editions say it (`1.21.4+ent`): who we are. */
export const VERSION_METADATA = 'lictor'

/** As members tell each other. */
export const CONSUL_BUILD = `${CONSUL_VERSION}+${VERSION_METADATA}`
