// Autopilot through the whole machine.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { autopilotRoutes } from '../../../core/autopilot/routes.ts'
import type { ServerHealth } from '../../../core/route/site.ts'
import { ask, createMachine, jsonOf } from '../../kit/machine.ts'
import { replay } from '../../kit/replay.ts'

const autopilot = suite('autopilot')

autopilot('operator/autopilot.json is answered as Consul does', async () => {
  const { played, problems } = await replay('operator/autopilot.json')
  assert.equal(problems, [])
  assert.is(played, 21)
})

autopilot('what the configuration says holds until an operator says otherwise', () => {
  const machine = createMachine({
    autopilot: {
      cleanupDeadServers: false,
      lastContactThresholdMs: 400,
      maxTrailingLogs: 7,
      minQuorum: 3,
      serverStabilizationTimeMs: 1_500,
    },
  })
  const { CreateIndex, ModifyIndex, ...settings } = jsonOf(
    ask(machine, 'GET /v1/operator/autopilot/configuration'),
  ) as Record<string, unknown>
  assert.is(CreateIndex, ModifyIndex)
  assert.equal(settings, {
    CleanupDeadServers: false,
    LastContactThreshold: '400ms',
    MaxTrailingLogs: 7,
    MinQuorum: 3,
    ServerStabilizationTime: '1.5s',
    RedundancyZoneTag: '',
    DisableUpgradeMigration: false,
    UpgradeVersionTag: '',
  })
})

autopilot('the state shows the meta of the server', () => {
  const state = jsonOf(ask(createMachine(), 'GET /v1/operator/autopilot/state')) as {
    Servers: Record<string, { Meta: Record<string, string>; StableSince: string }>
  }
  const [server] = Object.values(state.Servers)
  assert.equal(Object.keys(server?.Meta ?? {}), ['consul-network-segment', 'consul-version'])
  assert.match(server?.StableSince ?? '', /^2026-01-02T03:04:\d\dZ$/)
})

autopilot('a duration that is none is refused', () => {
  const machine = createMachine()
  for (const [given, why] of [
    ['""', 'time: invalid duration ""'],
    ['true', 'strconv.ParseFloat: parsing "true": invalid syntax'],
  ]) {
    const body = `{"LastContactThreshold":${given}}`
    const refused = ask(machine, 'PUT /v1/operator/autopilot/configuration', { body })
    assert.equal([refused.status, refused.body], [400, `Error parsing autopilot config: ${why}`])
  }
})

const SERVER: ServerHealth = {
  id: 'a',
  name: 'n',
  address: '10.0.0.1:8300',
  serfStatus: 'alive',
  version: '1.21.4',
  leader: false,
  voter: true,
  lastContactMs: 30,
  lastTerm: 2,
  lastIndex: 9,
  healthy: true,
  stableSince: 0,
  meta: {},
}

autopilot('an ill server shows in the status, and in how many more may fail', () => {
  const { site } = createMachine().agent.pipeline.desk
  const healths = [true, true, false, true, true]
  const servers = healths.map((healthy, n) => ({
    ...SERVER,
    id: `s${n}`,
    healthy,
    leader: n === 0,
  }))
  const route = autopilotRoutes[2]
  const input = { rest: '', query: undefined, body: undefined, wall: 0, uuid: () => '' }
  const said = route.run({ ...site, serverHealth: () => servers }, input as never)
  assert.ok('status' in said && said.status === 429)
  const { FailureTolerance, Healthy } = JSON.parse('text' in said ? String(said.text) : '')
  assert.equal([Healthy, FailureTolerance], [false, 1])
})

autopilot.run()
