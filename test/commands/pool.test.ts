// members, join, force-leave, rtt, event and operator raft against an agent that is alone.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { jq } from '../kit/jq.ts'
import { type AgentContext, openAgent } from './kit/context.ts'
import { withStub } from './kit/stub.ts'

const pool = suite<{ on: AgentContext }>('pool')

pool.before(async (context) => {
  context.on = await openAgent(['-dev', '-node=here'])
})
pool.after(({ on }) => on.close())

pool('members has the columns of the founding text, and all with -wide', async ({ on }) => {
  const short = await on.lictor('members')
  assert.match(
    short.stdout,
    /^Node {2}Address +Status {2}Type {4}DC\nhere {2}127\.0\.0\.1:\d+ +alive {3}server {2}dc1\n$/,
  )
  const header = /^Node +Address +Status +Type +Build +Protocol +DC +Partition +Segment\n/
  assert.match((await on.lictor('members', '-wide')).stdout, header)
  assert.match((await on.consul('members')).stdout, header)
  const detailed = /\bacls=0,ap=default,build=\S+,role=consul,segment=<all>,vsn=2,/
  assert.match((await on.lictor('members', '-detailed')).stdout, detailed)
})

pool('the JSON of members is what the API answers', async ({ on }) => {
  const { stdout } = await on.lictor('members', '-json')
  assert.equal(JSON.parse(stdout), await on.api('GET', '/v1/agent/members?segment=_all'))
  assert.is(await jq(stdout, '.[0].Name'), 'here')
})

pool('members that nobody is: 1 under our name, 2 as consul', async ({ on }) => {
  const left = await on.lictor('members', '-status=left')
  assert.equal([left.exit, left.stderr], [1, 'no member fits\n'])
  const zombie = await on.lictor('members', '-status=zombie')
  assert.is(zombie.exit, 1)
  assert.match(zombie.stderr, /-status=zombie is none of alive, leaving, left, failed\n/)
  assert.equal(await on.consul('members', '-status=left'), { exit: 2, stdout: '', stderr: '' })
  const wrong = await on.lictor('members', '-status=(')
  assert.is(wrong.exit, 2)
  assert.match(wrong.stderr, 'missing closing )')
  assert.is((await on.lictor('members', '-datacenter=dc1')).exit, 2)
})

pool('an event has an id, and watch sees it', async ({ on }) => {
  const { exit, stdout } = await on.lictor('event', '-name=deploy', 'v2')
  assert.is(exit, 0)
  assert.match(stdout, /^Event ID: [0-9a-f-]{36}\n$/)
  const json = (await on.lictor('event', '-name=deploy', '-json')).stdout
  assert.is(await jq(json, '.Name'), 'deploy')
  const seen = await on.lictor('watch', '-type=event', '-name=deploy', '-count=1')
  assert.is(await jq(seen.stdout, '.data[0].Payload | @base64d'), 'v2')
})

pool('an event needs a name, and patterns that are some', async ({ on }) => {
  for (const [words, said] of [
    [[], '-name is missing'],
    [['-name=x', '-tag=a'], 'Cannot provide tag filter without service filter'],
    [['-name=x', '-node=('], 'missing closing )'],
    [['-name=x', 'a', 'b'], 'too many words'],
  ] as const) {
    const { exit, stderr } = await on.lictor('event', ...words)
    assert.is(exit, 2, said)
    assert.match(stderr, said)
  }
})

pool('list-peers says who leads', async ({ on }) => {
  const { stdout } = await on.lictor('operator', 'raft', 'list-peers')
  assert.match(
    stdout,
    /^Node +ID +Address +State +Voter\nhere +[0-9a-f-]{36} +\S+ +leader +true\n$/,
  )
  const wide = await on.lictor('operator', 'raft', 'list-peers', '-wide')
  assert.match(wide.stdout, /Voter +RaftProtocol +Commit Index +Trails Leader By\n.* -\n$/)
  const json = (await on.lictor('operator', 'raft', 'list-peers', '-json')).stdout
  assert.is(await jq(json, '.Servers[] | select(.Leader) | .Node'), 'here')
})

pool('a server that is alone hands its lead to nobody, and is not removed', async ({ on }) => {
  const raft = (...words: string[]) => on.lictor('operator', 'raft', ...words)
  const alone = await raft('transfer-leader')
  assert.is(alone.exit, 1)
  assert.match(alone.stderr, 'there is no other voter')
  const consul = await on.consul('operator', 'raft', 'transfer-leader')
  assert.match(consul.stderr, '(cannot find peer)')
  assert.is((await raft('remove-peer', '-id=none')).exit, 1)
  assert.is((await raft('remove-peer')).exit, 2)
  assert.is((await raft('remove-peer', '-id=a', '-address=b')).exit, 2)
})

pool('groups in groups have help, and what is wrong in them is said', async ({ on }) => {
  assert.match((await on.lictor('operator', 'raft')).stdout, 'list-peers')
  assert.match((await on.lictor('operator')).stdout, 'operator raft')
  const { exit, stderr } = await on.lictor('operator', 'raft', 'list-peer')
  assert.is(exit, 2)
  assert.match(stderr, 'did you mean "lictor operator raft list-peers"?')
})

const coordinate = (x: number) => ({
  Vec: [x, 0, 0, 0, 0, 0, 0, 0],
  Error: 1,
  Adjustment: 0,
  Height: 0.001,
})

/** An agent in a pool: what ours answers when others are there. */
const answers: Readonly<Record<string, unknown>> = {
  '/v1/agent/self': { Config: { NodeName: 'a', Datacenter: 'dc1' } },
  '/v1/coordinate/nodes': [
    { Node: 'a', Segment: '', Coord: coordinate(0) },
    { Node: 'b', Segment: '', Coord: coordinate(0.008) },
    { Node: 'apart', Segment: 'x', Coord: coordinate(0) },
  ],
  '/v1/coordinate/datacenters': [
    { Datacenter: 'dc1', AreaID: 'wan', Coordinates: [{ Node: 'a', Coord: coordinate(0) }] },
    { Datacenter: 'dc2', AreaID: 'wan', Coordinates: [{ Node: 'z', Coord: coordinate(0.048) }] },
  ],
}

pool('rtt is the distance of two coordinates', async ({ on }) => {
  await withStub(
    ({ url = '' }, response) => response.end(JSON.stringify(answers[url.split('?')[0] ?? ''])),
    async (address) => {
      const env = { CONSUL_HTTP_ADDR: address }
      const rtt = (...words: string[]) => run(on.home, ['lictor', 'rtt', ...words], { env })
      const line = 'Estimated b <-> a rtt: 10.000 ms (using LAN coordinates)\n'
      assert.is((await rtt('b')).stdout, line)
      assert.is(await jq((await rtt('a', 'b', '-json')).stdout, '.Seconds * 1000 | round'), '10')
      const wan = 'Estimated a.dc1 <-> z.dc2 rtt: 50.000 ms (using WAN coordinates)\n'
      assert.is((await rtt('-wan', 'a.dc1', 'z.dc2')).stdout, wan)
      assert.match((await rtt('none')).stderr, 'Could not find a coordinate for node "none"')
      assert.match((await rtt('a', 'apart')).stderr, 'share no segment')
      assert.is((await rtt('-wan', 'a')).exit, 2)
    },
  )
})

pool('join and force-leave ask for what was typed', async ({ on }) => {
  const asked: string[] = []
  await withStub(
    ({ method, url = '' }, response) => {
      asked.push(`${method} ${url}`)
      response.writeHead(url.includes('bad') ? 500 : 200).end(url.includes('bad') ? 'no route' : '')
    },
    async (address) => {
      const env = { CONSUL_HTTP_ADDR: address }
      const lictor = (...words: string[]) => run(on.home, ['lictor', ...words], { env })
      const joined = await lictor('join', 'bad:1', '10.0.0.1')
      assert.equal([joined.exit, joined.stderr], [0, 'bad:1: no route\n'])
      assert.is(joined.stdout, 'Successfully joined cluster by contacting 1 nodes.\n')
      const json = (await lictor('join', '-wan', '10.0.0.1', '-json')).stdout
      assert.is(await jq(json, '.joined[0]'), '10.0.0.1')
      assert.is((await lictor('join', 'bad:1')).exit, 1)
      assert.is((await lictor('force-leave', '-prune', 'node-7')).exit, 0)
    },
  )
  assert.equal(asked, [
    'PUT /v1/agent/join/bad:1',
    'PUT /v1/agent/join/10.0.0.1',
    'PUT /v1/agent/join/10.0.0.1?wan=1',
    'PUT /v1/agent/join/bad:1',
    'PUT /v1/agent/force-leave/node-7?prune=1',
  ])
  for (const words of [['join'], ['force-leave']]) assert.is((await on.lictor(...words)).exit, 2)
})

pool.run()
