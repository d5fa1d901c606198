// The log: who sees which lines, what becomes of a watcher that is too slow, and how files follow
// one another.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { LogLevel, LogLine } from '../../../core/log.ts'
import {
  createLog,
  type Log,
  resumeWatcher,
  WATCHED_LINES_MAX,
  watchLog,
  writeLog,
} from '../../../daemons/runtime/log.ts'
import { type FileSinkOptions, fileSink, streamSink } from '../../../daemons/runtime/log-sinks.ts'
import { withTemp } from '../../kit/tmp.ts'

const log = suite('log')

const WALL = Date.UTC(2026, 0, 2, 3, 4, 5, 6)

const line = (level: LogLevel, message: string): LogLine => ({ level, room: 'agent', message })

function collecting(level: LogLevel, json = false): { log: Log; lines: string[] } {
  const lines: string[] = []
  const made = createLog({ level, json, wall: () => WALL })
  made.sinks.push((text) => lines.push(text))
  return { log: made, lines }
}

log('a line is written with its time when its level is shown', () => {
  const { log, lines } = collecting('info')
  writeLog(log, { ...line('info', 'ready'), fields: { address: 'a b', port: 1 } })
  writeLog(log, line('debug', 'hidden'))
  assert.equal(lines, ['2026-01-02T03:04:05.006Z [INFO]  agent: ready: address="a b" port=1\n'])
  log.level = 'debug'
  writeLog(log, line('debug', 'shown'))
  assert.is(lines.length, 2)
})

log('JSON lines have the names that readers of Consul know', () => {
  const { log, lines } = collecting('info', true)
  writeLog(log, line('warn', 'careful'))
  const { '@level': level, '@message': message, '@module': room } = JSON.parse(lines[0] ?? '')
  assert.equal([level, message, room], ['warn', 'careful', 'agent'])
})

log('a watcher has a level and a layout of its own', () => {
  const { log, lines } = collecting('error')
  const seen: string[] = []
  const write = (text: string) => seen.push(text) > 0
  const watcher = watchLog(log, { level: 'debug', json: true, write })
  writeLog(log, line('debug', 'detail'))
  assert.is(lines.length, 0)
  assert.is(JSON.parse(seen[0] ?? '')['@message'], 'detail')
  log.watchers.delete(watcher)
  writeLog(log, line('error', 'later'))
  assert.equal([lines.length, seen.length], [1, 1])
})

log('a watcher that does not keep up loses lines, and is told how many', () => {
  const { log } = collecting('error')
  const seen: string[] = []
  let room = 1
  const write = (text: string) => {
    seen.push(text)
    return --room > 0
  }
  const watcher = watchLog(log, { level: 'info', json: false, write })
  const count = 1 + WATCHED_LINES_MAX + 5
  for (let n = 0; n < count; n++) writeLog(log, line('info', `line ${n}`))
  assert.is(seen.length, 1)
  room = 2
  resumeWatcher(watcher)
  assert.is(seen.length, 3, 'as many as there is room for')
  room = Number.POSITIVE_INFINITY
  resumeWatcher(watcher)
  assert.is(seen.length, 1 + WATCHED_LINES_MAX + 1)
  assert.match(seen.at(-1) ?? '', /\[WARN\] {2}log: lines left out: .*: lines=5\n$/)
  writeLog(log, line('info', 'next'))
  assert.match(seen.at(-1) ?? '', /next/)
})

const output = (fd: number) => {
  const written: string[] = []
  let fail: () => void = () => undefined
  const stream = {
    fd,
    write: (text: string) => written.push(text),
    on: (_: 'error', listener: () => void) => {
      fail = listener
    },
  }
  return { stream, written, fail: () => fail() }
}

log('the journal is told priorities, nobody else', () =>
  withTemp(async (dir) => {
    const { openSync, fstatSync, closeSync } = await import('node:fs')
    const fd = openSync(join(dir, 'journal'), 'w')
    const { dev, ino } = fstatSync(fd)
    const plain = output(fd)
    streamSink(plain.stream, { JOURNAL_STREAM: `${dev}:${ino + 1}` })('a\n', 'warn')
    streamSink(plain.stream, {})('b\n', 'warn')
    assert.equal(plain.written, ['a\n', 'b\n'])
    const journal = output(fd)
    const sink = streamSink(journal.stream, { JOURNAL_STREAM: `${dev}:${ino}` })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) sink('x\n', level)
    assert.equal(journal.written, ['<7>x\n', '<6>x\n', '<4>x\n', '<3>x\n'])
    closeSync(fd)
  }),
)

log('a standard output whose reader has gone is left in peace', () => {
  const { stream, written, fail } = output(1)
  const sink = streamSink(stream, {})
  sink('before\n', 'info')
  fail()
  sink('after\n', 'info')
  assert.equal(written, ['before\n'])
})

interface Turning {
  readonly options: FileSinkOptions
  now: number
}

function turning(path: string, changes: Partial<FileSinkOptions>): Turning {
  const turn: Turning = {
    now: WALL,
    options: {
      path,
      rotateBytes: 0,
      rotateDurationMs: 0,
      rotateMaxFiles: 0,
      wall: () => turn.now,
      ...changes,
    },
  }
  return turn
}

const contents = (dir: string): string[] =>
  readdirSync(dir)
    .sort()
    .map((name) => readFileSync(join(dir, name), 'utf8'))

log('a file is named after the moment of its beginning', () =>
  withTemp(async (dir) => {
    for (const [path, name] of [
      [`${dir}/a/`, `consul-${WALL}000000.log`],
      [`${dir}/b/agent`, `agent-${WALL}000000.log`],
      [`${dir}/c/agent.txt`, `agent-${WALL}000000.txt`],
    ] as const) {
      const sink = fileSink(turning(path, {}).options)
      sink.write('x\n', 'info')
      sink.close()
      assert.equal(readdirSync(join(path, path.endsWith('/') ? '.' : '..')), [name])
    }
  }),
)

log('a file that is full or old is followed by another', () =>
  withTemp(async (dir) => {
    const turn = turning(`${dir}/`, { rotateBytes: 10, rotateDurationMs: 1_000 })
    const sink = fileSink(turn.options)
    for (const text of ['12345\n', '678\n', 'longer than ten\n', 'x\n']) sink.write(text, 'info')
    turn.now += 1_000
    sink.write('late\n', 'info')
    sink.close()
    assert.equal(contents(dir), ['12345\n678\n', 'longer than ten\n', 'x\n', 'late\n'])
  }),
)

log('only so many older files stay, and strangers are not touched', () =>
  withTemp(async (dir) => {
    writeFileSync(join(dir, 'consul-notes.log'), 'mine')
    mkdirSync(join(dir, 'other'))
    const kept = { '-1': 1, 2: 3, 0: 5 }
    for (const [max, files] of Object.entries(kept)) {
      const stem = `agent${max === '-1' ? 'none' : max}`
      const turn = turning(join(dir, stem), { rotateBytes: 1, rotateMaxFiles: Number(max) })
      const sink = fileSink(turn.options)
      for (let n = 0; n < 5; n++) {
        turn.now += n % 2
        sink.write(`${n}\n`, 'info')
      }
      sink.close()
      const names = readdirSync(dir).filter((name) => name.startsWith(`${stem}-`))
      assert.is(names.length, files, `${max} older ones`)
      assert.is(readFileSync(join(dir, names.sort().at(-1) ?? ''), 'utf8'), '4\n')
    }
    assert.is(readFileSync(join(dir, 'consul-notes.log'), 'utf8'), 'mine')
  }),
)

log('what the disk refuses is counted, and told when there is room again', () =>
  withTemp(async (dir) => {
    const blocked = join(dir, 'logs')
    const turn = turning(`${blocked}/`, { rotateBytes: 4 })
    const sink = fileSink(turn.options)
    sink.write('one\n', 'info')
    const { renameSync } = await import('node:fs')
    renameSync(blocked, join(dir, 'away')) // the next file cannot be opened
    sink.write('two\n', 'info')
    sink.write('three\n', 'info')
    renameSync(join(dir, 'away'), blocked)
    sink.write('four\n', 'info')
    sink.close()
    assert.equal(
      contents(blocked).join(''),
      'one\n[WARN]  log: lines lost, the disk refused them: lines=2\nfour\n',
    )
  }),
)

log.run()
