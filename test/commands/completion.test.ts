// Completion: the committed scripts are the generated ones, and real shells take them.
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TABLE } from '../../commands/table.ts'
import { completionFiles } from '../../completions/generate.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { inProject } from '../kit/paths.ts'
import { type Answerer, withStub } from './kit/stub.ts'

const completion = suite<{ home: Home }>('completion')

completion.before(async (context) => {
  context.home = await openHome()
})
completion.after(({ home }) => home.close())

completion('the committed scripts are what the generator writes', async () => {
  for (const [name, text] of Object.entries(await completionFiles())) {
    const committed = await readFile(inProject('completions', name), 'utf8')
    assert.ok(committed === text, `completions/${name} is old: npm run generate`)
  }
})

completion('lictor completion prints them', async ({ home }) => {
  const files = await completionFiles()
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exit, stdout } = await run(home, ['lictor', 'completion', shell])
    assert.is(exit, 0)
    assert.ok(stdout === files[`lictor.${shell}`], shell)
  }
  assert.is((await run(home, ['lictor', 'completion', 'tcsh'])).exit, 2)
})

/** Keys as the API lists them with a separator. */
const keys: Answerer = ({ url = '' }, response) => {
  const prefix = decodeURIComponent(/^\/v1\/kv\/([^?]*)/.exec(url)?.[1] ?? '')
  const all = ['config/', 'count', 'a:b', 'my key', 'my kin']
  response.end(JSON.stringify(all.filter((key) => key.startsWith(prefix))))
}

const RAFT_WORDS = Object.keys(TABLE.commands)
  .filter((id) => id.startsWith('raft '))
  .map((id) => id.slice('raft '.length))

/** What a shell must offer for a line. Every shell is asked the same. */
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['lictor keyg', ['keygen']],
  ['lictor kv ', ['delete', 'export', 'get', 'import', 'put']],
  ['lictor kv g', ['get']],
  ['lictor api l', ['list']],
  ['lictor kv get -rec', ['-recurse']],
  ['consul-clone kv get -rec', ['-recurse']],
  ['lictor completion ', ['bash', 'fish', 'zsh']],
  ['lictor kv get co', ['config/', 'count']],
  ['lictor kv get -raw con', ['config/']],
  ['lictor kv get zzz', []],
  ['raftctl sta', ['status']],
  ['raftctl status -js', ['-json']],
  ['raftctl ', RAFT_WORDS],
  ['raftnode -eph', ['-ephemeral']],
  ['swimctl events -fol', ['-follow']],
  ['kvstore sta', ['status']],
  ['kvstore status -js', ['-json']],
]

const isMissing = (program: string) => {
  const missing = spawnSync(program, ['--version']).error !== undefined
  if (missing) console.log(`SKIP no ${program}`)
  return missing
}

completion('bash', async ({ home }) => {
  const script = `source ${inProject('completions/lictor.bash')}
while IFS= read -r line; do
  COMP_LINE=$line COMP_POINT=\${#line} COMPREPLY=()
  _lictor
  echo "$line|\${COMPREPLY[*]}"
done`
  const more = [
    ['lictor watch -type=k', ['key', 'keyprefix']],
    ['lictor watch -type k', ['key', 'keyprefix']],
    ['lictor watch -key=co', ['config/', 'count']],
    ['lictor kv get --rec', ['-recurse']],
    ['lictor kv get a:', ['b']], // bash takes a colon for the end of a word
    ['lictor kv get my\\ ke', ['my\\', 'key']], // one word with a blank
    ['lictor watch -key=my\\ ki', ['my\\', 'kin']],
  ] as const
  await askAll(home, [...CASES, ...more], {
    argv: ['bash', '-c', script],
    read: (line, out) => out.split('\n').find((one) => one.startsWith(`${line}|`)) ?? '',
  })
})

completion('fish', async ({ home }) => {
  if (isMissing('fish')) return
  const script = `source ${inProject('completions/lictor.fish')}
while read --line --local line
  echo "$line|"(complete -C "$line" | string split -f1 \\t | sort | string join ' ')
end`
  await askAll(home, [...CASES, ['lictor watch -type k', ['key', 'keyprefix']]], {
    argv: ['fish', '--no-config', '-c', script],
    read: (line, out) => out.split('\n').find((one) => one.startsWith(`${line}|`)) ?? '',
  })
})

type Cases = readonly (readonly [string, readonly string[]])[]

interface Shell {
  readonly argv: readonly string[]
  /** `LINE|offer offer` */
  readonly read: (line: string, out: string) => string
}

async function askAll(home: Home, cases: Cases, { argv, read }: Shell): Promise<void> {
  await withStub(keys, async (address) => {
    const input = `${cases.map(([line]) => line).join('\n')}\n`
    const env = { CONSUL_HTTP_ADDR: address }
    const { stdout, stderr } = await run(home, argv, { input, env })
    for (const [line, offers] of cases) {
      const shown = read(line, stdout).slice(line.length + 1)
      assert.equal(
        shown.split(' ').filter(Boolean).sort(),
        [...offers].sort(),
        `${line}\n${stderr}`,
      )
    }
  })
}

/** zsh completes only at a terminal: one is made for it, keys are typed, and the screen is read. */
const ZPTY = `zmodload zsh/zpty
zpty -b z "zsh -f -i"
zpty -w z "PROMPT='>>'; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w z "bindkey '^I' complete-word; LISTMAX=1000; echo RE''ADY"
zpty -r z out '*READY*'
zpty -n -w z "$2"$'\\t\\t'
zpty -n -w z $'\\x15'"echo DO''NE"$'\\n'
zpty -r z out '*DONE*'
print -r -- "\${out%%DONE*}"
zpty -d z`

completion('zsh', async ({ home }) => {
  if (isMissing('zsh')) return
  const script = join(home.work, 'type.zsh')
  await writeFile(script, ZPTY)
  await mkdir(join(home.work, 'empty'), { recursive: true })
  const typed: [string, RegExp][] = [
    ['lictor k', /keygen +-- Draw a key[\s\S]*kv +-- Read and write/],
    ['lictor kv g', /lictor kv get /],
    ['lictor kv get -rec', /lictor kv get -recurse /],
    ['lictor watch -type=k', /key +keyprefix/],
    ['lictor watch --ty', /lictor watch --type=/],
    ['consul-clone kv get con', /consul-clone kv get config\//],
    ['raftctl sta', /raftctl status /],
    ['raftnode -pee', /raftnode -peers=/],
    ['kvstore ', /follow +--[\s\S]*promote +--/],
  ]
  await withStub(keys, async (address) => {
    for (const [line, shown] of typed) {
      const words = ['zsh', '-f', script, inProject('completions/lictor.zsh'), line]
      const { stdout } = await run(home, words, { env: { CONSUL_HTTP_ADDR: address } })
      assert.match(stdout, shown, line)
    }
  })
})

completion(
  'what is asked at TAB is given up by itself, and is silent when nobody answers',
  async ({ home }) => {
    const silent = { exit: 0, stdout: '', stderr: '' }
    const nobody = ['lictor', '__complete', 'key', 'a', '-http-addr=127.0.0.1:1']
    assert.equal(await run(home, nobody), silent)
    await withStub(
      () => undefined,
      async (address) => {
        const words = ['lictor', '__complete', 'key', 'a', `-http-addr=${address}`]
        assert.equal(await run(home, words), silent)
      },
    )
    await withStub(
      (_, response) => response.writeHead(403).end('Permission denied'),
      async (address) => {
        const words = ['lictor', '__complete', 'key', 'a', `-http-addr=${address}`]
        assert.equal(await run(home, words), silent)
      },
    )
    assert.equal(await run(home, ['lictor', '__complete', 'nonsense', 'a']), silent)
  },
)

completion.run()
