import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logIndex } from '../../../core/ids.ts'
import type { Configuration, Server, Suffrage } from '../../../core/raft/messages.ts'
import {
  hasMajority,
  isVoter,
  majorityIndex,
  majorityOf,
  votersOf,
} from '../../../core/raft/quorum.ts'
import { fc } from '../../kit/property.ts'

const quorum = suite('raft quorum')

const server = (id: string, suffrage: Suffrage): Server => ({ id, address: `${id}:1`, suffrage })

const configurationOf = (suffrages: readonly Suffrage[]): Configuration => ({
  servers: suffrages.map((suffrage, at) => server(`s${at}`, suffrage)),
})

quorum('a majority is more than half', () => {
  assert.equal(
    [0, 1, 2, 3, 4, 5, 6, 7].map((count) => majorityOf(count)),
    [1, 1, 2, 2, 3, 3, 4, 4],
  )
})

quorum('without voters nobody is a majority', () => {
  assert.not(hasMajority({ servers: [] }, () => true))
  assert.not(hasMajority(configurationOf(['nonvoter', 'nonvoter']), () => true))
  assert.is(
    majorityIndex({ servers: [] }, () => logIndex(9)),
    0,
  )
})

quorum('nonvoters do not count, whatever they have', () => {
  const configuration = configurationOf(['voter', 'nonvoter', 'voter', 'voter', 'nonvoter'])
  assert.is(votersOf(configuration).length, 3)
  assert.ok(isVoter(configuration, 's0'))
  assert.not(isVoter(configuration, 's1'))
  assert.not(isVoter(configuration, 'nobody'))
  assert.not(hasMajority(configuration, (id) => id !== 's0' && id !== 's2'))
  assert.ok(hasMajority(configuration, (id) => id === 's0' || id === 's2'))
})

/** Every subset of up to seven voters: the majority says yes exactly if more than half does. */
quorum('for every subset of up to seven voters it agrees with counting', () => {
  for (let count = 1; count <= 7; count++) {
    const configuration = configurationOf(Array.from({ length: count }, () => 'voter'))
    for (let subset = 0; subset < 2 ** count; subset++) {
      const has = (id: string) => (subset & (1 << Number(id.slice(1)))) !== 0
      const members = configuration.servers.filter(({ id }) => has(id)).length
      assert.is(hasMajority(configuration, has), 2 * members > count)
    }
  }
})

quorum('two majorities of neighbouring configurations share a voter', () => {
  for (let count = 1; count <= 6; count++) {
    const before = majorityOf(count)
    const after = majorityOf(count + 1)
    assert.ok(before + after > count + 1, `${count} and ${count + 1} voters`)
  }
})

/** Brute force: the highest index that more than half have reached. */
quorum('the commit index is the highest that more than half have reached', () => {
  const suffrages = fc.array(fc.constantFrom<Suffrage>('voter', 'voter', 'nonvoter'), {
    maxLength: 9,
  })
  fc.assert(
    fc.property(suffrages, fc.array(fc.nat(20), { minLength: 9, maxLength: 9 }), (kinds, has) => {
      const configuration = configurationOf(kinds)
      const voters = votersOf(configuration)
      const matchOf = (id: string) => has[Number(id.slice(1))] ?? 0
      const candidates = voters.map(({ id }) => matchOf(id))
      const reached = candidates.filter(
        (index) => 2 * voters.filter(({ id }) => matchOf(id) >= index).length > voters.length,
      )
      const found = majorityIndex(configuration, (id) => logIndex(matchOf(id)))
      assert.is(found, Math.max(0, ...reached))
    }),
    { numRuns: 10_000 },
  )
})

quorum.run()
