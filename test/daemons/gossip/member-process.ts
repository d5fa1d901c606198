// One member of a pool as a process of its own, to be killed or stopped from outside. Its only
// argument says which: JSON with name, bind and join. It prints `ready`, and a line for each member
// that fails.
import { join } from '../../../core/swim/server.ts'
import type { Address } from '../../../core/wire/memberlist.ts'
import { startPool } from '../../../daemons/pool.ts'
import { LAN } from './pool-kit.ts'

interface Order {
  readonly name: string
  readonly bind: Address
  readonly join: readonly Address[]
}

const order = JSON.parse(process.argv[2] ?? '') as Order // what its test wrote
const pool = await startPool({
  name: order.name,
  bind: order.bind,
  settings: LAN,
  onEffect: (effect) => {
    if (effect.type !== 'members' || effect.change !== 'failed') return
    for (const { name } of effect.members) console.log(`failed ${name}`)
  },
})
if (order.join.length > 0)
  pool.act((swim, now) =>
    join(
      swim,
      { id: 1, addresses: order.join, mode: 'all', ignoresOldEvents: false, attempts: 100 },
      now,
    ),
  )
console.log('ready')
process.stdin.resume()
process.stdin.once('end', () => process.exit(0)) // with the test that started it
