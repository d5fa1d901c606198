// What the machine tells the configuration, as data: core asks nobody.

export interface NetworkInterface {
  readonly name: string
  readonly address: string
  /** Of the loopback: nobody else can reach it. */
  readonly internal: boolean
}

export interface MachineFacts {
  readonly hostName: string
  readonly interfaces: readonly NetworkInterface[]
  /** The interface of the default route, where it is known. */
  readonly defaultInterface: string | undefined
  /** What stands at the configured data folder. */
  readonly dataDir: 'absent' | 'empty' | 'used' | 'no-folder'
}
