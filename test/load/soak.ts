// `npm run soak`: an agent under write load is killed 500 times at random moments, then one with
// registrations and locks under way, then nodes of a raft cluster 2,000 times. Prints the seed
// first: with it the same moments are drawn again.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inProject } from '../kit/paths.ts'
import { killAgain } from './kills.ts'
import { killLocks } from './kills-locks.ts'
import { killRaftAgain } from './raft-kills.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '500' },
    kills: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '12' },
    writers: { type: 'string', default: '16' },
    life: { type: 'string', default: '400' },
    seed: { type: 'string', default: String(process.hrtime.bigint() % 1_000_000n) },
  },
})

const parent = inProject('dist/load') // On the project's own disk, not in memory.
await mkdir(parent, { recursive: true })
const dir = await mkdtemp(join(parent, 'k-'))
process.env['TMPDIR'] = dir
console.log(`seed ${values.seed}`)
try {
  if (values.only !== 'raft') {
    await soakAgent()
    await soakLocks()
  }
  if (values.only !== 'agent') await soakRaft()
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function soakAgent(): Promise<void> {
  const report = await killAgain({
    seed: Number(values.seed),
    rounds: Number(values.rounds),
    writers: Number(values.writers),
    lifeMs: Number(values.life),
    onRound: (round, acknowledged) => {
      if (round % 25 === 0) console.log(`${round} rounds, ${acknowledged} writes acknowledged`)
    },
  })
  const size = `${(report.dataBytes / 2 ** 20).toFixed(1)} MiB on disk`
  console.log(`${values.rounds} kills, ${report.acknowledged} writes, nothing lost, ${size}`)
}

async function soakLocks(): Promise<void> {
  const { registrations, acquisitions } = await killLocks({
    seed: Number(values.seed),
    rounds: Number(values.rounds),
    registrars: Number(values.writers),
    contenders: Number(values.writers),
    lifeMs: Number(values.life),
    onRound: (round, { acquisitions: locked }) => {
      if (round % 25 === 0) console.log(`${round} rounds, ${locked} locks taken`)
    },
  })
  const counted = `${registrations} registrations, ${acquisitions} locks`
  console.log(`${values.rounds} kills, ${counted}, none lost, none held by two`)
}

async function soakRaft(): Promise<void> {
  let told = 0
  const { acknowledged, reads, doubtful } = await killRaftAgain({
    seed: Number(values.seed),
    kills: Number(values.kills),
    clients: Number(values.clients),
    onRound: (kills, writes) => {
      if (kills < told + 50) return
      told = kills
      console.log(`${kills} kills of raftnodes, ${writes} writes acknowledged`)
    },
  })
  const seen = `${acknowledged} writes and ${reads} reads, ${doubtful} in doubt`
  console.log(`${values.kills} kills of raftnodes: ${seen}: nothing lost, all of it in one order`)
}
