// Which version of what we are. The release of Consul is the one whose surface we speak: clients
// ask for it.

export const LICTOR_VERSION = '0.1.0'
export const CONSUL_VERSION = '1.21.4'
