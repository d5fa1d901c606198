// The command line by the rules of Go's flag package, under both profiles.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  boolean,
  duration,
  type Flags,
  list,
  type Profile,
  text,
  unsigned,
} from '../../../commands/kit/declare.ts'
import { goComplaint, parseArgv } from '../../../commands/kit/parse.ts'

const FLAGS: Flags = {
  server: boolean('a'),
  name: text('b', 'nobody'),
  join: list('c'),
  flags: unsigned('d'),
  wait: duration('e'),
}

const parse = (line: string, profile: Profile = 'lictor', passthrough = false) =>
  parseArgv(line === '' ? [] : line.split(' '), { flags: FLAGS, profile, passthrough })

const values = (line: string, profile: Profile = 'lictor') => {
  const parsed = parse(line, profile)
  if (parsed.type !== 'parsed') throw new Error(`${line}: ${JSON.stringify(parsed)}`)
  return parsed
}

const complaint = (line: string) => {
  const parsed = parse(line)
  return parsed.type === 'complaint' ? goComplaint(parsed.complaint) : JSON.stringify(parsed)
}

const parsing = suite('parse')

parsing('one dash and two are the same', () => {
  for (const dash of ['-', '--']) {
    const line = `${dash}server ${dash}name=a ${dash}join b ${dash}join=c`
    assert.equal(values(line).values, {
      server: true,
      name: 'a',
      join: ['b', 'c'],
      flags: 0,
      wait: undefined,
    })
  }
})

parsing('booleans take their value behind = only', () => {
  assert.is(values('-server=false').values['server'], false)
  assert.is(values('-server=T').values['server'], true)
  assert.equal(values('-server false').args, ['false'])
  assert.match(complaint('-server=maybe'), 'invalid boolean value "maybe" for -server: parse error')
})

parsing('the last of several counts, and lists keep all', () => {
  assert.is(values('-name=a -name=b').values['name'], 'b')
  assert.is(values('-server -server=false').values['server'], false)
  assert.equal(values('-join=a -join=b').values['join'], ['a', 'b'])
  assert.equal(
    values('-join=a -name=x -join=b').uses.map(({ name, text: given }) => `${name} ${given}`),
    ['join a', 'name x', 'join b'],
  )
})

parsing('a value may begin with a dash or hold an equals sign', () => {
  assert.is(values('-name -x').values['name'], '-x')
  assert.is(values('-name=a=b').values['name'], 'a=b')
  assert.is(values('-name=').values['name'], '')
})

parsing('as Consul the first word ends the flags, under our name it does not', () => {
  assert.equal(values('key -server', 'consul').args, ['key', '-server'])
  const ours = values('key -server')
  assert.equal(ours.args, ['key'])
  assert.is(ours.values['server'], true)
})

parsing('what belongs to a child is left alone', () => {
  const parsed = parse('-server sh -c -name', 'lictor', true)
  assert.equal(parsed.type === 'parsed' && parsed.args, ['sh', '-c', '-name'])
})

parsing('two dashes end the flags', () => {
  for (const profile of ['lictor', 'consul'] as const) {
    assert.equal(values('-server -- -name', profile).args, ['-name'])
  }
})

parsing('a dash alone is a word, and so is a negative number under our name', () => {
  assert.equal(values('key -').args, ['key', '-'])
  assert.equal(values('key -5').args, ['key', '-5'])
})

parsing('64 bits are exact, and no more than 64 are taken', () => {
  assert.is(values('-flags=18446744073709551615').values['flags'], 18446744073709551615n)
  assert.is(values('-flags=42').values['flags'], 42)
  assert.match(complaint('-flags=18446744073709551616'), /value out of range$/)
  assert.match(complaint('-flags=x'), 'invalid value "x" for flag -flags: parse error')
})

parsing('complaints are those of Go', () => {
  assert.is(complaint('-nope'), 'flag provided but not defined: -nope')
  assert.is(complaint('--nope=1'), 'flag provided but not defined: -nope')
  assert.is(complaint('-name'), 'flag needs an argument: -name')
  assert.is(complaint('---name'), 'bad flag syntax: ---name')
  assert.is(complaint('-=x'), 'bad flag syntax: -=x')
  assert.is(complaint('-constructor'), 'flag provided but not defined: -constructor')
  assert.match(complaint('-wait=soon'), /parse error$/)
})

parsing('help is asked for anywhere among the flags', () => {
  for (const word of ['-h', '-help', '--help', '--h']) assert.is(parse(`key ${word}`).type, 'help')
  assert.is(parse('-- -h').type, 'parsed')
  assert.is(parse('-name -h').type, 'parsed')
})

parsing.run()
