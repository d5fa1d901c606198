// The routes of the agent about itself, where no recording tells: metrics, log, questions to the
// runtime.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { agentRoutes } from '../../../core/self/agent-routes.ts'
import { ask, createMachine, give, headerOf, jsonOf, send, textOfBody } from '../../kit/machine.ts'

const routes = suite('self/routes')

routes('metrics are JSON with the beginning of their interval, and Prometheus when asked', () => {
  const machine = createMachine()
  const json = jsonOf(ask(machine, 'GET /v1/agent/metrics')) as { readonly Timestamp: string }
  assert.match(json.Timestamp, /^2026-01-02 03:04:0\d \+0000 UTC$/)
  const prometheus = ask(machine, 'GET /v1/agent/metrics?format=prometheus')
  assert.is(headerOf(prometheus, 'content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.match(textOfBody(prometheus), /^# HELP consul_raft_apply /m)
})

routes('an agent without coordinates has no place', () => {
  const { gossip } = createMachine().agent.config
  const machine = createMachine({ gossip: { ...gossip, coordinates: false } })
  const { Coord } = jsonOf(ask(machine, 'GET /v1/agent/self')) as { readonly Coord: unknown }
  assert.is(Coord, null)
})

routes('a scraper says in its Accept header that it takes what Prometheus does', () => {
  const machine = createMachine()
  const typeOf = (accept: string) =>
    headerOf(ask(machine, 'GET /v1/agent/metrics', { headers: { accept } }), 'content-type')
  const text = 'text/plain; version=0.0.4; charset=utf-8'
  assert.is(typeOf('*/*, Application/OpenMetrics-Text; version=1.0.0'), text)
  assert.is(typeOf('text/plain; version=0.4.0'), text)
  assert.is(typeOf('text/plain'), 'application/json')
})

routes('the log is followed from a level on, in text or JSON', () => {
  const machine = createMachine()
  const bodyOf = (line: string) => ask(machine, line).body
  assert.equal(bodyOf('GET /v1/agent/monitor'), { live: 'log', level: 'info', json: false })
  assert.equal(bodyOf('GET /v1/agent/monitor?loglevel=ERR&logjson'), {
    live: 'log',
    level: 'error',
    json: true,
  })
})

routes('what only the runtime knows or does is asked of it', () => {
  const machine = createMachine()
  const questions = [
    ['GET /v1/agent/host', 'host', { Memory: { total: 1 } }, '{"Memory":{"total":1}}'],
    ['PUT /v1/agent/leave', 'leave', undefined, ''],
    ['PUT /v1/agent/reload', 'reload', {}, ''],
  ] as const
  for (const [line, type, answer, text] of questions) {
    const id = send(machine, line)
    const asked = machine.effects.find((effect) => effect.type === 'ask' && effect.id === id)
    assert.equal(asked, { type: 'ask', id, question: { type } })
    assert.not(machine.responses.has(id), `${line} waits`)
    give(machine, { type: 'answered', id, answer })
    const response = machine.responses.get(id)
    assert.is(response?.status, 200)
    assert.is(response?.body, text)
  }
})

routes('a configuration that cannot be read again is told as it is', () => {
  const machine = createMachine()
  const id = send(machine, 'PUT /v1/agent/reload')
  give(machine, { type: 'answered', id, answer: { error: 'agent.hcl:3:1: what is this' } })
  const response = machine.responses.get(id)
  assert.is(response?.status, 500)
  assert.is(response?.body, 'agent.hcl:3:1: what is this')
})

routes('what this version cannot do is refused, not answered wrongly', () => {
  const closed = createMachine({ acl: { enabled: true, defaultPolicy: 'deny' } })
  assert.is(ask(closed, 'PUT /v1/agent/token/default', { body: '{}' }).status, 500)
})

routes('no service is registered with the agent itself', () => {
  const machine = createMachine()
  assert.is(textOfBody(ask(machine, 'GET /v1/agent/services')), '{}')
  const missing = ask(machine, 'GET /v1/agent/service/a%20b')
  assert.is(missing.status, 404)
  assert.is(textOfBody(missing), 'unknown service ID: a b')
})

routes('the configuration of Raft has the index that clients know of Consul: none', () => {
  const found = jsonOf(ask(createMachine(), 'GET /v1/operator/raft/configuration'))
  const { Index, Servers } = found as { Index: number; Servers: { Leader: boolean }[] }
  assert.is(Index, 0)
  assert.equal(
    Servers.map(({ Leader }) => Leader),
    [true],
  )
})

routes('the agent is registered when it starts, once', () => {
  const machine = createMachine({ ports: { ...PORTS, server: 4711 } })
  const [entry] = jsonOf(ask(machine, 'GET /v1/health/service/consul')) as [
    { Service: { Port: number; ModifyIndex: number }; Checks: { CheckID: string }[] },
  ]
  assert.is(entry.Service.Port, 4711)
  assert.is(entry.Checks[0]?.CheckID, 'serfHealth')
})

const PORTS = {
  dns: 8600,
  http: 8500,
  https: -1,
  grpc: -1,
  grpcTls: -1,
  serfLan: 8301,
  serfWan: 8302,
  server: 8300,
}

routes('every route says what it is for', () => {
  for (const { path, about } of agentRoutes) assert.ok(about.length > 10, path)
})

routes.run()
