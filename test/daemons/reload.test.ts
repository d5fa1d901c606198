// Which settings a running agent takes over when the configuration is read again.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { changesOf, isLive, withLiveSettings } from '../../daemons/reload.ts'
import { testConfig } from '../kit/config.ts'

const reload = suite('daemons/reload')

const running = testConfig({})
const read = testConfig({
  nodeName: 'other',
  nodeMeta: { rack: '7' },
  dns: { ...running.dns, nodeTtlMs: 5_000, altDomain: 'alt.' },
  checkOutput: { ...running.checkOutput, discard: true, max: 10 },
})

reload('each change is told, and whether it holds at once', () => {
  const told = changesOf(running, read).map((change) => [change.setting, isLive(change)])
  assert.equal(Object.fromEntries(told), {
    nodeName: false,
    'nodeMeta.rack': true,
    'dns.nodeTtlMs': true,
    'dns.altDomain': false,
    'checkOutput.discard': true,
    'checkOutput.max': false,
  })
})

reload('what holds at once is what the agent then runs by, and nothing else', () => {
  const next = withLiveSettings(running, read)
  for (const change of changesOf(running, next)) assert.ok(isLive(change), change.setting)
  for (const change of changesOf(next, read)) assert.not(isLive(change), change.setting)
  assert.equal(next.nodeMeta, { rack: '7' })
})

reload.run()
