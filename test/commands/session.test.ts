// lictor session against an agent of ours.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { jq } from '../kit/jq.ts'
import { type AgentContext, openAgent } from './kit/context.ts'

const session = suite<{ on: AgentContext }>('session')

session.before(async (context) => {
  context.on = await openAgent(['-dev', '-node=here'])
})
session.after(({ on }) => on.close())

const create = async (on: AgentContext, ...flags: string[]): Promise<string> => {
  const { exit, stdout, stderr } = await on.lictor('session', 'create', ...flags)
  assert.is(exit, 0, stderr)
  return stdout.trim()
}

session('what create prints is the id of a session as it was asked for', async ({ on }) => {
  const flags = ['-name=n', '-ttl=20s', '-lock-delay=3s', '-behavior=delete']
  const id = await create(on, ...flags)
  const { stdout } = await on.lictor('session', 'info', id, '-json')
  const shown = '.[0] | [.Name, .TTL, .LockDelay, .Behavior, .NodeChecks[0]] | join(" ")'
  assert.is(await jq(stdout, shown), 'n 20s 3000000000 delete serfHealth')
  const text = (await on.lictor('session', 'info', id)).stdout
  assert.match(
    text,
    /^ID +[0-9a-f-]{36}\nName +n\nNode +here\nTTL +20s\nBehavior +delete\nLockDelay +3s\n/,
  )
})

session('checks are the ones named, or none', async ({ on }) => {
  const checks = async (id: string) =>
    jq((await on.lictor('session', 'info', id, '-json')).stdout, '.[0].NodeChecks | length')
  assert.is(await checks(await create(on, '-no-checks')), '0')
  assert.is(await checks(await create(on, '-node-check=serfHealth')), '1')
  assert.is((await on.lictor('session', 'create', '-node-check=none')).exit, 1)
})

session('they are listed, for people and programs, by node too', async ({ on }) => {
  const id = await create(on, '-name=listed')
  assert.match(
    (await on.lictor('session', 'list')).stdout,
    /^ID +Name +Node +TTL +Behavior +LockDelay\n/,
  )
  const plain = (await on.lictor('session', 'node', 'here', '-plain')).stdout
  assert.match(plain, `${id}\tlisted\there\t-\trelease\t15s\n`)
  const json = (await on.lictor('session', 'list', '-json')).stdout
  assert.equal(JSON.parse(json), await on.api('GET', '/v1/session/list'))
  assert.equal((await on.lictor('session', 'node', 'nowhere')).stdout, '')
})

session('renew and destroy end with 1 where there is nothing to renew', async ({ on }) => {
  const id = await create(on, '-ttl=10s')
  const renewed = await on.lictor('session', 'renew', id, '-json')
  assert.is(await jq(renewed.stdout, '.[0].TTL'), '10s')
  assert.equal(await on.lictor('session', 'destroy', id), { exit: 0, stdout: '', stderr: '' })
  for (const verb of ['renew', 'info']) {
    const { exit, stderr } = await on.lictor('session', verb, id)
    assert.is(exit, 1, verb)
    assert.match(stderr, `no session ${id}`)
  }
})

session('a session locks a key, and lets it go', async ({ on }) => {
  const id = await create(on)
  assert.is((await on.lictor('kv', 'put', '-acquire', `-session=${id}`, 'leader', 'me')).exit, 0)
  const other = await create(on)
  const late = await on.lictor('kv', 'put', '-acquire', `-session=${other}`, 'leader', 'you')
  assert.is(late.exit, 1)
  assert.is((await on.lictor('kv', 'put', '-release', `-session=${id}`, 'leader', 'me')).exit, 0)
})

session('nonsense is refused with 2', async ({ on }) => {
  for (const words of [
    ['create', '-ttl=soon'],
    ['create', '-behavior=keep'],
    ['create', '-no-checks', '-node-check=a'],
    ['info'],
    ['renew', 'a', 'b'],
  ]) {
    assert.is((await on.lictor('session', ...words)).exit, 2, words.join(' '))
  }
  assert.is((await on.consul('session', 'list')).exit, 127)
})

session.run()
